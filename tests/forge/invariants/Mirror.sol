// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Vm} from "forge-std/Vm.sol";

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {EntitlementId, FundId} from "contracts/src/types/Ids.sol";

import {Evidence} from "./Evidence.sol";
import {LineageWalk, UnitState} from "./LineageWalk.sol";

/// @notice The fund lines as the events tell them, and nothing else: what the indexer will know.
abstract contract Mirror is Evidence {
    /// @dev A transfer's or a delivery's place among the outflows of its fund.
    struct Known {
        bool known;
        uint256 fund;
        uint256 outflow;
    }

    mapping(uint256 fund => LineageWalk.Inflow[]) internal inflowsOf;
    mapping(uint256 fund => LineageWalk.Outflow[]) internal outflowsOf;
    LineageWalk.Gift[] internal giftsSeen;
    /// @dev Who sent a transfer off.
    mapping(bytes32 transfer => address) internal sentBy;
    mapping(bytes32 id => Known) private _left;
    mapping(bytes32 donation => uint256 indexPlusOne) private _giftSeen;

    function _mirror(Vm.Log[] memory logs) internal {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(ledger)) _readFundLedger(logs[i]);
            else if (logs[i].emitter == address(deliveries)) _readDeliveryLedger(logs[i]);
            else if (logs[i].emitter == address(field)) _readField(logs[i]);
        }
    }

    function _linesSeen() internal view returns (LineageWalk.Outflow[][] memory lines) {
        lines = new LineageWalk.Outflow[][](funds.length);
        for (uint256 f = 0; f < funds.length; ++f) {
            lines[f] = outflowsOf[f];
        }
    }

    function _readFundLedger(Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        if (kind == IFundLedger.DonationRecorded.selector) _readDonation(log);
        else if (kind == IFundLedger.FeeTaken.selector) _readOutflow(log, UnitState.Fee);
        else if (kind == IFundLedger.DonationRefunded.selector) _readRefund(log);
        else if (kind == IFundLedger.DonationReassigned.selector) _readReassignment(log);
        else if (kind == IFundLedger.TransferSent.selector) _readTransfer(log);
        else if (kind == IFundLedger.TransferReceived.selector) _readArrival(log);
        else if (kind == IFundLedger.TransferCameBack.selector) _readArrival(log);
    }

    function _readDeliveryLedger(Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        if (kind == IDeliveryLedger.DeliveryHandedOver.selector) {
            _readOutflow(log, UnitState.HandedOver);
        } else if (kind == IDeliveryLedger.DeliveryReturned.selector) {
            _readReturn(log);
        } else if (kind == IDeliveryLedger.DeliveryConfirmed.selector) {
            _readConfirmation(log);
            _leftIn(log.topics[1]).state = UnitState.Confirmed;
        } else if (kind == IDeliveryLedger.DeliveryDisputed.selector) {
            _leftIn(log.topics[1]).state = UnitState.Disputed;
        } else if (kind == IDeliveryLedger.DisputeDismissed.selector) {
            // As it was before the dispute.
            bool confirmed = timesConfirmed[EntitlementId.wrap(log.topics[1])] > 0;
            _leftIn(log.topics[1]).state = confirmed ? UnitState.Confirmed : UnitState.HandedOver;
        }
    }

    function _readDonation(Vm.Log memory log) private {
        (uint256 fund, bytes32 id) = (_fundIndex(log.topics[1]), log.topics[2]);
        (uint64 start, uint64 amountMinor) = abi.decode(log.data, (uint64, uint64));
        LineageWalk.Gift storage gift = giftsSeen.push();
        (gift.id, gift.fund, gift.start, gift.amountMinor) = (id, fund, start, amountMinor);
        _giftSeen[id] = giftsSeen.length;
        inflowsOf[fund].push(LineageWalk.Inflow(id, start, amountMinor));
    }

    /// @dev A fee, or a delivery.
    function _readOutflow(Vm.Log memory log, UnitState state) private {
        (uint64 start, uint64 amountMinor) = abi.decode(log.data, (uint64, uint64));
        _leave(_fundIndex(log.topics[1]), log.topics[2], start, amountMinor, state);
    }

    function _readRefund(Vm.Log memory log) private {
        uint256 fund = _fundIndex(log.topics[1]);
        (uint64 start, uint64 amountMinor, uint64 continuesAt) = abi.decode(log.data, (uint64, uint64, uint64));
        _leave(fund, log.topics[2], start, amountMinor, UnitState.Refunded).links
            .push(LineageWalk.Link(start, amountMinor, fund, continuesAt));
        _seenGift(log.topics[3]).tails.push(LineageWalk.Tail(continuesAt, amountMinor, false, 0, 0));
    }

    function _readReassignment(Vm.Log memory log) private {
        (uint256 fund, bytes32 id) = (_fundIndex(log.topics[1]), log.topics[2]);
        (bytes32 toId, uint64 start, uint64 amountMinor, uint64 continuesAt, uint64 startsAt) =
            abi.decode(log.data, (bytes32, uint64, uint64, uint64, uint64));
        uint256 to = _fundIndex(toId);
        _leave(fund, id, start, amountMinor, UnitState.Refunded).links
            .push(LineageWalk.Link(start, amountMinor, fund, continuesAt));
        _seenGift(log.topics[3]).tails.push(LineageWalk.Tail(continuesAt, amountMinor, true, to, startsAt));
        inflowsOf[to].push(LineageWalk.Inflow(id, startsAt, amountMinor));
    }

    function _readTransfer(Vm.Log memory log) private {
        (address checker, uint64 start, uint64 amountMinor) = abi.decode(log.data, (address, uint64, uint64));
        _leave(_fundIndex(log.topics[1]), log.topics[2], start, amountMinor, UnitState.InTransit);
        sentBy[log.topics[2]] = checker;
    }

    /// @dev A transfer was received, or came back.
    function _readArrival(Vm.Log memory log) private {
        (uint256 fund, bytes32 id) = (_fundIndex(log.topics[1]), log.topics[2]);
        (uint64 start, uint64 amountMinor) = abi.decode(log.data, (uint64, uint64));
        LineageWalk.Outflow storage sent = _leftIn(id);
        sent.links.push(LineageWalk.Link(sent.start, amountMinor, fund, start));
        inflowsOf[fund].push(LineageWalk.Inflow(id, start, amountMinor));
    }

    function _readReturn(Vm.Log memory log) private {
        (uint256 fund, bytes32 id) = (_fundIndex(log.topics[1]), log.topics[2]);
        (uint64 start, uint64 amountMinor, uint64 continuesFrom) = abi.decode(log.data, (uint64, uint64, uint64));
        _leftIn(log.topics[3]).links.push(LineageWalk.Link(continuesFrom, amountMinor, fund, start));
        inflowsOf[fund].push(LineageWalk.Inflow(id, start, amountMinor));
    }

    function _leave(uint256 fund, bytes32 id, uint64 start, uint64 amountMinor, UnitState state)
        private
        returns (LineageWalk.Outflow storage outflow)
    {
        require(!_left[id].known, "units left twice under one id");
        _left[id] = Known(true, fund, outflowsOf[fund].length);
        outflow = outflowsOf[fund].push();
        (outflow.id, outflow.start, outflow.amountMinor, outflow.state) = (id, start, amountMinor, state);
    }

    function _leftIn(bytes32 id) private view returns (LineageWalk.Outflow storage) {
        require(_left[id].known, "an event about what never left");
        return outflowsOf[_left[id].fund][_left[id].outflow];
    }

    function _seenGift(bytes32 id) private view returns (LineageWalk.Gift storage) {
        require(_giftSeen[id] != 0, "an event about a gift that was never recorded");
        return giftsSeen[_giftSeen[id] - 1];
    }

    function _fundIndex(bytes32 id) private view returns (uint256 fund) {
        while (FundId.unwrap(funds[fund]) != id) ++fund;
    }
}
