// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {Vm} from "forge-std/Vm.sol";

import {Line} from "./Line.sol";

/// @notice One step of induction for each act on the line: from any fund and gift that are in order, with any amount, the
/// act is done exactly when the rule allows it, changes exactly what it should, and leaves both in order. Halmos shows it
/// for all values at once (`scripts/prove`); nothing here is tried at random, and `forge test` does not run it.
contract FundLineProof is Line {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant MAX_AMOUNT = 2 ** 63 - 1;
    uint256 private constant BPS = 10_000;
    bytes4 private constant PANIC = bytes4(keccak256("Panic(uint256)"));

    // --- I1, I2: inflows

    function check_donate(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 amountMinor) external {
        _given(fund, gift);
        (bool done, bytes memory answer) = _inflow(abi.encodeCall(this.donate, (amountMinor)), fund, amountMinor);
        if (!done) return;
        assert(abi.decode(answer, (uint64)) == fund.inflowEnd);
        fund.inflowEnd += amountMinor;
        fund.donated += amountMinor;
        _nowIs(fund, gift);
    }

    function check_takeBack(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 amountMinor)
        external
    {
        _given(fund, gift);
        (bool done, bytes memory answer) = _inflow(abi.encodeCall(this.takeBack, (amountMinor)), fund, amountMinor);
        if (!done) return;
        assert(abi.decode(answer, (uint64)) == fund.inflowEnd);
        fund.inflowEnd += amountMinor;
        _nowIs(fund, gift);
    }

    // --- I1, I2: outflows

    function check_send(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 amountMinor) external {
        _given(fund, gift);
        (bool done, bytes memory answer) = _try(
            abi.encodeCall(this.send, (amountMinor)),
            amountMinor <= _free(fund),
            IFundLedger.FundLedgerNotEnough.selector
        );
        if (!done) return;
        assert(abi.decode(answer, (uint64)) == fund.outflowEnd);
        fund.outflowEnd += amountMinor;
        _nowIs(fund, gift);
    }

    function check_deliver(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 amountMinor)
        external
    {
        _given(fund, gift);
        (bool done, bytes memory answer) =
            _try(abi.encodeCall(this.deliver, (amountMinor)), amountMinor <= fund.reserved, PANIC);
        if (!done) return;
        assert(abi.decode(answer, (uint64)) == fund.outflowEnd);
        fund.outflowEnd += amountMinor;
        fund.reserved -= amountMinor;
        _nowIs(fund, gift);
    }

    // --- I1: promises

    function check_reserve(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 amountMinor)
        external
    {
        _given(fund, gift);
        (bool done,) = _try(
            abi.encodeCall(this.reserve, (amountMinor)),
            amountMinor <= _free(fund),
            IFundLedger.FundLedgerNotEnough.selector
        );
        if (!done) return;
        fund.reserved += amountMinor;
        _nowIs(fund, gift);
    }

    function check_release(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 amountMinor)
        external
    {
        _given(fund, gift);
        (bool done,) = _try(abi.encodeCall(this.release, (amountMinor)), amountMinor <= fund.reserved, PANIC);
        if (!done) return;
        fund.reserved -= amountMinor;
        _nowIs(fund, gift);
    }

    // --- I7: fees, and what is withdrawn from a gift

    function check_takeFee(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 amountMinor)
        external
    {
        _given(fund, gift);
        bool underCap = uint256(fund.fees) + amountMinor <= _feeCap(fund.donated - fund.withdrawn, fund.feeCapBps);
        (bool done, bytes memory answer) = _try(
            abi.encodeCall(this.takeFee, (amountMinor)),
            underCap && amountMinor <= _free(fund),
            underCap ? IFundLedger.FundLedgerNotEnough.selector : IFundLedger.FundLedgerFeeAboveCap.selector
        );
        if (!done) return;
        // Nothing else moves `fees` or lowers `donated`, so ever after fees are within the cap on what was ever given.
        assert(abi.decode(answer, (uint64)) == fund.outflowEnd);
        fund.outflowEnd += amountMinor;
        fund.fees += amountMinor;
        _nowIs(fund, gift);
    }

    /// @dev A proof of its own, since it is hard for a solver: to be at most the cap, rounded down, is to be at most the
    /// part of the gifts that `feeCapBps` stands for, not rounded.
    function check_feeCap(uint64 kept, uint16 feeCapBps, uint64 fees, uint64 amountMinor) external pure {
        VM.assume(kept <= MAX_AMOUNT && feeCapBps <= BPS);
        uint256 then = uint256(fees) + amountMinor;
        assert((then <= _feeCap(kept, feeCapBps)) == (then * BPS <= uint256(kept) * feeCapBps));
    }

    /// @param unit Any position: what holds for it holds for every unit.
    function check_undelivered(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 unit) external {
        _given(fund, gift);
        uint256 most = this.undelivered();
        assert(most <= _tail(gift));
        assert(_isUndelivered(fund, gift, unit) == (_tail(gift) - most <= unit && unit < _tail(gift)));
    }

    function check_refund(
        IFundLedger.Fund memory fund,
        IFundLedger.Donation memory gift,
        uint64 amountMinor,
        uint64 unit
    ) external {
        _given(fund, gift);
        bool done = _withdrawal(abi.encodeCall(this.refund, (amountMinor)), fund, gift, amountMinor, unit);
        if (!done) return;
        fund.outflowEnd += amountMinor;
        fund.withdrawn += amountMinor;
        gift.refundedMinor += amountMinor;
        _nowIs(fund, gift);
    }

    function check_reassign(
        IFundLedger.Fund memory fund,
        IFundLedger.Donation memory gift,
        uint64 amountMinor,
        uint64 unit
    ) external {
        _given(fund, gift);
        bool done = _withdrawal(abi.encodeCall(this.reassign, (amountMinor)), fund, gift, amountMinor, unit);
        if (!done) return;
        fund.outflowEnd += amountMinor;
        fund.withdrawn += amountMinor;
        gift.reassignedMinor += amountMinor;
        _nowIs(fund, gift);
    }

    // --- The steps of a proof

    function _given(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift) private {
        VM.assume(_fundInOrder(fund) && _giftInOrder(fund, gift));
        _fund = fund;
        _gift = gift;
    }

    /// @dev Tries an act, which must be done if it is allowed and otherwise refused by that error.
    function _try(bytes memory act, bool allowed, bytes4 refusal) private returns (bool done, bytes memory answer) {
        (done, answer) = address(this).call(act);
        assert(done == allowed);
        assert(done || bytes4(answer) == refusal);
    }

    function _inflow(bytes memory act, IFundLedger.Fund memory fund, uint64 amountMinor)
        private
        returns (bool done, bytes memory answer)
    {
        bool fits = uint256(fund.inflowEnd) + amountMinor <= MAX_AMOUNT;
        return _try(act, fits, IFundLedger.FundLedgerFundFull.selector);
    }

    /// @dev The units withdrawn are the last of the gift's own, and the outflow had reached none of them.
    function _withdrawal(
        bytes memory act,
        IFundLedger.Fund memory fund,
        IFundLedger.Donation memory gift,
        uint64 amountMinor,
        uint64 unit
    ) private returns (bool done) {
        uint256 most = this.undelivered();
        bytes memory answer;
        (done, answer) = _try(
            act,
            amountMinor <= most && amountMinor <= _free(fund),
            amountMinor <= most
                ? IFundLedger.FundLedgerNotEnough.selector
                : IFundLedger.FundLedgerRefundAboveUndelivered.selector
        );
        if (!done) return false;
        (uint64 start, uint64 continuesAt) = abi.decode(answer, (uint64, uint64));
        assert(start == fund.outflowEnd);
        assert(uint256(continuesAt) + amountMinor == _tail(gift));
        if (continuesAt <= unit && unit < _tail(gift)) assert(_isUndelivered(fund, gift, unit));
    }

    /// @dev Fund and gift are exactly these, which are in order.
    function _nowIs(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift) private view {
        assert(keccak256(abi.encode(_fund, _gift)) == keccak256(abi.encode(fund, gift)));
        assert(_fundInOrder(fund));
        assert(_giftInOrder(fund, gift));
    }

    // --- The rules, in integers that cannot overflow

    function _fundInOrder(IFundLedger.Fund memory fund) private pure returns (bool) {
        return fund.inflowEnd <= MAX_AMOUNT && uint256(fund.outflowEnd) + fund.reserved <= fund.inflowEnd
            && fund.donated <= fund.inflowEnd && fund.withdrawn <= fund.donated && fund.fees <= fund.outflowEnd
            && fund.feeCapBps <= BPS;
    }

    /// @dev The gift lies on the inflow line and gave back no more than it was; so did all other gifts together.
    function _giftInOrder(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift) private pure returns (bool) {
        uint256 withdrawn = uint256(gift.refundedMinor) + gift.reassignedMinor;
        return uint256(gift.start) + gift.amountMinor <= fund.inflowEnd && gift.amountMinor <= fund.donated
            && withdrawn <= gift.amountMinor && withdrawn <= fund.withdrawn
            && fund.withdrawn - withdrawn <= fund.donated - gift.amountMinor;
    }

    /// @dev The assumption is true, since 64 and 16 bits make 80: no solver finds by itself that the product does not wrap.
    function _feeCap(uint256 kept, uint256 feeCapBps) private pure returns (uint256) {
        unchecked {
            uint256 product = kept * feeCapBps;
            VM.assume(kept == 0 || product / kept == feeCapBps);
            return product / BPS;
        }
    }

    function _free(IFundLedger.Fund memory fund) private pure returns (uint256) {
        return uint256(fund.inflowEnd) - fund.outflowEnd - fund.reserved;
    }

    /// @dev Where the gift's own units end.
    function _tail(IFundLedger.Donation memory gift) private pure returns (uint256) {
        return uint256(gift.start) + gift.amountMinor - gift.refundedMinor - gift.reassignedMinor;
    }

    function _isUndelivered(IFundLedger.Fund memory fund, IFundLedger.Donation memory gift, uint64 unit)
        private
        pure
        returns (bool)
    {
        return gift.start <= unit && unit < _tail(gift) && fund.outflowEnd <= unit;
    }
}
