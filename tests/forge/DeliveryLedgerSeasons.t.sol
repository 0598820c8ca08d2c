// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {Code, EntitlementId, PaymentListId, ProgrammeId} from "contracts/src/types/Ids.sol";

import {Disputes} from "./Disputes.sol";

/// @notice One entitlement per household, programme and season (A04), and so many per place as its quota says (I04).
contract DeliveryLedgerSeasonsTest is Disputes {
    ProgrammeId internal constant WINTER = ProgrammeId.wrap("winter");
    PaymentListId internal constant OTHER_LIST = PaymentListId.wrap("other list");
    EntitlementId internal constant THIRD = EntitlementId.wrap("third entitlement");
    Code internal constant SEASON = Code.wrap("1405-winter");
    Code internal constant NEXT_SEASON = Code.wrap("1406-winter");
    Code internal constant PLACE = Code.wrap("IR-23");
    Code internal constant NO_NEED = Code.wrap("no need");

    function setUp() public override {
        super.setUp();
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, WINTER);
        (opening.seasonal, opening.quotas) = (true, true);
        _openProgramme(charity, opening, SADAQAT);
        _setQuota(SEASON, 10);
        _setQuota(NEXT_SEASON, 10);
        _donate(GENERAL_FUND, GIFT, 5000);
    }

    // --- Seasons

    function test_aSeasonalListNamesItsSeasonAndAnotherNone() public {
        IDeliveryLedger.ListProposal memory list = _winterList(LIST, NO_CODE, _twoItems());
        _assertRefused(list, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerBadSeason.selector, WINTER, NO_CODE));
        list = _proposal(LIST, GENERAL_FUND, FOOD, _twoItems());
        list.season = SEASON;
        _assertRefused(list, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerBadSeason.selector, FOOD, SEASON));
    }

    function test_aHouseholdTakesASeasonWhenItIsListed() public {
        assertTrue(deliveries.seasonalOf(WINTER, SEASON, families[0].account) == EntitlementId.wrap(0));
        _offerWinter();
        assertTrue(deliveries.seasonalOf(WINTER, SEASON, families[0].account) == FIRST);
        assertTrue(deliveries.seasonalOf(WINTER, SEASON, families[1].account) == SECOND);
        assertTrue(deliveries.seasonalOf(WINTER, NEXT_SEASON, families[0].account) == EntitlementId.wrap(0));
    }

    function test_aSecondEntitlementInTheSeasonIsRefused() public {
        _propose(_winterList(LIST, SEASON, _twoItems()), _twoItems());
        _assertTaken("proposed");
        _approve(LIST);
        _assertTaken("offered");
        _handOver(LIST, FIRST);
        _assertTaken("handed over");
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        _assertTaken("confirmed");
    }

    function test_aDisputeGivesTheSeasonUpOnlyWhenUpheld() public {
        _offerWinter();
        _handOver(LIST, FIRST);
        deliveries.dispute(_objection(families[0], FIRST));
        _assertTaken("disputed");
        uint256 snapshot = vm.snapshotState();
        _decide(_decision(FIRST, false));
        _assertTaken("dismissed");
        vm.revertToState(snapshot);
        _decide(_decision(FIRST, true));
        _assertFree();
    }

    function test_withinOneListAHouseholdIsNamedOnce() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        items[1].household = items[0].household;
        IDeliveryLedger.ListProposal memory list = _winterList(LIST, SEASON, items);
        vm.expectRevert(_taken(SECOND));
        _propose(list, items);
    }

    function test_anotherSeasonProgrammeOrHouseholdIsFree() public {
        _offerWinter();
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(THIRD, families[0].account, 1);
        _propose(_winterList(OTHER_LIST, NEXT_SEASON, items), items);
        items = _oneItem(EntitlementId.wrap("in food"), families[0].account, 1);
        _propose(_proposal(PaymentListId.wrap("in food"), FOOD_FUND, FOOD, items), items);
        items = _oneItem(EntitlementId.wrap("third family"), families[2].account, 1);
        _propose(_winterList(PaymentListId.wrap("third family"), SEASON, items), items);
        assertTrue(deliveries.seasonalOf(WINTER, SEASON, families[2].account) == items[0].id);
    }

    function test_aDeliveryThatNeverReachedTheFamilyGivesSeasonAndPlaceUp() public {
        _offerWinter();
        _handOver(LIST, FIRST);
        _return(GENERAL_FUND, RETURN, FIRST, 299);
        _assertTaken("partly returned");
        assertEq(_takenPlaces(), 2);
        _return(GENERAL_FUND, OTHER_RETURN, FIRST, 1);
        assertEq(_takenPlaces(), 1);
        _assertFree();
    }

    function test_aRepaidLoanKeepsTheSeasonAndItsPlace() public {
        _offerWinter();
        _handOver(LIST, FIRST);
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        _return(GENERAL_FUND, RETURN, FIRST, 300);
        _assertTaken("repaid");
        assertEq(_takenPlaces(), 2);
    }

    function test_aRefusalGivesTheSeasonUp() public {
        _offerWinter();
        deliveries.refuse(_refusal(families[0], FIRST, NO_NEED));
        _assertFree();
    }

    function test_aCancelledListGivesTheSeasonUp() public {
        _offerWinter();
        _cancel(LIST);
        _assertFree();
    }

    function test_anExpiredOfferGivesTheSeasonUpWithoutAnybodyActing() public {
        _offerWinter();
        vm.warp(LIST_END - 1);
        _assertTaken("offered until its last second");
        vm.warp(LIST_END);
        _assertFree();
    }

    function test_whatWasDeliveredOfAnEndedListKeepsTheSeason() public {
        _offerWinter();
        _handOver(LIST, FIRST);
        _cancel(LIST);
        vm.warp(LIST_END);
        _assertTaken("handed over");
    }

    // --- Quotas

    function test_anApprovedListTakesItsPlaces() public {
        _propose(_winterList(LIST, SEASON, _twoItems()), _twoItems());
        assertEq(_takenPlaces(), 0, "a proposal takes none");
        _approve(LIST);
        assertEq(_takenPlaces(), 2);
        _handOver(LIST, FIRST);
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        assertEq(_takenPlaces(), 2, "whoever was served keeps the place");
    }

    function test_aListAboveTheQuotaIsNotApproved() public {
        _setQuota(SEASON, 1);
        _propose(_winterList(LIST, SEASON, _twoItems()), _twoItems());
        _assertNotApproved(PLACE, 1);
        _setQuota(SEASON, 2);
        _approve(LIST);
        assertEq(_takenPlaces(), 2);
    }

    function test_aPartOfThePlaceHasNoQuotaOfItsOwn() public {
        IDeliveryLedger.ListProposal memory list = _winterList(LIST, SEASON, _twoItems());
        list.place = Code.wrap("IR-23-01");
        _propose(list, _twoItems());
        _assertNotApproved(list.place, 0);
    }

    function test_aProgrammeWithoutQuotasTakesNoPlaces() public {
        IDeliveryLedger.ListProposal memory list = _proposal(LIST, GENERAL_FUND, FOOD, _twoItems());
        list.place = PLACE;
        _propose(list, _twoItems());
        _approve(LIST);
        deliveries.refuse(_refusal(families[0], FIRST, NO_NEED));
        _cancel(LIST);
        assertEq(programmes.quotaOf(FOOD, NO_CODE, PLACE).taken, 0);
    }

    function test_aRefusalFreesItsPlace() public {
        _offerWinter();
        deliveries.refuse(_refusal(families[0], FIRST, NO_NEED));
        assertEq(_takenPlaces(), 1);
    }

    function test_aCancelledListFreesThePlacesItDidNotServe() public {
        _offerWinter();
        _handOver(LIST, FIRST);
        _cancel(LIST);
        assertEq(_takenPlaces(), 1);
    }

    function test_anExpiredListFreesThePlacesItDidNotServe() public {
        _offerWinter();
        _handOver(LIST, FIRST);
        vm.warp(LIST_END);
        assertEq(_takenPlaces(), 2, "until somebody ends it");
        deliveries.expireList(LIST);
        assertEq(_takenPlaces(), 1);
    }

    function test_anUpheldDisputeFreesItsPlaceAndADismissedOneDoesNot() public {
        _offerWinter();
        _handOver(LIST, FIRST);
        _handOver(LIST, SECOND);
        deliveries.dispute(_objection(families[0], FIRST));
        deliveries.dispute(_objection(families[1], SECOND));
        _decide(_decision(FIRST, true));
        assertEq(_takenPlaces(), 1);
        _decide(_decision(SECOND, false));
        assertEq(_takenPlaces(), 1);
    }

    function test_aProposalThatIsGivenUpFreesNoPlaces() public {
        _offerWinter();
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(THIRD, families[2].account, 1);
        _propose(_winterList(OTHER_LIST, SEASON, items), items);
        _cancel(OTHER_LIST);
        assertEq(_takenPlaces(), 2);
    }

    // --- Words

    function _winterList(PaymentListId id, Code season, IDeliveryLedger.EntitlementEntry[] memory items)
        private
        view
        returns (IDeliveryLedger.ListProposal memory list)
    {
        list = _proposal(id, GENERAL_FUND, WINTER, items);
        (list.season, list.place) = (season, PLACE);
    }

    function _offerWinter() private {
        _propose(_winterList(LIST, SEASON, _twoItems()), _twoItems());
        _approve(LIST);
    }

    function _setQuota(Code season, uint64 quota) private {
        vm.prank(charity.administrator);
        programmes.setQuota(WINTER, season, PLACE, quota);
    }

    function _takenPlaces() private view returns (uint64) {
        return programmes.quotaOf(WINTER, SEASON, PLACE).taken;
    }

    function _taken(EntitlementId id) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerSeasonTaken.selector, id, families[0].account, FIRST);
    }

    /// @dev Beside its first entitlement, in this state, the first family gets no other.
    function _assertTaken(string memory state) private {
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(THIRD, families[0].account, 1);
        IDeliveryLedger.ListProposal memory list = _winterList(PaymentListId.wrap(bytes32(bytes(state))), SEASON, items);
        vm.expectRevert(_taken(THIRD));
        _propose(list, items);
    }

    /// @dev The first family gets another entitlement in the season.
    function _assertFree() private {
        IDeliveryLedger.EntitlementEntry[] memory items = _oneItem(THIRD, families[0].account, 1);
        _propose(_winterList(OTHER_LIST, SEASON, items), items);
        _approve(OTHER_LIST);
        assertTrue(deliveries.seasonalOf(WINTER, SEASON, families[0].account) == THIRD);
        _assertState(THIRD, IDeliveryLedger.EntitlementState.Offered);
    }

    function _assertRefused(IDeliveryLedger.ListProposal memory list, bytes memory reason) private {
        vm.expectRevert(reason);
        _propose(list, _twoItems());
    }

    function _assertNotApproved(Code place, uint64 left) private {
        bytes32 contentHash = deliveries.listOf(LIST).contentHash;
        vm.expectRevert(
            abi.encodeWithSelector(
                IProgrammeRegistry.ProgrammeRegistryQuotaExceeded.selector, WINTER, SEASON, place, left
            )
        );
        vm.prank(charity.checker);
        deliveries.approveList(LIST, contentHash);
    }
}
