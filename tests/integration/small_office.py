"""A whole office for tests, nothing of it mocked: anvil, the follower, the relay and the API on a loopback port.

    with SmallOffice.open(folder) as office:
        office.post("/v1/gifts", office.gift(), office.keys["cashier"])
        office.settle()

Relay and follower run in threads of this process, so that a test can stop the relay and step it by hand.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from eth_account import Account
from eth_account.signers.local import LocalAccount
from fastapi import FastAPI
from sqlalchemy import Engine, func, select
from starlette.types import ASGIApp

from contracts.abi import Address
from contracts.bindings import delivery_ledger
from contracts.bindings.delivery_ledger import Acceptance
from contracts.bindings.ids import DonationId, EntitlementId, FundId, OrganisationId
from indexer.follow import Follower
from indexer.mirror import open_for_reading, open_for_writing
from indexer.node import Node
from indexer.queries.blocks import as_of
from indexer.queries.gifts import Gift, gift
from indexer.schema import EVENT_TABLES
from indexer.settings import Settings as Keeping
from ledger_api.app import make_app
from ledger_api.office import metadata, open_office, outbox
from ledger_api.outbox import State
from ledger_api.relay import Relay
from ledger_api.settings import Settings
from ledger_api.staff import issue_key
from tests.chain import Anvil, Home, World, address_of, new_id, new_key
from wallet.signing import sign

YEAR_S = 365 * 24 * 3600
PATIENCE_S = 30.0
FAST_KDF_ROUNDS = 2
"""Of the key files: a real one takes a second to open, and tests open many."""
STAFF = ("maker", "checker", "cashier", "agent", "coordinator")
PASSWORD = "a password for tests"


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


def in_a_month() -> str:
    """A day that a list may expire on, as a clerk types it."""
    return str(date.today() + timedelta(days=30))


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The app on a live uvicorn at a free loopback port; yields its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", proxy_headers=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        end = time.monotonic() + PATIENCE_S
        while not server.started:
            assert thread.is_alive() and time.monotonic() < end, "the API does not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def write_key(folder: Path, account: LocalAccount) -> None:
    """A key file as the relay looks for it."""
    sealed = Account.encrypt(account.key, PASSWORD, kdf="pbkdf2", iterations=FAST_KDF_ROUNDS)
    (folder / f"{address_of(account).hex()}.json").write_text(json.dumps(sealed))


@dataclass
class SmallOffice:
    """One charity's office. `keys`: API key by role; the registrar's is of another body."""

    folder: Path
    node: Anvil
    world: World
    settings: Settings
    engine: Engine
    mirror: Engine
    app: FastAPI
    url: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, relaying: bool = True, block_time_s: int = 1) -> Iterator[SmallOffice]:
        """Everything up and settled; `relaying` False leaves the relay to the test."""
        with Anvil(block_time_s=block_time_s) as node:
            world = World.make(node.w3)
            settings = _settings(folder, node, world)
            with _following(settings):
                mirror = open_for_reading(settings.mirror_url)
                office = cls(
                    folder,
                    node,
                    world,
                    settings,
                    open_office(settings.office_url),
                    mirror,
                    make_app(settings),
                )
                for role in STAFF:
                    office.keys[role] = office.issue(world.charity, getattr(world, role))
                office.keys["registrar"] = office.issue(world.registrar_body, world.registrar)
                office.await_mirror()
                with served(office.app) as url, _relaying(office.relay() if relaying else None):
                    office.url = url
                    yield office

    def relay(self) -> Relay:
        """A relay of this office; one at a time."""
        return Relay(self.settings, self.engine, self.mirror)

    def issue(self, organisation: bytes, account: LocalAccount, *, lasts_s: int = YEAR_S) -> str:
        """An API key for an operator, whose key file the relay gets."""
        write_key(self.settings.keys, account)
        with self.engine.begin() as conn:
            return issue_key(conn, organisation, address_of(account), "a clerk", int(time.time()) + lasts_s)

    # --- Talking to it

    def post(self, path: str, body: Any, key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.post(self.url + path, json=body, headers=headers, timeout=PATIENCE_S)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=PATIENCE_S)

    def gift(self, **changes: Any) -> dict[str, Any]:
        """A gift of 10.50 EUR as POST /v1/gifts wants it."""
        return {
            "id": hexed(new_id()),
            "fund": hexed(self.world.fund_eur),
            "amount_minor": "1050",
            "settled_at_unix_s": 1_700_000_000,
            "channel": "bank",
        } | changes

    def payment_list(self, households: Sequence[Address], **changes: Any) -> dict[str, Any]:
        """A list with 1.00 EUR for each household."""
        return {
            "id": hexed(new_id()),
            "fund": hexed(self.world.fund_eur),
            "programme": hexed(self.world.programme),
            "expires_at_unix_s": self.world.now() + YEAR_S // 12,
            "entitlements": [
                {"id": hexed(new_id()), "household": hexed(h), "amount_minor": "100"} for h in households
            ],
        } | changes

    def offered(self, home: Home, *, handed_over: bool = True, unit: str = "EUR") -> EntitlementId:
        """An entitlement of 1.00 for the household, on chain and in the mirror."""
        fund = self.world.fund_eur if unit == "EUR" else self.world.fund_sar
        self.world.donate(fund, 100)
        offer = self.world.offer(fund, [(home.account, 100)])
        entitlement = offer.entries[0].id
        if handed_over:
            data = delivery_ledger.hand_over(offer.list_id, [entitlement])
            self.world.send(self.world.agent, self.world.deliveries, data)
        self.await_mirror()
        return entitlement

    def acceptance(
        self,
        home: Home,
        entitlement: EntitlementId,
        *,
        minor: int = 100,
        unit: str = "EUR",
        lasts_s: int = 86_400,
    ) -> dict[str, Any]:
        """The household's signed yes, as POST /v1/acceptances wants it."""
        genesis, deadline = self.world.deployment.genesis_hash, self.world.now() + lasts_s
        struct = Acceptance(home.account, entitlement, minor, unit, genesis, deadline)
        domain = delivery_ledger.domain(self.node.chain_id, self.world.deliveries)
        signature = sign(struct, domain, home.key, genesis_hash=genesis, now_unix_s=self.world.now())
        return {
            "entitlement": hexed(entitlement),
            "amount_minor": str(minor),
            "unit": unit,
            "deadline_unix_s": deadline,
            "r": hexed(signature.r),
            "vs": hexed(signature.vs),
        }

    # --- Looking at it

    def states(self) -> dict[str, int]:
        """How many outbox rows stand in which state."""
        with self.engine.connect() as conn:
            counts = select(outbox.c.state, func.count()).group_by(outbox.c.state)
            return {str(state): count for state, count in conn.execute(counts)}

    def recorded_gift(self, donation: DonationId) -> Gift:
        """A gift as the mirror holds it."""
        with self.mirror.connect() as conn:
            return gift(conn, donation)

    def settle(self) -> None:
        """Returns when nothing is under way and the mirror is as new as the chain."""
        until(lambda: not {State.QUEUED, State.SENT} & set(self.states()), "the outbox does not drain")
        self.await_mirror()

    def await_mirror(self) -> None:
        """Returns when the mirror holds what the chain holds now."""
        head = self.world.w3.eth.block_number

        def reached() -> bool:
            with self.mirror.connect() as conn:
                return as_of(conn).number >= head

        until(reached, f"the mirror does not reach block {head}")

    def snapshot(self) -> dict[str, Any]:
        """All that is recorded anywhere: the office's rows, the chain's state root, the mirror's event rows."""
        rows: dict[str, Any] = {"state root": self.world.w3.eth.get_block("latest")["stateRoot"].hex()}
        for engine, tables in ((self.engine, metadata.sorted_tables), (self.mirror, EVENT_TABLES.values())):
            with engine.connect() as conn:
                for table in tables:
                    found = conn.execute(select(table)).all()
                    digest = hashlib.sha256(repr(sorted(map(repr, found))).encode()).hexdigest()
                    rows[table.name] = len(found), digest
        return rows


def until(done: Any, complaint: str, patience_s: float = PATIENCE_S) -> None:
    """Returns when `done()`; fails with the complaint when that takes too long."""
    end = time.monotonic() + patience_s
    while not done():
        assert time.monotonic() < end, complaint
        time.sleep(0.02)


def _settings(folder: Path, node: Anvil, world: World) -> Settings:
    keys = folder / "keys"
    keys.mkdir()
    (keys / "password").write_text(PASSWORD + "\n")
    courier = new_key()
    write_key(keys, courier)
    (keys / "courier").write_text(courier.address + "\n")
    return Settings(
        node_url=node.url,
        deployment=world.deployment,
        mirror_url=f"sqlite:///{folder / 'mirror.db'}",
        office_url=f"sqlite:///{folder / 'office.db'}",
        keys=keys,
        secret=secrets.token_bytes(32),
        public_url="https://amanat.example",
    )


@contextmanager
def _following(settings: Settings) -> Iterator[None]:
    stop = threading.Event()
    engine = open_for_writing(settings.mirror_url)
    with Node(settings.node_url) as node:
        keeping = Keeping(poll_s=0.02)
        follower = Follower(node, engine, settings.deployment, keeping)
        thread = threading.Thread(target=follower.run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE_S)


@contextmanager
def _relaying(relay: Relay | None) -> Iterator[None]:
    stop = threading.Event()

    def work() -> None:
        while relay is not None and not stop.is_set():
            if not relay.step():
                time.sleep(0.01)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)


__all__ = ["FundId", "OrganisationId", "SmallOffice", "hexed", "in_a_month", "served", "until", "write_key"]
