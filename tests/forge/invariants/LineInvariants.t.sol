// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {FeeId, RefundId} from "contracts/src/types/Ids.sol";

import {Campaign} from "./Campaign.sol";

/// @notice The fund line after any history (DESIGN section 2).
contract LineInvariantsTest is Campaign {
    function _acts() internal view override returns (bytes4[] memory) {
        return _actsOnLines();
    }

    function invariant_I1_nothingLeavesOrIsPromisedBeyondTheInflow() public view {
        for (uint256 f = 0; f < funds.length; ++f) {
            IFundLedger.Fund memory fund = ledger.fundOf(funds[f]);
            assertLe(uint256(fund.outflowEnd) + fund.reserved, fund.inflowEnd);
            assertEq(fund.reserved, reservedMinor[f], "what is promised is what approved lists still offer");
        }
    }

    function invariant_I2_bothLinesHaveNoGapAndNoOverlap() public view {
        uint256[5] memory inflowEnd;
        for (uint256 g = 0; g < gifts.length; ++g) {
            IFundLedger.Donation memory donation = ledger.donationOf(gifts[g].id);
            assertEq(donation.start, inflowEnd[gifts[g].fund]);
            inflowEnd[gifts[g].fund] += donation.amountMinor;
        }
        uint256[5] memory outflowEnd;
        for (uint256 o = 0; o < outflows.length; ++o) {
            (uint64 start, uint64 amountMinor) = _recorded(outflows[o]);
            assertEq(start, outflowEnd[outflows[o].fund]);
            outflowEnd[outflows[o].fund] += amountMinor;
        }
        for (uint256 f = 0; f < funds.length; ++f) {
            assertEq(ledger.fundOf(funds[f]).inflowEnd, inflowEnd[f]);
            assertEq(ledger.fundOf(funds[f]).outflowEnd, outflowEnd[f]);
        }
    }

    /// @dev Walks from each gift along the recorded intervals, and finds every unit where the labels say it is.
    function invariant_I3_eachUnitOfEachGiftIsInExactlyOneState() public view {
        uint256[][5] memory outflowAt = _outflowsByPosition();
        UnitState[] memory states = _recordedStates();
        for (uint256 g = 0; g < gifts.length; ++g) {
            IFundLedger.Donation memory donation = ledger.donationOf(gifts[g].id);
            assertEq(donation.amountMinor, unitsOf[g]);
            uint256 kept = donation.amountMinor - donation.refundedMinor;
            for (uint256 i = 0; i < donation.amountMinor; ++i) {
                Unit storage unit = units[firstUnit[g] + i];
                if (i >= kept) {
                    require(unit.state == UnitState.Refunded, "the refunded tail is not what was refunded");
                    continue;
                }
                (bool left, uint256 outflow) = _follow(outflowAt[gifts[g].fund], donation.start + i);
                require(unit.state == (left ? states[outflow] : UnitState.Waiting), "a unit is in another state");
                require(!left || unit.outflow == outflow, "a unit left in another outflow");
            }
            assertLe(ledger.undelivered(gifts[g].id), _countUnits(g, UnitState.Waiting));
        }
    }

    function invariant_I7_feesStayUnderTheCapAndRefundsUnderWhatIsUndelivered() public view {
        for (uint256 f = 0; f < funds.length; ++f) {
            IFundLedger.Fund memory fund = ledger.fundOf(funds[f]);
            assertLe(fund.fees, uint256(fund.inflowEnd) * fund.feeCapBps / 10_000);
            assertEq(fund.fees, feesMinor[f]);
            assertEq(fund.refunded, refundedMinor[f]);
        }
        for (uint256 g = 0; g < gifts.length; ++g) {
            uint256 gone = _countUnits(g, UnitState.HandedOver) + _countUnits(g, UnitState.Confirmed)
                + _countUnits(g, UnitState.Fee);
            assertLe(ledger.donationOf(gifts[g].id).refundedMinor + gone, gifts[g].record.amountMinor);
        }
    }

    /// @dev No history leaves a unit stuck: with valid licences the rest can always be paid out to its last unit.
    function afterInvariant() public {
        _payOutEverything();
        assertEq(surprises, 0, "an act succeeded or failed against the rules");
        for (uint256 f = 0; f < funds.length; ++f) {
            IFundLedger.Fund memory fund = ledger.fundOf(funds[f]);
            assertEq(fund.outflowEnd, fund.inflowEnd);
            assertEq(fund.reserved, 0);
        }
        invariant_I2_bothLinesHaveNoGapAndNoOverlap();
        invariant_I3_eachUnitOfEachGiftIsInExactlyOneState();
    }

    // --- The recorded lineage

    /// @return left False while the unit waits; otherwise it left in `outflow`, which is no refund.
    function _follow(uint256[] memory outflowAt, uint256 position) private view returns (bool left, uint256 outflow) {
        for (uint256 steps = 0; position < outflowAt.length; ++steps) {
            require(steps <= outflowAt.length, "a unit goes round in a circle");
            outflow = outflowAt[position];
            Outflow storage o = outflows[outflow];
            if (o.kind != Kind.Refund) return (true, outflow);
            position = o.continuesAt + (position - o.start);
        }
    }

    function _outflowsByPosition() private view returns (uint256[][5] memory outflowAt) {
        for (uint256 f = 0; f < funds.length; ++f) {
            outflowAt[f] = new uint256[](ledger.fundOf(funds[f]).outflowEnd);
        }
        for (uint256 o = 0; o < outflows.length; ++o) {
            (uint64 start, uint64 amountMinor) = _recorded(outflows[o]);
            for (uint256 i = 0; i < amountMinor; ++i) {
                outflowAt[outflows[o].fund][start + i] = o;
            }
        }
    }

    function _recordedStates() private view returns (UnitState[] memory states) {
        states = new UnitState[](outflows.length);
        for (uint256 o = 0; o < outflows.length; ++o) {
            if (outflows[o].kind != Kind.Delivery) {
                states[o] = outflows[o].kind == Kind.Fee ? UnitState.Fee : UnitState.Refunded;
                continue;
            }
            bool confirmed =
                ledger.entitlementOf(entitled[outflows[o].subject].id).state == IFundLedger.EntitlementState.Confirmed;
            states[o] = confirmed ? UnitState.Confirmed : UnitState.HandedOver;
        }
    }

    function _recorded(Outflow storage outflow) private view returns (uint64 start, uint64 amountMinor) {
        if (outflow.kind == Kind.Delivery) {
            IFundLedger.Entitlement memory delivery = ledger.entitlementOf(entitled[outflow.subject].id);
            return (delivery.start, delivery.amountMinor);
        }
        IFundLedger.Outflow memory record = outflow.kind == Kind.Fee
            ? ledger.feeOf(FeeId.wrap(outflow.id))
            : ledger.refundOf(RefundId.wrap(outflow.id));
        return (record.start, record.amountMinor);
    }
}
