"""The relay: queued acts -> simulated, signed, stored, sent; closed when the mirror shows their events.

It may die at any instruction. A transaction is stored, signed, before it is sent, so sending it again cannot
act twice; and the contracts take the same record twice as a no-op, so even a new transaction is safe.
"""

from __future__ import annotations

import fcntl
import json
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.exc import OperationalError
from web3 import Web3

from contracts.abi import ContractError
from indexer.errors import MirrorMissing
from indexer.queries.blocks import as_of
from indexer.queries.records import find
from ledger_api import problems
from ledger_api.acts import ACTS
from ledger_api.chain import Chain, NodeRefused, NodeUnreachable, TransactionRefused
from ledger_api.keyring import Keyring, KeyringError
from ledger_api.office import outbox, reading, sent_transaction
from ledger_api.outbox import State, move
from ledger_api.settings import Settings

log = logging.getLogger("amanat.relay")

IDLE_S = 0.05
OUTAGE_S = 1.0
"""Pause while the node, the mirror or the office's database cannot be used."""
RESEND_S = 1.0
"""A transaction that is not mined after this long is handed to the node again."""
REST_S = 2.0
"""How long a lane rests that cannot go on by itself; the others go on meanwhile."""
MIRROR_PATIENCE_S = 1.0
"""How long a refusal waits for the mirror to be as new as it is."""
CLOSE_AT_ONCE = 5000
TRANSACTION_GAS = 1_000_000
"""Gas of a transaction before its items: licence and role checks, the fund's line, a payment list's own record."""

AnyRow = Row[*tuple[Any, ...]]
Rows = Sequence[AnyRow]


class AlreadyRelaying(Exception):
    """Another relay holds this office's keys; two would take each other's nonces."""


class MirrorBehind(Exception):
    """The mirror is older than an answer that has to be compared with it; it catches up by itself."""


@contextmanager
def only_relay(settings: Settings) -> Iterator[None]:
    """Holds the keys' lock while the relay runs; the system frees it when the process dies.

    Raises AlreadyRelaying, and KeyringError when there is no folder of keys.
    """
    try:
        file = (settings.keys / "relay.lock").open("w")
    except OSError as error:
        raise KeyringError(f"{settings.keys}: {error.strerror}; name the folder of the keys") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRelaying("another relay is running with these keys; stop it first") from None
        yield


class Relay:
    """One office's relay. `step` does a little work; `run` does it forever."""

    def __init__(self, settings: Settings, office: Engine, mirror: Engine) -> None:
        self._settings = settings
        self._office = office
        self._mirror = mirror
        self._chain = Chain(settings.node_url)
        self._keyring = Keyring(settings.keys)
        self._resend_at: dict[int, float] = {}
        self._rests_until: dict[bytes, float] = {}

    def run(self) -> None:
        """Works until the process ends. What passes is waited for: an unreachable node, a mirror that is not there
        yet, a database that is locked or out of space."""
        while True:
            try:
                worked = self.step()
            except (NodeUnreachable, NodeRefused, MirrorMissing, OperationalError) as error:
                log.warning("waiting: %s: %s", type(error).__name__, error)
                time.sleep(OUTAGE_S)
                continue
            if not worked:
                time.sleep(IDLE_S)

    def step(self) -> bool:
        """One round: settle what was sent, close what is recorded, send what is queued. False when nothing moved."""
        settled = self._settle()
        closed = self._close()
        sent = [self._send_lane(lane) for lane in self._free_lanes()]
        return settled or closed or any(sent)

    # --- Closing

    def _close(self) -> bool:
        with reading(self._office) as conn:
            rows = conn.execute(
                select(outbox.c.seq, outbox.c.act, outbox.c.record)
                .join(sent_transaction, outbox.c.transaction == sent_transaction.c.number)
                # Of transactions that succeeded only: an event under the same id may be of another content.
                .where(outbox.c.state == State.SENT, sent_transaction.c.state == "mined")
                .order_by(outbox.c.seq)
                .limit(CLOSE_AT_ONCE)
            ).all()
        done = self._recorded(rows)
        if done:
            with self._office.begin() as conn:
                move(conn, done, State.SENT, State.RECORDED)
        return bool(done)

    def _recorded(self, rows: Rows) -> list[int]:
        """The rows whose events the mirror holds."""
        if not rows:
            return []
        keys = {row.seq: ACTS[row.act].closing(row.record) for row in rows}
        with self._mirror.connect() as conn:
            found = find(conn, (key for any_of in keys.values() for key in any_of)).block_numbers
        return [seq for seq, any_of in keys.items() if any(key in found for key in any_of)]

    # --- Settling

    def _settle(self) -> bool:
        with reading(self._office) as conn:
            pending = conn.execute(
                select(sent_transaction)
                .where(sent_transaction.c.state == "open")
                .order_by(sent_transaction.c.number)
            ).all()
        settled = [self._settle_one(tx) for tx in pending]
        return any(settled)

    def _settle_one(self, tx: AnyRow) -> bool:
        mined = self._chain.nonce(tx.signer)
        succeeded = self._chain.succeeded(tx.hash)
        if succeeded is None and mined <= tx.nonce:
            if time.monotonic() >= self._resend_at.get(tx.number, 0):
                self._hand_in(tx.number, tx.hash, tx.raw)
            return False
        self._resend_at.pop(tx.number, None)
        with self._office.begin() as conn:
            if succeeded:
                _end(conn, tx.number, "mined")
            else:
                # Reverted after all, or another transaction took its nonce: its acts are tried again, safely.
                _end(conn, tx.number, "failed" if succeeded is False else "displaced")
                seqs = conn.scalars(select(outbox.c.seq).where(outbox.c.transaction == tx.number)).all()
                move(conn, seqs, State.SENT, State.QUEUED)
                log.warning(
                    "transaction 0x%s was lost; its %d acts are queued again", tx.hash.hex(), len(seqs)
                )
        return True

    def _hand_in(self, number: int, transaction_hash: bytes, raw: bytes) -> None:
        """Hands a stored transaction to the node; one that it does not take is handed in again later."""
        self._resend_at[number] = time.monotonic() + RESEND_S
        try:
            self._chain.send(raw)
        except TransactionRefused as error:
            log.warning("node refuses transaction 0x%s: %s", transaction_hash.hex(), error)

    # --- Sending

    def _free_lanes(self) -> list[bytes]:
        """Lanes with something queued and nothing under way."""
        under_way = (
            select(outbox.c.lane)
            .join(sent_transaction, outbox.c.transaction == sent_transaction.c.number)
            .where(sent_transaction.c.state == "open", outbox.c.state == State.SENT)
        )
        free = select(outbox.c.lane).where(outbox.c.state == State.QUEUED, outbox.c.lane.not_in(under_way))
        with reading(self._office) as conn:
            lanes = conn.scalars(free.distinct()).all()
        return [lane for lane in lanes if time.monotonic() >= self._rests_until.get(lane, 0)]

    def _send_lane(self, lane: bytes) -> bool:
        """Sends the lane's next batch. What it alone suffers from, such as a missing key, lets it rest."""
        try:
            return self._send_next(lane)
        except (KeyringError, NodeRefused) as error:
            log.error("lane 0x%s rests: %s: %s", lane.hex(), type(error).__name__, error)
        except MirrorBehind as error:
            log.info("lane 0x%s rests: %s", lane.hex(), error)
        self._rests_until[lane] = time.monotonic() + REST_S
        return False

    def _send_next(self, lane: bytes) -> bool:
        """Sends the lane's next batch; False when nothing of it is left. Raises KeyringError, NodeRefused,
        MirrorBehind."""
        with reading(self._office) as conn:
            rows = next_batch(conn, lane)
        rows = self._admissible(rows)
        if not rows:
            return False
        nonce, raw, transaction_hash = self._sign(rows)
        with self._office.begin() as conn:
            number = conn.execute(
                insert(sent_transaction)
                .values(
                    signer=rows[0].signer,
                    nonce=nonce,
                    hash=transaction_hash,
                    raw=raw,
                    state="open",
                    sent_at_unix_s=int(time.time()),
                )
                .returning(sent_transaction.c.number)
            ).scalar_one()
            move(conn, [row.seq for row in rows], State.QUEUED, State.SENT, transaction=number)
        log.info("sending %d %s in 0x%s", len(rows), rows[0].act, transaction_hash.hex())
        self._hand_in(number, transaction_hash, raw)
        return True

    def _sign(self, rows: Rows) -> tuple[int, bytes, bytes]:
        """(nonce, signed transaction, its hash) of one batch."""
        act, signer = ACTS[rows[0].act], rows[0].signer
        key = self._keyring.signer(signer)
        nonce = self._next_nonce(signer)
        signed = key.sign_transaction(
            {
                "chainId": self._settings.deployment.chain_id,
                "nonce": nonce,
                "gas": _gas(rows),
                "gasPrice": 0,
                "to": Web3.to_checksum_address(act.address(self._settings.deployment)),
                "value": 0,
                "data": act.calldata(rows[0].scope, [row.item for row in rows]),
            }
        )
        return nonce, bytes(signed.raw_transaction), bytes(signed.hash)

    def _next_nonce(self, signer: bytes) -> int:
        with reading(self._office) as conn:
            last = conn.scalar(
                select(func.max(sent_transaction.c.nonce)).where(
                    sent_transaction.c.state == "open", sent_transaction.c.signer == signer
                )
            )
        return max(self._chain.nonce(signer), -1 if last is None else last + 1)

    # --- Refusals

    def _admissible(self, rows: Rows) -> Rows:
        """The rows that the contract takes together; what it refuses is rejected.

        Acts may have been recorded already by a transaction we lost sight of: then the contract says "wrong
        state", and only a mirror as new as that answer can tell. Raises MirrorBehind while it is not.
        """
        while rows:
            head = self._chain.block_number()
            refused = self._first_refused(rows)
            if refused is None:
                return rows
            index, error = refused
            bad = self._refused_with(rows, index, error)
            self._reject(bad, error, head)
            gone = {row.seq for row in bad}
            rows = [row for row in rows if row.seq not in gone]
        return rows

    def _reject(self, bad: Rows, error: ContractError, head: int) -> None:
        """Rejects rows that the contract refused at block `head`, but for those that are recorded already."""
        self._await_mirror(head)
        # A conflict says that what is recorded under the id is something else.
        conflict = type(error).__name__.endswith("Conflict")
        recorded = set() if conflict else set(self._recorded(bad))
        rejected = [row.seq for row in bad if row.seq not in recorded]
        refusal = json.dumps(problems.from_contract(error).body())
        with self._office.begin() as conn:
            move(conn, sorted(recorded), State.QUEUED, State.RECORDED)
            move(conn, rejected, State.QUEUED, State.REJECTED, refusal=refusal)
        log.warning("refused %d %s: %s", len(rejected), bad[0].act, error)

    def _await_mirror(self, number: int) -> None:
        """Returns when the mirror holds block `number`; raises MirrorBehind when that takes too long."""
        end = time.monotonic() + MIRROR_PATIENCE_S
        while True:
            with self._mirror.connect() as conn:
                reached = as_of(conn).number
            if reached >= number:
                return
            if time.monotonic() > end:
                raise MirrorBehind(f"the mirror is at block {reached}, the refusal at {number}")
            time.sleep(IDLE_S)

    def _first_refused(self, rows: Rows) -> tuple[int, ContractError] | None:
        """The first row that the contract refuses after those before it, found by halving; None when it takes
        all."""
        error = self._simulate(rows)
        if error is None:
            return None
        named = [i for i, row in enumerate(rows) if row.record in error.values.values()]
        if named:
            return named[0], error
        good, bad = 0, len(rows)
        while bad - good > 1:
            middle = (good + bad) // 2
            found = self._simulate(rows[:middle])
            if found is None:
                good = middle
            else:
                bad, error = middle, found
        return bad - 1, error

    def _refused_with(self, rows: Rows, index: int, error: ContractError) -> Rows:
        """The rows that an error speaks for: one, a whole list, or all where it is the caller who may not
        act."""
        if type(error).__name__.startswith("LicenceRegistry"):
            return rows
        if not ACTS[rows[0].act].whole:
            return [rows[index]]
        with reading(self._office) as conn:
            same = select(outbox).where(
                outbox.c.act == rows[0].act, outbox.c.scope == rows[0].scope, outbox.c.state == State.QUEUED
            )
            return conn.execute(same).all()

    def _simulate(self, rows: Rows) -> ContractError | None:
        act = ACTS[rows[0].act]
        try:
            self._chain.simulate(
                rows[0].signer,
                act.address(self._settings.deployment),
                act.calldata(rows[0].scope, [row.item for row in rows]),
                _gas(rows),
            )
        except ContractError as error:
            return error
        return None


def next_batch(conn: Connection, lane: bytes) -> Rows:
    """The queued rows of a lane that can leave in one transaction, oldest first (see `ledger_api.acts`)."""
    queued = (
        select(outbox).where(outbox.c.state == State.QUEUED, outbox.c.lane == lane).order_by(outbox.c.seq)
    )
    first = conn.execute(queued.limit(1)).one_or_none()
    if first is None:
        return []
    act = ACTS[first.act]
    if act.may_overtake:
        alike = queued.where(
            outbox.c.act == first.act, outbox.c.signer == first.signer, outbox.c.scope == first.scope
        )
        return conn.execute(alike.limit(act.batch)).all()
    rows = conn.execute(queued.limit(act.batch)).all()
    same = [(r.act, r.signer, r.scope) == (first.act, first.signer, first.scope) for r in rows]
    return rows[: same.index(False)] if False in same else rows


def _gas(rows: Rows) -> int:
    """Gas limit of one batch: simulated with the same, so that one that would run out never leaves."""
    return TRANSACTION_GAS + ACTS[rows[0].act].gas_per_item * len(rows)


def _end(conn: Connection, number: int, state: str) -> None:
    conn.execute(update(sent_transaction).where(sent_transaction.c.number == number).values(state=state))
