// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {FeeId, FundId} from "contracts/src/types/Ids.sol";

import {Disputes} from "./Disputes.sol";
import {Transfers} from "./Transfers.sol";

/// @notice A gift pays the organisation's share once: what moves on or comes back adds nothing to the cap (I7).
contract FundLedgerFeesTest is Disputes, Transfers {
    FeeId internal constant OTHER_FEE = FeeId.wrap("other fee");
    FundId internal constant SUCCESSOR = FundId.wrap("food fund's successor");

    /// @dev Of the food fund's 1,000, all of the allowed 100 are taken as fees.
    function setUp() public override {
        super.setUp();
        _offerTwoItems();
        _takeFee(FOOD_FUND, FEE, 100);
        _openFund(charity, SUCCESSOR, RIAL, SADAQAT, FOOD);
    }

    function test_aReturnPaysNoFeeAgain() public {
        _handOver(LIST, FIRST);
        _return(FOOD_FUND, RETURN, FIRST, 300);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1300);
        _assertNoFee(FOOD_FUND, 101, 100);
    }

    function test_aTransferThatCameBackPaysNoFeeAgain() public {
        _send(_transferOf(TRANSFER, FOOD_FUND, SUCCESSOR, 300));
        _bringBack(charity, TRANSFER);
        assertEq(ledger.fundOf(FOOD_FUND).inflowEnd, 1300);
        _assertNoFee(FOOD_FUND, 101, 100);
    }

    function test_aTransferReceivedPaysNoFeeAgain() public {
        _send(_transferOf(TRANSFER, FOOD_FUND, SUCCESSOR, 300));
        _receive(charity.cashier, TRANSFER);
        assertEq(ledger.fundOf(SUCCESSOR).donated, 0);
        _assertNoFee(SUCCESSOR, 1, 0);
    }

    function test_aReassignedGiftPaysNoFeeAgain() public {
        Person memory giver = _person("donor", 0);
        _donate(FOOD_FUND, _giftOf(giver, OTHER_GIFT, 200));
        _reassign(FOOD_FUND, _consent(giver, REASSIGNMENT, OTHER_GIFT, GENERAL_FUND, 200));
        assertEq(ledger.fundOf(GENERAL_FUND).inflowEnd, 200);
        _assertNoFee(GENERAL_FUND, 1, 0);
    }

    function test_aReassignedGiftDoesNotRaiseTheCapOnOtherGifts() public {
        Person memory giver = _person("donor", 0);
        _donate(FOOD_FUND, _giftOf(giver, OTHER_GIFT, 9000));
        _reassign(FOOD_FUND, _consent(giver, REASSIGNMENT, OTHER_GIFT, GENERAL_FUND, 8000));
        assertEq(ledger.fundOf(FOOD_FUND).withdrawn, 8000);
        _assertNoFee(FOOD_FUND, 201, 200);
    }

    function test_aNewGiftPaysItsShare() public {
        _donate(FOOD_FUND, OTHER_GIFT, 500);
        assertEq(ledger.fundOf(FOOD_FUND).donated, 1500);
        _assertNoFee(FOOD_FUND, 151, 150);
        _takeFee(FOOD_FUND, OTHER_FEE, 50);
        assertEq(ledger.fundOf(FOOD_FUND).fees, 150);
    }

    /// @dev Fees would then be `fees`, above the cap.
    function _assertNoFee(FundId fund, uint64 fees, uint64 cap) private {
        uint64 oneTooMuch = fees - ledger.fundOf(fund).fees;
        vm.expectRevert(abi.encodeWithSelector(IFundLedger.FundLedgerFeeAboveCap.selector, fund, fees, cap));
        _takeFee(fund, OTHER_FEE, oneTooMuch);
    }
}
