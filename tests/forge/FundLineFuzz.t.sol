// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {DonationId, EntitlementId, FeeId, PaymentListId, RefundId} from "contracts/src/types/Ids.sol";

import {Lists} from "./Lists.sol";

/// @notice Random histories of one fund, with amounts of every size.
contract FundLineFuzzTest is Lists {
    uint256 private _draws;
    uint256 private _seed;
    uint64 private _inflowEnd;
    uint64 private _outflowEnd;
    uint64 private _fees;
    uint64 private _refunded;
    DonationId[] private _gifts;

    function testFuzz_aRandomHistoryKeepsPositionsContiguous(uint256 seed) public {
        _seed = seed;
        for (uint256 step = 1; step <= 24; ++step) {
            uint256 act = _draw(6);
            if (act <= 1) _giftNext(step);
            else if (act == 2) _feeNext(step);
            else if (act == 3) _refundNext(step);
            else _deliverNext(step);
            IFundLedger.Fund memory fund = ledger.fundOf(FOOD_FUND);
            assertEq(fund.inflowEnd, _inflowEnd);
            assertEq(fund.outflowEnd, _outflowEnd);
            assertEq(fund.reserved, 0);
            assertLe(_outflowEnd, _inflowEnd);
        }
    }

    function _giftNext(uint256 step) private {
        uint64 amountMinor = _amountUpTo(MAX_AMOUNT - _inflowEnd);
        if (amountMinor == 0) return;
        DonationId id = DonationId.wrap(bytes32(step));
        _donate(FOOD_FUND, id, amountMinor);
        assertEq(ledger.donationOf(id).start, _inflowEnd);
        _inflowEnd += amountMinor;
        _gifts.push(id);
    }

    function _feeNext(uint256 step) private {
        uint256 cap = uint256(_inflowEnd - _refunded) * FEE_CAP_BPS / 10_000;
        uint64 amountMinor = cap > _fees ? _amountUpTo(_smaller(uint64(cap) - _fees, _free())) : 0;
        if (amountMinor == 0) return;
        FeeId id = FeeId.wrap(bytes32(step));
        _takeFee(FOOD_FUND, id, amountMinor);
        assertEq(ledger.feeOf(id).start, _outflowEnd);
        _outflowEnd += amountMinor;
        _fees += amountMinor;
    }

    function _refundNext(uint256 step) private {
        if (_gifts.length == 0) return;
        DonationId gift = _gifts[_draw(_gifts.length)];
        uint64 before = ledger.undelivered(gift);
        uint64 amountMinor = _amountUpTo(_smaller(before, _free()));
        if (amountMinor == 0) return;
        RefundId id = RefundId.wrap(bytes32(step));
        _refund(FOOD_FUND, id, gift, amountMinor);
        assertEq(ledger.refundOf(id).start, _outflowEnd);
        assertLe(ledger.undelivered(gift), before - amountMinor);
        _outflowEnd += amountMinor;
        _refunded += amountMinor;
    }

    function _deliverNext(uint256 step) private {
        uint64 amountMinor = _amountUpTo(_free());
        if (amountMinor == 0) return;
        EntitlementId id = EntitlementId.wrap(bytes32(step));
        PaymentListId list = PaymentListId.wrap(bytes32(step));
        _offer(list, FOOD_FUND, FOOD, _oneItem(id, families[_draw(families.length)].account, amountMinor));
        assertEq(ledger.fundOf(FOOD_FUND).reserved, amountMinor);
        _handOver(list, id);
        assertEq(ledger.entitlementOf(id).start, _outflowEnd);
        _outflowEnd += amountMinor;
    }

    function _free() private view returns (uint64) {
        return _inflowEnd - _outflowEnd;
    }

    /// @dev From 1 to `most`, small ones as often as large ones; 0 only when `most` is.
    function _amountUpTo(uint64 most) private returns (uint64) {
        if (most == 0) return 0;
        return uint64(1 + _draw(1 << _draw(64)) % most);
    }

    function _smaller(uint64 a, uint64 b) private pure returns (uint64) {
        return a < b ? a : b;
    }

    function _draw(uint256 below) private returns (uint256) {
        return uint256(keccak256(abi.encode(_seed, ++_draws))) % below;
    }
}
