"""Turns the real Open Collective ledger of 2015-2019 into steps that the fund line can replay, in order.

Pure: a folder of CSV files in (see data/opencollective/SOURCE.md), frozen dataclasses out. Amounts are
integers in minor units of the step's currency (all of EUR and USD here), times are UTC unix seconds.
Nothing is dropped in silence: a group of rows becomes exactly one step, or one NotReplayed with its
reason and its effect on every balance, so that `reconcile` can account for each cent.

Double entry. A live group is one CREDIT leg and one DEBIT leg; the leg's CollectiveId is the account it
concerns, and netAmountInCollectiveCurrency is what it adds to that account.

- gift: the donor's DEBIT net is -gross, the fund's CREDIT net is gross - fee;
- expense: the fund's DEBIT net is -(delivered + fee), the recipient's CREDIT net is delivered;
- refund (isRefund): names by RefundTransactionId a transaction of the group it undoes, in part or in full.

Order. Groups go by (createdAt, id), per fund, a fund being (collective, currency). The real ledger
back-dates some expenses to before the gifts that paid for them, which a fund line cannot do: such an
expense waits and is paid right after the gift that brings the money (`waited_for_money`; `at_unix_s`
stays the ledger's date). Waiting expenses are tried in date order; one that does not fit does not hold up
a smaller later one.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ledger_api.money import format_minor

DATA = Path(__file__).parent / "data" / "opencollective"

Account = tuple[int, str]
"""(account id, currency). A fund is the Account of a collective, or of an organisation given to."""

CROSS_CURRENCY = (
    "its legs disagree in the host's currency: the gift crossed currencies and no rate fits both legs"
)
NO_KIND = "the ledger does not say which gift or expense it belongs to"


class LedgerError(ValueError):
    """The CSV files cannot be used. `field` says where, `problem` what, `remedy` what to do about it."""

    def __init__(self, field: str, problem: str, remedy: str = "restore the file from its source") -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Gift:
    """`gross_minor` leaves the donor and enters the fund; `fee_minor` of it leaves the fund at once."""

    group: str
    collective_id: int
    currency: str
    donor_id: int
    gross_minor: int
    fee_minor: int
    at_unix_s: int

    def effects(self) -> dict[Account, int]:
        """What the step adds to each account, minor units."""
        return _sum(
            ((self.donor_id, self.currency), -self.gross_minor),
            ((self.collective_id, self.currency), self.gross_minor - self.fee_minor),
        )


@dataclass(frozen=True, slots=True)
class Expense:
    """`delivered_minor` reaches the recipient; the fund pays `fee_minor` on top to the payment processor."""

    group: str
    collective_id: int
    currency: str
    recipient_id: int
    delivered_minor: int
    fee_minor: int
    at_unix_s: int
    waited_for_money: bool = False

    def effects(self) -> dict[Account, int]:
        """What the step adds to each account, minor units."""
        return _sum(
            ((self.recipient_id, self.currency), self.delivered_minor),
            ((self.collective_id, self.currency), -self.delivered_minor - self.fee_minor),
        )


@dataclass(frozen=True, slots=True)
class RefundOf:
    """Undoes `refunded_group`. `fund_minor` is negative for a gift given back, positive for an expense.

    `party_minor` is what it adds to the donor or recipient; both differ by fees given back or kept.
    """

    group: str
    refunded_group: str
    collective_id: int
    currency: str
    party_id: int
    fund_minor: int
    party_minor: int
    at_unix_s: int
    waited_for_money: bool = False

    def effects(self) -> dict[Account, int]:
        """What the step adds to each account, minor units."""
        return _sum(
            ((self.party_id, self.currency), self.party_minor),
            ((self.collective_id, self.currency), self.fund_minor),
        )


Step = Gift | Expense | RefundOf


@dataclass(frozen=True, slots=True)
class Leg:
    """Net effect of a group on one account, minor units."""

    account_id: int
    currency: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class NotReplayed:
    """A live group that is no step, why, and what it did to the balances of the real ledger."""

    group: str
    reason: str
    legs: tuple[Leg, ...]
    missing_minor: int | None = None
    """What its fund lacks at the end of the replay; None if money is not the reason."""


@dataclass(frozen=True, slots=True)
class Replay:
    """All live groups: steps in replay order, the others in ledger order; remarks for the reader."""

    steps: tuple[Step, ...]
    not_replayed: tuple[NotReplayed, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeePoint:
    """A fund right after one of its fees; `bps` is fees / inflow in basis points, rounded up."""

    group: str
    fees_minor: int
    inflow_minor: int
    bps: int


@dataclass(frozen=True, slots=True)
class Row:
    """One real balance: expected = replayed + not_replayed + difference, minor units."""

    account_id: int
    currency: str
    expected_minor: int
    replayed_minor: int
    not_replayed_minor: int
    difference_minor: int


@dataclass(frozen=True, slots=True)
class _Transaction:
    """One live row of transactions.csv, with only what the replay needs."""

    id: int
    credit: bool
    kind: str
    currency: str
    at: datetime
    account_id: int
    from_id: int
    host_minor: int
    net_minor: int
    group: str
    expense_id: int | None
    is_refund: bool
    refunds_id: int | None


@dataclass(frozen=True, slots=True)
class _Group:
    credit: _Transaction
    debit: _Transaction

    @property
    def id(self) -> str:
        return self.credit.group

    @property
    def order(self) -> tuple[datetime, int]:
        return min((leg.at, leg.id) for leg in (self.credit, self.debit))

    @property
    def at_unix_s(self) -> int:
        return int(self.order[0].replace(microsecond=0).timestamp())


@dataclass(slots=True)
class _Run:
    """The replay in progress: money in each fund, what waits for it, what is done."""

    money: dict[Account, int] = field(default_factory=lambda: defaultdict(int))
    waiting: dict[Account, list[Step]] = field(default_factory=lambda: defaultdict(list))
    done: set[str] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Does the step now, or later when its fund has the money; then whatever this made possible."""
        fund = fund_of(step)
        self.waiting[fund].append(step)
        while (ready := next((s for s in self.waiting[fund] if self.payable(s)), None)) is not None:
            self.waiting[fund].remove(ready)
            if not isinstance(ready, Gift) and ready.group != step.group:
                self.steps.append(replace(ready, waited_for_money=True))
            else:
                self.steps.append(ready)
            self.money[fund] += _fund_effect(ready)
            self.done.add(ready.group)

    def payable(self, step: Step) -> bool:
        if isinstance(step, RefundOf) and step.refunded_group not in self.done:
            return False
        return self.money[fund_of(step)] + _fund_effect(step) >= 0


def plan(path: Path = DATA) -> Replay:
    """Every live group of the ledger in the folder `path` as a step in replay order, or as not replayed.

    Raises LedgerError if a file or column is missing, a number or date is none, a group is not one credit and
    one debit, or an account is unknown.
    """
    groups, group_of = _groups(path)
    planned: dict[str, Step | NotReplayed] = {g.id: _step(g) for g in groups if not g.credit.is_refund}
    refunded: set[str] = set()
    for group in groups:
        if group.credit.is_refund:
            planned[group.id] = _refund(group, planned, group_of, refunded)
    run = _Run()
    for group in groups:
        step = planned[group.id]
        if not isinstance(step, NotReplayed):
            run.take(step)
    for step in (s for waiting in run.waiting.values() for s in waiting):
        planned[step.group] = _never_paid(step, run)
    not_replayed = tuple(p for g in groups if isinstance(p := planned[g.id], NotReplayed))
    remarks = (*_remarks(groups, run), *_expense_remarks(groups, path))
    return Replay(tuple(run.steps), not_replayed, remarks)


def fund_of(step: Step) -> Account:
    """The fund (collective, currency) on whose line the step stands."""
    return step.collective_id, step.currency


def balances(replay: Replay) -> dict[Account, int]:
    """Balance of every account from the steps alone, minor units; donors are negative, as in the ledger."""
    return _sum(*(item for step in replay.steps for item in step.effects().items()))


def reconcile(replay: Replay, path: Path = DATA) -> list[Row]:
    """Each line of balances-derived.csv against the replay; a difference of 0 explains every cent.

    Raises LedgerError.
    """
    replayed = balances(replay)
    legs = [leg for left in replay.not_replayed for leg in left.legs]
    missing = _sum(*(((leg.account_id, leg.currency), leg.net_minor) for leg in legs))
    rows: list[Row] = []
    for where, record in _records(path / "balances-derived.csv"):
        account = _int(record, "CollectiveId", where), _text(record, "currency", where)
        expected = _int(record, "netAmountInCollectiveCurrency", where)
        done, left = replayed.get(account, 0), missing.get(account, 0)
        rows.append(Row(*account, expected, done, left, expected - done - left))
    return rows


def fee_points(replay: Replay, fund: Account) -> tuple[FeePoint, ...]:
    """The fund's fees against its gifts at each fee, in replay order.

    Inflow counts gifts only, not returned expenses: the stricter reading of the cap (DESIGN.md, I7).
    """
    points: list[FeePoint] = []
    fees = inflow = 0
    for step in replay.steps:
        if fund_of(step) != fund or isinstance(step, RefundOf):
            continue
        inflow += step.gross_minor if isinstance(step, Gift) else 0
        fees += step.fee_minor
        if step.fee_minor:
            points.append(FeePoint(step.group, fees, inflow, -(-fees * 10_000 // inflow)))
    return tuple(points)


def highest_fee_bps(replay: Replay, fund: Account) -> int:
    """Highest fees / inflow the fund ever reaches, in basis points rounded up; 0 without fees."""
    return max((point.bps for point in fee_points(replay, fund)), default=0)


def fee_cap_bps(replay: Replay, fund: Account) -> int:
    """Smallest multiple of 100 basis points under which the fund can take every fee in replay order."""
    return -(-highest_fee_bps(replay, fund) // 100) * 100


def _sum(*items: tuple[Account, int]) -> dict[Account, int]:
    total: dict[Account, int] = defaultdict(int)
    for account, minor in items:
        total[account] += minor
    return dict(total)


def _fund_effect(step: Step) -> int:
    """What the step adds to its fund's line. Not `effects`: a fund's account may also give or receive."""
    if isinstance(step, Gift):
        return step.gross_minor - step.fee_minor
    if isinstance(step, Expense):
        return -step.delivered_minor - step.fee_minor
    return step.fund_minor


def _step(group: _Group) -> Gift | Expense | NotReplayed:
    """The step of a group that is no refund, or why it is none."""
    credit, debit = group.credit, group.debit
    if credit.host_minor + debit.net_minor != 0 and debit.host_minor + credit.net_minor != 0:
        return _left(group, CROSS_CURRENCY)
    if credit.currency != debit.currency:
        return _left(group, f"its legs are in {credit.currency} and {debit.currency}")
    if not credit.kind or credit.kind != debit.kind:
        return _left(group, NO_KIND)
    paid, received = -debit.net_minor, credit.net_minor
    if received <= 0 or paid < received:
        return _left(
            group, f"pays {paid} and brings {received} minor units: no amount with a fee of 0 or more"
        )
    money = (paid, paid - received) if credit.kind == "CONTRIBUTION" else (received, paid - received)
    if credit.kind == "CONTRIBUTION":
        return Gift(group.id, credit.account_id, credit.currency, debit.account_id, *money, group.at_unix_s)
    if credit.kind == "EXPENSE":
        return Expense(group.id, debit.account_id, debit.currency, credit.account_id, *money, group.at_unix_s)
    return _left(group, f"the kind {credit.kind} is not known here")


def _refund(
    group: _Group, planned: Mapping[str, Step | NotReplayed], group_of: Mapping[int, str], refunded: set[str]
) -> RefundOf | NotReplayed:
    """The step of a group marked isRefund, or why it is none; adds to `refunded` what it undoes."""
    refunds_id = group.credit.refunds_id or group.debit.refunds_id
    target_id = group_of.get(refunds_id) if refunds_id is not None else None
    target = planned.get(target_id) if target_id is not None else None
    if target_id is None:
        return _left(group, "it is a refund, but the ledger does not say of which transaction")
    if not isinstance(target, Gift | Expense):
        return _left(group, f"it refunds group {target_id}, which is not replayed")
    if target_id in refunded:
        return _left(group, f"group {target_id} is refunded already")
    gift = isinstance(target, Gift)
    fund_leg, party_leg = (group.debit, group.credit) if gift else (group.credit, group.debit)
    party = target.donor_id if isinstance(target, Gift) else target.recipient_id
    if (fund_leg.account_id, fund_leg.currency) != fund_of(target) or (
        party_leg.account_id,
        party_leg.currency,
    ) != (party, target.currency):
        return _left(group, f"it is between other accounts than group {target_id}, which it refunds")
    refunded.add(target_id)
    return RefundOf(
        group=group.id,
        refunded_group=target_id,
        collective_id=target.collective_id,
        currency=target.currency,
        party_id=party,
        fund_minor=fund_leg.net_minor,
        party_minor=party_leg.net_minor,
        at_unix_s=group.at_unix_s,
    )


def _left(group: _Group, reason: str) -> NotReplayed:
    return NotReplayed(group.id, reason, _legs(_sum(*(_effect(leg) for leg in (group.credit, group.debit)))))


def _effect(leg: _Transaction) -> tuple[Account, int]:
    return (leg.account_id, leg.currency), leg.net_minor


def _legs(effects: Mapping[Account, int]) -> tuple[Leg, ...]:
    return tuple(Leg(*account, minor) for account, minor in sorted(effects.items()))


def _never_paid(step: Step, run: _Run) -> NotReplayed:
    """A step that still waits when all gifts are in."""
    legs = _legs(step.effects())
    if isinstance(step, RefundOf) and step.refunded_group not in run.done:
        return NotReplayed(step.group, f"it refunds group {step.refunded_group}, which is never paid", legs)
    missing = -(run.money[fund_of(step)] + _fund_effect(step))
    cost = f"{format_minor(-_fund_effect(step), step.currency)} {step.currency}"
    lacks = f"{format_minor(missing, step.currency)} {step.currency}"
    reason = (
        f"fund {step.collective_id} never has the money: of {cost}, {lacks} are missing after the last gift"
    )
    return NotReplayed(step.group, reason, legs, missing)


def _remarks(groups: list[_Group], run: _Run) -> Iterator[str]:
    waited = Counter(fund_of(s) for s in run.steps if not isinstance(s, Gift) and s.waited_for_money)
    for (collective, currency), count in sorted(waited.items()):
        yield f"fund {collective} {currency}: back-dated payments that waited for a gift: {count}"
    for group in groups:
        one_way = group.credit.host_minor + group.debit.net_minor
        other_way = group.debit.host_minor + group.credit.net_minor
        if (one_way == 0) != (other_way == 0):
            off = one_way or other_way
            yield f"group {group.id}: one leg's host amount is off by {off}; the net amounts were taken"


def _expense_remarks(groups: list[_Group], path: Path) -> Iterator[str]:
    """Payments whose expense expenses.csv calls unpaid or another's; replayed as the ledger has them."""
    expenses: dict[int, tuple[str, int]] = {}
    for where, record in _records(path / "expenses.csv"):
        claim = _text(record, "status", where), _int(record, "FromCollectiveId", where)
        expenses[_int(record, "id", where)] = claim
    for group in groups:
        if group.debit.kind != "EXPENSE" or group.debit.expense_id is None:
            continue
        claim = expenses.get(group.debit.expense_id, ("unknown", 0))
        if claim != ("PAID", group.credit.account_id):
            yield (
                f"group {group.id}: expense {group.debit.expense_id} is {claim[0]} "
                f"and claimed by {claim[1]}, the ledger paid {group.credit.account_id}"
            )


def _groups(path: Path) -> tuple[list[_Group], dict[int, str]]:
    """Live groups in ledger order, and the group of each transaction id, deleted ones included."""
    accounts = {_int(record, "id", where) for where, record in _records(path / "accounts.csv")}
    legs: dict[str, list[_Transaction]] = defaultdict(list)
    group_of: dict[int, str] = {}
    for where, record in _records(path / "transactions.csv"):
        group = _text(record, "TransactionGroup", where)
        group_of[_int(record, "id", where)] = group
        if not _text(record, "deletedAt", where):
            leg = _transaction(record, where)
            if leg.account_id not in accounts or leg.from_id not in accounts:
                raise LedgerError(
                    f"{where}, CollectiveId", "names an account that accounts.csv does not have"
                )
            legs[group].append(leg)
    groups = [_pair(group, pair) for group, pair in legs.items()]
    return sorted(groups, key=lambda g: g.order), group_of


def _pair(group: str, legs: list[_Transaction]) -> _Group:
    credits, debits = [leg for leg in legs if leg.credit], [leg for leg in legs if not leg.credit]
    if len(credits) != 1 or len(debits) != 1:
        raise LedgerError(
            f"group {group}", f"has {len(credits)} credits and {len(debits)} debits, not one of each"
        )
    credit, debit = credits[0], debits[0]
    if (credit.account_id, credit.from_id) != (debit.from_id, debit.account_id):
        raise LedgerError(f"group {group}", "its legs are not between the same two accounts")
    if credit.is_refund != debit.is_refund:
        raise LedgerError(f"group {group}, isRefund", "only one of its legs is a refund")
    return _Group(credit, debit)


def _transaction(record: Mapping[str, str | None], where: str) -> _Transaction:
    kind = _text(record, "type", where)
    if kind not in ("CREDIT", "DEBIT"):
        raise LedgerError(f"{where}, type", f"{kind[:12]!r} is neither CREDIT nor DEBIT")
    try:
        at = datetime.fromisoformat(_text(record, "createdAt", where))
    except ValueError as error:
        raise LedgerError(f"{where}, createdAt", str(error)) from error
    if at.tzinfo is None:
        raise LedgerError(f"{where}, createdAt", "has no offset from UTC")
    return _Transaction(
        id=_int(record, "id", where),
        credit=kind == "CREDIT",
        kind=_text(record, "kind", where),
        currency=_text(record, "currency", where),
        at=at,
        account_id=_int(record, "CollectiveId", where),
        from_id=_int(record, "FromCollectiveId", where),
        host_minor=_int(record, "amountInHostCurrency", where),
        net_minor=_int(record, "netAmountInCollectiveCurrency", where),
        group=_text(record, "TransactionGroup", where),
        expense_id=_int(record, "ExpenseId", where) if _text(record, "ExpenseId", where) else None,
        is_refund=_text(record, "isRefund", where) == "t",
        refunds_id=_int(record, "RefundTransactionId", where)
        if _text(record, "RefundTransactionId", where)
        else None,
    )


def _records(path: Path) -> Iterator[tuple[str, dict[str, str | None]]]:
    """("file line n", cells by column) of each record; some descriptions hold line breaks."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            for record in reader:
                yield f"{path.name} line {reader.line_num}", record
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LedgerError(path.name, str(error)) from error


def _text(record: Mapping[str, str | None], column: str, where: str) -> str:
    text = record.get(column)
    if text is None:
        raise LedgerError(f"{where}, {column}", "the cell is missing")
    return text.strip()


def _int(record: Mapping[str, str | None], column: str, where: str) -> int:
    text = _text(record, column, where)
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise LedgerError(f"{where}, {column}", f"{text[:20]!r} is no whole number")
    return int(text)
