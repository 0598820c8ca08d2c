"""Reads the operational plan of the Al-Aoun association for 2024 into rows: what is planned, when, at what
cost.

Pure: a CSV file in, frozen dataclasses out. Where the printed plan contradicts itself it is reported
(`findings`), never mended (requirements, A01 and section 6 item 10). Money is in halalas (minor units of
SAR). A month is 1 to 12.

Where the plan prints no month for a row, the month comes from `aoun_months_assumed.csv`, our own file with a
reason on each line, so that an assumption is always visible.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger_api.money import MoneyError, parse_minor

DATA = Path(__file__).parent / "data"
PLAN_CSV = DATA / "aoun_2024_plan.csv"
ASSUMED_CSV = DATA / "aoun_months_assumed.csv"
CURRENCY = "SAR"

NOT_FOR_PERSONS = {
    "D1-99": "finds funding partners: the unit is a partner, not a person",
    "D1-106": "asks companies which jobs they have: nobody receives anything yet",
    "D4-167": "trains the association's own staff",
}
"""Rows with a kind, a number and a cost that reach no family or beneficiary, each with the reason."""

_KINDS_FOR_PERSONS = frozenset({"cash", "in_kind", "training", "service"})
_MONTHS = tuple(f"m{n:02d}" for n in range(1, 13))
_COUNT_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_UNPLACED = re.compile(rf"\b({'|'.join(_COUNT_WORDS)}) marks of ([0-9]+)\b")


class PlanError(ValueError):
    """The plan cannot be used. `field` says where, `problem` what, `remedy` what to do about it."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One activity. `row_id` is goal and line of the source, "S2-47"; empty cells are None or ""."""

    row_id: str
    programme_ar: str
    programme_en: str
    kind: str
    department: str
    planned_units: int | None
    unit: str
    """What is counted (person, family, course ...); empty if the plan does not say: a mark is then one run.
    """
    months: tuple[int | None, ...]
    """Marks of January to December; None where the cell is empty."""
    cost_sar_minor: int | None
    notes: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Planned units and monthly marks disagree; `placed` is False if the print does not tell the marks'
    months.
    """

    row_id: str
    planned_units: int
    marks_sum: int
    placed: bool


@dataclass(frozen=True, slots=True)
class AssumedMonth:
    """A month the plan does not print, and why it was taken."""

    row_id: str
    month: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnitCost:
    """One planned unit: its month and its share of the row's printed cost in halalas."""

    month: int
    cost_sar_minor: int


def read_plan(path: Path = PLAN_CSV) -> tuple[PlanRow, ...]:
    """All rows in file order. Raises PlanError for a missing column, a bad number or a repeated row id."""
    rows: list[PlanRow] = []
    for line, record in _records(path):
        row = _row(record, f"{path.name} line {line}")
        if any(row.row_id == other.row_id for other in rows):
            raise PlanError(
                f"{path.name} line {line}", f"row {row.row_id} stands there twice", "name each row once"
            )
        rows.append(row)
    return tuple(rows)


def read_assumed_months(
    rows: Sequence[PlanRow], path: Path = ASSUMED_CSV
) -> dict[str, tuple[AssumedMonth, ...]]:
    """Assumed months by row id, for rows that plan units but print no mark.

    Raises PlanError for an unknown row, a row that has printed marks (print goes before assumption), a bad or
    repeated month, or a missing reason.
    """
    known = {row.row_id: row for row in rows}
    assumed: dict[str, tuple[AssumedMonth, ...]] = {}
    for line, record in _records(path):
        where = f"{path.name} line {line}"
        row_id, reason = _cell(record, "row_id", where), _cell(record, "reason", where)
        month = _count(record, "month", where)
        if row_id not in known or known[row_id].planned_units is None or _marks(known[row_id]):
            raise PlanError(
                f"{where}, row_id", f"{row_id!r} is no row with units and without marks", "remove the line"
            )
        if month is None or not 1 <= month <= 12 or any(a.month == month for a in assumed.get(row_id, ())):
            raise PlanError(
                f"{where}, month", f"{month} is no new month of the row", "name each month 1 to 12 once"
            )
        if not reason:
            raise PlanError(f"{where}, reason", "is empty", "say why this month was taken")
        assumed[row_id] = (*assumed.get(row_id, ()), AssumedMonth(row_id, month, reason))
    return assumed


def findings(rows: Sequence[PlanRow]) -> list[Finding]:
    """Rows whose planned units are not the sum of their marks, in plan order.

    Where the transcription lost one month column, the marks stand only in the notes ("four marks of 15");
    they are counted from there. Rows without any mark, or without a planned number, cannot disagree.
    """
    found: list[Finding] = []
    for row in rows:
        placed = bool(_marks(row))
        unplaced = _UNPLACED.search(row.notes)
        if row.planned_units is None or not (placed or unplaced):
            continue
        total = sum(_marks(row).values())
        if not placed and unplaced:
            total = _COUNT_WORDS[unplaced[1]] * int(unplaced[2])
        if total != row.planned_units:
            found.append(Finding(row.row_id, row.planned_units, total, placed))
    return found


def deliverable(rows: Sequence[PlanRow]) -> list[PlanRow]:
    """Rows that reach families and beneficiaries, with a planned number and a cost."""
    return [
        row
        for row in rows
        if row.kind in _KINDS_FOR_PERSONS
        and row.planned_units is not None
        and row.cost_sar_minor is not None
        and row.row_id not in NOT_FOR_PERSONS
    ]


def schedule(row: PlanRow, assumed: Mapping[str, Sequence[AssumedMonth]]) -> dict[int, int]:
    """Units by month, months ascending.

    Printed marks are the schedule, even where they do not add up to the planned units (see `findings`).
    Without marks the planned units are spread over the assumed months, a remainder going to the last ones.
    Raises PlanError if the row has neither.
    """
    marks = _marks(row)
    if marks:
        return marks
    months = sorted(a.month for a in assumed.get(row.row_id, ()))
    if not months or row.planned_units is None:
        remedy = f"add a line with a reason to {ASSUMED_CSV.name}"
        raise PlanError(f"row {row.row_id}, months", "no month is printed or assumed", remedy)
    return dict(zip(months, _shares(row.planned_units, len(months)), strict=True))


def unit_costs(row: PlanRow, assumed: Mapping[str, Sequence[AssumedMonth]]) -> list[UnitCost]:
    """Each scheduled unit with its share of the printed cost; the shares add up to it exactly.

    What does not divide goes, one halala each, to the last units. Raises PlanError if cost or months are
    missing.
    """
    if row.cost_sar_minor is None:
        raise PlanError(f"row {row.row_id}, cost_sar", "no cost is printed", "ask only for deliverable rows")
    months = [month for month, units in schedule(row, assumed).items() for _ in range(units)]
    if not months:
        raise PlanError(f"row {row.row_id}, months", "no unit is scheduled", "ask only for rows with units")
    shares = _shares(row.cost_sar_minor, len(months))
    return [UnitCost(month, share) for month, share in zip(months, shares, strict=True)]


def _shares(total: int, parts: int) -> list[int]:
    """`total` in `parts` whole shares, equal but for one more in each of the last ones."""
    share, rest = divmod(total, parts)
    return [share + (n >= parts - rest) for n in range(parts)]


def _marks(row: PlanRow) -> dict[int, int]:
    return {month: units for month, units in enumerate(row.months, 1) if units is not None}


def _records(path: Path) -> Iterator[tuple[int, dict[str, str | None]]]:
    """(line in the file, cells by column) of each record."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for record in reader:
            yield reader.line_num, record


def _row(record: Mapping[str, str | None], where: str) -> PlanRow:
    cost = _cell(record, "cost_sar", where)
    try:
        cost_minor = parse_minor(cost, CURRENCY, field=f"{where}, cost_sar") if cost else None
    except MoneyError as error:
        raise PlanError(error.field, error.problem, error.remedy) from error
    return PlanRow(
        row_id=f"{_cell(record, 'goal_no', where)}-{_cell(record, 'source_line', where)}",
        programme_ar=_cell(record, "programme_ar", where),
        programme_en=_cell(record, "programme_en", where),
        kind=_cell(record, "kind", where),
        department=_cell(record, "department_ar", where),
        planned_units=_count(record, "planned_units", where),
        unit=_cell(record, "unit", where),
        months=tuple(_count(record, month, where) for month in _MONTHS),
        cost_sar_minor=cost_minor,
        notes=_cell(record, "notes", where),
    )


def _cell(record: Mapping[str, str | None], column: str, where: str) -> str:
    text = record.get(column)
    if text is None:
        raise PlanError(f"{where}, {column}", "the cell is missing", "restore the file from its source")
    return text.strip()


def _count(record: Mapping[str, str | None], column: str, where: str) -> int | None:
    text = _cell(record, column, where)
    if text and not re.fullmatch(r"[0-9]{1,9}", text):
        raise PlanError(
            f"{where}, {column}", f"{text[:20]!r} is no count", "write digits only, or leave it empty"
        )
    return int(text) if text else None
