"""What a demonstration did, in numbers from the mirror, and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select

from indexer.mirror import open_for_reading
from indexer.queries.blocks import as_of
from indexer.queries.organisations import FundTotals, organisation_totals
from indexer.queries.volunteers import minutes_supply
from indexer.schema import (
    EVENT_TABLES,
    delivery_handed_over,
    entitlement_listed,
    entitlement_refused,
    household_opened,
    payment_list_cancelled,
)
from ledger_api.money import UnknownCurrency, format_minor
from ledger_api.office import label, open_office, reading
from scripts.demonstration.founding import Body
from scripts.demonstration.home import Home
from scripts.demonstration.opencollective import Row

NO_KEY = bytes(20)


def print_summary(home: Home, balances: Sequence[Row], bodies: Sequence[Body], url: str) -> None:
    """Prints what was done, what was refused or could not be replayed, and the links to open."""
    with open_for_reading(home.settings("", "")["AMANAT_MIRROR"]).connect() as conn:
        totals = [fund for body in bodies for fund in organisation_totals(conn, body.id).funds]
        _print_totals(conn, totals, fund_names(home))
    ledger, plan = home.done("ledger") or {}, home.done("plan") or {}
    _print_ledger(ledger, balances)
    _print_plan(plan)
    hours = home.done("hours") or {}
    print(
        f"\nHours: {hours['services']} acts of 20 volunteers confirmed, {hours['good_coins']} kept as good coins, "
        f"{hours['redemptions']} redemptions, {hours['given_minutes']} minutes given to a family and accepted."
    )
    print("\nLinks")
    print(f"  start             {url}/")
    print(f"  a donor's gift    {url}/g/{plan['receipt']}   (?lang=fa, ?lang=ar)")
    print(f"  a refunded gift   {url}/g/{plan['refunded_receipt']}")
    print(f"  a real gift       {url}/g/{ledger['receipt']}")
    for body in bodies:
        print(f"  an organisation   {url}/o/0x{body.id.hex()}")
    euros = next(fund.fund for fund in totals if fund.unit == "EUR")
    print(f"  the euro fund     {url}/f/0x{euros.hex()}")
    print(f"  the API           {url}/docs")


def waiting(conn: Connection) -> int:
    """Entitlements that were offered and neither handed over, nor refused, nor cancelled with their list."""
    offered = rows(conn, entitlement_listed)
    cancelled = conn.scalar(
        select(func.count())
        .select_from(entitlement_listed)
        .join(payment_list_cancelled, payment_list_cancelled.c.list == entitlement_listed.c.list)
    )
    return offered - (cancelled or 0) - rows(conn, delivery_handed_over) - rows(conn, entitlement_refused)


def rows(conn: Connection, table: Table) -> int:
    """How often something happened."""
    return conn.scalar(select(func.count()).select_from(table)) or 0


def fund_names(home: Home) -> dict[bytes, str]:
    """What organisations, programmes and funds are called in English."""
    with reading(open_office(home.settings("", "")["AMANAT_OFFICE"])) as conn:
        english = select(label.c.id, label.c.text).where(label.c.language == "en")
        return dict(conn.execute(english).tuples().all())


def _print_totals(conn: Connection, totals: Sequence[FundTotals], names: dict[bytes, str]) -> None:
    def count(name: str) -> int:
        return sum(getattr(fund, name) for fund in totals)

    offered = conn.scalar(select(func.count(func.distinct(entitlement_listed.c.household)))) or 0
    signing = conn.scalar(select(func.count()).where(household_opened.c.key != NO_KEY)) or 0
    deliveries = rows(conn, delivery_handed_over)
    block = as_of(conn)
    print(f"\nDone, as of block {block.number} (0x{block.hash.hex()[:16]}…)")
    print(f"  gifts             {count('gifts_count'):,}")
    print(f"  deliveries        {deliveries:,} handed over (the agencies' word)")
    print(f"  confirmed         {count('confirmed_count'):,} (the families' word)")
    print(f"  not confirmed     {deliveries - count('confirmed_count'):,}")
    print(f"  refused           {count('refused_count'):,}")
    print(f"  families          {signing:,} simulated, each with a key")
    print(f"  other recipients  {offered - signing:,} of the real ledger, pseudonymous")
    print(f"  waiting           {waiting(conn):,} offered and not handed over yet")
    print("  units by fund     came in · delivered · confirmed · fees · refunded · reserved · waiting")
    for fund in totals:
        cells = (
            fund.inflow_minor,
            fund.handed_over_minor,
            fund.confirmed_minor,
            fund.fees_minor,
            fund.refunds_minor,
            fund.reserved_minor,
            fund.waiting_minor,
        )
        print(
            f"    {fund.unit:4} {names.get(fund.fund, fund.head):24} "
            + " · ".join(_amount(c, fund.unit) for c in cells)
        )
    _print_corrections(conn)
    supply = minutes_supply(conn)
    print(
        f"  minutes           {supply.issued_minutes:,} issued · {supply.redeemed_minutes:,} redeemed · "
        f"{supply.supply_minutes:,} held"
    )


CORRECTIONS = (
    ("two checkers", "payment_list_checked", "lists so large that the regulator wants a second checker"),
    ("lists cancelled", "payment_list_cancelled", "ended by their maker; what they reserved is free again"),
    (
        "came back",
        "delivery_returned",
        "deliveries that nobody took or that were found wrong, in the fund again",
    ),
    ("disputes upheld", "dispute_upheld", "by the desk above the charity, for the family"),
    ("transfers", "transfer_received", "between the two charities; gifts' traces go on there"),
    ("gifts claimed", "donation_claimed", "by their donors, into wallets of their own"),
    ("bodies graded", "organisation_graded", "by the regulator"),
)
"""What was put right by adding: its name, the table of its event, and what it is."""


def _print_corrections(conn: Connection) -> None:
    for name, table, words in CORRECTIONS:
        print(f"  {name:17} {rows(conn, EVENT_TABLES[table]):,} {words}")


def _amount(minor: int, unit: str) -> str:
    try:
        return format_minor(minor, unit)
    except UnknownCurrency:
        return f"{minor:,}"


def _print_ledger(ledger: dict[str, Any], balances: Sequence[Row]) -> None:
    print(
        f"\nReal ledger: {ledger['groups']:,} groups; {len(balances)} balances rebuilt from the chain equal the real "
        "ones to the cent, together with the groups listed here, which cannot be replayed:"
    )
    for entry in ledger["not_replayed"]:
        print(f"  {entry['group'][:8]}  {entry['reason']}")


def _print_plan(plan: dict[str, Any]) -> None:
    print(
        f"\nReal plan: {plan['programmes']} programmes carried out with {plan['simulated_gifts']:,} simulated gifts."
    )
    print("  The plan's own mismatches, reported and not mended:")
    for finding in plan["findings"]:
        print(f"    {finding}")
    print("  Months that the plan does not print, assumed for the simulation:")
    for assumed in plan["assumed"]:
        print(f"    {assumed}")
    print("  Bank statements:")
    for statement in plan["statements"]:
        print(f"    {statement}")
    print(f"  Zakat money for another programme: {plan['refused_demand']}")
