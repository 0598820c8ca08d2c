// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {Code, DonationId, FundId, OrganisationId, ProgrammeId} from "contracts/src/types/Ids.sol";

import {Gifts} from "./Gifts.sol";

contract FundLedgerFundsTest is Gifts {
    FundId internal constant WINTER_FUND = FundId.wrap("winter fund");
    ProgrammeId internal constant BLANKET_AID = ProgrammeId.wrap("blanket aid");
    uint64 internal constant OPENS = NOW - 10 days;
    uint64 internal constant CLOSES = NOW - 5 days;
    uint64 internal constant RELEASE = NOW + 40 days;

    function setUp() public override {
        super.setUp();
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, BLANKET_AID);
        opening.campaign = Code.wrap("blankets");
        _openProgramme(charity, opening, SADAQAT);
    }

    function test_anAdministratorOpensAFund() public {
        vm.expectEmit(address(ledger));
        emit IFundLedger.FundOpened(
            WINTER_FUND,
            CHARITY,
            BLANKET_AID,
            RIAL,
            SADAQAT,
            Code.wrap("blankets"),
            Code.wrap("IR-23"),
            RELEASE,
            OPENS,
            CLOSES,
            250
        );
        _open(_opening());

        IFundLedger.Fund memory fund = ledger.fundOf(WINTER_FUND);
        assertTrue(fund.id == WINTER_FUND);
        assertTrue(fund.organisation == CHARITY);
        assertTrue(fund.unit == RIAL);
        assertTrue(fund.head == SADAQAT);
        assertTrue(fund.programme == BLANKET_AID);
        assertTrue(fund.campaign == Code.wrap("blankets"));
        assertTrue(fund.place == Code.wrap("IR-23"));
        assertEq(fund.releaseAtUnixS, RELEASE);
        assertEq(fund.opensAtUnixS, OPENS);
        assertEq(fund.closesAtUnixS, CLOSES);
        assertEq(fund.feeCapBps, 250);
        assertEq(fund.inflowEnd + fund.outflowEnd + fund.reserved, 0);
        assertEq(ledger.outflowEndOf(WINTER_FUND), 0);
    }

    function test_theSameFundAgainIsANoOpWithoutAnEvent() public {
        _open(_opening());
        vm.recordLogs();
        _open(_opening());
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_anotherUnitHeadOrRestrictionUnderTheIdIsAConflict() public {
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
        changed.campaign = NO_CODE;
        _assertConflict(changed);
        changed = _opening();
        changed.place = Code.wrap("IR-24");
        _assertConflict(changed);
    }

    function test_otherDatesAnotherCapOrBodyUnderTheIdAreAConflict() public {
        _open(_opening());
        IFundLedger.FundOpening memory changed = _opening();
        changed.releaseAtUnixS += 1;
        _assertConflict(changed);
        changed = _opening();
        changed.opensAtUnixS += 1;
        _assertConflict(changed);
        changed = _opening();
        changed.closesAtUnixS += 1;
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
        assertEq(ledger.fundOf(WINTER_FUND).feeCapBps, 10_000);
    }

    function test_aFundForAProgrammeNeedsAKnownOne() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.programme = ProgrammeId.wrap("nothing");
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryUnknownProgramme.selector, opening.programme)
        );
        _open(opening);
    }

    function test_aFundForAProgrammeNeedsOneOfItsOwnBodyOrOneThatAdmittedIt() public {
        IFundLedger.FundOpening memory opening = _opening();
        (opening.programme, opening.campaign) = (OTHER_FOOD, NO_CODE);
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryOfOther.selector, OTHER_FOOD, CHARITY)
        );
        _open(opening);

        OrganisationId[] memory bodies = new OrganisationId[](1);
        bodies[0] = CHARITY;
        vm.prank(otherCharity.administrator);
        programmes.admitImplementers(OTHER_FOOD, bodies);
        _open(opening);
        assertTrue(ledger.fundOf(WINTER_FUND).programme == OTHER_FOOD);
    }

    function test_aFundForAProgrammeAndACampaignNeedsAProgrammeOfTheCampaign() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.programme = FOOD;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerProgrammeOfOtherCampaign.selector, FOOD, NO_CODE));
        _open(opening);
        opening = _opening();
        opening.campaign = Code.wrap("ramadan");
        vm.expectRevert(
            abi.encodeWithSelector(
                IFundLedger.FundLedgerProgrammeOfOtherCampaign.selector, BLANKET_AID, Code.wrap("blankets")
            )
        );
        _open(opening);
        opening.campaign = NO_CODE;
        _open(opening);
        assertTrue(ledger.fundOf(WINTER_FUND).programme == BLANKET_AID);
    }

    function test_aFundForAProgrammeNeedsOneThatTakesItsHead() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.head = ZAKAT;
        vm.expectRevert(
            abi.encodeWithSelector(IProgrammeRegistry.ProgrammeRegistryHeadNotAllowed.selector, BLANKET_AID, ZAKAT)
        );
        _open(opening);
    }

    function test_onlyTheBodysAdministratorOpensItsFunds() public {
        vm.expectRevert(_notAdministrator(otherCharity.administrator));
        vm.prank(otherCharity.administrator);
        ledger.openFund(_opening());
        vm.expectRevert(_notAdministrator(charity.cashier));
        vm.prank(charity.cashier);
        ledger.openFund(_opening());
    }

    function test_aBodyOpensNothingOnceItsLicenceExpiredAndNobodyNeedsToAct() public {
        vm.warp(LICENCE_END);
        vm.expectRevert(
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END)
        );
        _open(_opening());
    }

    function test_anUnknownFundHasNoRecord() public {
        bytes memory unknown = abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, WINTER_FUND);
        vm.expectRevert(unknown);
        ledger.fundOf(WINTER_FUND);
        vm.expectRevert(unknown);
        ledger.outflowEndOf(WINTER_FUND);
    }

    // --- When it takes gifts

    function test_aFundClosesAfterItOpens() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.closesAtUnixS = OPENS;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadPeriod.selector, OPENS, OPENS));
        _open(opening);
        opening.closesAtUnixS = OPENS - 1;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadPeriod.selector, OPENS, OPENS - 1));
        _open(opening);
    }

    function test_aGiftIsTakenByWhenItWasSettledNotByWhenItIsRecorded() public {
        _open(_opening());
        _assertNotTaken(OPENS - 1);
        _donateSettled(GIFT, OPENS);
        _donateSettled(OTHER_GIFT, CLOSES - 1);
        _assertNotTaken(CLOSES);
        assertEq(ledger.fundOf(WINTER_FUND).inflowEnd, 200);
    }

    function test_aFundWithoutACloseStaysOpen() public {
        IFundLedger.FundOpening memory opening = _opening();
        opening.closesAtUnixS = 0;
        _open(opening);
        _donateSettled(GIFT, NOW);
        _assertNotTaken(OPENS - 1);
    }

    // --- Words

    function _opening() private pure returns (IFundLedger.FundOpening memory) {
        return IFundLedger.FundOpening(
            WINTER_FUND,
            CHARITY,
            RIAL,
            SADAQAT,
            BLANKET_AID,
            Code.wrap("blankets"),
            Code.wrap("IR-23"),
            RELEASE,
            OPENS,
            CLOSES,
            250
        );
    }

    function _open(IFundLedger.FundOpening memory opening) private {
        _openFund(charity, opening);
    }

    function _donateSettled(DonationId id, uint64 settledAtUnixS) private {
        IFundLedger.DonationEntry memory gift = _gift(id, 100);
        gift.settledAtUnixS = settledAtUnixS;
        _donate(WINTER_FUND, gift);
    }

    function _assertNotTaken(uint64 settledAtUnixS) private {
        DonationId id = DonationId.wrap("untimely gift");
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerFundClosed.selector, id, settledAtUnixS));
        _donateSettled(id, settledAtUnixS);
    }

    function _assertConflict(IFundLedger.FundOpening memory opening) private {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, FundId.unwrap(opening.id)));
        _open(opening);
    }

    function _notAdministrator(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotAdministrator.selector, CHARITY, caller);
    }
}
