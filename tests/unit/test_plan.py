"""The Al-Aoun plan: read exactly, contradictions reported and not mended, costs divided to the halala."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.demonstration.plan import (
    ASSUMED_CSV,
    NOT_FOR_PERSONS,
    PLAN_CSV,
    AssumedMonth,
    Finding,
    PlanError,
    PlanRow,
    deliverable,
    findings,
    read_assumed_months,
    read_plan,
    schedule,
    unit_costs,
)

ROWS = read_plan()
BY_ID = {row.row_id: row for row in ROWS}
ASSUMED = read_assumed_months(ROWS)


def test_the_plan_has_87_rows_and_costs_5_892_700_riyals() -> None:
    assert len(ROWS) == 87
    assert sum(row.cost_sar_minor or 0 for row in ROWS) == 5_892_700_00


def test_a_row_is_read_as_printed() -> None:
    rent = BY_ID["S2-47"]
    assert (rent.programme_ar, rent.programme_en) == ("سداد ايجارات", "Payment of house rents")
    assert (rent.kind, rent.department) == ("cash", "المشاريع المالية")
    assert (rent.planned_units, rent.unit, rent.cost_sar_minor) == (12, "", 500_000_00)
    assert rent.months == (1,) * 12
    empty = BY_ID["S2-51"]
    assert (empty.kind, empty.planned_units, empty.cost_sar_minor, set(empty.months)) == (
        "",
        None,
        None,
        {None},
    )


def test_eight_rows_disagree_with_their_marks_and_one_marks_fifteen_four_times() -> None:
    assert findings(ROWS) == [
        Finding("S2-48", 15, 12, True),
        *(Finding(f"S3-{line}", 3, 2, True) for line in range(76, 81)),
        Finding("D1-99", 5, 4, True),
        Finding("D1-104", 15, 60, False),
        Finding("D3-149", 10, 8, True),
    ]


def test_rows_that_reach_families() -> None:
    assert [row.row_id for row in deliverable(ROWS)] == [
        *("S1-37", "S1-39"),
        *(f"S2-{line}" for line in (47, 48, 49, 50, 52, 54, 55, 56, 57, 58, 59, 60, 61, 62)),
        *(f"S3-{line}" for line in range(76, 81)),
        *("S4-88", "S4-89"),
        *("D1-100", "D1-107", "D1-108"),
    ]
    assert set(NOT_FOR_PERSONS) <= set(BY_ID)


@pytest.mark.parametrize(
    ("row_id", "expected"),
    [
        ("S2-47", dict.fromkeys(range(1, 13), 1)),
        ("S2-48", dict.fromkeys(range(1, 13), 1)),  # planned 15: reported, not mended
        ("S2-49", dict.fromkeys((1, 3, 5, 7, 9, 11), 1)),
        ("S2-55", {3: 700}),
        ("S2-57", {12: 300}),
        ("S2-58", {4: 300}),
        ("S2-59", dict.fromkeys(range(1, 13), 5)),
        ("S2-61", dict.fromkeys(range(3, 13), 25)),
        ("S2-62", {10: 400}),
        ("D1-107", dict.fromkeys(range(2, 7), 1)),
    ],
)
def test_schedules(row_id: str, expected: dict[int, int]) -> None:
    assert schedule(BY_ID[row_id], ASSUMED) == expected


def test_every_deliverable_row_has_months_and_costs_that_add_up() -> None:
    for row in deliverable(ROWS):
        costs = unit_costs(row, ASSUMED)
        assert sum(c.cost_sar_minor for c in costs) == row.cost_sar_minor
        assert len(costs) == sum(schedule(row, ASSUMED).values())
        amounts = [c.cost_sar_minor for c in costs]
        assert amounts == sorted(amounts)  # the remainder lies on the last units
        assert max(amounts) - min(amounts) <= 1
        assert [c.month for c in costs] == sorted(c.month for c in costs)


def test_a_cost_that_does_not_divide() -> None:
    amounts = [c.cost_sar_minor for c in unit_costs(BY_ID["S2-55"], ASSUMED)]  # 100,000 SAR over 700 persons
    assert (amounts[0], amounts[-1], amounts.count(14286)) == (14285, 14286, 500)


def test_assumptions_exist_only_for_deliverable_rows_without_marks_and_each_has_a_reason() -> None:
    unmarked = {row.row_id for row in deliverable(ROWS) if set(row.months) == {None}}
    assert set(ASSUMED) == unmarked
    assert all(a.reason for months in ASSUMED.values() for a in months)


def test_a_row_without_any_month_is_not_guessed() -> None:
    with pytest.raises(PlanError, match="no month is printed or assumed"):
        schedule(BY_ID["D2-116"], ASSUMED)
    with pytest.raises(PlanError, match="no cost is printed"):
        unit_costs(BY_ID["S4-90"], ASSUMED)


def test_units_spread_unevenly_go_to_the_last_months() -> None:
    row = PlanRow("X-1", "", "", "cash", "", 8, "", (None,) * 12, 100, "")
    assumed = {"X-1": [AssumedMonth("X-1", m, "test") for m in (3, 1, 2)]}
    assert schedule(row, assumed) == {1: 2, 2: 3, 3: 3}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (",12,,1,1,", ",twelve,,1,1,", "planned_units"),
        (",12,,1,1,", ",12,,-1,1,", "m01"),
        ("1,500000,", "1,500000.001,", "cost_sar"),
        (",47\n", ",48\n", "line"),
        ("goal_no,", "goal,", "goal_no"),
    ],
)
def test_a_bad_plan_is_refused_by_name(tmp_path: Path, old: str, new: str, field: str) -> None:
    text = PLAN_CSV.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "plan.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(path)
    assert field in caught.value.field
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("S2-47,1,printed marks exist", "row_id"),
        ("S9-99,1,unknown", "row_id"),
        ("S2-55,13,no such month", "month"),
        ("S2-55,3,a second time", "month"),
        ("S2-55,4,", "reason"),
    ],
)
def test_a_bad_assumption_is_refused_by_name(tmp_path: Path, line: str, field: str) -> None:
    path = tmp_path / "assumed.csv"
    path.write_text(ASSUMED_CSV.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        read_assumed_months(ROWS, path)
    assert field in caught.value.field
