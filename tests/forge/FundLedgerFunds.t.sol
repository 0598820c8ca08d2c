// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, FundId, OrganisationId, ProgrammeId} from "contracts/src/types/Ids.sol";

import {Base} from "./Base.t.sol";

contract FundLedgerFundsTest is Base {
    ProgrammeId internal constant WINTER = ProgrammeId.wrap("winter");
    FundId internal constant WINTER_FUND = FundId.wrap("winter fund");

    // --- Programmes

    function test_anAdministratorOpensAProgrammeForSomeHeads() public {
        Code[] memory heads = _heads(SADAQAT, ZAKAT);
        vm.expectEmit(address(ledger));
        emit IFundLedger.ProgrammeOpened(WINTER, CHARITY);
        vm.expectEmit(address(ledger));
        emit IFundLedger.ProgrammeHeadAllowed(WINTER, SADAQAT);
        vm.expectEmit(address(ledger));
        emit IFundLedger.ProgrammeHeadAllowed(WINTER, ZAKAT);
        vm.prank(charity.administrator);
        ledger.openProgramme(WINTER, CHARITY, heads);

        assertTrue(ledger.programmeOwner(WINTER) == CHARITY);
        assertTrue(ledger.takesHead(WINTER, SADAQAT));
        assertTrue(ledger.takesHead(WINTER, ZAKAT));
        assertFalse(ledger.takesHead(WINTER, Code.wrap("kaffara")));
    }

    function test_theSameProgrammeAgainIsANoOpAndANewHeadIsAdded() public {
        _openProgramme(charity, WINTER, SADAQAT);
        vm.recordLogs();
        _openProgramme(charity, WINTER, SADAQAT);
        assertEq(vm.getRecordedLogs().length, 0);

        _openProgramme(charity, WINTER, ZAKAT);
        assertTrue(ledger.takesHead(WINTER, SADAQAT));
        assertTrue(ledger.takesHead(WINTER, ZAKAT));
    }

    function test_aProgrammeOfAnotherBodyIsAConflict() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, ProgrammeId.unwrap(OTHER_FOOD)));
        _openProgramme(charity, OTHER_FOOD, SADAQAT);
    }

    function test_aProgrammeNeedsAnIdAndItsHeadsAreNotZero() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("programme")));
        _openProgramme(charity, NO_PROGRAMME, SADAQAT);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("head")));
        _openProgramme(charity, WINTER, Code.wrap(0));
    }

    function test_onlyTheBodysAdministratorOpensProgrammesAndFunds() public {
        Code[] memory heads = _heads(SADAQAT, ZAKAT);
        vm.expectRevert(_notAdministrator(CHARITY, charity.maker));
        vm.prank(charity.maker);
        ledger.openProgramme(WINTER, CHARITY, heads);

        vm.expectRevert(_notAdministrator(CHARITY, otherCharity.administrator));
        vm.prank(otherCharity.administrator);
        ledger.openFund(_opening());
    }

    // --- Funds

    function test_anAdministratorOpensAFund() public {
        vm.expectEmit(address(ledger));
        emit IFundLedger.FundOpened(WINTER_FUND, CHARITY, FOOD, RIAL, SADAQAT, 250);
        _open(_opening());

        IFundLedger.Fund memory fund = ledger.fundOf(WINTER_FUND);
        assertTrue(fund.id == WINTER_FUND);
        assertTrue(fund.organisation == CHARITY);
        assertTrue(fund.unit == RIAL);
        assertTrue(fund.head == SADAQAT);
        assertTrue(fund.programme == FOOD);
        assertEq(fund.feeCapBps, 250);
        assertEq(fund.inflowEnd, 0);
        assertEq(fund.outflowEnd, 0);
        assertEq(fund.reserved, 0);
    }

    function test_theSameFundAgainIsANoOpWithoutAnEvent() public {
        _open(_opening());
        vm.recordLogs();
        _open(_opening());
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_anyOtherFundUnderTheIdIsAConflict() public {
        _open(_opening());
        IFundLedger.FundOpening memory changed = _opening();
        changed.unit = Code.wrap("USD");
        _assertConflict(changed);
        changed = _opening();
        changed.head = ZAKAT;
        _assertConflict(changed);
        changed = _opening();
        changed.programme = NO_PROGRAMME;
        _assertConflict(changed);
        changed = _opening();
        changed.feeCapBps = 251;
        _assertConflict(changed);

        changed = _opening();
        changed.organisation = OTHER_CHARITY;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, FundId.unwrap(WINTER_FUND)));
        vm.prank(otherCharity.administrator);
        ledger.openFund(changed);
    }

    function test_aFundNeedsAnIdAUnitAndAHead() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.id = FundId.wrap(0);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("fund")));
        _open(opening);

        opening = _opening();
        opening.unit = Code.wrap(0);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("unit")));
        _open(opening);

        opening = _opening();
        opening.head = Code.wrap(0);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("head")));
        _open(opening);
    }

    function test_aFeeCapIsAtMostEverything() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.feeCapBps = 10_001;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadFeeCap.selector, 10_001));
        _open(opening);
        opening.feeCapBps = 10_000;
        _open(opening);
    }

    function test_aFundForAProgrammeNeedsOneThatIsKnown() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.programme = WINTER;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownProgramme.selector, WINTER));
        _open(opening);
    }

    function test_aFundForAProgrammeNeedsOneOfItsOwnBody() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.programme = OTHER_FOOD;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerProgrammeOfOther.selector, OTHER_FOOD, CHARITY));
        _open(opening);
    }

    function test_aFundForAProgrammeNeedsOneThatTakesItsHead() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.head = ZAKAT;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerHeadNotAllowed.selector, FOOD, ZAKAT));
        _open(opening);
    }

    function test_aBodyOpensNothingOnceItsLicenceExpiredAndNobodyNeedsToAct() public {
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        _open(_opening());
    }

    function test_anUnknownFundHasNoRecord() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, WINTER_FUND));
        ledger.fundOf(WINTER_FUND);
    }

    // --- Words

    function _opening() private pure returns (IFundLedger.FundOpening memory) {
        return IFundLedger.FundOpening(WINTER_FUND, CHARITY, RIAL, SADAQAT, FOOD, 250);
    }

    function _open(IFundLedger.FundOpening memory opening) private {
        vm.prank(charity.administrator);
        ledger.openFund(opening);
    }

    function _assertConflict(IFundLedger.FundOpening memory opening) private {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, FundId.unwrap(opening.id)));
        _open(opening);
    }

    function _heads(Code first, Code second) private pure returns (Code[] memory heads) {
        heads = new Code[](2);
        (heads[0], heads[1]) = (first, second);
    }

    function _notAdministrator(OrganisationId organisation, address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotAdministrator.selector, organisation, caller);
    }
}
