"""A gift as its donor sees it: how much is in which state, and the aid it became, without anybody in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.bindings.ids import ProgrammeId
from indexer.queries.deliveries import EntitlementState
from indexer.queries.trace import DeliveryNote, SegmentState, Trace
from ledger_api.pages.language import Month, month_of
from ledger_api.pages.queries import FEWEST_HOUSEHOLDS, some_households

STATES = (
    SegmentState.CONFIRMED,
    SegmentState.HANDED_OVER,
    SegmentState.DISPUTED,
    SegmentState.DISMISSED,
    SegmentState.FEE,
    SegmentState.IN_TRANSIT,
    SegmentState.RESERVED,
    SegmentState.WAITING,
    SegmentState.REFUNDED,
)
"""In the order of a gift's units: those that left come first, the refunded are last (DESIGN section 2)."""

MOST_SINGLE = 12
"""Most deliveries that are listed one by one."""

CONFIRMED, DISPUTED = EntitlementState.CONFIRMED, EntitlementState.DISPUTED

Cell = tuple[ProgrammeId, Month]


@dataclass(frozen=True, slots=True)
class Aid:
    """Deliveries of one kind in one month, and this gift's part in them.

    `programme` is None for other aid: too few households to say of what kind. `month` is None when single
    months have too few. `count` is None where even the number would say too much.
    """

    programme: ProgrammeId | None
    month: Month | None
    count: int | None
    amount_minor: int
    confirmed_count: int
    confirmed_minor: int
    disputed_count: int = 0
    disputed_minor: int = 0

    @property
    def said_count(self) -> int:
        """Deliveries for which there is only the agency's word."""
        return (self.count or 0) - self.confirmed_count - self.disputed_count

    @property
    def said_minor(self) -> int:
        """This gift's part in them."""
        return self.amount_minor - self.confirmed_minor - self.disputed_minor


def states(trace: Trace) -> list[tuple[str, int]]:
    """The states that hold units of the gift, with how many."""
    amounts = [(state.value, trace.amount_in(state)) for state in STATES]
    return [(state, amount) for state, amount in amounts if amount]


def aid(mirror: Connection, trace: Trace) -> list[Aid]:
    """What the gift became, the latest month first; single deliveries while they are few.

    A cell is a programme in a month. Where it has fewer than FEWEST_HOUSEHOLDS households the month is left
    out, and where the months left out have fewer together, the programme too (DESIGN section 7).
    """
    cells = _cells(trace)
    hidden: list[tuple[DeliveryNote, int]] = []
    shown: dict[tuple[ProgrammeId, Month | None], list[tuple[DeliveryNote, int]]] = {}
    few: dict[ProgrammeId, list[Cell]] = defaultdict(list)
    met: dict[ProgrammeId, set[bytes]] = defaultdict(set)
    for (programme, month), parts in cells.items():
        households = some_households(mirror, programme, month, {note.list for note, _ in parts})
        if len(households) >= FEWEST_HOUSEHOLDS:
            shown[programme, month] = parts
        else:
            few[programme].append((programme, month))
            met[programme] |= households
    for programme, left_out in few.items():
        parts = [part for cell in left_out for part in cells[cell]]
        if len(met[programme]) >= FEWEST_HOUSEHOLDS:
            shown[programme, None] = parts
        else:
            hidden += parts
    one_by_one = sum(map(len, shown.values())) <= MOST_SINGLE
    rows = [
        _aid(programme, month, some)
        for (programme, month), parts in sorted(shown.items(), key=_latest_first)
        for some in (_single(parts) if one_by_one else [parts])
    ]
    return [*rows, _other(hidden)] if hidden else rows


def _cells(trace: Trace) -> dict[Cell, list[tuple[DeliveryNote, int]]]:
    """Deliveries by programme and month, this gift's amount in each summed: refunds cut it in pieces."""
    amounts: dict[DeliveryNote, int] = defaultdict(int)
    for segment in trace.segments:
        if segment.delivery is not None:
            amounts[segment.delivery] += segment.amount_minor
    cells: dict[Cell, list[tuple[DeliveryNote, int]]] = defaultdict(list)
    for note, amount in amounts.items():
        cells[note.programme, month_of(note.handed_over_at_unix_s)].append((note, amount))
    return cells


def _latest_first(
    row: tuple[tuple[ProgrammeId, Month | None], Sequence[tuple[DeliveryNote, int]]],
) -> tuple[int, int, bytes]:
    (programme, month), _ = row
    year, number = month or (0, 0)
    return -year, -number, programme


def _single(parts: Sequence[tuple[DeliveryNote, int]]) -> list[list[tuple[DeliveryNote, int]]]:
    # By amount: the order of the line would tell who was served before whom.
    return [[part] for part in sorted(parts, key=lambda part: (-part[1], part[0].state is not CONFIRMED))]


def _aid(programme: ProgrammeId, month: Month | None, parts: Sequence[tuple[DeliveryNote, int]]) -> Aid:
    confirmed, disputed = _in_state(parts, CONFIRMED), _in_state(parts, DISPUTED)
    return Aid(
        programme,
        month,
        len(parts),
        _amount(parts),
        len(confirmed),
        sum(confirmed),
        len(disputed),
        sum(disputed),
    )


def _other(parts: Sequence[tuple[DeliveryNote, int]]) -> Aid:
    confirmed, disputed = _in_state(parts, CONFIRMED), _in_state(parts, DISPUTED)
    return Aid(None, None, None, _amount(parts), 0, sum(confirmed), 0, sum(disputed))


def _amount(parts: Iterable[tuple[DeliveryNote, int]]) -> int:
    return sum(amount for _, amount in parts)


def _in_state(parts: Iterable[tuple[DeliveryNote, int]], state: EntitlementState) -> list[int]:
    return [amount for note, amount in parts if note.state is state]
