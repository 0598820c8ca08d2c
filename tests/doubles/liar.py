"""A node that lies: it stands in front of a real one, passes its answers on, and changes them in a named way on demand.

    with Liar(anvil.url) as liar:
        liar.tell(LIES["omits a log from receipts"], about=17)

The lies themselves are in `lies.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
import orjson

from tests.doubles.server import Reply, RpcServer

Json = dict[str, Any]


class Asked(NamedTuple):
    """One call."""

    method: str
    params: list[Any]


Ask = Callable[..., Any]
"""Asks the honest node: method and parameters -> result."""


@dataclass(frozen=True, slots=True)
class Lie:
    """One way to lie. Give `change` for one call's result, or `batch` for a batch's answers, or `reply` for the bytes.

    Each returns what it was given, unchanged, when there is nothing to lie about in it.
    """

    change: Callable[[Asked, Any, int, Ask], Any] | None = None
    """(call, its honest result, the block to lie about, the honest node) -> result."""
    batch: Callable[[list[Asked], list[Json], int, Ask], list[Json]] | None = None
    """(calls, honest JSON-RPC answers, the block to lie about, the honest node) -> answers."""
    reply: Callable[[list[Asked], bytes], Reply | None] | None = None
    """(calls, honest body) -> what is sent instead."""


class Liar(RpcServer):
    """Honest until told to lie, and again after `be_honest`."""

    def __init__(self, upstream: str) -> None:
        super().__init__()
        self._upstream = upstream
        self._client = httpx.Client(
            timeout=20, trust_env=False, verify=False
        )  # no certificates to load: it is plain HTTP
        self._lie: Lie | None = None
        self._about = 0
        self._from_request = 0
        self._asked: dict[bytes, Any] = {}
        self.told = 0
        """How many answers were lies."""

    def tell(self, lie: Lie, about: int = 0, after_requests: int = 0) -> None:
        """Lies so from now on, about block `about`, once so many more requests were answered honestly."""
        self._about, self._from_request = about, self.requests + after_requests
        self._lie = lie

    def be_honest(self) -> None:
        """Lies no more."""
        self._lie = None

    def stop(self) -> None:
        super().stop()
        self._client.close()

    def reply(self, body: bytes) -> Reply:
        self.requests += 1
        calls = orjson.loads(body)
        asked = [Asked(call["method"], list(call.get("params") or [])) for call in calls]
        answers = self._honest(body)
        lie = self._lie if self.requests > self._from_request else None
        if lie is None:
            return Reply(orjson.dumps(answers))
        changed = self._changed(lie, asked, answers)
        text = orjson.dumps(changed)
        reply = lie.reply(asked, text) if lie.reply else None
        self.told += reply is not None or changed != answers
        return reply or Reply(text)

    def _changed(self, lie: Lie, asked: list[Asked], answers: list[Json]) -> list[Json]:
        if lie.change:
            answers = [
                {**answer, "result": lie.change(call, answer.get("result"), self._about, self._ask)}
                for call, answer in zip(asked, answers, strict=True)
            ]
        return lie.batch(asked, answers, self._about, self._ask) if lie.batch else answers

    def _honest(self, body: bytes) -> list[Json]:
        """The node's answers in the order of the calls."""
        answers = orjson.loads(self._client.post(self._upstream, content=body, headers=_JSON).content)
        place = {call["id"]: i for i, call in enumerate(orjson.loads(body))}
        return sorted(answers, key=lambda answer: place[answer["id"]])

    def _ask(self, method: str, *params: Any) -> Any:
        body = orjson.dumps([{"jsonrpc": "2.0", "id": 0, "method": method, "params": params}])
        if body not in self._asked:
            self._asked[body] = self._honest(body)[0]["result"]
        return self._asked[body]


_JSON = {"Content-Type": "application/json"}
