// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

/// @notice Where one unit of a gift is. At every moment each unit is in exactly one of these states (I3); what is
/// reserved for families is a number per fund, not a label of units.
enum UnitState {
    Waiting,
    InTransit,
    HandedOver,
    Confirmed,
    Disputed,
    Fee,
    Refunded
}

/// @notice Follows the units of a gift through recorded intervals, after the words of DESIGN section 2. It knows
/// positions only: everything in a `Line` and a `Gift` is printed in an event.
///
/// A gift's own units stand at [start, start + amount) of its fund's line. Its withdrawn tails left it: a refunded tail
/// is at its end, a reassigned one goes on as an inflow of the donor's new fund. A unit that stands at a position
/// goes on as follows:
/// - no outflow has reached the position: it waits there;
/// - the outflow over it passed it on (a link): it goes on at the link's place, in the same or another line. A refund
///   or reassignment passes all its units on to the withdrawn tail of the gift it was for; a transfer passes all on
///   once it is received or comes back; a delivery passes on what was returned, from its first unit on;
/// - otherwise the outflow's state is the unit's.
///
/// Links always lead to positions that were free at that time, so the walk goes forward in time and ends. One link
/// leads from a place to itself: when the units next on the line were the very ones withdrawn. Nobody walks it,
/// because they are the gift's own tail.
library LineageWalk {
    /// @dev Units [from, from + amount) of a line go on at [to, to + amount) of the line of `fund`.
    struct Link {
        uint64 from;
        uint64 amountMinor;
        uint256 fund;
        uint64 to;
    }

    /// @dev Units [start, start + amount) left a line; those that no link passes on are in `state`.
    struct Outflow {
        bytes32 id;
        uint64 start;
        uint64 amountMinor;
        UnitState state;
        Link[] links;
    }

    /// @dev Units [start, start + amount) came into a line.
    struct Inflow {
        bytes32 id;
        uint64 start;
        uint64 amountMinor;
    }

    /// @dev Units [from, from + amount) of the gift's own were refunded, or go on at `to` of the line of `fund`.
    struct Tail {
        uint64 from;
        uint64 amountMinor;
        bool reassigned;
        uint256 fund;
        uint64 to;
    }

    struct Gift {
        bytes32 id;
        uint256 fund;
        uint64 start;
        uint64 amountMinor;
        Tail[] tails;
    }

    /// @dev The gift's units [unit, unit + amount), counted from its first, are at [place, place + amount) of the line
    /// of `fund`, in this state. `wish` is the fund that the donor chose for them, at first or by a reassignment.
    struct Segment {
        uint64 unit;
        uint64 amountMinor;
        uint256 fund;
        uint64 place;
        uint256 wish;
        UnitState state;
    }

    /// @return settled Where the gift's units are now; together they are all its units, each once.
    /// @return count How many segments these are.
    function trace(Outflow[][] memory lines, Gift memory gift)
        internal
        pure
        returns (Segment[] memory settled, uint256 count)
    {
        settled = new Segment[](gift.amountMinor);
        Segment[] memory walking = new Segment[](gift.amountMinor);
        uint256 open = 0;
        uint64 kept = gift.amountMinor;
        for (uint256 t = 0; t < gift.tails.length; ++t) {
            Tail memory tail = gift.tails[t];
            kept -= tail.amountMinor;
            Segment memory own =
                Segment(tail.from - gift.start, tail.amountMinor, gift.fund, tail.from, gift.fund, UnitState.Refunded);
            if (tail.reassigned) {
                (own.fund, own.place, own.wish, own.state) = (tail.fund, tail.to, tail.fund, UnitState.Waiting);
                walking[open++] = own;
            } else {
                settled[count++] = own;
            }
        }
        if (kept != 0) walking[open++] = Segment(0, kept, gift.fund, gift.start, gift.fund, UnitState.Waiting);
        uint256 mostSteps = _mostSteps(lines, gift);
        for (uint256 steps = 0; open != 0; ++steps) {
            require(steps < mostSteps, "a unit goes round in a circle");
            Segment memory piece = walking[--open];
            (uint64 length, bool goesOn, Segment memory next) = _step(lines[piece.fund], piece);
            if (length < piece.amountMinor) walking[open++] = _rest(piece, length);
            if (goesOn) walking[open++] = next;
            else settled[count++] = next;
        }
    }

    /// @dev A unit passes each place of a line at most once; a refund's units may move within the refund itself.
    function _mostSteps(Outflow[][] memory lines, Gift memory gift) private pure returns (uint256 most) {
        most = 1;
        for (uint256 f = 0; f < lines.length; ++f) {
            Outflow[] memory line = lines[f];
            if (line.length != 0) most += line[line.length - 1].start + line[line.length - 1].amountMinor;
        }
        most *= gift.amountMinor;
    }

    /// @return length How many units from the piece's first on share one step.
    /// @return goesOn True when they were passed on to `next`; otherwise they are where and what `next` says.
    function _step(Outflow[] memory line, Segment memory piece)
        private
        pure
        returns (uint64 length, bool goesOn, Segment memory next)
    {
        next = _copy(piece);
        length = piece.amountMinor;
        (bool reached, Outflow memory o) = _outflowAt(line, piece.place);
        if (!reached) return (length, false, next);
        length = _least(length, o.start + o.amountMinor - piece.place);
        next.state = o.state;
        for (uint256 k = 0; k < o.links.length; ++k) {
            Link memory link = o.links[k];
            if (piece.place < link.from) {
                length = _least(length, link.from - piece.place);
            } else if (piece.place < link.from + link.amountMinor) {
                length = _least(length, link.from + link.amountMinor - piece.place);
                (next.fund, next.place, next.state) =
                (link.fund, link.to + (piece.place - link.from), UnitState.Waiting);
                goesOn = true;
            }
        }
        next.amountMinor = length;
    }

    /// @dev The outflow that holds a position, by halving: outflows follow each other without a gap (I2).
    function _outflowAt(Outflow[] memory line, uint64 place) private pure returns (bool reached, Outflow memory o) {
        (uint256 low, uint256 high) = (0, line.length);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            o = line[middle];
            if (place < o.start) high = middle;
            else if (place < o.start + o.amountMinor) return (true, o);
            else low = middle + 1;
        }
    }

    /// @dev What of the piece comes after its first `length` units.
    function _rest(Segment memory piece, uint64 length) private pure returns (Segment memory rest) {
        rest = _copy(piece);
        rest.unit += length;
        rest.place += length;
        rest.amountMinor -= length;
    }

    function _copy(Segment memory s) private pure returns (Segment memory) {
        return Segment(s.unit, s.amountMinor, s.fund, s.place, s.wish, s.state);
    }

    function _least(uint64 a, uint64 b) private pure returns (uint64) {
        return a < b ? a : b;
    }
}
