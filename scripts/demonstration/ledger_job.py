"""Job 1: a real ledger, replayed. Open Collective, 2015-2019: gifts, fees and expenses of seven funds."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from contracts.abi import Address
from contracts.bindings.ids import FundId, ProgrammeId
from indexer.mirror import open_for_reading
from indexer.schema import delivery_handed_over, donation_recorded, fee_taken
from scripts.demonstration import opencollective as oc
from scripts.demonstration.client import Client, hexed
from scripts.demonstration.founding import Body, Founder, FundPlan
from scripts.demonstration.home import Home
from scripts.demonstration.progress import Progress

OWNER = "open-collective"
HEAD = "other"
YEAR_S = 365 * 24 * 3600
Fund = tuple[int, str]


class LedgerJob:
    """Replays the ledger into funds per collective and currency.

    A fund's two sides are sequences of their own (DESIGN section 2), so all gifts may go in first, in order, and then
    all that left, in order: the intervals are those of the interleaved history. Expenses go out in monthly lists.
    """

    def __init__(self, home: Home, founder: Founder, body: Body, registrar: Client, api_url: str) -> None:
        self._home = home
        self._founder = founder
        self._body = body
        self._registrar = registrar
        self._staff = {role: Client(api_url, key) for role, key in body.keys.items()}
        self._replay = oc.plan()

    def run(self) -> dict[str, Any]:
        """Runs the whole job; safe to run again."""
        funds = sorted({oc.fund_of(step) for step in self._replay.steps})
        for fund in funds:
            self._open(fund)
        receipt = self._give(funds)
        lists = self._propose(funds)
        self._pay(funds, lists)
        return {
            "receipt": receipt,
            "groups": len(self._replay.steps) + len(self._replay.not_replayed),
            "not_replayed": [{"group": n.group, "reason": n.reason} for n in self._replay.not_replayed],
            "remarks": list(self._replay.remarks),
        }

    def fund_id(self, fund: Fund) -> FundId:
        """The fund of a collective and currency."""
        return FundId(self._home.id("oc fund", *fund))

    def _programme(self, fund: Fund) -> ProgrammeId:
        return ProgrammeId(self._home.id("oc programme", fund[0]))

    def _open(self, fund: Fund) -> None:
        names = {
            "en": f"Collective {fund[0]} in {fund[1]}",
            "fa": f"گروه {fund[0]} به {fund[1]}",
            "ar": f"المجموعة {fund[0]} بعملة {fund[1]}",
        }
        self._founder.programme(
            self._body, OWNER, self._programme(fund), [HEAD], names, gives="expenses", counted_in="case"
        )
        self._founder.fund(
            self._body,
            OWNER,
            FundPlan(
                self.fund_id(fund),
                fund[1],
                HEAD,
                names,
                oc.fee_cap_bps(self._replay, fund),
                self._programme(fund),
            ),
        )

    # --- What came in

    def _give(self, funds: Sequence[Fund]) -> str:
        """Sends all gifts; returns the receipt code of the first."""
        gifts = [s for s in self._replay.steps if isinstance(s, oc.Gift)]
        bar = Progress("replaying the gifts of a real ledger", len(gifts))
        last: list[dict[str, Any]] = []
        first = ""
        for fund in funds:
            mine = [self._gift(g) for g in gifts if oc.fund_of(g) == fund]
            answers = self._staff["cashier"].give(self.fund_id(fund), mine)
            last += answers[-1:]
            first = first or answers[0]["receipt_code"]
            bar.add(len(mine))
        self._staff["cashier"].wait(answer["status"] for answer in last)
        bar.done()
        return first

    def _gift(self, step: oc.Gift) -> dict[str, Any]:
        return {
            "id": hexed(self._home.id("oc gift", step.group)),
            "amount_minor": str(step.gross_minor),
            "settled_at_unix_s": step.at_unix_s,
            "channel": "open-collective",
            "reference": f"transaction group {step.group}",
            "donor": {"name": f"Open Collective account {step.donor_id}", "reference": f"oc-{step.donor_id}"},
        }

    # --- What went out

    def _propose(self, funds: Sequence[Fund]) -> dict[tuple[Fund, str], dict[str, Any]]:
        """Opens the recipients' accounts, then proposes and approves one list for each fund and month."""
        expenses = [s for s in self._replay.steps if isinstance(s, oc.Expense)]
        recipients = sorted({s.recipient_id for s in expenses})
        opened = self._registrar.post(
            "/v1/households",
            {
                "households": [
                    {"account": hexed(self._recipient(r)), "key": hexed(bytes(20))} for r in recipients
                ]
            },
        )
        self._registrar.wait([opened[-1]["status"]])
        lists = {}
        for fund in funds:
            for month, part in months([s for s in expenses if oc.fund_of(s) == fund]):
                lists[fund, month] = self._staff["maker"].propose(
                    self._home.id("oc list", *fund, month),
                    self.fund_id(fund),
                    self._programme(fund),
                    self._expiry(),
                    [
                        (self._entitlement(s), self._recipient(s.recipient_id), s.delivered_minor)
                        for s in part
                    ],
                )
        self._staff["maker"].wait([proposed["status"] for proposed in lists.values()])
        self._staff["checker"].wait([self._staff["checker"].approve(proposed) for proposed in lists.values()])
        return lists

    def _pay(self, funds: Sequence[Fund], lists: dict[tuple[Fund, str], dict[str, Any]]) -> None:
        """Fees and hand-overs, month by month, in the order of the ledger."""
        bar = Progress("replaying its fees and expenses", sum(1 for s in self._replay.steps if paid_out(s)))
        last = []
        for fund in funds:
            for month, part in months(
                [s for s in self._replay.steps if oc.fund_of(s) == fund and paid_out(s)]
            ):
                fees = [s for s in part if not isinstance(s, oc.RefundOf) and s.fee_minor]
                if fees:
                    body = [
                        {"id": hexed(self._home.id("oc fee", s.group)), "amount_minor": str(s.fee_minor)}
                        for s in fees
                    ]
                    answer = self._staff["cashier"].post(
                        "/v1/fees", {"fund": hexed(self.fund_id(fund)), "fees": body}
                    )
                    last.append(answer[-1]["status"])
                last += [self._refund(s) for s in part if isinstance(s, oc.RefundOf)]
                if (fund, month) in lists:
                    expenses = [s for s in part if isinstance(s, oc.Expense)]
                    answer = self._staff["agent"].post(
                        "/v1/hand-overs",
                        {
                            "list": lists[fund, month]["id"],
                            "entitlements": [hexed(self._entitlement(s)) for s in expenses],
                        },
                    )
                    last.append(answer[-1]["status"])
                bar.add(len(part))
        self._staff["agent"].wait(last)
        bar.done()

    def _refund(self, step: oc.RefundOf) -> str:
        """Money back to a donor. Raises ValueError for an expense that came back: that is a Return (DESIGN section 2),
        and this ledger has none that could be replayed."""
        if step.fund_minor >= 0:
            raise ValueError(f"group {step.group} returns an expense; replay it as a return of its delivery")
        body = {
            "id": hexed(self._home.id("oc refund", step.group)),
            "donation": hexed(self._home.id("oc gift", step.refunded_group)),
            "amount_minor": str(-step.fund_minor),
        }
        return str(self._staff["cashier"].post("/v1/refunds", body)["status"])

    def _recipient(self, recipient_id: int) -> Address:
        return self._home.account("oc recipient", recipient_id)

    def _entitlement(self, step: oc.Expense) -> bytes:
        return self._home.id("oc entitlement", step.group)

    def _expiry(self) -> int:
        """The same at every run: a list sent again must be the same list."""
        return int((self._home.folder / "seed").stat().st_mtime) + YEAR_S

    # --- The books

    def reconcile(self) -> list[oc.Row]:
        """The real balances beside those rebuilt from the mirror alone. Raises ValueError when one differs."""
        with open_for_reading(self._home.settings("", "")["AMANAT_MIRROR"]).connect() as conn:
            rebuilt = self._balances(conn)
        rows = oc.reconcile(self._replay)
        for row in rows:
            found = rebuilt.get((row.account_id, row.currency), 0)
            if found != row.replayed_minor or row.difference_minor:
                raise ValueError(f"account {row.account_id} {row.currency}: {found} on the ledger, {row}")
        return rows

    def _balances(self, conn: Connection) -> dict[tuple[int, str], int]:
        """(account, currency) -> minor units: a fund's balance, less what its owner gave, plus what it received."""
        given = select(
            donation_recorded.c.donation, donation_recorded.c.fund, donation_recorded.c.amount_minor
        )
        balances: dict[tuple[int, str], int] = {}

        def add(account: int, currency: str, minor: int) -> None:
            balances[account, currency] = balances.get((account, currency), 0) + minor

        funds = {self.fund_id(f): f for f in {oc.fund_of(s) for s in self._replay.steps}}
        donors = {self._home.id("oc gift", s.group): s for s in self._replay.steps if isinstance(s, oc.Gift)}
        paid = {self._entitlement(s): s for s in self._replay.steps if isinstance(s, oc.Expense)}
        for donation, fund, minor in conn.execute(given):
            if fund in funds:
                add(*funds[fund], minor)
                add(donors[donation].donor_id, funds[fund][1], -minor)
        for table in (fee_taken, delivery_handed_over):
            out = select(table.c.fund, func.sum(table.c.amount_minor)).group_by(table.c.fund)
            for fund, minor in conn.execute(out):
                if fund in funds:
                    add(*funds[fund], -int(minor))
        for row in conn.execute(
            select(delivery_handed_over.c.entitlement, delivery_handed_over.c.amount_minor)
        ):
            if row.entitlement in paid:
                step = paid[row.entitlement]
                add(step.recipient_id, oc.fund_of(step)[1], row.amount_minor)
        return balances


def paid_out(step: oc.Step) -> bool:
    """Whether something left the fund by this step."""
    return not isinstance(step, oc.Gift) or step.fee_minor > 0


def months(steps: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Steps by calendar month, in order. A step that waited for money goes with the month it was dated in."""
    parts: dict[str, list[Any]] = {}
    for step in steps:
        at = datetime.datetime.fromtimestamp(step.at_unix_s, datetime.UTC)
        parts.setdefault(f"{at:%Y-%m}", []).append(step)
    yield from sorted(parts.items())
