"""The relay: queued acts -> simulated, signed, stored, sent; closed when the mirror shows their events.

It may die at any instruction. A transaction is stored, signed, before it is sent, so sending it again cannot act
twice; and the contracts take the same record twice as a no-op, so even a new transaction is safe.
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
from web3 import Web3

from contracts.abi import ContractError
from indexer.queries.blocks import as_of
from indexer.queries.records import RecordKey, find

from ledger_api import problems
from ledger_api.acts import ACTS
from ledger_api.chain import Chain, NodeUnreachable, TransactionRefused
from ledger_api.keyring import Keyring
from ledger_api.office import outbox, reading, sent_transaction
from ledger_api.outbox import State, move
from ledger_api.settings import Settings

log = logging.getLogger("amanat.relay")

IDLE_S = 0.05
NODE_GONE_S = 1.0
CLOSE_AT_ONCE = 5000
TRANSACTION_GAS = 200_000
"""Gas of a transaction before its items: licence and role checks, the fund's line."""

Rows = Sequence[Row[Any]]


class AlreadyRelaying(Exception):
    """Another relay holds this office's keys; two would take each other's nonces."""


@contextmanager
def only_relay(settings: Settings) -> Iterator[None]:
    """Holds the keys' lock while the relay runs; the system frees it when the process dies."""
    with (settings.keys / "relay.lock").open("w") as file:
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

    def run(self) -> None:
        """Works until the process ends. An unreachable node or a mirror that is not there yet is waited for."""
        while True:
            try:
                worked = self.step()
            except NodeUnreachable as error:
                log.warning("node unreachable, waiting: %s", error)
                time.sleep(NODE_GONE_S)
                continue
            if not worked:
                time.sleep(IDLE_S)

    def step(self) -> bool:
        """One round: close what is recorded, settle what was sent, send what is queued. False when nothing moved."""
        closed = self._close()
        settled = self._settle()
        sent = [self._send_next(lane) for lane in self._free_lanes()]
        return closed or settled or any(sent)

    # --- Closing

    def _close(self) -> bool:
        with reading(self._office) as conn:
            rows = conn.execute(
                select(outbox.c.seq, outbox.c.act, outbox.c.record)
                .where(outbox.c.state == State.SENT)
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
        keys = {row.seq: RecordKey(ACTS[row.act].closed_by, (row.record,)) for row in rows}
        with self._mirror.connect() as conn:
            found = find(conn, keys.values()).block_numbers
        return [seq for seq, key in keys.items() if key in found]

    # --- Settling

    def _settle(self) -> bool:
        with reading(self._office) as conn:
            pending = conn.execute(
                select(sent_transaction).where(sent_transaction.c.state == "open").order_by(sent_transaction.c.number)
            ).all()
        return any([self._settle_one(tx) for tx in pending])

    def _settle_one(self, tx: Row[Any]) -> bool:
        mined = self._chain.nonce(tx.signer)
        succeeded = self._chain.succeeded(tx.hash)
        if succeeded is None and mined <= tx.nonce:
            try:
                self._chain.send(tx.raw)
            except TransactionRefused as error:
                log.warning("node refuses transaction 0x%s again: %s", tx.hash.hex(), error)
            return False
        with self._office.begin() as conn:
            if succeeded:
                _end(conn, tx.number, "mined")
            else:
                # Reverted after all, or another transaction took its nonce: its acts are tried again, one by one safe.
                _end(conn, tx.number, "failed" if succeeded is False else "displaced")
                seqs = conn.scalars(select(outbox.c.seq).where(outbox.c.transaction == tx.number)).all()
                move(conn, seqs, State.SENT, State.QUEUED)
        return True

    # --- Sending

    def _free_lanes(self) -> list[bytes]:
        """Lanes with something queued and nothing under way."""
        under_way = (
            select(outbox.c.lane)
            .join(sent_transaction, outbox.c.transaction == sent_transaction.c.number)
            .where(sent_transaction.c.state == "open", outbox.c.state == State.SENT)
        )
        with reading(self._office) as conn:
            return list(
                conn.scalars(
                    select(outbox.c.lane)
                    .where(outbox.c.state == State.QUEUED, outbox.c.lane.not_in(under_way))
                    .distinct()
                )
            )

    def _send_next(self, lane: bytes) -> bool:
        """Sends the lane's next batch; False when the lane must wait for the mirror."""
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
        try:
            self._chain.send(raw)
        except TransactionRefused as error:
            log.warning("node refuses transaction 0x%s: %s", transaction_hash.hex(), error)
        return True

    def _sign(self, rows: Rows) -> tuple[int, bytes, bytes]:
        """(nonce, signed transaction, its hash) of one batch."""
        act, signer = ACTS[rows[0].act], rows[0].signer
        nonce = self._next_nonce(signer)
        signed = self._keyring.signer(signer).sign_transaction(
            {
                "chainId": self._settings.deployment.chain_id,
                "nonce": nonce,
                "gas": TRANSACTION_GAS + act.gas_per_item * len(rows),
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
        """The rows that the contract takes together; what it refuses is rejected, the others stay queued for later.

        Acts may have been recorded already by a transaction we lost sight of: then the contract says "wrong state",
        and only a mirror as new as that answer can tell.
        """
        while rows:
            head = self._chain.block_number()
            refused = self._first_refused(rows)
            if refused is None:
                return rows
            index, error = refused
            bad = self._refused_with(rows, index, error)
            with self._mirror.connect() as conn:
                if as_of(conn).number < head:
                    return []
            recorded = set(self._recorded(bad))
            refusal = json.dumps(problems.from_contract(error).body())
            with self._office.begin() as conn:
                move(conn, [r.seq for r in bad if r.seq in recorded], State.QUEUED, State.RECORDED)
                rejected = [r.seq for r in bad if r.seq not in recorded]
                move(conn, rejected, State.QUEUED, State.REJECTED, refusal=refusal)
            log.warning("refused %d %s: %s", len(rejected), rows[0].act, error)
            gone = {r.seq for r in bad}
            rows = [r for r in rows if r.seq not in gone]
        return rows

    def _first_refused(self, rows: Rows) -> tuple[int, ContractError] | None:
        """The first row that the contract refuses after those before it, found by halving; None when it takes all."""
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
        """The rows that an error speaks for: one, a whole list, or all where it is the caller who may not act."""
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
            )
        except ContractError as error:
            return error
        return None


def next_batch(conn: Connection, lane: bytes) -> Rows:
    """The queued rows of a lane that can leave in one transaction, oldest first (see `ledger_api.acts`)."""
    queued = select(outbox).where(outbox.c.state == State.QUEUED, outbox.c.lane == lane).order_by(outbox.c.seq)
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


def _end(conn: Connection, number: int, state: str) -> None:
    conn.execute(update(sent_transaction).where(sent_transaction.c.number == number).values(state=state))
