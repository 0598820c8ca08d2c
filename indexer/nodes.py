"""Several ways to the same chain: one is asked, the others wait for the day it fails."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from indexer.errors import BadAnswer, BadSetting, IndexerError, OtherChain
from indexer.node import Call, Node

_REST_S = 5.0
_LIARS_REST_S = 300.0
"""A node that contradicted itself is mistaken or worse, and stays so for longer than one that is only away."""
_MOST = 32


class Nodes:
    """Asks one node until it is left for the next. Like Node, for one thread at a time."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        """Raises BadSetting when there is none, or too many."""
        if not 1 <= len(nodes) <= _MOST:
            raise BadSetting("node", ",".join(node.url for node in nodes), f"give 1 to {_MOST} addresses")
        self.all = tuple(nodes)
        self._current = 0
        self._rests_until = [0.0] * len(self.all)

    @classmethod
    def of(cls, urls: Sequence[str]) -> Nodes:
        """The nodes at these addresses; raises BadSetting naming the one that is no http(s) address."""
        unique = tuple(dict.fromkeys(url.strip() for url in urls if url.strip()))
        try:
            return cls([Node(url) for url in unique])
        except ValueError as error:
            raise BadSetting("node", "", str(error)) from None

    def __enter__(self) -> Nodes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection."""
        for node in self.all:
            node.close()

    @property
    def current(self) -> Node:
        """The node that is asked now."""
        return self.all[self._current]

    @property
    def url(self) -> str:
        """Its address."""
        return self.current.url

    @property
    def name(self) -> str:
        """Its address without names, passwords and keys, for messages."""
        return self.current.name

    def call(self, method: str, *params: Any) -> Any:
        """As Node.call."""
        return self.current.call(method, *params)

    def batch(self, calls: Sequence[Call], most_bytes: int | None = None) -> list[Any]:
        """As Node.batch."""
        return self.current.batch(calls, most_bytes)

    def leave(self, error: IndexerError) -> bool:
        """Lets the current node rest and turns to the next that does not; whether there is one.

        When all rest, the one whose rest ends first is asked next, and the caller should wait before.
        """
        now = time.monotonic()
        self._rests_until[self._current] = now + (
            _LIARS_REST_S if isinstance(error, BadAnswer | OtherChain) else _REST_S
        )
        count = len(self.all)
        order = [(self._current + step) % count for step in range(1, count + 1)]
        rested = [i for i in order if self._rests_until[i] <= now]
        self._current = rested[0] if rested else min(order, key=lambda i: self._rests_until[i])
        return bool(rested)
