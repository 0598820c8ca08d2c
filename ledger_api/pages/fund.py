"""A fund as anyone sees it: its totals, and a stretch of its line with what came in above what went out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Connection

from contracts.bindings.ids import EntitlementId, FundId
from indexer.queries.deliveries import EntitlementState
from indexer.queries.flows import InflowKind, Outflow, OutflowKind, returns_over
from indexer.queries.line import Fund, fund_ends, fund_line
from indexer.queries.organisations import FundTotals
from indexer.queries.trace import SegmentState, deliveries
from ledger_api.pages.gift import STATES as STATES_OF_GIFT
from ledger_api.pages.pictures import Run, merged
from ledger_api.pages.queries import may_speak_of_fund

HANDED_OVER = SegmentState.HANDED_OVER.value
AT_ONCE = 500
"""Most inflows and most outflows of one stretch."""
GIVEN, MOVED, RETURNED = "given", "moved", "returned"
"""States of a line that are no state of a gift's units, which go on elsewhere: a gift came in, units came from or went
to another fund, units of a delivery came back."""

_IN_STATE_OF = {InflowKind.DONATION: GIVEN, InflowKind.RETURN: RETURNED}
_OUT_STATE_OF = {OutflowKind.FEE: SegmentState.FEE.value, OutflowKind.REFUND: SegmentState.REFUNDED.value}
_STATE_OF_DELIVERY = {
    EntitlementState.CONFIRMED: SegmentState.CONFIRMED.value,
    EntitlementState.DISPUTED: SegmentState.DISPUTED.value,
    EntitlementState.DISMISSED: SegmentState.DISMISSED.value,
    EntitlementState.UPHELD: RETURNED,
}

STATES = (
    *(state.value for state in STATES_OF_GIFT if state is not SegmentState.IN_TRANSIT),
    MOVED,
    RETURNED,
)
"""Of a fund, in the order they are shown."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The line between two positions. `next` is where the next stretch starts; None at the line's end."""

    fund: Fund
    start: int
    end: int
    inflows: tuple[Run, ...]
    outflows: tuple[Run, ...]
    next: int | None


def states(totals: FundTotals) -> list[tuple[str, int]]:
    """What became of the units that came into the fund, in the order of STATES."""
    amounts: dict[str, int] = {
        SegmentState.CONFIRMED: totals.confirmed_minor,
        SegmentState.HANDED_OVER: totals.unconfirmed_minor,
        SegmentState.DISPUTED: totals.disputed_minor,
        SegmentState.DISMISSED: totals.dismissed_minor,
        SegmentState.FEE: totals.fees_minor,
        SegmentState.RESERVED: totals.reserved_minor,
        SegmentState.WAITING: totals.waiting_minor,
        SegmentState.REFUNDED: totals.refunds_minor,
        MOVED: totals.sent_minor + totals.reassigned_out_minor,
        RETURNED: totals.returned_minor,
    }
    return [(state, amounts[state]) for state in STATES if amounts[state]]


def stretch(mirror: Connection, fund: FundId, start: int, most: int = AT_ONCE) -> Stretch:
    """The line from a position on, as far as `most` records on either side reach. Raises UnknownRecord.

    Where the fund reached too few households, deliveries are drawn without their borders and not counted.
    """
    ends = fund_ends(mirror, fund)
    start = min(start, ends.inflow_end)
    line = fund_line(mirror, fund, start, most)
    stops = [ends.inflow_end]
    if len(line.inflows) == most:
        stops.append(line.inflows[-1].end)
    if len(line.outflows) == most:
        stops.append(line.outflows[-1].end)
    end = min(stops)
    inflows = [
        Run(_IN_STATE_OF.get(i.kind, MOVED), max(i.start, start), min(i.end, end))
        for i in line.inflows
        if i.start < end
    ]
    outflows = [
        *_left(mirror, fund, [o for o in line.outflows if o.start < end], start, end),
        *_standing(ends.outflow_end, ends.reserved, ends.inflow_end, start, end),
    ]
    drawn = merged(outflows, end - start)
    if not may_speak_of_fund(mirror, fund):
        drawn = [run._replace(records=1) for run in merged(outflows, end - start, whole=True)]
    return Stretch(
        line.fund,
        start,
        end,
        tuple(merged(inflows, end - start)),
        tuple(drawn),
        end if end < ends.inflow_end else None,
    )


def _left(mirror: Connection, fund: FundId, outflows: list[Outflow], start: int, end: int) -> list[Run]:
    ids = [EntitlementId(o.id) for o in outflows if o.kind is OutflowKind.DELIVERY]
    notes = deliveries(mirror, ids)
    back = [(r.continues_from, r.continues_from + r.amount) for r in returns_over(mirror, fund, start, end)]
    runs = []
    for outflow in outflows:
        low, high = max(outflow.start, start), min(outflow.end, end)
        if outflow.kind is OutflowKind.DELIVERY:
            state = _STATE_OF_DELIVERY.get(notes[EntitlementId(outflow.id)].state, HANDED_OVER)
            runs += _delivered(state, low, high, back)
        else:
            runs.append(Run(_OUT_STATE_OF.get(outflow.kind, MOVED), low, high))
    return runs


def _delivered(state: str, low: int, high: int, back: list[tuple[int, int]]) -> list[Run]:
    """One delivery: what came back of it, and what did not. It counts as one record."""
    cuts = sorted({low, high, *(max(low, min(high, place)) for stretch in back for place in stretch)})
    pieces = [
        Run(RETURNED if any(a <= piece_low < b for a, b in back) else state, piece_low, piece_high, 0)
        for piece_low, piece_high in pairwise(cuts)
    ]
    return [piece._replace(records=int(not number)) for number, piece in enumerate(pieces)]


def _standing(outflow_end: int, reserved: int, inflow_end: int, start: int, end: int) -> list[Run]:
    promised_end = outflow_end + reserved
    ends = (
        (SegmentState.RESERVED, outflow_end, promised_end),
        (SegmentState.WAITING, promised_end, inflow_end),
    )
    runs = [Run(state.value, max(low, start), min(high, end), 0) for state, low, high in ends]
    return [run for run in runs if run.start < run.end]
