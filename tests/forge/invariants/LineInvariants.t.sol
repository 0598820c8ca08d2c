// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "contracts/src/interfaces/IDeliveryLedger.sol";
import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {EntitlementId} from "contracts/src/types/Ids.sol";

import {CampaignCoverage} from "./CampaignCoverage.t.sol";
import {LineageWalk, UnitState} from "./LineageWalk.sol";

/// @notice The fund lines after any history (DESIGN section 2).
contract LineInvariantsTest is CampaignCoverage {
    function _acts() internal view virtual override returns (bytes4[] memory) {
        return _actsOnLines();
    }

    function invariant_I1_nothingLeavesOrIsPromisedBeyondTheInflow() public view {
        for (uint256 f = 0; f < funds.length; ++f) {
            IFundLedger.Fund memory fund = ledger.fundOf(funds[f]);
            assertLe(uint256(fund.outflowEnd) + fund.reserved, fund.inflowEnd);
            assertEq(fund.reserved, reservedMinor[f], "what is promised is what approved lists still offer");
        }
    }

    /// @dev Of the events, and of the ledger's own ends.
    function invariant_I2_bothLinesHaveNoGapAndNoOverlap() public view {
        for (uint256 f = 0; f < funds.length; ++f) {
            IFundLedger.Fund memory fund = ledger.fundOf(funds[f]);
            uint256 end = 0;
            for (uint256 i = 0; i < inflowsOf[f].length; ++i) {
                assertEq(inflowsOf[f][i].start, end);
                end += inflowsOf[f][i].amountMinor;
            }
            assertEq(fund.inflowEnd, end);
            end = 0;
            for (uint256 o = 0; o < outflowsOf[f].length; ++o) {
                assertEq(outflowsOf[f][o].start, end);
                end += outflowsOf[f][o].amountMinor;
            }
            assertEq(fund.outflowEnd, end);
        }
    }

    /// @dev Walks along the recorded intervals from each gift, and finds every unit where its label says that it is.
    /// I9, too: a unit was delivered for what its donor gave it for, by whichever fund.
    function invariant_I3_eachUnitOfEachGiftIsInExactlyOneState() public view {
        LineageWalk.Outflow[][] memory lines = _linesSeen();
        assertEq(giftsSeen.length, gifts.length);
        for (uint256 g = 0; g < gifts.length; ++g) {
            assertEq(giftsSeen[g].amountMinor, homes[g].amount);
            (LineageWalk.Segment[] memory segments, uint256 count) = LineageWalk.trace(lines, giftsSeen[g]);
            uint256 seen = 0;
            for (uint256 s = 0; s < count; ++s) {
                _assertLabelled(g, segments[s]);
                _assertAsWished(lines, segments[s]);
                seen += segments[s].amountMinor;
            }
            assertEq(seen, homes[g].amount, "the states of a gift add up to its amount");
            assertEq(ledger.undelivered(gifts[g].id), _atHome(g));
        }
        _assertEveryPlaceIsTaken();
    }

    function invariant_I7_noMoreComesBackThanLeftAndFeesStayUnderTheCap() public view {
        assertEq(feesAboveCap, 0);
        for (uint256 f = 0; f < funds.length; ++f) {
            IFundLedger.Fund memory fund = ledger.fundOf(funds[f]);
            assertLe(fund.fees, uint256(fund.donated) * fund.feeCapBps / 10_000);
            assertEq(fund.fees, feesMinor[f]);
            assertEq(fund.donated, donatedMinor[f]);
            assertEq(fund.withdrawn, withdrawnMinor[f]);
        }
        for (uint256 g = 0; g < gifts.length; ++g) {
            IFundLedger.Donation memory gift = ledger.donationOf(gifts[g].id);
            assertEq(gift.refundedMinor, _countUnits(g, UnitState.Refunded));
            assertLe(uint256(gift.refundedMinor) + gift.reassignedMinor, gift.amountMinor);
        }
        for (uint256 e = 0; e < entitled.length; ++e) {
            IDeliveryLedger.Entitlement memory entitlement = deliveries.entitlementOf(entitled[e].id);
            assertLe(entitlement.returnedMinor, entitlement.amountMinor);
            assertTrue(entitlement.returnedMinor == 0 || _wasHandedOver(entitlement.state));
        }
    }

    function invariant_actsSucceedExactlyWhenTheRulesAllow() public view {
        assertEq(surprises, 0, "an act succeeded or failed against the rules");
    }

    /// @dev No history leaves a unit stuck: with valid licences the rest can always be paid out to its last unit.
    function afterInvariant() public {
        // A history against the rules is told by its own invariant.
        if (surprises != 0) return;
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

    // --- The two lineages

    function _assertLabelled(uint256 gift, LineageWalk.Segment memory segment) private view {
        for (uint256 i = 0; i < segment.amountMinor; ++i) {
            Unit storage label = units[homes[gift].first + segment.unit + i];
            require(label.state == segment.state, "a unit is in another state");
            require(label.fund == segment.fund && label.place == segment.place + i, "a unit is in another place");
        }
    }

    function _assertAsWished(LineageWalk.Outflow[][] memory lines, LineageWalk.Segment memory segment) private view {
        bool delivered = segment.state == UnitState.HandedOver || segment.state == UnitState.Confirmed
            || segment.state == UnitState.Disputed;
        if (!delivered) return;
        LineageWalk.Outflow[] memory line = lines[segment.fund];
        uint256 o = 0;
        while (line[o].start + line[o].amountMinor <= segment.place) ++o;
        EntitlementId id = EntitlementId.wrap(line[o].id);
        IDeliveryLedger.PaymentList memory list = deliveries.listOf(deliveries.listOfEntitlement(id));
        uint64 handedOverAtUnixS = deliveries.entitlementOf(id).handedOverAtUnixS;
        require(
            _isWish(segment.wish, list.programme, list.place, handedOverAtUnixS),
            "a unit was used for what it was not given for"
        );
    }

    /// @dev No place of a line is free or taken twice: whoever waits, waits at one of them.
    function _assertEveryPlaceIsTaken() private view {
        for (uint256 f = 0; f < funds.length; ++f) {
            assertEq(ledger.outflowEndOf(funds[f]), leftUnits[f]);
            assertEq(ledger.fundOf(funds[f]).inflowEnd, unitAt[f].length);
            for (uint256 place = leftUnits[f]; place < unitAt[f].length; ++place) {
                Unit storage label = units[unitAt[f][place]];
                require(
                    label.state == UnitState.Waiting && label.fund == f && label.place == place,
                    "a place of the line is nobody's"
                );
            }
        }
    }
}
