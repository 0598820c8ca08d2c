// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {Code, EntitlementId, FundId, PaymentListId, ReturnId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Disputes} from "./Disputes.sol";

/// @notice Units of a delivery come back as the fund's next inflow and continue the delivery's, from its first unit.
contract DeliveryLedgerReturnsTest is Disputes {
    /// @dev A fee left before: the first delivery is [40, 340), the second [340, 540).
    function setUp() public override {
        super.setUp();
        _offerTwoItems();
        _takeFee(FOOD_FUND, FEE, 40);
        _handOver(LIST, FIRST);
    }

    // --- What comes back

    function test_aReturnIsTheNextInflowAndContinuesTheDelivery() public {
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryReturned(FOOD_FUND, RETURN, FIRST, 1000, 120, 40, REPAYMENT);
        _return(FOOD_FUND, RETURN, FIRST, 120);
        assertEq(deliveries.entitlementOf(FIRST).returnedMinor, 120);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.HandedOver);
        IFundLedger.Fund memory fund = ledger.fundOf(FOOD_FUND);
        assertEq(fund.inflowEnd, 1120);
        assertEq(fund.outflowEnd, 340);
        assertEq(fund.donated, 1000);
    }

    function test_furtherReturnsContinueWhereTheLastOneEnded() public {
        _return(FOOD_FUND, RETURN, FIRST, 120);
        vm.expectEmit(address(deliveries));
        emit IDeliveryLedger.DeliveryReturned(FOOD_FUND, OTHER_RETURN, FIRST, 1120, 180, 160, REPAYMENT);
        _return(FOOD_FUND, OTHER_RETURN, FIRST, 180);
        assertEq(deliveries.entitlementOf(FIRST).returnedMinor, 300);
    }

    function test_aLoanRevolves() public {
        _return(FOOD_FUND, RETURN, FIRST, 300);
        PaymentListId list = PaymentListId.wrap("second round");
        EntitlementId again = EntitlementId.wrap("again");
        _offer(list, FOOD_FUND, FOOD, _oneItem(again, families[2].account, 760));
        _handOver(LIST, SECOND);
        _handOver(list, again);
        assertEq(deliveries.entitlementOf(again).start, 540);
        assertEq(ledger.fundOf(FOOD_FUND).outflowEnd, 1300, "the units that came back left a second time");
        _return(FOOD_FUND, OTHER_RETURN, again, 760);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 2060);
    }

    function test_aConfirmedDisputedOrDismissedDeliveryComesBackToo() public {
        _handOver(LIST, SECOND);
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        _return(FOOD_FUND, RETURN, FIRST, 1);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Confirmed);

        deliveries.dispute(_objection(families[1], SECOND));
        _return(FOOD_FUND, OTHER_RETURN, SECOND, 1);
        _decide(_decision(SECOND, false));
        _return(FOOD_FUND, ReturnId.wrap("after the dismissal"), SECOND, 199);
        assertEq(deliveries.entitlementOf(SECOND).returnedMinor, 200);
        _assertState(SECOND, IDeliveryLedger.EntitlementState.Dismissed);
    }

    function test_whatCameBackWholeIsReturnedAndNothingElseAnyMore() public {
        _return(FOOD_FUND, RETURN, FIRST, 120);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.HandedOver);
        _return(FOOD_FUND, OTHER_RETURN, FIRST, 180);
        bytes memory returned = _wrongState(FIRST, IDeliveryLedger.EntitlementState.Returned);
        IDeliveryLedger.SignedAcceptance[] memory acceptances = _acceptance(families[0], FIRST, 300);
        vm.expectRevert(returned);
        deliveries.accept(acceptances);
        IDeliveryLedger.SignedDispute[] memory disputes = _objection(families[0], FIRST);
        vm.expectRevert(returned);
        deliveries.dispute(disputes);
        _assertRefused(_entryOf(ReturnId.wrap("third"), FIRST, 1, REPAYMENT), returned);
    }

    function test_aRepaidLoanStaysConfirmed() public {
        deliveries.accept(_acceptance(families[0], FIRST, 300));
        _return(FOOD_FUND, RETURN, FIRST, 300);
        _assertState(FIRST, IDeliveryLedger.EntitlementState.Confirmed);
        _assertRefused(_entryOf(OTHER_RETURN, FIRST, 1, REPAYMENT), _aboveDelivered(1, 0));
    }

    function test_theSameReturnAgainIsANoOpWithoutAnEvent() public {
        _return(FOOD_FUND, RETURN, FIRST, 300);
        vm.recordLogs();
        _return(FOOD_FUND, RETURN, FIRST, 300);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1300);
    }

    function test_anotherReturnUnderTheIdIsAConflict() public {
        _handOver(LIST, SECOND);
        _return(FOOD_FUND, RETURN, FIRST, 120);
        bytes memory conflict = abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerConflict.selector, RETURN);
        _assertRefused(_entryOf(RETURN, FIRST, 121, REPAYMENT), conflict);
        _assertRefused(_entryOf(RETURN, SECOND, 120, REPAYMENT), conflict);
        _assertRefused(_entryOf(RETURN, FIRST, 120, Code.wrap("clawback")), conflict);
    }

    // --- What does not

    function test_noMoreComesBackThanWasDelivered() public {
        _assertRefused(_entryOf(RETURN, FIRST, 301, REPAYMENT), _aboveDelivered(301, 300));
        _return(FOOD_FUND, RETURN, FIRST, 120);
        _assertRefused(_entryOf(OTHER_RETURN, FIRST, 181, REPAYMENT), _aboveDelivered(181, 180));
    }

    function test_afterAnUpheldDisputeNothingIsLeftToReturn() public {
        deliveries.dispute(_objection(families[0], FIRST));
        _decide(_decision(FIRST, true));
        _assertRefused(_entryOf(OTHER_RETURN, FIRST, 1, REPAYMENT), _aboveDelivered(1, 0));
    }

    function test_onlyWhatWasHandedOverComesBack() public {
        IDeliveryLedger.ReturnEntry[] memory entries = _entryOf(RETURN, SECOND, 1, REPAYMENT);
        _assertRefused(entries, _wrongState(SECOND, IDeliveryLedger.EntitlementState.Offered));
        uint256 snapshot = vm.snapshotState();
        deliveries.refuse(_refusal(families[1], SECOND, MISUSE));
        _assertRefused(entries, _wrongState(SECOND, IDeliveryLedger.EntitlementState.Refused));
        vm.revertToState(snapshot);
        vm.warp(LIST_END);
        _assertRefused(entries, _wrongState(SECOND, IDeliveryLedger.EntitlementState.Expired));
        vm.revertToState(snapshot);
        _cancel(LIST);
        _assertRefused(entries, _wrongState(SECOND, IDeliveryLedger.EntitlementState.Cancelled));
    }

    function test_aReturnNeedsAnIdAnAmountAReasonAndAKnownDelivery() public {
        _assertRefused(
            _entryOf(ReturnId.wrap(0), FIRST, 1, REPAYMENT),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("return"))
        );
        _assertRefused(
            _entryOf(RETURN, FIRST, 0, REPAYMENT),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerBadAmount.selector, RETURN, 0)
        );
        _assertRefused(
            _entryOf(RETURN, FIRST, 1, NO_CODE),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerMissing.selector, bytes32("reason"))
        );
        EntitlementId unknown = EntitlementId.wrap("unknown");
        _assertRefused(
            _entryOf(RETURN, unknown, 1, REPAYMENT),
            abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerUnknownEntitlement.selector, unknown)
        );
    }

    function test_aReturnNamesTheFundThatPaid() public {
        vm.expectRevert(abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerOtherList.selector, FIRST, GENERAL_FUND));
        _return(GENERAL_FUND, RETURN, FIRST, 1);
        FundId nowhere = FundId.wrap("nowhere");
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownFund.selector, nowhere));
        _return(nowhere, RETURN, FIRST, 1);
    }

    function test_aBatchOfReturnsIsAllOrNothing() public {
        IDeliveryLedger.ReturnEntry[] memory entries = new IDeliveryLedger.ReturnEntry[](2);
        entries[0] = _entryOf(RETURN, FIRST, 120, REPAYMENT)[0];
        entries[1] = _entryOf(OTHER_RETURN, FIRST, 181, REPAYMENT)[0];
        _assertRefused(entries, _aboveDelivered(181, 180));
        assertEq(deliveries.entitlementOf(FIRST).returnedMinor, 0);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1000);
    }

    // --- Who

    function test_onlyACashierOfThePayerRecordsReturns() public {
        address[4] memory callers = [charity.agent, charity.administrator, otherCharity.cashier, firstRegulator];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, callers[i], Roles.CASHIER
                )
            );
            vm.prank(callers[i]);
            deliveries.recordReturns(FOOD_FUND, _entryOf(RETURN, FIRST, 1, REPAYMENT));
        }
    }

    function test_aRevokedBodyRecordsNoReturns() public {
        _revokeLicence(CHARITY);
        _assertRefused(
            _entryOf(RETURN, FIRST, 1, REPAYMENT),
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, NOW)
        );
    }

    // --- Words

    function _entryOf(ReturnId id, EntitlementId entitlement, uint64 amountMinor, Code reason)
        private
        pure
        returns (IDeliveryLedger.ReturnEntry[] memory entries)
    {
        entries = new IDeliveryLedger.ReturnEntry[](1);
        entries[0] = IDeliveryLedger.ReturnEntry(id, entitlement, amountMinor, reason);
    }

    function _aboveDelivered(uint64 asked, uint64 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDeliveryLedger.DeliveryLedgerReturnAboveDelivered.selector, FIRST, asked, most);
    }

    function _assertRefused(IDeliveryLedger.ReturnEntry[] memory entries, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(charity.cashier);
        deliveries.recordReturns(FOOD_FUND, entries);
    }
}
