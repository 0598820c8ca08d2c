"""A fund as anyone sees it: its totals, and a stretch of its line with what came in above what went out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.bindings.ids import EntitlementId, FundId
from indexer.queries.line import Fund, fund_ends, fund_line
from indexer.queries.lineage import Outflow, OutflowKind
from indexer.queries.organisations import FundTotals
from indexer.queries.trace import SegmentState, deliveries
from ledger_api.pages.pictures import Run, merged
from ledger_api.pages.queries import may_speak_of_fund

AT_ONCE = 500
"""Most inflows and most outflows of one stretch."""
GIVEN = "given"

_STATE_OF = {OutflowKind.FEE: SegmentState.FEE, OutflowKind.REFUND: SegmentState.REFUNDED}


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
    """The states that hold units of the fund, in the order of `gift.STATES`."""
    amounts = (
        (SegmentState.CONFIRMED, totals.confirmed_minor),
        (SegmentState.HANDED_OVER, totals.handed_over_minor - totals.confirmed_minor),
        (SegmentState.FEE, totals.fees_minor),
        (SegmentState.RESERVED, totals.reserved_minor),
        (SegmentState.WAITING, totals.waiting_minor),
        (SegmentState.REFUNDED, totals.refunds_minor),
    )
    return [(state.value, amount) for state, amount in amounts if amount]


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
    inflows = [Run(GIVEN, max(i.start, start), min(i.end, end)) for i in line.inflows if i.start < end]
    outflows = [
        *_left(mirror, [o for o in line.outflows if o.start < end], start, end),
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


def _left(mirror: Connection, outflows: list[Outflow], start: int, end: int) -> list[Run]:
    ids = [EntitlementId(o.id) for o in outflows if o.kind is OutflowKind.DELIVERY]
    notes = deliveries(mirror, ids)
    runs = []
    for outflow in outflows:
        state = _STATE_OF.get(outflow.kind)
        if state is None:
            confirmed = notes[EntitlementId(outflow.id)].confirmed_at_unix_s is not None
            state = SegmentState.CONFIRMED if confirmed else SegmentState.HANDED_OVER
        runs.append(Run(state.value, max(outflow.start, start), min(outflow.end, end)))
    return runs


def _standing(outflow_end: int, reserved: int, inflow_end: int, start: int, end: int) -> list[Run]:
    promised_end = outflow_end + reserved
    ends = (
        (SegmentState.RESERVED, outflow_end, promised_end),
        (SegmentState.WAITING, promised_end, inflow_end),
    )
    runs = [Run(state.value, max(low, start), min(high, end), 0) for state, low, high in ends]
    return [run for run in runs if run.start < run.end]
