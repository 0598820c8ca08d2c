"""The floor: the least that a mirror of the benchmark chain costs, written by hand for this chain alone.

One after the other in one thread: eth_getLogs over one connection, orjson, fixed slots, and rows into two tables that
have their key as the only index; SQLite with prepared statements, PostgreSQL with binary COPY. No header is asked for,
nothing is checked, nothing can be undone. It is the pipeline of the shared peer benchmark.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from contracts.abi import Address
from indexer.node import Node
from scripts.benchmarks.shared_chain import SCHEMA

_AT_ONCE = 100
_TABLE = """create table {table} (id {blob} primary key, fund integer not null, who {blob} not null, start {number}
 not null, amount {number} not null, at bigint not null, block_number bigint not null, log_index integer not null,
 tx_hash {blob} not null)"""
_TYPES = ["bytea", "int4", "bytea", "numeric", "numeric", "int8", "int8", "int4", "bytea"]
_DONATED, _DELIVERED = (event.topic for event in SCHEMA.events)
fromhex = bytes.fromhex


def sqlite_floor(url: str, address: Address, head: int, file: Path) -> float:
    """Seconds for blocks 0 to `head` into a new SQLite file."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=normal")
    for table in ("donated", "delivered"):
        connection.execute(_TABLE.format(table=table, blob="blob", number="blob"))
    start = time.perf_counter()
    for logs in _answers(url, address, head):
        connection.execute("begin")
        for table, rows in zip(("donated", "delivered"), _decoded(logs, as_blob=True), strict=True):
            connection.executemany(f"insert into {table} values (?,?,?,?,?,?,?,?,?)", rows)  # noqa: S608
        connection.execute("commit")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def postgres_floor(url: str, address: Address, head: int, dsn: str) -> float:
    """Seconds for blocks 0 to `head` into new tables of a schema `floor`."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("drop schema if exists floor cascade")
        connection.execute("create schema floor")
        connection.execute("set search_path = floor")
        for table in ("donated", "delivered"):
            connection.execute(_TABLE.format(table=table, blob="bytea", number="numeric(39)"))
        start = time.perf_counter()
        for logs in _answers(url, address, head):
            with connection.transaction():
                for table, rows in zip(("donated", "delivered"), _decoded(logs, as_blob=False), strict=True):
                    with connection.cursor().copy(f"copy {table} from stdin (format binary)") as copy:
                        copy.set_types(_TYPES)
                        for row in rows:
                            copy.write_row(row)
        seconds = time.perf_counter() - start
        connection.execute("drop schema floor cascade")
    return seconds


def _answers(url: str, address: Address, head: int) -> Iterator[list[dict[str, Any]]]:
    topics = [[_DONATED, _DELIVERED]]
    with Node(url, timeout_s=120) as node:
        for first in range(0, head + 1, _AT_ONCE):
            last = min(first + _AT_ONCE - 1, head)
            wanted = {
                "fromBlock": hex(first),
                "toBlock": hex(last),
                "address": "0x" + address.hex(),
                "topics": topics,
            }
            yield node.call("eth_getLogs", wanted)


def _decoded(logs: list[dict[str, Any]], *, as_blob: bool) -> tuple[list[Any], list[Any]]:
    donated: list[Any] = []
    delivered: list[Any] = []
    for log in logs:
        topics, data = log["topics"], fromhex(log["data"][2:])
        is_gift = topics[0] == _DONATED
        start, amount = data[16:32], data[48:64]
        (donated if is_gift else delivered).append(
            (
                fromhex(topics[1][2:]),
                int(topics[2], 16),
                fromhex(topics[3][26:] if is_gift else topics[3][2:]),
                start if as_blob else int.from_bytes(start, "big"),
                amount if as_blob else int.from_bytes(amount, "big"),
                int.from_bytes(data[64:96], "big"),
                int(log["blockNumber"], 16),
                int(log["logIndex"], 16),
                fromhex(log["transactionHash"][2:]),
            )
        )
    return donated, delivered
