// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {FeeId, RefundId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Lists} from "./Lists.sol";

contract FundLedgerFeesRefundsTest is Lists {
    RefundId internal constant OTHER_REFUND = RefundId.wrap("other refund");

    // --- Fees

    function test_aFeeTakesTheNextUnitsThatLeave() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        _takeFee(GENERAL_FUND, FeeId.wrap("earlier fee"), 40);

        vm.expectEmit(address(ledger));
        emit IFundLedger.FeeTaken(GENERAL_FUND, FEE, 40, 60);
        _takeFee(GENERAL_FUND, FEE, 60);

        IFundLedger.Outflow memory fee = ledger.feeOf(FEE);
        assertEq(fee.start, 40);
        assertEq(fee.amountMinor, 60);
        assertEq(fee.fundNumber, ledger.donationOf(GIFT).fundNumber);
        IFundLedger.Fund memory fund = ledger.fundOf(GENERAL_FUND);
        assertEq(fund.outflowEnd, 100);
        assertEq(fund.fees, 100);
    }

    function test_feesStayBelowTheFundsCap() public {
        _donate(GENERAL_FUND, GIFT, 1009);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerFeeAboveCap.selector, GENERAL_FUND, 101, 100));
        _takeFee(GENERAL_FUND, FEE, 101);
        _takeFee(GENERAL_FUND, FEE, 100);
    }

    function test_aGiftThatWentBackDoesNotRaiseTheCapOnOtherGifts() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        _donate(GENERAL_FUND, OTHER_GIFT, 9000);
        _refund(GENERAL_FUND, REFUND, OTHER_GIFT, 9000);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerFeeAboveCap.selector, GENERAL_FUND, 101, 100));
        _takeFee(GENERAL_FUND, FEE, 101);
        _takeFee(GENERAL_FUND, FEE, 100);
    }

    function test_aFeeTakesNothingThatIsReservedForFamilies() public {
        _donate(FOOD_FUND, GIFT, 510);
        _offer(LIST, FOOD_FUND, FOOD, _twoItems());
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerNotEnough.selector, FOOD_FUND, 10, 11));
        _takeFee(FOOD_FUND, FEE, 11);
        _takeFee(FOOD_FUND, FEE, 10);
    }

    function test_theSameFeeAgainIsANoOpAndAnotherOneAConflict() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        _donate(FOOD_FUND, OTHER_GIFT, 1000);
        _takeFee(GENERAL_FUND, FEE, 60);
        vm.recordLogs();
        _takeFee(GENERAL_FUND, FEE, 60);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.fundOf(GENERAL_FUND).outflowEnd, 60);

        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, FEE));
        _takeFee(GENERAL_FUND, FEE, 61);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, FEE));
        _takeFee(FOOD_FUND, FEE, 60);
    }

    function test_aFeeNeedsAnIdAndAnAmount() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("fee")));
        _takeFee(GENERAL_FUND, FeeId.wrap(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadAmount.selector, FEE, 0));
        _takeFee(GENERAL_FUND, FEE, 0);
    }

    // --- Refunds

    function test_aRefundTakesTheNextUnitsAndTheGiftsLastOnes() public {
        _donate(GENERAL_FUND, OTHER_GIFT, 1000);
        _donate(GENERAL_FUND, GIFT, 500);

        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationRefunded(GENERAL_FUND, REFUND, GIFT, 0, 200, 1300);
        _refund(GENERAL_FUND, REFUND, GIFT, 200);

        IFundLedger.Outflow memory refund = ledger.refundOf(REFUND);
        assertEq(refund.start, 0);
        assertEq(refund.amountMinor, 200);
        assertEq(refund.fundNumber, ledger.donationOf(GIFT).fundNumber);
        assertEq(ledger.donationOf(GIFT).refundedMinor, 200);
        assertEq(ledger.donationOf(OTHER_GIFT).refundedMinor, 0);
        assertEq(ledger.undelivered(GIFT), 300);
        assertEq(ledger.fundOf(GENERAL_FUND).outflowEnd, 200);
        assertEq(ledger.fundOf(GENERAL_FUND).withdrawn, 200);
    }

    function test_furtherRefundsOfAGiftContinueBelowTheFormerOnes() public {
        _donate(GENERAL_FUND, OTHER_GIFT, 1000);
        _donate(GENERAL_FUND, GIFT, 500);
        _refund(GENERAL_FUND, REFUND, GIFT, 200);
        vm.expectEmit(address(ledger));
        emit IFundLedger.DonationRefunded(GENERAL_FUND, OTHER_REFUND, GIFT, 200, 300, 1000);
        _refund(GENERAL_FUND, OTHER_REFUND, GIFT, 300);
        assertEq(ledger.undelivered(GIFT), 0);
    }

    function test_ofAPartlyDeliveredGiftOnlyTheRestIsRefunded() public {
        _donate(FOOD_FUND, GIFT, 400);
        _donate(FOOD_FUND, OTHER_GIFT, 1000);
        _offer(LIST, FOOD_FUND, FOOD, _twoItems());
        _handOver(LIST, FIRST);
        assertEq(ledger.undelivered(GIFT), 100, "300 of the gift's 400 left with the delivery");

        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerRefundAboveUndelivered.selector, GIFT, 101, 100));
        _refund(FOOD_FUND, REFUND, GIFT, 101);
        _refund(FOOD_FUND, REFUND, GIFT, 100);
        assertEq(ledger.undelivered(GIFT), 0);
        assertEq(ledger.undelivered(OTHER_GIFT), 1000);
    }

    function test_aDeliveredGiftIsNotRefunded() public {
        _donate(FOOD_FUND, GIFT, 300);
        _donate(FOOD_FUND, OTHER_GIFT, 1000);
        _offer(LIST, FOOD_FUND, FOOD, _twoItems());
        _handOver(LIST, FIRST);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerRefundAboveUndelivered.selector, GIFT, 1, 0));
        _refund(FOOD_FUND, REFUND, GIFT, 1);
    }

    function test_unitsThatAnEarlierRefundMovedOnAreNotRefundedAgain() public {
        _donate(GENERAL_FUND, GIFT, 100);
        _donate(GENERAL_FUND, OTHER_GIFT, 100);
        _refund(GENERAL_FUND, REFUND, OTHER_GIFT, 40);
        assertEq(ledger.undelivered(GIFT), 60, "40 of its units wait where the other gift's were");
    }

    function test_aRefundAtTheHeadOfTheLineMovesTheGiftsOwnUnitsOnToo() public {
        _donate(GENERAL_FUND, GIFT, 100);
        _refund(GENERAL_FUND, REFUND, GIFT, 60);
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd - ledger.fundOf(GENERAL_FUND).outflowEnd, 40);
        assertEq(ledger.undelivered(GIFT), 0, "the 40 that wait can be delivered but no longer refunded");
    }

    function test_aRefundTakesNothingThatIsReservedForFamilies() public {
        _donate(FOOD_FUND, GIFT, 510);
        _offer(LIST, FOOD_FUND, FOOD, _twoItems());
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerNotEnough.selector, FOOD_FUND, 10, 11));
        _refund(FOOD_FUND, REFUND, GIFT, 11);
        _refund(FOOD_FUND, REFUND, GIFT, 10);
    }

    function test_theSameRefundAgainIsANoOpAndAnotherOneAConflict() public {
        _donate(GENERAL_FUND, GIFT, 1000);
        _donate(GENERAL_FUND, OTHER_GIFT, 1000);
        _refund(GENERAL_FUND, REFUND, GIFT, 60);
        vm.recordLogs();
        _refund(GENERAL_FUND, REFUND, GIFT, 60);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(ledger.donationOf(GIFT).refundedMinor, 60);

        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, REFUND));
        _refund(GENERAL_FUND, REFUND, GIFT, 61);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerConflict.selector, REFUND));
        _refund(GENERAL_FUND, REFUND, OTHER_GIFT, 60);
    }

    function test_aRefundNamesAKnownGiftOfTheFund() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerUnknownDonation.selector, GIFT));
        _refund(GENERAL_FUND, REFUND, GIFT, 1);
        _donate(FOOD_FUND, GIFT, 1000);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerOtherFund.selector, GIFT, GENERAL_FUND));
        _refund(GENERAL_FUND, REFUND, GIFT, 1);
    }

    function test_aRefundNeedsAnIdAndAnAmount() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMissing.selector, bytes32("refund")));
        _refund(GENERAL_FUND, RefundId.wrap(0), GIFT, 1);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerBadAmount.selector, REFUND, 0));
        _refund(GENERAL_FUND, REFUND, GIFT, 0);
    }

    function test_aBatchOfRefundsIsAllOrNothing() public {
        _donate(GENERAL_FUND, OTHER_GIFT, 100);
        _donate(GENERAL_FUND, GIFT, 100);
        IFundLedger.RefundEntry[] memory refunds = new IFundLedger.RefundEntry[](2);
        refunds[0] = IFundLedger.RefundEntry(REFUND, GIFT, 60);
        refunds[1] = IFundLedger.RefundEntry(OTHER_REFUND, GIFT, 41);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerRefundAboveUndelivered.selector, GIFT, 41, 40));
        vm.prank(charity.cashier);
        ledger.refund(GENERAL_FUND, refunds);
        assertEq(ledger.refundOf(REFUND).fundNumber, 0);
        assertEq(ledger.fundOf(GENERAL_FUND).outflowEnd, 0);
    }

    // --- Who, and what kind of fund

    function test_onlyACashierOfTheFundsOwnBodyTakesFeesAndRefunds() public {
        _assertMayNot(charity.administrator);
        _assertMayNot(charity.checker);
        _assertMayNot(otherCharity.cashier);
        _assertMayNot(secondRegulator);
    }

    function test_anExpiredBodyTakesNoFeesAndRefundsNothing() public {
        vm.warp(LICENCE_END);
        bytes memory reason =
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotLicensed.selector, CHARITY, LICENCE_END);
        vm.expectRevert(reason);
        _takeFee(GENERAL_FUND, FEE, 1);
        vm.expectRevert(reason);
        _refund(GENERAL_FUND, REFUND, GIFT, 1);
    }

    function test_minutesAreNeitherChargedNorPaidBack() public {
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMinutes.selector, MINUTES_FUND));
        _takeFee(MINUTES_FUND, FEE, 1);
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerMinutes.selector, MINUTES_FUND));
        _refund(MINUTES_FUND, REFUND, GIFT, 1);
    }

    function _assertMayNot(address caller) private {
        bytes memory reason =
            abi.encodeWithSelector(ILicenceRegistry.LicenceRegistryNotInRole.selector, CHARITY, caller, Roles.CASHIER);
        vm.expectRevert(reason);
        vm.prank(caller);
        ledger.takeFees(GENERAL_FUND, new IFundLedger.FeeEntry[](0));
        vm.expectRevert(reason);
        vm.prank(caller);
        ledger.refund(GENERAL_FUND, new IFundLedger.RefundEntry[](0));
    }
}
