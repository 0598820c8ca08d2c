// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "./interfaces/IFundLedger.sol";

/// @notice The arithmetic of the line: the only code that moves its ends (DESIGN section 2; I1, I2, I7). Unknown amounts
/// are proved safe in tests/proof.
library FundLine {
    uint64 internal constant MAX_AMOUNT = 2 ** 63 - 1;
    uint256 internal constant BPS = 10_000;

    /// @return Units that have neither left nor been promised.
    function free(IFundLedger.Fund storage fund) internal view returns (uint64) {
        return fund.inflowEnd - fund.outflowEnd - fund.reserved;
    }

    /// @dev The next inflow (I2).
    /// @return start Where it starts.
    function add(IFundLedger.Fund storage fund, uint64 amountMinor) internal returns (uint64 start) {
        start = fund.inflowEnd;
        require(amountMinor <= MAX_AMOUNT - start, IFundLedger.FundLedgerFundFull(fund.id, start, amountMinor));
        fund.inflowEnd = start + amountMinor;
    }

    /// @dev The next outflow, of free units (I1, I2).
    /// @return start Where it starts.
    function take(IFundLedger.Fund storage fund, uint64 amountMinor) internal returns (uint64 start) {
        requireFree(fund, amountMinor);
        start = fund.outflowEnd;
        fund.outflowEnd = start + amountMinor;
    }

    /// @dev Free units are promised (I1).
    function reserve(IFundLedger.Fund storage fund, uint64 amountMinor) internal {
        requireFree(fund, amountMinor);
        fund.reserved += amountMinor;
    }

    /// @dev Promised units are free again (I1).
    function release(IFundLedger.Fund storage fund, uint64 amountMinor) internal {
        fund.reserved -= amountMinor;
    }

    /// @dev The next outflow, of promised units (I1, I2).
    /// @return start Where it starts.
    function deliver(IFundLedger.Fund storage fund, uint64 amountMinor) internal returns (uint64 start) {
        fund.reserved -= amountMinor;
        start = fund.outflowEnd;
        fund.outflowEnd = start + amountMinor;
    }

    /// @dev The organisation's share, under the cap on gifts kept (I7).
    /// @return start Where it starts.
    function takeFee(IFundLedger.Fund storage fund, uint64 amountMinor) internal returns (uint64 start) {
        uint256 fees = uint256(fund.fees) + amountMinor;
        uint256 cap = uint256(fund.donated - fund.withdrawn) * fund.feeCapBps / BPS;
        require(fees <= cap, IFundLedger.FundLedgerFeeAboveCap(fund.id, uint64(fees), uint64(cap)));
        start = take(fund, amountMinor);
        fund.fees = uint64(fees);
    }

    /// @dev The last undelivered units of a gift leave it, as the next outflow of free units (I7).
    /// @return start Where the outflow starts.
    /// @return continuesAt Where the gift's withdrawn units start: whoever gave the units taken continues there.
    function withdraw(IFundLedger.Fund storage fund, IFundLedger.Donation storage donation, uint64 amountMinor)
        internal
        returns (uint64 start, uint64 continuesAt)
    {
        continuesAt = tail(donation) - amountMinor;
        start = take(fund, amountMinor);
        fund.withdrawn += amountMinor;
    }

    /// @return Units of the gift beyond the outflow's end. Units that an earlier withdrawal moved on, of this gift or
    /// another, are not counted, so this never allows more than the lineage does.
    function undelivered(IFundLedger.Fund storage fund, IFundLedger.Donation storage donation)
        internal
        view
        returns (uint64)
    {
        uint64 end = tail(donation);
        uint64 from = fund.outflowEnd > donation.start ? fund.outflowEnd : donation.start;
        return end > from ? end - from : 0;
    }

    /// @return Where the gift's own units end: before what was refunded or reassigned.
    function tail(IFundLedger.Donation storage donation) internal view returns (uint64) {
        return donation.start + donation.amountMinor - donation.refundedMinor - donation.reassignedMinor;
    }

    /// @dev I1: nothing leaves or is promised beyond the inflow.
    function requireFree(IFundLedger.Fund storage fund, uint64 amountMinor) internal view {
        uint64 units = free(fund);
        require(amountMinor <= units, IFundLedger.FundLedgerNotEnough(fund.id, units, amountMinor));
    }
}
