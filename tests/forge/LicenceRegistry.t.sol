// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {LicenceRegistry} from "contracts/src/LicenceRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, MINUTES, OrganisationId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Licensed} from "./Licensed.sol";

contract LicenceRegistryTest is Licensed {
    OrganisationId internal constant NEWCOMER = OrganisationId.wrap("newcomer");
    OrganisationId internal constant ABOVE = OrganisationId.wrap("supervisor");
    Code internal constant PROVINCE = Code.wrap("IR-23");
    Code internal constant RIAL = Code.wrap("IRR");
    Code internal constant GRADE = Code.wrap("A");
    uint64 internal constant NO_LIMIT = type(uint64).max;

    address internal boss = makeAddr("newcomer's administrator");

    // --- The regulator

    function test_theRegulatorIsAtLeastTwoDifferentKeysNoneOfThemZero() public {
        address[] memory keys = new address[](1);
        keys[0] = firstRegulator;
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadRegulators.selector, address(0)));
        new LicenceRegistry(keys);

        keys = new address[](2);
        (keys[0], keys[1]) = (firstRegulator, firstRegulator);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadRegulators.selector, firstRegulator));
        new LicenceRegistry(keys);

        keys[1] = address(0);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadRegulators.selector, address(0)));
        new LicenceRegistry(keys);
    }

    function test_everyoneSeesWhoTheRegulatorIs() public view {
        assertTrue(licences.isRegulator(firstRegulator));
        assertTrue(licences.isRegulator(secondRegulator));
        assertFalse(licences.isRegulator(stranger));
    }

    // --- Two keys

    function test_theFirstKeyOnlyProposes() public {
        bytes32 act = keccak256(_grant(NOW, LICENCE_END));
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.ActProposed(act, NEWCOMER, firstRegulator);
        _send(firstRegulator, _grant(NOW, LICENCE_END));

        assertEq(licences.proposerOf(act), firstRegulator);
        assertEq(licences.licenceOf(NEWCOMER).administrator, address(0), "nothing is granted yet");
    }

    function test_theSecondKeyCarriesTheActOut() public {
        bytes memory grant = _grant(NOW, LICENCE_END);
        _send(firstRegulator, grant);

        vm.expectEmit(address(licences));
        emit ILicenceRegistry.LicenceGranted(NEWCOMER, boss, NO_BODY, KIND, EVERYWHERE, Roles.ALL, NOW, LICENCE_END);
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.ActCarriedOut(keccak256(grant), NEWCOMER, firstRegulator, secondRegulator);
        _send(secondRegulator, grant);

        ILicenceRegistry.Licence memory licence = licences.licenceOf(NEWCOMER);
        assertEq(licence.administrator, boss);
        assertEq(licence.fromUnixS, NOW);
        assertEq(licence.untilUnixS, LICENCE_END);
        assertTrue(licence.kind == KIND);
        assertEq(licences.proposerOf(keccak256(grant)), address(0), "the act is done");
        licences.requireLicensed(NEWCOMER);
    }

    function test_oneKeyCannotDoBoth() public {
        bytes memory grant = _grant(NOW, LICENCE_END);
        _send(firstRegulator, grant);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistrySecondKeyNeeded.selector, firstRegulator, keccak256(grant)
            )
        );
        _send(firstRegulator, grant);
    }

    function test_theSecondKeyMustRepeatTheActExactly() public {
        _send(firstRegulator, _grant(NOW, LICENCE_END));
        _send(secondRegulator, _grant(NOW, LICENCE_END + 1));
        assertEq(licences.licenceOf(NEWCOMER).administrator, address(0), "two proposals, no licence");
    }

    function test_nobodyElseDoesTheRegulatorsActs() public {
        bytes[8] memory acts = [
            _grant(NOW, LICENCE_END),
            abi.encodeCall(licences.revokeLicence, (CHARITY, MISUSE)),
            abi.encodeCall(licences.suspendLicence, (CHARITY, MISUSE)),
            abi.encodeCall(licences.resumeLicence, (CHARITY)),
            abi.encodeCall(licences.gradeOrganisation, (CHARITY, GRADE)),
            abi.encodeCall(licences.setSecondCheckerThreshold, (CHARITY, RIAL, 1)),
            abi.encodeCall(licences.setIssuingCeiling, (CHARITY, 1)),
            abi.encodeCall(licences.revokeLicence, (OTHER_CHARITY, MISUSE))
        ];
        for (uint256 i = 0; i < acts.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotRegulator.selector, charity.administrator)
            );
            _send(charity.administrator, acts[i]);
        }
    }

    function test_everyoneReadsWhatTheRegulatorDidAndInWhichOrder() public {
        uint256 before = licences.actCount();
        bytes memory suspension = abi.encodeCall(licences.suspendLicence, (CHARITY, MISUSE));
        _send(secondRegulator, suspension);
        assertEq(licences.actCount(), before, "a proposal is not an act");
        vm.warp(NOW + 5);
        _send(firstRegulator, suspension);
        _revokeLicence(OTHER_CHARITY);

        assertEq(licences.actCount(), before + 2);
        ILicenceRegistry.RegulatorAct memory act = licences.actOf(before);
        assertEq(act.act, keccak256(suspension));
        assertTrue(act.organisation == CHARITY);
        assertEq(act.first, secondRegulator);
        assertEq(act.second, firstRegulator);
        assertEq(act.atUnixS, NOW + 5);
        assertTrue(licences.actOf(before + 1).organisation == OTHER_CHARITY);
    }

    function test_anActThatIsRefusedIsNotOnTheList() public {
        uint256 before = licences.actCount();
        bytes memory resumption = abi.encodeCall(licences.resumeLicence, (CHARITY));
        _send(firstRegulator, resumption);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistrySuspension.selector, CHARITY, false));
        _send(secondRegulator, resumption);
        assertEq(licences.actCount(), before);
    }

    function test_aGrantSentAgainCannotUndoALaterRevocationWithOneKey() public {
        bytes memory grant = _grant(NOW, LICENCE_END);
        _send(firstRegulator, grant);
        _send(secondRegulator, grant);
        _send(secondRegulator, grant);
        assertEq(licences.proposerOf(keccak256(grant)), secondRegulator, "sent again, it is a new proposal");

        _revokeLicence(NEWCOMER);
        assertEq(licences.proposerOf(keccak256(grant)), address(0), "the revocation ended it");
        _send(firstRegulator, grant);
        _assertNotLicensed(NEWCOMER, NOW);
    }

    function test_anActOnOneBodyLeavesProposalsForOthersAlone() public {
        _send(firstRegulator, _grant(NOW, LICENCE_END));
        _revokeLicence(CHARITY);
        _send(secondRegulator, _grant(NOW, LICENCE_END));
        licences.requireLicensed(NEWCOMER);
    }

    // --- Licences

    function test_aLicenceNamesABodyAndAnAdministrator() public {
        _grantMustFail(
            _fullGrant(NO_BODY, boss, NOW, LICENCE_END),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadOrganisation.selector, NO_BODY, boss)
        );
        _grantMustFail(
            _fullGrant(NEWCOMER, address(0), NOW, LICENCE_END),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadOrganisation.selector, NEWCOMER, address(0))
        );
    }

    function test_aLicenceEndsAfterItBeginsAndLaterThanNow() public {
        _grantMustFail(
            _fullGrant(NEWCOMER, boss, NOW + 10, NOW + 10),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadPeriod.selector, NOW + 10, NOW + 10)
        );
        _grantMustFail(
            _fullGrant(NEWCOMER, boss, NOW - 10, NOW),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadPeriod.selector, NOW - 10, NOW)
        );
    }

    function test_aLicenceSaysWhatTheBodyIsWhereItPaysAndWhoStandsAbove() public {
        ILicenceRegistry.LicenceGrant memory grant = _fullGrant(NEWCOMER, boss, NOW, LICENCE_END);
        grant.area = PROVINCE;
        grant.supervisor = CHARITY;
        grant.roles = Roles.AGENT | Roles.DESK;
        _grantLicence(grant);

        ILicenceRegistry.Licence memory licence = licences.licenceOf(NEWCOMER);
        assertTrue(licence.area == PROVINCE);
        assertTrue(licence.supervisor == CHARITY);
        assertEq(licence.roles, Roles.AGENT | Roles.DESK);
        assertFalse(licence.suspended);
        assertTrue(licences.areaOf(NEWCOMER) == PROVINCE);
        assertTrue(licences.supervisorOf(NEWCOMER) == CHARITY);
        assertEq(licences.scopeOf(NEWCOMER), Roles.AGENT | Roles.DESK);
        assertTrue(licences.areaOf(CHARITY) == EVERYWHERE);
        assertTrue(licences.supervisorOf(CHARITY) == NO_BODY);
        assertEq(licences.scopeOf(CHARITY), Roles.ALL);
    }

    function test_onlyKnownRolesAreInALicence() public {
        ILicenceRegistry.LicenceGrant memory grant = _fullGrant(NEWCOMER, boss, NOW, LICENCE_END);
        grant.roles = Roles.ALL + 1;
        _grantMustFail(
            grant, abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryUnknownRoles.selector, Roles.ALL + 1)
        );
    }

    function test_aBodyThatIsNotLicensedHasNoScope() public {
        assertEq(licences.scopeOf(NEWCOMER), 0, "never licensed");
        _suspendLicence(CHARITY);
        assertEq(licences.scopeOf(CHARITY), 0, "suspended");
        vm.warp(LICENCE_END);
        assertEq(licences.scopeOf(OTHER_CHARITY), 0, "expired");
    }

    function test_aLicenceIsValidFromItsFirstSecondAndNoLongerAtItsEnd() public {
        _grantLicence(NEWCOMER, boss, NOW + 10, NOW + 20);
        _assertNotLicensed(NEWCOMER, NOW + 9);
        vm.warp(NOW + 10);
        licences.requireLicensed(NEWCOMER);
        vm.warp(NOW + 19);
        licences.requireLicensed(NEWCOMER);
        _assertNotLicensed(NEWCOMER, NOW + 20);
    }

    function test_aBodyNeverLicensedMayNotAct() public {
        _assertNotLicensed(NEWCOMER, NOW);
    }

    function test_aRevokedLicenceEndsInTheSameSecond() public {
        licences.requireLicensed(CHARITY);
        vm.prank(firstRegulator);
        licences.revokeLicence(CHARITY, MISUSE);
        licences.requireLicensed(CHARITY);

        vm.expectEmit(address(licences));
        emit ILicenceRegistry.LicenceRevoked(CHARITY, MISUSE);
        vm.prank(secondRegulator);
        licences.revokeLicence(CHARITY, MISUSE);
        _assertNotLicensed(CHARITY, NOW);
    }

    function test_aLicenceThatHasNotBegunCanBeRevoked() public {
        _grantLicence(NEWCOMER, boss, NOW + 10, NOW + 20);
        _revokeLicence(NEWCOMER);
        _assertNotLicensed(NEWCOMER, NOW + 10);
    }

    function test_onlyALicenceThatHasNotEndedCanBeRevoked() public {
        vm.warp(LICENCE_END);
        vm.prank(firstRegulator);
        licences.revokeLicence(CHARITY, MISUSE);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        vm.prank(secondRegulator);
        licences.revokeLicence(CHARITY, MISUSE);
    }

    function test_aRenewalReplacesTheLicence() public {
        vm.warp(LICENCE_END);
        _grantLicence(CHARITY, charity.administrator, LICENCE_END, LICENCE_END + 365 days);
        licences.requireRole(CHARITY, charity.maker, Roles.MAKER);
    }

    // --- Suspension

    function test_aSuspendedBodyStopsInTheSameSecondUntilItIsResumed() public {
        bytes memory suspension = abi.encodeCall(licences.suspendLicence, (CHARITY, MISUSE));
        _send(firstRegulator, suspension);
        licences.requireLicensed(CHARITY);
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.LicenceSuspended(CHARITY, MISUSE);
        _send(secondRegulator, suspension);
        _assertNotLicensed(CHARITY, NOW);
        assertEq(licences.rolesOf(CHARITY, charity.maker), 0);
        assertTrue(licences.licenceOf(CHARITY).suspended);

        bytes memory resumption = abi.encodeCall(licences.resumeLicence, (CHARITY));
        _send(firstRegulator, resumption);
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.LicenceResumed(CHARITY);
        _send(secondRegulator, resumption);
        licences.requireRole(CHARITY, charity.maker, Roles.MAKER);
    }

    function test_aSuspensionAndItsEndFollowEachOther() public {
        _secondKeyMustFail(
            abi.encodeCall(licences.resumeLicence, (CHARITY)),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistrySuspension.selector, CHARITY, false)
        );
        _suspendLicence(CHARITY);
        _secondKeyMustFail(
            abi.encodeCall(licences.suspendLicence, (CHARITY, MISUSE)),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistrySuspension.selector, CHARITY, true)
        );
    }

    function test_aNewLicenceDoesNotEndASuspension() public {
        _suspendLicence(CHARITY);
        _grantLicence(CHARITY, charity.administrator, NOW, LICENCE_END);
        _assertNotLicensed(CHARITY, NOW);
    }

    function test_anEndedLicenceIsNeitherSuspendedNorGraded() public {
        vm.warp(LICENCE_END);
        bytes memory reason =
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END);
        _secondKeyMustFail(abi.encodeCall(licences.suspendLicence, (CHARITY, MISUSE)), reason);
        _secondKeyMustFail(abi.encodeCall(licences.gradeOrganisation, (CHARITY, GRADE)), reason);
    }

    // --- Grades and limits

    function test_anAppraisalIsOnRecordWithItsDate() public {
        assertEq(licences.licenceOf(CHARITY).gradedAtUnixS, 0, "not appraised");
        vm.warp(NOW + 7);
        vm.prank(firstRegulator);
        licences.gradeOrganisation(CHARITY, GRADE);
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.OrganisationGraded(CHARITY, GRADE);
        vm.prank(secondRegulator);
        licences.gradeOrganisation(CHARITY, GRADE);
        assertTrue(licences.licenceOf(CHARITY).grade == GRADE);
        assertEq(licences.licenceOf(CHARITY).gradedAtUnixS, NOW + 7);

        _grantLicence(CHARITY, charity.administrator, NOW, LICENCE_END);
        assertTrue(licences.licenceOf(CHARITY).grade == GRADE, "a renewal keeps it");
    }

    function test_theRegulatorSetsFromWhichAmountASecondCheckerIsNeeded() public {
        assertEq(licences.secondCheckerThreshold(CHARITY, RIAL), NO_LIMIT);
        bytes memory act = abi.encodeCall(licences.setSecondCheckerThreshold, (CHARITY, RIAL, 1000));
        _send(firstRegulator, act);
        assertEq(licences.secondCheckerThreshold(CHARITY, RIAL), NO_LIMIT, "only proposed");
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.SecondCheckerThresholdSet(CHARITY, RIAL, 1000);
        _send(secondRegulator, act);

        assertEq(licences.secondCheckerThreshold(CHARITY, RIAL), 1000);
        assertEq(licences.secondCheckerThreshold(CHARITY, MINUTES), NO_LIMIT, "another unit");
        assertEq(licences.secondCheckerThreshold(OTHER_CHARITY, RIAL), NO_LIMIT, "another body");
        _byTwoKeys(abi.encodeCall(licences.setSecondCheckerThreshold, (CHARITY, RIAL, 0)));
        assertEq(licences.secondCheckerThreshold(CHARITY, RIAL), 0, "every list");
    }

    function test_theRegulatorNamesALicensedSuccessor() public {
        bytes memory act = abi.encodeCall(licences.nameSuccessor, (CHARITY, OTHER_CHARITY));
        _send(firstRegulator, act);
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.SuccessorNamed(CHARITY, OTHER_CHARITY);
        _send(secondRegulator, act);
        assertTrue(licences.successorOf(CHARITY) == OTHER_CHARITY);

        _revokeLicence(OTHER_CHARITY);
        act = abi.encodeCall(licences.nameSuccessor, (REGISTRAR_BODY, OTHER_CHARITY));
        _send(firstRegulator, act);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, OTHER_CHARITY, NOW)
        );
        _send(secondRegulator, act);
    }

    function test_theRegulatorSetsHowManyMinutesABodyConfirms() public {
        assertEq(licences.issuingCeiling(CHARITY), NO_LIMIT);
        bytes memory act = abi.encodeCall(licences.setIssuingCeiling, (CHARITY, 600));
        _send(firstRegulator, act);
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.IssuingCeilingSet(CHARITY, 600);
        _send(secondRegulator, act);
        assertEq(licences.issuingCeiling(CHARITY), 600);
        assertEq(licences.issuingCeiling(OTHER_CHARITY), NO_LIMIT);
        _byTwoKeys(abi.encodeCall(licences.setIssuingCeiling, (CHARITY, 0)));
        assertEq(licences.issuingCeiling(CHARITY), 0, "none at all");
    }

    // --- Who stands above whom

    function test_aSupervisorStandsAboveDirectlyAndThroughOthers() public {
        _place(ABOVE, NO_BODY);
        _place(NEWCOMER, ABOVE);
        _place(CHARITY, NEWCOMER);
        assertTrue(licences.isAbove(ABOVE, NEWCOMER));
        assertTrue(licences.isAbove(ABOVE, CHARITY));
        assertTrue(licences.isAbove(NEWCOMER, CHARITY));
        assertFalse(licences.isAbove(CHARITY, NEWCOMER), "not the other way");
        assertFalse(licences.isAbove(NEWCOMER, NEWCOMER), "not itself");
        assertFalse(licences.isAbove(NEWCOMER, OTHER_CHARITY), "not another's");
    }

    function test_theRegulatorStandsAboveEveryBody() public view {
        assertTrue(licences.isAbove(NO_BODY, CHARITY));
        assertFalse(licences.isAbove(CHARITY, NO_BODY));
    }

    function test_aSupervisorIsALicensedBodyNotTheBodyItselfAndNotBelowIt() public {
        _placeMustFail(CHARITY, ABOVE);
        _placeMustFail(CHARITY, CHARITY);
        _place(OTHER_CHARITY, CHARITY);
        _placeMustFail(CHARITY, OTHER_CHARITY);
        _place(NEWCOMER, OTHER_CHARITY);
        _placeMustFail(CHARITY, NEWCOMER);
    }

    function test_aBodyMovesUnderAnotherSupervisor() public {
        _place(CHARITY, OTHER_CHARITY);
        _place(CHARITY, REGISTRAR_BODY);
        assertFalse(licences.isAbove(OTHER_CHARITY, CHARITY));
        assertTrue(licences.isAbove(REGISTRAR_BODY, CHARITY));
        _place(OTHER_CHARITY, CHARITY);
        assertTrue(licences.isAbove(REGISTRAR_BODY, OTHER_CHARITY));
    }

    function test_atMostEightBodiesStandAboveEachOther() public {
        _place(_level(0), NO_BODY);
        for (uint256 i = 1; i <= 8; ++i) {
            _place(_level(i), _level(i - 1));
        }
        assertTrue(licences.isAbove(_level(0), _level(8)));
        _placeMustFail(_level(9), _level(8));
    }

    /// @dev A chain grows beyond eight when its head is put under another body. Then nobody may close it to a circle,
    /// in which two bodies would stand above each other.
    function test_aLongChainCannotBecomeACircle() public {
        _place(_level(0), NO_BODY);
        for (uint256 i = 1; i <= 8; ++i) {
            _place(_level(i), _level(i - 1));
        }
        _place(ABOVE, NO_BODY);
        _place(_level(0), ABOVE);
        assertFalse(licences.isAbove(ABOVE, _level(8)), "too far above to be heard");
        assertTrue(licences.isAbove(NO_BODY, _level(8)));
        _placeMustFail(ABOVE, _level(8));
        _placeMustFail(ABOVE, _level(7));
        _placeMustFail(_level(8), _level(8));
    }

    // --- Desks

    function test_aDeskActsForItsBodyAndTheRegulatorForItsOwn() public {
        licences.requireDesk(CHARITY, charity.desk);
        licences.requireDesk(NO_BODY, firstRegulator);
        licences.requireDesk(NO_BODY, secondRegulator);

        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, otherCharity.desk, Roles.DESK
            )
        );
        licences.requireDesk(CHARITY, otherCharity.desk);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, firstRegulator, Roles.DESK
            )
        );
        licences.requireDesk(CHARITY, firstRegulator);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotRegulator.selector, charity.desk));
        licences.requireDesk(NO_BODY, charity.desk);
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        licences.requireDesk(CHARITY, charity.desk);
    }

    // --- Operators

    function test_theAdministratorAppointsOperators() public {
        vm.expectEmit(address(licences));
        emit ILicenceRegistry.OperatorAppointed(CHARITY, stranger, Roles.MAKER | Roles.AGENT, NOW + 1 days);
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER | Roles.AGENT, NOW + 1 days);

        ILicenceRegistry.Operator memory operator = licences.operatorOf(CHARITY, stranger);
        assertEq(operator.roles, Roles.MAKER | Roles.AGENT);
        assertEq(operator.untilUnixS, NOW + 1 days);
        licences.requireRole(CHARITY, stranger, Roles.MAKER);
        licences.requireRole(CHARITY, stranger, Roles.AGENT);
    }

    function test_onlyTheBodysOwnAdministratorAppoints() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotAdministrator.selector, CHARITY, otherCharity.administrator
            )
        );
        vm.prank(otherCharity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER, LICENCE_END);
    }

    function test_anExpiredBodyAppointsNobody() public {
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER, LICENCE_END);
    }

    function test_onlyRolesOfTheLicenceAreGiven() public {
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryUnknownRoles.selector, Roles.ALL + 1));
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.ALL + 1, LICENCE_END);

        _narrow(CHARITY, charity.administrator, Roles.AGENT | Roles.MAKER);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryUnknownRoles.selector, Roles.MAKER | Roles.CHECKER)
        );
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER | Roles.CHECKER, LICENCE_END);
        _appoint(charity, stranger, Roles.MAKER | Roles.AGENT);
        assertEq(licences.rolesOf(CHARITY, stranger), Roles.MAKER | Roles.AGENT);
    }

    function test_aNarrowedLicenceNarrowsItsStaffAtOnceAndAWidenedOneGivesTheRolesBack() public {
        _appoint(charity, stranger, Roles.MAKER | Roles.AGENT);
        _narrow(CHARITY, charity.administrator, Roles.AGENT);
        assertEq(licences.rolesOf(CHARITY, stranger), Roles.AGENT);
        _assertNotInRole(stranger, Roles.MAKER);
        _narrow(CHARITY, charity.administrator, Roles.ALL);
        assertEq(licences.rolesOf(CHARITY, stranger), Roles.MAKER | Roles.AGENT);
    }

    function test_anOperatorHasOnlyTheRolesGivenInThatBody() public {
        _assertNotInRole(charity.maker, Roles.CHECKER);
        _assertNotInRole(otherCharity.maker, Roles.MAKER);
        _assertNotInRole(charity.administrator, Roles.MAKER);
        _assertNotInRole(firstRegulator, Roles.MAKER);
    }

    function test_anAppointmentEndsByItself() public {
        vm.prank(charity.administrator);
        licences.appointOperator(CHARITY, stranger, Roles.MAKER, NOW + 10);
        vm.warp(NOW + 9);
        licences.requireRole(CHARITY, stranger, Roles.MAKER);
        vm.warp(NOW + 10);
        _assertNotInRole(stranger, Roles.MAKER);
    }

    function test_zeroRolesDismiss() public {
        _appoint(charity, charity.maker, 0);
        _assertNotInRole(charity.maker, Roles.MAKER);
    }

    function test_operatorsLoseTheirRolesWithTheLicenceAndExpiryNeedsNobody() public {
        licences.requireRole(CHARITY, charity.maker, Roles.MAKER);
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        licences.requireRole(CHARITY, charity.maker, Roles.MAKER);
    }

    // --- Words

    function _grant(uint64 from, uint64 until) private view returns (bytes memory) {
        return abi.encodeCall(licences.grantLicence, (_fullGrant(NEWCOMER, boss, from, until)));
    }

    function _send(address sender, bytes memory call) private {
        _sendTo(address(licences), sender, call);
    }

    function _grantMustFail(ILicenceRegistry.LicenceGrant memory grant, bytes memory reason) private {
        _secondKeyMustFail(abi.encodeCall(licences.grantLicence, (grant)), reason);
    }

    function _secondKeyMustFail(bytes memory act, bytes memory reason) private {
        _send(firstRegulator, act);
        vm.expectRevert(reason);
        _send(secondRegulator, act);
    }

    function _narrow(OrganisationId organisation, address administrator, uint16 roles) private {
        ILicenceRegistry.LicenceGrant memory grant = _fullGrant(organisation, administrator, NOW, LICENCE_END);
        grant.roles = roles;
        _grantLicence(grant);
    }

    function _below(OrganisationId organisation, OrganisationId supervisor)
        private
        view
        returns (ILicenceRegistry.LicenceGrant memory grant)
    {
        grant = _fullGrant(organisation, boss, NOW, LICENCE_END);
        grant.supervisor = supervisor;
    }

    function _place(OrganisationId organisation, OrganisationId supervisor) private {
        _grantLicence(_below(organisation, supervisor));
    }

    function _placeMustFail(OrganisationId organisation, OrganisationId supervisor) private {
        _grantMustFail(
            _below(organisation, supervisor),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryBadSupervisor.selector, organisation, supervisor)
        );
    }

    function _level(uint256 number) private pure returns (OrganisationId) {
        return OrganisationId.wrap(keccak256(abi.encode("level", number)));
    }

    function _assertNotLicensed(OrganisationId organisation, uint64 at) private {
        vm.warp(at);
        vm.expectRevert(abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, organisation, at));
        licences.requireLicensed(organisation);
    }

    function _assertNotInRole(address caller, uint16 role) private {
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, role)
        );
        licences.requireRole(CHARITY, caller, role);
    }
}
