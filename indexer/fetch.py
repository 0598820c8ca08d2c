"""One request for a range of blocks: their headers and our contracts' logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from contracts.abi import Address
from indexer.blocks import Header, header
from indexer.errors import BadAnswer, NodeRefused, NodeUnreachable, RangeTooLarge
from indexer.node import Call, Node


class Fetched(NamedTuple):
    """A node's answer for a range, not yet checked. `logs` are as the node wrote them."""

    headers: list[Header]
    logs: list[dict[str, Any]]


def fetch(node: Node, first: int, last: int, addresses: Sequence[Address]) -> Fetched:
    """Blocks `first` to `last`. Raises RangeTooLarge, NodeUnreachable, NodeRefused, BadAnswer."""
    wanted = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "address": ["0x" + address.hex() for address in addresses],
    }
    blocks = [Call("eth_getBlockByNumber", (hex(number), False)) for number in range(first, last + 1)]
    try:
        logs, *headers = node.batch([Call("eth_getLogs", (wanted,)), *blocks])
    except NodeRefused as error:
        # Providers have many codes and words for "too much at once"; asking for less is the one thing to try.
        # A call that is wrong in itself fails just so with a single block.
        if first < last:
            raise RangeTooLarge(first, last, error) from error
        raise
    except NodeUnreachable as error:
        if first < last and isinstance(error.__cause__, TimeoutError):
            raise RangeTooLarge(first, last, error) from error
        raise
    if not isinstance(logs, list):
        raise BadAnswer("no list of logs")
    return Fetched([header(answer) for answer in headers], logs)


def head(node: Node) -> Header:
    """The node's latest block."""
    return header(node.call("eth_getBlockByNumber", "latest", False))


class Span:
    """How many blocks to ask for at once: towards so many logs an answer as bound memory and keep commits
    short."""

    def __init__(self, wanted_logs: int = 8_000, most_blocks: int = 1_000) -> None:
        self.blocks = 32
        self._wanted_logs = wanted_logs
        self._most_blocks = most_blocks

    def answered(self, blocks: int, logs: int) -> None:
        """Learns from an answer."""
        if logs > self._wanted_logs * 2:
            self.blocks = max(1, min(self.blocks, blocks // 2))
        elif logs < self._wanted_logs // 2 and blocks >= self.blocks:
            self.blocks = min(self._most_blocks, self.blocks * 2)

    def refused(self) -> None:
        """The node could not answer for so many."""
        self.blocks = max(1, self.blocks // 2)
