"""Gifts per second from the API to rows in the mirror, beside one transaction a gift sent straight to the node."""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from contracts.abi import Address
from contracts.bindings import fund_ledger
from contracts.bindings.ids import DonationId, FundId
from contracts.deploy import send
from indexer.mirror import open_for_reading
from indexer.schema import donation_recorded
from scripts.demonstration.client import Client, hexed
from scripts.demonstration.founding import Body, Founder, FundPlan
from scripts.demonstration.home import Home
from scripts.demonstration.processes import Processes
from tests.chain import Anvil, World, cash, new_id

GIFTS = 5_000
SINGLE = 300
NODE_PORT, API_PORT = 8655, 8656
TIMEOUT_S = 300


def main(gifts: int = GIFTS) -> None:
    """Prints gifts per second of both ways, and their ratio."""
    baseline = straight(SINGLE)
    with tempfile.TemporaryDirectory(prefix="amanat-bench-") as folder:
        home = Home.open(Path(folder))
        with Processes(home, NODE_PORT, API_PORT) as processes:
            rate = through_the_office(home, processes, gifts)
    print(f"gifts per second, {gifts:,} gifts from POST to row in the mirror (SQLite)")
    print(f"  through API, outbox, relay and indexer   {rate:8,.0f}")
    print(f"  baseline: one transaction a gift, web3   {baseline:8,.0f}   ratio {rate / baseline:.1f}x")


def through_the_office(home: Home, processes: Processes, gifts: int) -> float:
    """The real programs, as the demonstration runs them."""
    processes.start_node()
    founder = Founder(home, processes.node_url)
    founder.deployment()
    founder.courier()
    body: Body = founder.body("bench", "charity", {"en": "bench"}, ["cashier"])
    fund = FundId(new_id())
    founder.fund(body, "bench", FundPlan(fund, "EUR", "sadaqat", {"en": "bench"}))
    processes.start_ledger()
    founder.wait_for_mirror()
    cashier = Client(processes.api_url, body.keys["cashier"])
    items = [
        {
            "id": hexed(new_id()),
            "amount_minor": "1050",
            "settled_at_unix_s": 1_700_000_000 + i,
            "channel": "bank",
        }
        for i in range(gifts)
    ]
    mirror = open_for_reading(home.settings("", "")["AMANAT_MIRROR"])
    rows = 0
    start = time.perf_counter()
    cashier.give(fund, items)
    while time.perf_counter() - start < TIMEOUT_S:
        with mirror.connect() as conn:
            rows = conn.scalar(select(func.count()).select_from(donation_recorded)) or 0
        if rows == gifts:
            return gifts / (time.perf_counter() - start)
        time.sleep(0.02)
    raise TimeoutError(f"{rows} of {gifts} gifts in {TIMEOUT_S} s")


def straight(count: int) -> float:
    """One transaction a gift: sign, send, wait for the receipt."""
    with Anvil() as node:
        world = World.make(node.w3)
        start = time.perf_counter()
        for i in range(count):
            donor = Address(secrets.token_bytes(20))
            entry = cash(DonationId(new_id()), donor, 1050, 1_700_000_000 + i)
            send(
                node.w3,
                world.cashier,
                world.ledger,
                fund_ledger.donate(world.fund_eur, [entry]),
                simulate=False,
            )
        return count / (time.perf_counter() - start)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else GIFTS)
