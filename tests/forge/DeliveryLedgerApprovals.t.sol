// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Lists} from "./Lists.sol";

/// @notice Another checker approves what a maker proposed, as a whole and as it is (I5).
contract DeliveryLedgerApprovalsTest is Lists {
    function test_anotherCheckerApprovesAndTheTotalIsReserved() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);

        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListApproved(LIST, FOOD_FUND, charity.checker, 500);
        vm.prank(charity.checker);
        deliveries.approveList(LIST, _contentHash(items));

        IDeliveryLedger.PaymentList memory list = deliveries.listOf(LIST);
        assertTrue(list.state == IDeliveryLedger.ListState.Approved);
        assertEq(list.checker, charity.checker);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 500);
    }

    function test_theSameApprovalAgainIsANoOpWithoutAnEvent() public {
        _offerTwoItems();
        vm.recordLogs();
        vm.prank(charity.checker);
        deliveries.approveList(LIST, _contentHash(_twoItems()));
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 500);
    }

    function test_aListIsApprovedOnce() public {
        _offerTwoItems();
        _appoint(charity, stranger, Roles.CHECKER);
        _assertNotApproved(
            stranger,
            abi.encodeWithSelector(
                IDeliveryLedger.DeliveryLedgerListState.selector, LIST, IDeliveryLedger.ListState.Approved
            )
        );
    }

    function test_aListCheckedByItsMakerIsRefused() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _appoint(charity, charity.maker, Roles.MAKER | Roles.CHECKER);
        _assertNotApproved(
            charity.maker,
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMakerIsChecker.selector, LIST, charity.maker)
        );
    }

    function test_nobodySkipsTheChecker() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _assertMayNotApprove(charity.maker);
        _assertMayNotApprove(charity.agent);
        _assertMayNotApprove(charity.administrator);
        _assertMayNotApprove(otherCharity.checker);
        _assertMayNotApprove(firstRegulator);
    }

    function test_aCheckerApprovesExactlyWhatWasChecked() public {
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        vm.expectRevert(
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerOtherContent.selector, LIST, _contentHash(items))
        );
        vm.prank(charity.checker);
        deliveries.approveList(LIST, keccak256("another list"));
    }

    function test_anUnfinishedListIsNotApproved() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        _propose(proposal, _oneItem(FIRST, families[0].account, 300));
        bytes32 addedHash = deliveries.listOf(LIST).addedHash;
        _assertNotApproved(
            charity.checker,
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListDiffers.selector, LIST, 1, 300, addedHash)
        );
    }

    function test_aListOfOtherItemsThanProposedIsNotApproved() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, items);
        (items[0].household, items[1].household) = (items[1].household, items[0].household);
        _propose(proposal, items);
        _assertNotApproved(
            charity.checker,
            abi.encodeWithSelector(
                IDeliveryLedger.DeliveryLedgerListDiffers.selector, LIST, 2, 500, deliveries.listOf(LIST).addedHash
            )
        );
    }

    function test_anExpiredListIsNotApproved() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        vm.warp(LIST_END);
        _assertNotApproved(
            charity.checker, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListExpired.selector, LIST, LIST_END)
        );
    }

    function test_aListAboveTheFreeUnitsIsNotApproved() public {
        _donate(FOOD_FUND, GIFT, 499);
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _assertNotApproved(
            charity.checker, abi.encodeWithSelector(IFundLedger.FundLedgerNotEnough.selector, FOOD_FUND, 499, 500)
        );
    }

    function test_anUnknownListIsNotApproved() public {
        _assertNotApproved(
            charity.checker, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownList.selector, LIST)
        );
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownList.selector, LIST));
        deliveries.listOf(LIST);
    }

    function test_aRevokedBodyApprovesNothing() public {
        _donate(FOOD_FUND, GIFT, 1000);
        IDeliveryLedger.EntitlementEntry[] memory items = _twoItems();
        _propose(_proposal(LIST, FOOD_FUND, FOOD, items), items);
        _revokeLicence(CHARITY);
        _assertNotApproved(
            charity.checker, abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW)
        );
    }

    // --- A second checker

    function test_aboveTheThresholdASecondCheckerIsNeeded() public {
        _setThreshold(RIAL, 499);
        _donate(FOOD_FUND, GIFT, 1000);
        _propose(_proposal(LIST, FOOD_FUND, FOOD, _twoItems()), _twoItems());
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListChecked(LIST, charity.checker);
        _approve(LIST);
        assertTrue(deliveries.listOf(LIST).state == IDeliveryLedger.ListState.Checked);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0, "the first check reserves nothing");
        vm.expectRevert(_state(IDeliveryLedger.ListState.Checked));
        _handOver(LIST, FIRST);

        _appoint(charity, stranger, Roles.CHECKER);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListApproved(LIST, FOOD_FUND, stranger, 500);
        vm.prank(stranger);
        deliveries.approveList(LIST, _contentHash(_twoItems()));
        IDeliveryLedger.PaymentList memory list = deliveries.listOf(LIST);
        assertTrue(list.state == IDeliveryLedger.ListState.Approved);
        assertEq(list.checker, charity.checker);
        assertEq(list.secondChecker, stranger);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 500);
    }

    function test_theFirstCheckAgainIsANoOpAndNotTheSecond() public {
        _check();
        vm.recordLogs();
        _approve(LIST);
        assertEq(vm.getRecordedLogs().length, 0);
        assertTrue(deliveries.listOf(LIST).state == IDeliveryLedger.ListState.Checked);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
    }

    function test_theMakerIsNotTheSecondCheckerEither() public {
        _check();
        _appoint(charity, charity.maker, Roles.MAKER | Roles.CHECKER);
        _assertNotApproved(
            charity.maker,
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMakerIsChecker.selector, LIST, charity.maker)
        );
    }

    function test_bothCheckersApprovalsAgainAreNoOps() public {
        _check();
        _appoint(charity, stranger, Roles.CHECKER);
        bytes32 contentHash = _contentHash(_twoItems());
        vm.prank(stranger);
        deliveries.approveList(LIST, contentHash);
        vm.recordLogs();
        vm.prank(stranger);
        deliveries.approveList(LIST, contentHash);
        _approve(LIST);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 500);
    }

    function test_atTheThresholdOneCheckerIsEnough() public {
        _setThreshold(RIAL, 500);
        _offerTwoItems();
        assertTrue(deliveries.listOf(LIST).state == IDeliveryLedger.ListState.Approved);
    }

    function test_theThresholdOfAnotherUnitDoesNotMatter() public {
        _setThreshold(Code.wrap("USD"), 1);
        _offerTwoItems();
        assertTrue(deliveries.listOf(LIST).state == IDeliveryLedger.ListState.Approved);
    }

    function test_aCheckedListStillExpires() public {
        _check();
        _appoint(charity, stranger, Roles.CHECKER);
        vm.warp(LIST_END);
        _assertNotApproved(
            stranger, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListExpired.selector, LIST, LIST_END)
        );
    }

    function test_aCheckedListThatTheFundCannotPayIsNotApproved() public {
        _check();
        _takeFee(FOOD_FUND, FEE, 100);
        _refund(FOOD_FUND, REFUND, GIFT, 450);
        _appoint(charity, stranger, Roles.CHECKER);
        _assertNotApproved(
            stranger, abi.encodeWithSelector(IFundLedger.FundLedgerNotEnough.selector, FOOD_FUND, 450, 500)
        );
    }

    // --- Words

    function _setThreshold(Code unit, uint64 thresholdMinor) private {
        _byTwoKeys(abi.encodeCall(licences.setSecondCheckerThreshold, (CHARITY, unit, thresholdMinor)));
    }

    /// @dev The two items, checked by the first of two.
    function _check() private {
        _setThreshold(RIAL, 499);
        _offerTwoItems();
    }

    function _state(IDeliveryLedger.ListState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListState.selector, LIST, state);
    }

    function _contentHash(IDeliveryLedger.EntitlementEntry[] memory items) private view returns (bytes32) {
        return _proposal(LIST, FOOD_FUND, FOOD, items).contentHash;
    }

    function _assertNotApproved(address checker, bytes memory reason) private {
        bytes32 contentHash = _contentHash(_twoItems());
        vm.expectRevert(reason);
        vm.prank(checker);
        deliveries.approveList(LIST, contentHash);
    }

    function _assertMayNotApprove(address caller) private {
        _assertNotApproved(
            caller,
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, Roles.CHECKER)
        );
    }
}
