"""One request for a range of blocks: their headers and our contracts' logs, or all that is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from contracts.abi import Address
from indexer.blocks import Header, header
from indexer.errors import AnswerTooLarge, BadAnswer, NodeRefused, NodeUnreachable, RangeTooLarge
from indexer.node import Call, Node

Json = dict[str, Any]

_MOST_RANGE_BYTES = 6 * 1024 * 1024
"""Of several blocks together. A range is sized by what the last ones held; where blocks grow dense of a sudden, this
is what bounds memory, for three ranges are on their way at once and each is ten times as large when it is parsed."""


class Fetched(NamedTuple):
    """A node's answer for a range, not yet checked: blocks without their transactions, and our contracts' logs."""

    blocks: list[Json]
    logs: list[Json]


class Whole(NamedTuple):
    """A node's answer for one block, not yet checked: the block with its transactions, and their receipts."""

    block: Json
    receipts: list[Json]


def fetch_logs(node: Node, first: int, last: int, addresses: Sequence[Address]) -> Fetched:
    """Blocks `first` to `last`. Raises RangeTooLarge, NodeUnreachable, NodeRefused, BadAnswer."""
    wanted = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "address": ["0x" + address.hex() for address in addresses],
    }
    blocks = [Call("eth_getBlockByNumber", (hex(number), False)) for number in range(first, last + 1)]
    logs, *answers = _ask(node, [Call("eth_getLogs", (wanted,)), *blocks], first, last)
    return Fetched([_object(answer, first + i) for i, answer in enumerate(answers)], _list(logs, "logs"))


def fetch_whole(node: Node, numbers: Sequence[int]) -> list[Whole]:
    """These blocks, whole. Raises as `fetch_logs`."""
    calls = [
        call
        for number in numbers
        for call in (
            Call("eth_getBlockByNumber", (hex(number), True)),
            Call("eth_getBlockReceipts", (hex(number),)),
        )
    ]
    answers = _ask(node, calls, numbers[0], numbers[-1])
    return [
        Whole(_object(block, number), _list(receipts, f"receipts of block {number}"))
        for number, block, receipts in zip(numbers, answers[::2], answers[1::2], strict=True)
    ]


def fetch_headers(node: Node, numbers: Sequence[int]) -> list[Json]:
    """The headers of these blocks, as the node wrote them. Raises as `fetch_logs`."""
    calls = [Call("eth_getBlockByNumber", (hex(number), False)) for number in numbers]
    answers = _ask(node, calls, numbers[0], numbers[-1])
    return [_object(answer, number) for number, answer in zip(numbers, answers, strict=True)]


def head(node: Node) -> Header:
    """The node's latest block."""
    return header(node.call("eth_getBlockByNumber", "latest", False))


def _ask(node: Node, calls: Sequence[Call], first: int, last: int) -> list[Any]:
    try:
        return node.batch(calls, _MOST_RANGE_BYTES if first < last else None)
    except (NodeRefused, AnswerTooLarge) as error:
        # Providers have many codes and words for "too much at once"; asking for less is the one thing to try.
        # A call that is wrong in itself fails just so with a single block.
        if first < last:
            raise RangeTooLarge(first, last, error) from error
        raise
    except NodeUnreachable as error:
        if first < last and isinstance(error.__cause__, TimeoutError):
            raise RangeTooLarge(first, last, error) from error
        raise


def _object(answer: Any, number: int) -> Json:
    if not isinstance(answer, dict):
        raise BadAnswer(f"no block {number}, which is at or below the head that the node named")
    return answer


def _list(answer: Any, what: str) -> list[Json]:
    if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
        raise BadAnswer(f"no list of {what}")
    return answer


class Span:
    """How many blocks to ask for at once: towards so many logs an answer as bound memory and keep commits
    short."""

    def __init__(self, wanted_logs: int = 4_000, most_blocks: int = 1_000) -> None:
        self.blocks = 8
        self._wanted_logs = wanted_logs
        self._most_blocks = most_blocks

    def answered(self, blocks: int, logs: int) -> None:
        """Learns from an answer."""
        if logs > self._wanted_logs * 2:
            self.blocks = max(1, min(self.blocks, blocks // 2, blocks * self._wanted_logs // logs))
        elif logs < self._wanted_logs // 2 and blocks >= self.blocks:
            self.blocks = min(self._most_blocks, self.blocks * 2)

    def refused(self) -> None:
        """The node could not answer for so many."""
        self.blocks = max(1, self.blocks // 2)
