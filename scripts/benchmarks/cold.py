"""One cold run of one program over the benchmark chain, in a process of its own.

    python -m scripts.benchmarks.cold KIND NODE DATABASE EVENTS

KIND is `off`, `sampled:0.1` or `full` (ours, with that much verification) or `naive`. Prints what it did as JSON;
`seconds` is the run without the interpreter's start, which the caller adds by timing the process.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, String, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from contracts.abi import Address
from scripts.benchmarks.shared_chain import CONTRACT_FILE, SCHEMA, BenchDeployment

_NAIVE_BLOCKS = 100


def ours(mode: str, url: str, database: str, deployment: BenchDeployment) -> dict[str, Any]:
    """Follows the chain to its head; the rows and sums that it then holds."""
    import threading

    from indexer.follow import Follower
    from indexer.lock import only_writer
    from indexer.node import Node
    from indexer.settings import Settings, Verify

    start = time.perf_counter()
    with only_writer(database, threading.Event(), schema=SCHEMA) as engine, Node(url) as node:
        if engine is None:
            raise RuntimeError("stopped before it began")
        follower = Follower(node, engine, deployment, Settings(verify=Verify.parse(mode)), schema=SCHEMA)
        follower.poll()
        seconds = time.perf_counter() - start
        with engine.connect() as conn:
            held = [
                tuple(map(int, conn.execute(select(func.count(), func.sum(table.c.amount))).one()))
                for table in SCHEMA.tables.values()
            ]
    return {"seconds": seconds, "events": sum(count for count, _ in held), "held": held}


class _Base(DeclarativeBase):
    pass


class _Gift(_Base):
    """One row for each event, as one writes it first."""

    __tablename__ = "naive"
    block_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    log_index: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    id: Mapped[bytes] = mapped_column(LargeBinary(32))
    fund: Mapped[int] = mapped_column(Integer)
    start: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)


def naive(url: str, database: str, deployment: BenchDeployment, events: int) -> dict[str, Any]:
    """web3.py's `get_logs` and one ORM object for each event, until so many are in."""
    from eth_utils import to_checksum_address
    from web3 import Web3

    start = time.perf_counter()
    engine = create_engine(database)
    _Base.metadata.create_all(engine)
    w3 = Web3(Web3.HTTPProvider(url))
    abi = json.loads(CONTRACT_FILE.read_text())["abi"]
    contract = w3.eth.contract(to_checksum_address(deployment.addresses()["Bench"]), abi=abi)
    head, count = w3.eth.block_number, 0
    for first in range(0, head + 1, _NAIVE_BLOCKS):
        with Session(engine) as session:
            for event in (contract.events.Donated, contract.events.Delivered):
                for log in event.get_logs(from_block=first, to_block=min(first + _NAIVE_BLOCKS - 1, head)):
                    given = log["args"]
                    place = {"block_hash": bytes(log["blockHash"]), "log_index": log["logIndex"]}
                    session.add(
                        _Gift(
                            **place, kind=log["event"], id=given["id"], fund=given["fund"],
                            start=given["start"], amount=given["amount"],
                        )
                    )  # fmt: skip
                    count += 1
            session.commit()
        if count >= events:
            break
    return {"seconds": time.perf_counter() - start, "events": count}


def main() -> None:
    """In the process of its own."""
    kind, url, database, events, address, genesis = sys.argv[1:]
    deployment = BenchDeployment.at(bytes.fromhex(genesis), Address(bytes.fromhex(address)))
    is_ours = kind != "naive"
    result = (
        ours(kind, url, database, deployment) if is_ours else naive(url, database, deployment, int(events))
    )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
