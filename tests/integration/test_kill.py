"""Programs of the office are killed with SIGKILL in the middle of an import, and every gift is recorded exactly once.

Node, indexer, relay and API are the real programs, started as the demonstration starts them.
"""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from web3 import Web3

from contracts.bindings import fund_ledger
from contracts.bindings.fund_ledger import DonationRecorded
from contracts.bindings.ids import FundId
from contracts.deploy import call
from contracts.deployment import Deployment
from indexer.mirror import open_for_reading
from indexer.schema import donation_recorded
from ledger_api.office import gift as gift_table
from ledger_api.office import open_office, outbox
from scripts.demonstration.founding import Body, Founder, FundPlan
from scripts.demonstration.home import Home
from scripts.demonstration.processes import AMANAT, Processes
from tests.integration.small_office import hexed, until

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(240)]

BATCH = 50
SINGLES_IN = 8
"""Every eighth piece of the import is sent as single gifts."""
DRAIN_S = 60.0
STEPS = 10
"""Of the way, at least: the longest that a program lives between two kills."""
OWNER = "kill"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@dataclass
class Ledger:
    """A founded ledger with its programs running."""

    home: Home
    processes: Processes
    founder: Founder
    body: Body
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def settings(self) -> dict[str, str]:
        return self.home.settings(self.processes.node_url, self.processes.api_url)

    def open_fund(self) -> FundId:
        fund = FundId(self.home.id("fund", self.chance.random()))
        self.founder.fund(self.body, OWNER, FundPlan(fund, "EUR", "sadaqat", {"en": "A fund"}))
        self.founder.wait_for_mirror()
        return fund

    def kill(self, *names: str) -> None:
        """SIGKILL, a moment of absence, and a new start."""
        for name in names:
            self.processes.kill(name)
            self.kills[name] += 1
        time.sleep(self.chance.uniform(0, 0.5))
        port = self.processes.api_url.rpartition(":")[2]
        commands = {"indexer": ["index", "follow"], "relay": ["relay"], "api": ["serve", "--port", port]}
        for name in names:
            self.processes.start(name, [str(AMANAT), *commands[name]], self.settings)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    seed = int(os.environ.get("AMANAT_KILL_SEED") or random.SystemRandom().randrange(2**32))
    print(f"\nAMANAT_KILL_SEED={seed}")
    home = Home.open(tmp_path_factory.mktemp("kill"))
    with Processes(home, *free_ports(2)) as processes:
        processes.start_node()
        founder = Founder(home, processes.node_url)
        founder.deployment()
        founder.courier()
        body = founder.body(OWNER, "charity", {"en": "Kill test"}, ["cashier"])
        processes.start_ledger()
        yield Ledger(home, processes, founder, body, random.Random(seed))


class Import(threading.Thread):
    """Sends gifts in batches and one by one. What got no answer is sent again with the same ids."""

    def __init__(self, ledger: Ledger, fund: FundId, gifts: list[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self._gifts = gifts
        self._fund = hexed(fund)
        self._url = ledger.processes.api_url
        self._headers = {"Authorization": f"Bearer {ledger.body.keys['cashier']}"}
        self.sent = 0
        self.again = 0
        self.refused: list[str] = []

    def run(self) -> None:
        with httpx.Client(base_url=self._url, headers=self._headers, timeout=30) as client:
            for start in range(0, len(self._gifts), BATCH):
                part = self._gifts[start : start + BATCH]
                if start // BATCH % SINGLES_IN:
                    self._send(client, "/v1/gifts/batch", {"fund": self._fund, "gifts": part})
                else:
                    for gift in part:
                        self._send(client, "/v1/gifts", gift | {"fund": self._fund})
                self.sent += len(part)

    def _send(self, client: httpx.Client, path: str, body: dict[str, Any]) -> None:
        while True:
            try:
                answer = client.post(path, json=body)
            except httpx.TransportError:
                self.again += 1
                time.sleep(0.05)
                continue
            if answer.status_code != 202:
                self.refused.append(answer.text)
            return


def gifts_of(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": hexed(os.urandom(32)),
            "amount_minor": str(100 + number),
            "settled_at_unix_s": 1_700_000_000,
            "channel": "bank",
        }
        for number in range(count)
    ]


def kill_during(
    ledger: Ledger,
    work: Import,
    victims: tuple[str, ...],
    progress: Callable[[], int],
    whole: int,
    at_least: int,
) -> int:
    """Kills some of the victims again and again while the import, or what it set off, is under way.

    Between two kills `progress` moves on by a random step, so that the programs die at work and not while starting.
    Returns how many times it killed; fails when the work was over before `at_least`.
    """
    rounds = 0
    while (reached := progress()) < whole:
        goal = min(whole, reached + ledger.chance.randint(1, whole // STEPS))
        until(lambda goal=goal: progress() >= goal, f"no progress beyond {reached} after {rounds} kills")
        time.sleep(ledger.chance.uniform(0, 0.1))
        others = ledger.chance.sample(victims, ledger.chance.randint(0, len(victims)))
        ledger.kill(*dict.fromkeys([victims[rounds % len(victims)], *others]))
        rounds += 1
    assert rounds >= at_least
    return rounds


def recorded(ledger: Ledger, fund: FundId) -> Callable[[], int]:
    """How many of the fund's gifts the office knows to be recorded."""
    office = open_office(ledger.settings["AMANAT_OFFICE"])
    done = select(func.count()).where(outbox.c.state == "recorded", outbox.c.scope == fund)

    def count() -> int:
        with office.connect() as conn:
            return int(conn.scalar(done) or 0)

    return count


def recorded_on_chain(ledger: Ledger, fund: FundId) -> list[DonationRecorded]:
    """The fund's DonationRecorded events, read from the node and not from the mirror."""
    w3 = Web3(Web3.HTTPProvider(ledger.processes.node_url))
    contract = Deployment.load(ledger.home.deployment).fund_ledger
    event = next(e for e in fund_ledger.EVENTS if e.name == "DonationRecorded")
    logs = w3.eth.get_logs(
        {
            "fromBlock": 0,
            "toBlock": "latest",
            "address": Web3.to_checksum_address(contract),
            "topics": [event.topic, hexed(fund)],  # type: ignore[list-item]
        }
    )
    topics = [[topic.to_0x_hex() for topic in log["topics"]] for log in logs]
    return [
        DonationRecorded(*event.decode(t, log["data"].to_0x_hex()))
        for t, log in zip(topics, logs, strict=True)
    ]


def require_once_each(ledger: Ledger, fund: FundId, gifts: list[dict[str, Any]]) -> None:
    """On the node, in the fund's own line, in the mirror and in the office: each gift once, none besides."""
    ids = {bytes.fromhex(g["id"][2:]): int(g["amount_minor"]) for g in gifts}
    total = sum(ids.values())
    events = recorded_on_chain(ledger, fund)
    assert len(events) == len(gifts)
    assert {e.donation: e.amount_minor for e in events} == ids

    w3 = Web3(Web3.HTTPProvider(ledger.processes.node_url))
    view = fund_ledger.fund_of(fund)
    line = view.decode(call(w3, Deployment.load(ledger.home.deployment).fund_ledger, view.data))
    assert (line.inflow_end, line.outflow_end) == (total, 0)

    with open_for_reading(ledger.settings["AMANAT_MIRROR"]).connect() as conn:
        table = donation_recorded.c
        rows = conn.execute(select(table.donation, table.amount_minor).where(table.fund == fund)).all()
    assert len(rows) == len(gifts) and dict(map(tuple, rows)) == ids

    with open_office(ledger.settings["AMANAT_OFFICE"]).connect() as conn:
        states = conn.execute(
            select(outbox.c.state, func.count()).where(outbox.c.scope == fund).group_by(outbox.c.state)
        ).all()
        kept = conn.scalar(select(func.count()).where(gift_table.c.fund == fund))
    assert (list(map(tuple, states)), kept) == ([("recorded", len(gifts))], len(gifts))


def test_killing_relay_and_indexer_loses_and_doubles_nothing_of_2000_gifts(ledger: Ledger) -> None:
    fund, gifts = ledger.open_fund(), gifts_of(2_000)
    work, progress = Import(ledger, fund, gifts), recorded(ledger, fund)
    work.start()
    kill_during(ledger, work, ("relay", "indexer"), progress, len(gifts), at_least=3)
    work.join()
    assert (work.refused, work.again) == ([], 0)
    ledger.founder.wait_for_mirror()
    require_once_each(ledger, fund, gifts)
    print(dict(ledger.kills))


def test_killing_the_api_mid_post_and_posting_the_same_ids_again_records_each_once(ledger: Ledger) -> None:
    fund, gifts = ledger.open_fund(), gifts_of(400)
    work, progress = Import(ledger, fund, gifts), recorded(ledger, fund)
    work.start()
    rounds = kill_during(ledger, work, ("api",), lambda: work.sent, len(gifts), at_least=2)
    work.join()
    assert work.refused == []
    assert work.again >= rounds - 1, "the API was never missed"
    until(lambda: progress() == len(gifts), "the outbox does not drain", DRAIN_S)
    ledger.founder.wait_for_mirror()
    require_once_each(ledger, fund, gifts)
    print(dict(ledger.kills), "sent again", work.again)
