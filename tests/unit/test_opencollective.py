"""The real ledger as steps: every group accounted for, no fund below zero, every balance to the cent."""

from __future__ import annotations

import csv
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from scripts.demonstration.opencollective import (
    CROSS_CURRENCY,
    DATA,
    NO_KIND,
    Account,
    Expense,
    Gift,
    LedgerError,
    NotReplayed,
    RefundOf,
    Replay,
    balances,
    fee_cap_bps,
    fee_points,
    fund_of,
    highest_fee_bps,
    plan,
    reconcile,
)

REAL = plan()


def never_below_zero(replay: Replay) -> None:
    """Money of every fund after every step, fees included, from the amounts themselves."""
    money: dict[Account, int] = defaultdict(int)
    for step in replay.steps:
        fund = fund_of(step)
        if isinstance(step, Gift):
            assert 0 <= step.fee_minor < step.gross_minor
            money[fund] += step.gross_minor - step.fee_minor
        elif isinstance(step, Expense):
            assert step.delivered_minor > 0 <= step.fee_minor
            money[fund] -= step.delivered_minor + step.fee_minor
        else:
            money[fund] += step.fund_minor
        assert money[fund] >= 0, step


def live_rows(path: Path) -> list[dict[str, str]]:
    with (path / "transactions.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if not row["deletedAt"]]


def test_every_live_group_becomes_one_step_or_is_listed() -> None:
    rows = live_rows(DATA)
    assert len(rows) == 2160
    groups = [s.group for s in REAL.steps] + [n.group for n in REAL.not_replayed]
    assert len(groups) == 1080
    assert set(groups) == {row["TransactionGroup"] for row in rows}
    assert Counter(type(s) for s in REAL.steps) == {Gift: 968, Expense: 104}


def test_what_is_not_replayed_and_why() -> None:
    by_reason = defaultdict(list)
    for left in REAL.not_replayed:
        by_reason[left.reason].append(left.group[:8])
    assert dict(by_reason) == {
        "fund 7 never has the money: of 3000.00 USD, 27.98 USD are missing after the last gift": ["4dc68d3b"],
        NO_KIND: ["a4912b9d", "41abc379", "55aae0c7"],
        CROSS_CURRENCY: ["331dd0fa", "37573c90", "2483d263", "355216ac"],
    }
    assert [n.missing_minor for n in REAL.not_replayed] == [2798, *[None] * 7]
    for left in REAL.not_replayed[1:4]:
        assert [(g.account_id, g.currency, g.net_minor) for g in left.legs] == [
            (83, "USD", -10_000),
            (5686, "USD", 10_000),
        ]


def test_the_replay_explains_all_31_balances_to_the_cent() -> None:
    rows = reconcile(REAL)
    assert len(rows) == 31
    assert [row for row in rows if row.difference_minor] == []
    changed = {(r.account_id, r.currency): r.not_replayed_minor for r in rows if r.not_replayed_minor}
    assert changed == {
        (7, "USD"): -300_000,
        (83, "USD"): -30_000,
        (207, "USD"): 14_447,
        (407, "USD"): 826,
        (5686, "USD"): 30_000,
        (7964, "USD"): -15_000,
    }


def test_reconcile_reports_a_missing_cent() -> None:
    first = REAL.steps[0]
    assert isinstance(first, Gift)
    short = Replay(REAL.steps[1:], REAL.not_replayed, ())
    differing = {
        (r.account_id, r.currency): r.difference_minor for r in reconcile(short) if r.difference_minor
    }
    assert differing[first.collective_id, first.currency] == first.gross_minor - first.fee_minor


def test_balances_of_persons_too_equal_the_rows() -> None:
    expected: dict[Account, int] = defaultdict(int)
    left = {n.group for n in REAL.not_replayed}
    for row in live_rows(DATA):
        if row["TransactionGroup"] not in left:
            expected[int(row["CollectiveId"]), row["currency"]] += int(row["netAmountInCollectiveCurrency"])
    assert balances(REAL) == dict(expected)


def test_no_fund_is_ever_below_zero() -> None:
    never_below_zero(REAL)


def test_steps_go_by_date_except_those_that_waited() -> None:
    dates: dict[Account, int] = {}
    for step in REAL.steps:
        if isinstance(step, Gift) or not step.waited_for_money:
            assert step.at_unix_s >= dates.get(fund_of(step), 0)
            dates[fund_of(step)] = step.at_unix_s
        else:
            assert step.at_unix_s <= dates[fund_of(step)]  # back-dated: paid after a gift of a later date
    waited = Counter(fund_of(s) for s in REAL.steps if not isinstance(s, Gift) and s.waited_for_money)
    assert waited == {(7, "USD"): 29, (43, "USD"): 1}


def test_the_plan_is_the_same_every_time_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    assert plan() == REAL
    with (DATA / "transactions.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    copy = copied(tmp_path)
    with (copy / "transactions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(reversed(rows))
    assert plan(copy) == REAL


def test_remarks_name_what_is_odd_but_replayed() -> None:
    odd = [remark for remark in REAL.remarks if "host amount is off" in remark]
    assert odd == [
        "group 045ab5ca-e901-41d7-9708-8f436649f075: one leg's host amount is off by -1159; "
        "the net amounts were taken"
    ]
    assert sum("APPROVED and claimed by 9732, the ledger paid 5686" in remark for remark in REAL.remarks) == 7


@pytest.mark.parametrize(
    ("fund", "highest", "cap"),
    [
        ((7, "USD"), 1, 100),
        ((28, "USD"), 4300, 4300),
        ((43, "USD"), 4300, 4300),
        ((83, "USD"), 1590, 1600),
        ((207, "EUR"), 890, 900),
        ((407, "EUR"), 1477, 1500),
        ((9805, "USD"), 1291, 1300),
    ],
)
def test_fee_caps_cover_every_fee_and_not_a_percent_less(fund: Account, highest: int, cap: int) -> None:
    assert (highest_fee_bps(REAL, fund), fee_cap_bps(REAL, fund)) == (highest, cap)
    points = fee_points(REAL, fund)
    assert all(p.fees_minor * 10_000 <= cap * p.inflow_minor for p in points)
    assert any(p.fees_minor * 10_000 > (cap - 100) * p.inflow_minor for p in points)


def test_every_fund_has_its_cap_tested() -> None:
    assert len({fund_of(step) for step in REAL.steps}) == 7
    assert fee_cap_bps(REAL, (1, "USD")) == 0


# --- synthetic ledgers ---


def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "ledger"))


class Ledger:
    """Writes a small ledger in the form of the real one. Fund 7 USD, donor 5659, recipient 1729."""

    def __init__(self, path: Path) -> None:
        self.path = copied(path)
        with (DATA / "transactions.csv").open(encoding="utf-8", newline="") as file:
            self.columns = csv.DictReader(file).fieldnames or []
        self.rows: list[dict[str, str]] = []

    def group(
        self, name: str, day: int, kind: str, legs: tuple[tuple[int, int], tuple[int, int]], **more: str
    ) -> int:
        """A group of (account, net) for credit and debit; the id of its first transaction."""
        (to, received), (by, paid) = legs
        first = len(self.rows) + 1
        for n, (type_, account, other, net, host) in enumerate(
            [("CREDIT", to, by, received, -paid), ("DEBIT", by, to, paid, -received)]
        ):
            row = dict.fromkeys(self.columns, "")
            row |= {
                "id": str(first + n),
                "type": type_,
                "kind": kind,
                "currency": "USD",
                "createdAt": f"2016-01-{day:02d} 00:00:00+00",
                "CollectiveId": str(account),
                "FromCollectiveId": str(other),
                "amountInHostCurrency": str(host),
                "netAmountInCollectiveCurrency": str(net),
                "TransactionGroup": name,
                "isRefund": "f",
            }
            self.rows.append(row | more)
        return first

    def gift(self, name: str, day: int, gross: int, fee: int = 0) -> int:
        return self.group(name, day, "CONTRIBUTION", ((7, gross - fee), (5659, -gross)))

    def expense(self, name: str, day: int, delivered: int, fee: int = 0) -> int:
        return self.group(name, day, "EXPENSE", ((1729, delivered), (7, -delivered - fee)))

    def plan(self) -> Replay:
        with (self.path / "transactions.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(self.rows)
        replay = plan(self.path)
        never_below_zero(replay)
        return replay


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def test_a_large_expense_waits_and_a_smaller_later_one_goes_first(ledger: Ledger) -> None:
    ledger.expense("early", 1, 500)
    ledger.gift("gift1", 2, 300, fee=10)
    ledger.expense("large", 3, 400)
    ledger.expense("small", 4, 100, fee=3)
    ledger.gift("gift2", 5, 400)
    ledger.gift("gift3", 6, 400)
    ledger.expense("last", 7, 9999)
    replay = ledger.plan()
    assert [s.group for s in replay.steps] == ["gift1", "small", "gift2", "early", "gift3", "large"]
    assert [s.group for s in replay.steps if isinstance(s, Expense) and s.waited_for_money] == [
        "early",
        "large",
    ]
    (last,) = replay.not_replayed
    assert (last.group, last.missing_minor) == ("last", 9999 - (290 - 103 + 400 - 500 + 400 - 400))


def test_the_fee_of_an_expense_counts_when_money_is_short(ledger: Ledger) -> None:
    ledger.gift("gift", 1, 100)
    ledger.expense("dear", 2, 100, fee=1)
    assert [n.missing_minor for n in ledger.plan().not_replayed] == [1]


def test_a_refunded_gift_leaves_the_fund_and_returns_to_its_donor(ledger: Ledger) -> None:
    gift = ledger.gift("gift", 1, 1000, fee=50)
    ledger.group(
        "back", 2, "CONTRIBUTION", ((5659, 1000), (7, -950)), isRefund="t", RefundTransactionId=str(gift)
    )
    replay = ledger.plan()
    assert replay.steps[1] == RefundOf("back", "gift", 7, "USD", 5659, -950, 1000, 1451692800)
    assert balances(replay) == {(5659, "USD"): 0, (7, "USD"): 0}


def test_a_returned_expense_pays_what_waited(ledger: Ledger) -> None:
    ledger.gift("gift", 1, 100)
    paid = ledger.expense("wrong", 2, 100)
    ledger.expense("waits", 3, 80)
    ledger.group("back", 4, "EXPENSE", ((7, 100), (1729, -100)), isRefund="t", RefundTransactionId=str(paid))
    assert [s.group for s in ledger.plan().steps] == ["gift", "wrong", "back", "waits"]


def test_a_refund_waits_for_money_and_for_what_it_refunds(ledger: Ledger) -> None:
    paid = ledger.expense("late", 1, 100)
    gift = ledger.gift("gift", 3, 60)
    ledger.group(
        "return", 2, "EXPENSE", ((7, 100), (1729, -100)), isRefund="t", RefundTransactionId=str(paid)
    )
    ledger.expense("spent", 4, 60)
    ledger.group(
        "back", 5, "CONTRIBUTION", ((5659, 60), (7, -60)), isRefund="t", RefundTransactionId=str(gift)
    )
    ledger.gift("gift2", 6, 100)
    assert [s.group for s in ledger.plan().steps] == ["gift", "spent", "gift2", "late", "return", "back"]


@pytest.mark.parametrize(
    ("refunds", "reason"),
    [
        ("", "does not say of which transaction"),
        ("999", "does not say of which transaction"),
        ("3", "which is not replayed"),
        ("5", "between other accounts"),
        ("7", "which is never paid"),
    ],
)
def test_a_refund_that_cannot_be_replayed_says_why(ledger: Ledger, refunds: str, reason: str) -> None:
    ledger.gift("gift", 1, 100)
    ledger.group("odd", 2, "", ((7, 10), (5659, -10)))
    ledger.group("other", 3, "CONTRIBUTION", ((7, 10), (1729, -10)))
    ledger.expense("never", 4, 10_000)
    amounts = ((7, 10_000), (1729, -10_000)) if refunds == "7" else ((5659, 10), (7, -10))
    ledger.group("back", 5, "CONTRIBUTION", amounts, isRefund="t", RefundTransactionId=refunds)
    left = {n.group: n.reason for n in ledger.plan().not_replayed}
    assert reason in left["back"]


def test_nothing_is_refunded_twice(ledger: Ledger) -> None:
    gift = ledger.gift("gift", 1, 100)
    for name in ("once", "twice"):
        ledger.group(
            name, 2, "CONTRIBUTION", ((5659, 50), (7, -50)), isRefund="t", RefundTransactionId=str(gift)
        )
    replay = ledger.plan()
    assert [s.group for s in replay.steps] == ["gift", "once"]
    assert "refunded already" in replay.not_replayed[0].reason


@pytest.mark.parametrize(
    ("kind", "legs", "reason"),
    [
        ("CONTRIBUTION", ((7, 110), (5659, -100)), "no amount with a fee of 0 or more"),
        ("CONTRIBUTION", ((7, 0), (5659, -100)), "no amount with a fee of 0 or more"),
        ("ADDED_FUNDS", ((7, 100), (5659, -100)), "the kind ADDED_FUNDS is not known here"),
    ],
)
def test_groups_of_another_shape_are_listed(
    ledger: Ledger, kind: str, legs: tuple[tuple[int, int], tuple[int, int]], reason: str
) -> None:
    ledger.group("odd", 1, kind, legs)
    replay = ledger.plan()
    assert replay.steps == ()
    (left,) = replay.not_replayed
    assert isinstance(left, NotReplayed)
    assert reason in left.reason


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("netAmountInCollectiveCurrency", "1.5", "netAmountInCollectiveCurrency"),
        ("netAmountInCollectiveCurrency", "", "netAmountInCollectiveCurrency"),
        ("createdAt", "yesterday", "createdAt"),
        ("createdAt", "2016-01-01 00:00:00", "createdAt"),
        ("type", "BOTH", "type"),
        ("type", "CREDIT", "group gift"),
        ("CollectiveId", "424242", "CollectiveId"),
        ("CollectiveId", "43", "group gift"),
        ("isRefund", "t", "isRefund"),
        ("TransactionGroup", "alone", "group"),
    ],
)
def test_bad_rows_are_refused_by_name(ledger: Ledger, column: str, value: str, field: str) -> None:
    ledger.gift("gift", 1, 100)
    ledger.rows[-1][column] = value
    with pytest.raises(LedgerError) as caught:
        ledger.plan()
    assert field in caught.value.field
    assert caught.value.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"accounts\.csv"):
        plan(tmp_path)
