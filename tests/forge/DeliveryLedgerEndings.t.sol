// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, EntitlementId, OrganisationId, PaymentListId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Disputes} from "./Disputes.sol";

/// @notice A list that was cancelled or has expired offers nothing any more; what it had not delivered is free again.
contract DeliveryLedgerEndingsTest is Disputes {
    Code internal constant NO_NEED = Code.wrap("no need");

    // --- Cancelling

    function test_cancellingFreesWhatWasOffered() public {
        _offerTwoItems();
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListCancelled(LIST, FOOD_FUND, charity.maker, 500, MISUSE);
        _cancel(LIST);

        IDeliveryLedger.PaymentList memory list = deliveries.listOf(LIST);
        assertTrue(list.state == IDeliveryLedger.ListState.Cancelled);
        assertEq(list.open, 0);
        assertEq(list.openMinor, 0);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Cancelled);
        assertTrue(deliveries.termsOf(SECOND).state == IDeliveryLedger.EntitlementState.Cancelled);
    }

    function test_cancellingAPartlyDeliveredListFreesTheRest() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListCancelled(LIST, FOOD_FUND, charity.maker, 200, MISUSE);
        _cancel(LIST);

        _assertState(FIRST, IDeliveryLedger.EntitlementState.HandedOver);
        _assertState(SECOND, IDeliveryLedger.EntitlementState.Cancelled);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
        assertEq(ledger.outflowEndOf(FOOD_FUND), 300);
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Confirmed);
    }

    function test_aRefusedItemIsNotFreedTwice() public {
        _offerTwoItems();
        deliveries.refuse(_refusal(families[0], FIRST, NO_NEED));
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListCancelled(LIST, FOOD_FUND, charity.maker, 200, MISUSE);
        _cancel(LIST);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Refused);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
    }

    function test_aProposedListIsCancelledAndNotApprovedAnyMore() public {
        _donate(FOOD_FUND, GIFT, 1000);
        _propose(_proposal(LIST, FOOD_FUND, FOOD, _twoItems()), _twoItems());
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListCancelled(LIST, FOOD_FUND, charity.maker, 0, MISUSE);
        _cancel(LIST);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Cancelled);
        _assertNotApproved(IDeliveryLedger.ListState.Cancelled);
    }

    function test_aCheckedListIsCancelledToo() public {
        _byTwoKeys(abi.encodeCall(licences.setSecondCheckerThreshold, (CHARITY, RIAL, 499)));
        _offerTwoItems();
        assertTrue(deliveries.listOf(LIST).state == IDeliveryLedger.ListState.Checked);
        _cancel(LIST);
        _assertNotApproved(IDeliveryLedger.ListState.Cancelled);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
    }

    function test_aFullyDeliveredListIsCancelledAndFreesNothing() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        _handOver(LIST, SECOND);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListCancelled(LIST, FOOD_FUND, charity.maker, 0, MISUSE);
        _cancel(LIST);
        _assertState(SECOND, IDeliveryLedger.EntitlementState.HandedOver);
    }

    function test_cancellingAgainIsANoOpWithoutAnEvent() public {
        _offerTwoItems();
        _cancel(LIST);
        vm.recordLogs();
        _cancel(LIST);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_nothingOfACancelledListIsHandedOverOrRefused() public {
        _offerTwoItems();
        _cancel(LIST);
        vm.expectRevert(_listState(IDeliveryLedger.ListState.Cancelled));
        _handOver(LIST, FIRST);
        IDeliveryLedger.SignedRefusal[] memory refusals = _refusal(families[0], FIRST, NO_NEED);
        vm.expectRevert(_wrongState(FIRST, IDeliveryLedger.EntitlementState.Cancelled));
        deliveries.refuse(refusals);
    }

    function test_nothingIsAddedToACancelledList() public {
        IDeliveryLedger.ListProposal memory proposal = _proposal(LIST, FOOD_FUND, FOOD, _twoItems());
        _propose(proposal, _oneItem(FIRST, families[0].account, 300));
        _cancel(LIST);
        vm.expectRevert(_listState(IDeliveryLedger.ListState.Cancelled));
        _propose(proposal, _oneItem(SECOND, families[1].account, 200));
    }

    function test_cancellingNeedsAReasonAndAKnownList() public {
        _assertNotCancelled(
            charity.maker, MISUSE, abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownList.selector, LIST)
        );
        _offerTwoItems();
        _assertNotCancelled(
            charity.maker,
            NO_CODE,
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("reason"))
        );
    }

    function test_onlyAMakerOrCheckerOfThePayerCancels() public {
        _offerTwoItems();
        address[5] memory callers =
            [charity.agent, charity.administrator, otherCharity.maker, otherCharity.checker, firstRegulator];
        for (uint256 i = 0; i < callers.length; ++i) {
            _assertNotCancelled(
                callers[i],
                MISUSE,
                abi.encodeWithSelector(
                    ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, callers[i], Roles.MAKER
                )
            );
        }
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListCancelled(LIST, FOOD_FUND, charity.checker, 500, MISUSE);
        vm.prank(charity.checker);
        deliveries.cancelList(LIST, MISUSE);
    }

    function test_aRevokedBodyCancelsNothing() public {
        _offerTwoItems();
        _revokeLicence(CHARITY);
        _assertNotCancelled(
            charity.maker,
            MISUSE,
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, charity.maker, Roles.MAKER
            )
        );
    }

    function test_whatExpiredIsNotCancelledLater() public {
        _offerTwoItems();
        vm.warp(LIST_END);
        _assertNotCancelled(
            charity.maker,
            MISUSE,
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListExpired.selector, LIST, LIST_END)
        );
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Expired);
    }

    /// @dev Or else one maker of an admitted body could hold every family's season.
    function test_theProgrammesOwnerCancelsWhatAnImplementerProposedUntilItIsApproved() public {
        OrganisationId[] memory bodies = new OrganisationId[](1);
        bodies[0] = OTHER_CHARITY;
        vm.prank(charity.administrator);
        programmes.admitImplementers(FOOD, bodies);
        _donate(OTHER_FUND, GIFT, 1000);
        IDeliveryLedger.ListProposal memory list = _proposal(LIST, OTHER_FUND, FOOD, _twoItems());
        vm.prank(otherCharity.maker);
        deliveries.proposeList(list, _twoItems());
        uint256 snapshot = vm.snapshotState();
        vm.prank(charity.checker);
        deliveries.cancelList(LIST, MISUSE);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Cancelled);

        vm.revertToState(snapshot);
        vm.prank(otherCharity.checker);
        deliveries.approveList(LIST, list.contentHash);
        _assertNotCancelled(
            charity.checker,
            MISUSE,
            abi.encodeWithSelector(
                ILicenceRegistry.LicenceRegistryNotInRole.selector, OTHER_CHARITY, charity.checker, Roles.MAKER
            )
        );
    }

    // --- Expiring

    function test_anyoneFreesWhatAnExpiredListDidNotDeliver() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.warp(LIST_END);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListExpired(LIST, FOOD_FUND, 200);
        vm.prank(stranger);
        deliveries.expireList(LIST);

        assertTrue(deliveries.listOf(LIST).state == IDeliveryLedger.ListState.Expired);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.HandedOver);
        _assertState(SECOND, IDeliveryLedger.EntitlementState.Expired);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
    }

    function test_whatIsOfferedExpiresWithoutAnybodyActing() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.warp(LIST_END - 1);
        _assertState(SECOND, IDeliveryLedger.EntitlementState.Offered);
        vm.warp(LIST_END);
        _assertState(SECOND, IDeliveryLedger.EntitlementState.Expired);
        assertTrue(deliveries.termsOf(SECOND).state == IDeliveryLedger.EntitlementState.Expired);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.HandedOver);

        IDeliveryLedger.SignedRefusal[] memory refusals = _refusal(families[1], SECOND, NO_NEED);
        vm.expectRevert(_wrongState(SECOND, IDeliveryLedger.EntitlementState.Expired));
        deliveries.refuse(refusals);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 200, "the units wait until somebody ends the list");
    }

    function test_whatWasHandedOverInTimeIsConfirmedAlsoLater() public {
        _offerTwoItems();
        _handOver(LIST, FIRST);
        vm.warp(LIST_END);
        deliveries.expireList(LIST);
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Confirmed);
    }

    function test_nothingExpiresBeforeItsTime() public {
        _offerTwoItems();
        vm.warp(LIST_END - 1);
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListNotExpired.selector, LIST, LIST_END));
        deliveries.expireList(LIST);
    }

    function test_expiringAgainIsANoOpWithoutAnEvent() public {
        _offerTwoItems();
        vm.warp(LIST_END);
        deliveries.expireList(LIST);
        vm.recordLogs();
        deliveries.expireList(LIST);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(FOOD_FUND).reserved, 0);
    }

    function test_whatWasNeverApprovedExpiresAndFreesNothing() public {
        _donate(FOOD_FUND, GIFT, 1000);
        _propose(_proposal(LIST, FOOD_FUND, FOOD, _twoItems()), _twoItems());
        vm.warp(LIST_END);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.PaymentListExpired(LIST, FOOD_FUND, 0);
        deliveries.expireList(LIST);
        _assertNotApproved(IDeliveryLedger.ListState.Expired);
    }

    function test_aListEndsOnce() public {
        _offerTwoItems();
        _cancel(LIST);
        vm.warp(LIST_END);
        vm.expectRevert(_listState(IDeliveryLedger.ListState.Cancelled));
        deliveries.expireList(LIST);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Cancelled);

        PaymentListId other = PaymentListId.wrap("other list");
        _offer(other, FOOD_FUND, FOOD, _oneItem(EntitlementId.wrap("third entitlement"), families[2].account, 1));
        vm.warp(LIST_END + 30 days);
        deliveries.expireList(other);
        vm.expectRevert(
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListExpired.selector, other, LIST_END + 30 days)
        );
        _cancel(other);
    }

    function test_anUnknownListDoesNotExpire() public {
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownList.selector, LIST));
        deliveries.expireList(LIST);
    }

    // --- Words

    function _listState(IDeliveryLedger.ListState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerListState.selector, LIST, state);
    }

    function _assertNotApproved(IDeliveryLedger.ListState state) private {
        bytes32 contentHash = deliveries.listOf(LIST).contentHash;
        _appoint(charity, stranger, Roles.CHECKER);
        vm.expectRevert(_listState(state));
        vm.prank(stranger);
        deliveries.approveList(LIST, contentHash);
    }

    function _assertNotCancelled(address caller, Code reason, bytes memory why) private {
        vm.expectRevert(why);
        vm.prank(caller);
        deliveries.cancelList(LIST, reason);
    }
}
