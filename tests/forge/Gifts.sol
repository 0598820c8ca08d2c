// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {DonationId, FeeId, FundId, RefundId} from "contracts/src/types/Ids.sol";

import {Base} from "./Base.t.sol";

/// @notice How money comes in and what a cashier may take out, in the words of the tests.
abstract contract Gifts is Base {
    DonationId internal constant GIFT = DonationId.wrap("gift");
    DonationId internal constant OTHER_GIFT = DonationId.wrap("other gift");
    FeeId internal constant FEE = FeeId.wrap("fee");
    RefundId internal constant REFUND = RefundId.wrap("refund");

    function _gift(DonationId id, uint64 amountMinor) internal view returns (IFundLedger.DonationEntry memory) {
        return IFundLedger.DonationEntry(
            id, donor, amountMinor, NOW - 1 hours, CASH, BANK, 0, NO_CODE, keccak256(abi.encode(id))
        );
    }

    function _donate(FundId fund, IFundLedger.DonationEntry memory gift) internal {
        IFundLedger.DonationEntry[] memory gifts = new IFundLedger.DonationEntry[](1);
        gifts[0] = gift;
        vm.prank(fund == OTHER_FUND ? otherCharity.cashier : charity.cashier);
        ledger.donate(fund, gifts);
    }

    function _donate(FundId fund, DonationId id, uint64 amountMinor) internal {
        _donate(fund, _gift(id, amountMinor));
    }

    function _takeFee(FundId fund, FeeId id, uint64 amountMinor) internal {
        IFundLedger.FeeEntry[] memory fees = new IFundLedger.FeeEntry[](1);
        fees[0] = IFundLedger.FeeEntry(id, amountMinor);
        vm.prank(charity.cashier);
        ledger.takeFees(fund, fees);
    }

    function _refund(FundId fund, RefundId id, DonationId donation, uint64 amountMinor) internal {
        IFundLedger.RefundEntry[] memory refunds = new IFundLedger.RefundEntry[](1);
        refunds[0] = IFundLedger.RefundEntry(id, donation, amountMinor);
        vm.prank(charity.cashier);
        ledger.refund(fund, refunds);
    }
}
