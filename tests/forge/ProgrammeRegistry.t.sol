// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {Code, OrganisationId, ProgrammeId, RuleId} from "contracts/src/types/Ids.sol";

import {Base} from "./Base.t.sol";

/// @notice A programme says at opening what it is; its owner may add heads, implementers and quotas.
contract ProgrammeRegistryTest is Base {
    ProgrammeId internal constant WINTER = ProgrammeId.wrap("winter");
    Code internal constant SEASON = Code.wrap("1405-winter");
    Code internal constant MONTH = Code.wrap("2027-01");
    Code internal constant TEHRAN = Code.wrap("IR-23");

    // --- Opening

    function test_anAdministratorOpensAProgrammeForSomeHeads() public {
        vm.expectEmit(address(programmes));
        emit IProgrammeRegistry.ProgrammeOpened(
            WINTER,
            CHARITY,
            Code.wrap("blankets"),
            RuleId.wrap("need"),
            REGISTRAR_BODY,
            true,
            true,
            7 days,
            PACKAGE,
            HOUSEHOLD
        );
        vm.expectEmit(address(programmes));
        emit IProgrammeRegistry.ProgrammeHeadAllowed(WINTER, SADAQAT);
        vm.expectEmit(address(programmes));
        emit IProgrammeRegistry.ProgrammeHeadAllowed(WINTER, ZAKAT);
        vm.prank(charity.administrator);
        programmes.openProgramme(_opening(), _heads(SADAQAT, ZAKAT));

        IProgrammeRegistry.Programme memory programme = programmes.programmeOf(WINTER);
        assertTrue(programme.organisation == CHARITY);
        assertTrue(programme.campaign == Code.wrap("blankets"));
        assertTrue(programme.rule == RuleId.wrap("need"));
        assertTrue(programme.clearer == REGISTRAR_BODY);
        assertTrue(programme.seasonal);
        assertTrue(programme.quotas);
        assertEq(programme.disputeWindowS, 7 days);
        assertTrue(programme.service == PACKAGE);
        assertTrue(programme.countedIn == HOUSEHOLD);
        assertTrue(programmes.takesHead(WINTER, SADAQAT));
        assertTrue(programmes.takesHead(WINTER, ZAKAT));
        assertFalse(programmes.takesHead(WINTER, Code.wrap("kaffara")));
    }

    function test_theSameOpeningAgainIsANoOpAndANewHeadIsAdded() public {
        _openProgramme(charity, _opening(), SADAQAT);
        vm.recordLogs();
        _openProgramme(charity, _opening(), SADAQAT);
        assertEq(vm.getRecordedLogs().length, 0);

        vm.expectEmit(address(programmes));
        emit IProgrammeRegistry.ProgrammeHeadAllowed(WINTER, ZAKAT);
        _openProgramme(charity, _opening(), ZAKAT);
        assertTrue(programmes.takesHead(WINTER, SADAQAT));
        assertTrue(programmes.takesHead(WINTER, ZAKAT));
    }

    function test_anyOtherProgrammeUnderTheIdIsAConflict() public {
        _openProgramme(charity, _opening(), SADAQAT);
        IProgrammeRegistry.ProgrammeOpening memory changed = _opening();
        changed.campaign = NO_CODE;
        _assertConflict(charity, changed);
        changed = _opening();
        changed.rule = RuleId.wrap("another rule");
        _assertConflict(charity, changed);
        changed = _opening();
        changed.clearer = NO_BODY;
        _assertConflict(charity, changed);
        changed = _opening();
        changed.seasonal = false;
        _assertConflict(charity, changed);
        changed = _opening();
        changed.quotas = false;
        _assertConflict(charity, changed);
        changed = _opening();
        changed.disputeWindowS += 1;
        _assertConflict(charity, changed);
        changed = _opening();
        changed.service = Code.wrap("operation");
        _assertConflict(charity, changed);
        changed = _opening();
        changed.countedIn = Code.wrap("person");
        _assertConflict(charity, changed);
        changed = _opening();
        changed.organisation = OTHER_CHARITY;
        _assertConflict(otherCharity, changed);
    }

    function test_aProgrammeSaysWhatItGivesAndWhatThatIsCountedIn() public {
        IProgrammeRegistry.ProgrammeOpening memory opening = _opening();
        opening.service = NO_CODE;
        vm.expectRevert(_missing("service"));
        _openProgramme(charity, opening, SADAQAT);
        opening = _opening();
        opening.countedIn = NO_CODE;
        vm.expectRevert(_missing("countedIn"));
        _openProgramme(charity, opening, SADAQAT);
    }

    function test_aProgrammeNeedsAnIdAndItsHeadsAreNotZero() public {
        vm.expectRevert(_missing("programme"));
        _openProgramme(charity, NO_PROGRAMME, SADAQAT);
        vm.expectRevert(_missing("head"));
        _openProgramme(charity, WINTER, NO_CODE);
    }

    function test_onlyTheBodysAdministratorOpensItsProgrammes() public {
        Staff memory impostor = charity;
        impostor.administrator = otherCharity.administrator;
        vm.expectRevert(_notAdministrator(impostor.administrator));
        _openProgramme(impostor, WINTER, SADAQAT);
        impostor.administrator = charity.maker;
        vm.expectRevert(_notAdministrator(impostor.administrator));
        _openProgramme(impostor, WINTER, SADAQAT);
    }

    function test_aBodyWithoutALicenceOpensNothing() public {
        _suspendLicence(CHARITY);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW));
        _openProgramme(charity, WINTER, SADAQAT);
    }

    function test_anUnknownProgrammeHasNoRecord() public {
        bytes memory unknown =
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryUnknownProgramme.selector, WINTER);
        vm.expectRevert(unknown);
        programmes.programmeOf(WINTER);
        vm.expectRevert(unknown);
        programmes.requireServes(WINTER, CHARITY, SADAQAT);
        vm.expectRevert(unknown);
        _admit(charity.administrator, WINTER, OTHER_CHARITY);
        vm.expectRevert(unknown);
        _dismiss(charity.administrator, WINTER, OTHER_CHARITY);
        vm.expectRevert(unknown);
        _setQuota(charity.administrator, WINTER, 1);
    }

    // --- Whom it serves

    function test_itsOwnerServesItWithMoneyOfItsHeads() public {
        programmes.requireServes(FOOD, CHARITY, SADAQAT);
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryHeadNotAllowed.selector, FOOD, ZAKAT)
        );
        programmes.requireServes(FOOD, CHARITY, ZAKAT);
    }

    function test_anotherBodyServesItWhileItIsAdmitted() public {
        _assertOfOther();
        vm.expectEmit(address(programmes));
        emit IProgrammeRegistry.ImplementerAdmitted(FOOD, OTHER_CHARITY);
        _admit(charity.administrator, FOOD, OTHER_CHARITY);
        assertTrue(programmes.isImplementer(FOOD, OTHER_CHARITY));
        programmes.requireServes(FOOD, OTHER_CHARITY, SADAQAT);

        vm.expectEmit(address(programmes));
        emit IProgrammeRegistry.ImplementerDismissed(FOOD, OTHER_CHARITY);
        _dismiss(charity.administrator, FOOD, OTHER_CHARITY);
        assertFalse(programmes.isImplementer(FOOD, OTHER_CHARITY));
        _assertOfOther();
    }

    function test_anAdmittedBodyServesItOnlyWithMoneyOfItsHeads() public {
        _admit(charity.administrator, FOOD, OTHER_CHARITY);
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryHeadNotAllowed.selector, FOOD, ZAKAT)
        );
        programmes.requireServes(FOOD, OTHER_CHARITY, ZAKAT);
    }

    function test_admittingOrDismissingTwiceIsANoOpWithoutAnEvent() public {
        vm.recordLogs();
        _dismiss(charity.administrator, FOOD, OTHER_CHARITY);
        assertEq(vm.getRecordedLogs().length, 0);
        _admit(charity.administrator, FOOD, OTHER_CHARITY);
        assertEq(vm.getRecordedLogs().length, 1);
        _admit(charity.administrator, FOOD, OTHER_CHARITY);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_onlyTheOwnersAdministratorAdmitsDismissesPlansAndSetsQuotas() public {
        _assertOnlyTheOwner(otherCharity.administrator);
        _assertOnlyTheOwner(charity.maker);
        _assertOnlyTheOwner(firstRegulator);
    }

    function test_anAdmittedBodyImplementsItWithMoneyOfAnyHead() public {
        programmes.requireImplements(FOOD, CHARITY);
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryOfOther.selector, FOOD, OTHER_CHARITY)
        );
        programmes.requireImplements(FOOD, OTHER_CHARITY);
        _admit(charity.administrator, FOOD, OTHER_CHARITY);
        programmes.requireImplements(FOOD, OTHER_CHARITY);
        vm.expectRevert(abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryUnknownProgramme.selector, WINTER));
        programmes.requireImplements(WINTER, CHARITY);
    }

    // --- Plans

    function test_aPlanSaysHowManyDeliveriesAMonthHasAndALaterOneReplacesIt() public {
        vm.expectEmit(address(programmes));
        emit IProgrammeRegistry.ProgrammePlanned(FOOD, MONTH, 400);
        _plan(charity.administrator, 400);
        assertEq(programmes.plannedUnits(FOOD, MONTH), 400);
        assertEq(programmes.plannedUnits(FOOD, Code.wrap("2027-02")), 0, "another month");
        assertEq(programmes.plannedUnits(ZAKAT_AID, MONTH), 0, "another programme");

        vm.recordLogs();
        _plan(charity.administrator, 400);
        assertEq(vm.getRecordedLogs().length, 0);
        _plan(charity.administrator, 0);
        assertEq(programmes.plannedUnits(FOOD, MONTH), 0);
    }

    function test_aPlanNamesAMonthOfAKnownProgramme() public {
        vm.expectRevert(_missing("month"));
        vm.prank(charity.administrator);
        programmes.plan(FOOD, NO_CODE, 400);
        vm.expectRevert(abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryUnknownProgramme.selector, WINTER));
        vm.prank(charity.administrator);
        programmes.plan(WINTER, MONTH, 400);
    }

    // --- Quotas

    function test_aQuotaIsSetForASeasonAndAPlace() public {
        vm.expectEmit(address(programmes));
        emit IProgrammeRegistry.PlaceQuotaSet(FOOD, SEASON, TEHRAN, 2);
        _setQuota(charity.administrator, FOOD, 2);
        assertEq(programmes.quotaOf(FOOD, SEASON, TEHRAN).most, 2);
        assertEq(programmes.quotaOf(FOOD, NO_CODE, TEHRAN).most, 0, "another season");
        assertEq(programmes.quotaOf(FOOD, SEASON, Code.wrap("IR-23-01")).most, 0, "a part of the place");
        assertEq(programmes.quotaOf(ZAKAT_AID, SEASON, TEHRAN).most, 0, "another programme");

        vm.recordLogs();
        _setQuota(charity.administrator, FOOD, 2);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_aQuotaNeedsAPlace() public {
        vm.expectRevert(_missing("place"));
        vm.prank(charity.administrator);
        programmes.setQuota(FOOD, SEASON, NO_CODE, 2);
    }

    function test_noMorePlacesAreTakenThanThereAre() public {
        _setQuota(charity.administrator, FOOD, 3);
        _take(2);
        vm.expectRevert(_exceeded(1));
        _take(2);
        _take(1);
        vm.expectRevert(_exceeded(0));
        _take(1);
        assertEq(programmes.quotaOf(FOOD, SEASON, TEHRAN).taken, 3);
    }

    function test_aPlaceWithoutAQuotaIsNotServed() public {
        vm.expectRevert(_exceeded(0));
        _take(1);
    }

    function test_freedPlacesAreTakenAgain() public {
        _setQuota(charity.administrator, FOOD, 2);
        _take(2);
        vm.prank(address(deliveries));
        programmes.freePlaces(FOOD, SEASON, TEHRAN, 1);
        _take(1);
        assertEq(programmes.quotaOf(FOOD, SEASON, TEHRAN).taken, 2);
    }

    function test_aQuotaIsNotSetBelowWhatIsTaken() public {
        _setQuota(charity.administrator, FOOD, 3);
        _take(2);
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryQuotaBelowTaken.selector, FOOD, 1, 2)
        );
        _setQuota(charity.administrator, FOOD, 1);
        _setQuota(charity.administrator, FOOD, 2);
        assertEq(programmes.quotaOf(FOOD, SEASON, TEHRAN).most, 2);
    }

    function test_onlyTheDeliveryLedgerTakesAndFreesPlaces() public {
        bytes memory reason = abi.encodeWithSelector(
            IProgrammeRegistry.ProgrammeRegistryNotDeliveryLedger.selector, charity.administrator
        );
        vm.expectRevert(reason);
        vm.prank(charity.administrator);
        programmes.takePlaces(FOOD, SEASON, TEHRAN, 0);
        vm.expectRevert(reason);
        vm.prank(charity.administrator);
        programmes.freePlaces(FOOD, SEASON, TEHRAN, 0);
    }

    // --- Words

    function _opening() private pure returns (IProgrammeRegistry.ProgrammeOpening memory) {
        return IProgrammeRegistry.ProgrammeOpening(
            WINTER,
            CHARITY,
            Code.wrap("blankets"),
            RuleId.wrap("need"),
            REGISTRAR_BODY,
            true,
            true,
            7 days,
            PACKAGE,
            HOUSEHOLD
        );
    }

    function _heads(Code first, Code second) private pure returns (Code[] memory heads) {
        heads = new Code[](2);
        (heads[0], heads[1]) = (first, second);
    }

    function _bodies(OrganisationId organisation) private pure returns (OrganisationId[] memory bodies) {
        bodies = new OrganisationId[](1);
        bodies[0] = organisation;
    }

    function _admit(address sender, ProgrammeId programme, OrganisationId organisation) private {
        vm.prank(sender);
        programmes.admitImplementers(programme, _bodies(organisation));
    }

    function _dismiss(address sender, ProgrammeId programme, OrganisationId organisation) private {
        vm.prank(sender);
        programmes.dismissImplementers(programme, _bodies(organisation));
    }

    function _setQuota(address sender, ProgrammeId programme, uint64 quota) private {
        vm.prank(sender);
        programmes.setQuota(programme, SEASON, TEHRAN, quota);
    }

    function _plan(address sender, uint64 units) private {
        vm.prank(sender);
        programmes.plan(FOOD, MONTH, units);
    }

    function _take(uint64 count) private {
        vm.prank(address(deliveries));
        programmes.takePlaces(FOOD, SEASON, TEHRAN, count);
    }

    function _exceeded(uint64 left) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IProgrammeRegistry.ProgrammeRegistryQuotaExceeded.selector, FOOD, SEASON, TEHRAN, left
            );
    }

    function _missing(bytes32 what) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryMissing.selector, what);
    }

    function _notAdministrator(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotAdministrator.selector, CHARITY, caller);
    }

    function _assertConflict(Staff memory staff, IProgrammeRegistry.ProgrammeOpening memory opening) private {
        vm.expectRevert(abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryConflict.selector, WINTER));
        _openProgramme(staff, opening, SADAQAT);
    }

    function _assertOfOther() private {
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryOfOther.selector, FOOD, OTHER_CHARITY)
        );
        programmes.requireServes(FOOD, OTHER_CHARITY, SADAQAT);
    }

    function _assertOnlyTheOwner(address caller) private {
        vm.expectRevert(_notAdministrator(caller));
        _admit(caller, FOOD, OTHER_CHARITY);
        vm.expectRevert(_notAdministrator(caller));
        _dismiss(caller, FOOD, OTHER_CHARITY);
        vm.expectRevert(_notAdministrator(caller));
        _setQuota(caller, FOOD, 1);
        vm.expectRevert(_notAdministrator(caller));
        _plan(caller, 1);
    }
}
