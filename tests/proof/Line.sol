// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {FundLine} from "contracts/src/FundLine.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {DonationId} from "contracts/src/types/Ids.sol";

/// @notice One fund, one of its gifts, and each act on their amounts as `FundLedger` carries it out.
abstract contract Line {
    using FundLine for IFundLedger.Fund;

    IFundLedger.Fund internal _fund;
    IFundLedger.Donation internal _gift;

    function donate(uint64 amountMinor) external returns (uint64 start) {
        start = _fund.add(amountMinor);
        _fund.donated += amountMinor;
    }

    /// @dev A return, or a transfer received.
    function takeBack(uint64 amountMinor) external returns (uint64 start) {
        return _fund.add(amountMinor);
    }

    /// @dev A transfer sent.
    function send(uint64 amountMinor) external returns (uint64 start) {
        return _fund.take(amountMinor);
    }

    function takeFee(uint64 amountMinor) external returns (uint64 start) {
        return _fund.takeFee(amountMinor);
    }

    function reserve(uint64 amountMinor) external {
        _fund.reserve(amountMinor);
    }

    function release(uint64 amountMinor) external {
        _fund.release(amountMinor);
    }

    function deliver(uint64 amountMinor) external returns (uint64 start) {
        return _fund.deliver(amountMinor);
    }

    function refund(uint64 amountMinor) external returns (uint64 start, uint64 continuesAt) {
        (start, continuesAt) = _withdraw(amountMinor);
        _gift.refundedMinor += amountMinor;
    }

    function reassign(uint64 amountMinor) external returns (uint64 start, uint64 continuesAt) {
        (start, continuesAt) = _withdraw(amountMinor);
        _gift.reassignedMinor += amountMinor;
    }

    function undelivered() external view returns (uint64) {
        return _fund.undelivered(_gift);
    }

    function _withdraw(uint64 amountMinor) private returns (uint64 start, uint64 continuesAt) {
        uint64 most = _fund.undelivered(_gift);
        require(
            amountMinor <= most,
            IFundLedger.FundLedgerRefundAboveUndelivered(DonationId.wrap("gift"), amountMinor, most)
        );
        return _fund.withdraw(_gift, amountMinor);
    }
}
