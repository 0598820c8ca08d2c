"""Every way to lie that the indexer must see, by name. See `liar.py`."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import orjson

from tests.doubles.hashes import block_hash, bloom, receipts_root
from tests.doubles.liar import Ask, Asked, Json, Lie
from tests.doubles.server import Reply

Logs = list[Json]
_WORD = 64


def number_of(call: Asked) -> int | None:
    """The block that a call asks for by number."""
    first = call.params[0] if call.params else None
    return int(first, 16) if isinstance(first, str) and first.startswith("0x") and len(first) < 20 else None


# --- logs ---------------------------------------------------------------------------------------------------------

Change = Callable[[Logs], Logs]


def in_logs(change: Change) -> Lie:
    """Only `eth_getLogs` lies."""

    def lie(call: Asked, result: Any, about: int, ask: Ask) -> Any:
        return _logs_changed(result, about, change) if call.method == "eth_getLogs" else result

    return Lie(lie)


def in_receipts(change: Change, *, blooms: bool = False) -> Lie:
    """Only `eth_getBlockReceipts` lies; with the receipts' own filters made to fit, if `blooms`."""

    def lie(call: Asked, result: Any, about: int, ask: Ask) -> Any:
        if call.method != "eth_getBlockReceipts" or number_of(call) != about:
            return result
        return _receipts_changed(result, change, blooms)

    return Lie(lie)


def in_both(change: Change, *, blooms: bool = True) -> Lie:
    """Both ways to the logs tell the same lie."""
    logs, receipts = in_logs(change), in_receipts(change, blooms=blooms)

    def lie(call: Asked, result: Any, about: int, ask: Ask) -> Any:
        assert logs.change and receipts.change
        return receipts.change(call, logs.change(call, result, about, ask), about, ask)

    return Lie(lie)


def with_header(change: Change, *, rehash: bool) -> Lie:
    """Logs, receipts and the header that vouches for them all lie alike; the hash is made to fit too, if `rehash`, so
    that only the next block's link and the seal are against it."""
    inner = in_both(change)

    def lie(call: Asked, result: Any, about: int, ask: Ask) -> Any:
        assert inner.change
        honest = ask("eth_getBlockByNumber", hex(about), False)
        receipts = _receipts_changed(ask("eth_getBlockReceipts", hex(about)), change, True)
        logs = [log for receipt in receipts for log in receipt["logs"]]
        made_up = {"receiptsRoot": receipts_root(receipts), "logsBloom": bloom(logs)}
        if rehash:
            made_up["hash"] = block_hash(honest | made_up)
        result = inner.change(call, result, about, ask)
        if isinstance(result, dict):
            if result.get("number") != hex(about):
                return result  # the next block still names the honest one as its parent
            result = result | made_up
        return _replaced(result, honest["hash"], made_up["hash"]) if rehash else result

    return Lie(lie)


def _replaced(result: Any, hash: str, other: str) -> Any:
    return orjson.loads(orjson.dumps(result).replace(hash.encode(), other.encode()))


def _logs_changed(logs: Logs, about: int, change: Change) -> Logs:
    here = [log for log in logs if log["blockNumber"] == hex(about)]
    if not here:
        return logs
    place = logs.index(here[0])
    return [*logs[:place], *change(deepcopy(here)), *logs[place + len(here) :]]


def _receipts_changed(receipts: list[Json], change: Change, blooms: bool) -> list[Json]:
    """The change in the first receipt that has logs."""
    receipts = deepcopy(receipts)
    receipt = next(receipt for receipt in receipts if receipt["logs"])
    receipt["logs"] = change(receipt["logs"])
    if blooms:
        receipt["logsBloom"] = bloom(receipt["logs"])
    return receipts


def omit(logs: Logs) -> Logs:
    return logs[:-1]


def add(logs: Logs) -> Logs:
    """One more gift, with another amount and under another id."""
    last = other_topic(other_amount([deepcopy(logs[-1])]))[0]
    return [*logs, last | {"logIndex": hex(int(last["logIndex"], 16) + 1)}]


def other_amount(logs: Logs) -> Logs:
    """Another number in the second word of the last log's data."""
    data = logs[-1]["data"]
    logs[-1]["data"] = data[: 2 + _WORD] + f"{9_999:064x}" + data[2 + 2 * _WORD :]
    return logs


def other_topic(logs: Logs) -> Logs:
    topics = logs[-1]["topics"]
    logs[-1]["topics"] = [*topics[:-1], topics[-1][:-8] + "00c0ffee"]
    return logs


def other_index(logs: Logs) -> Logs:
    logs[-1]["logIndex"] = hex(int(logs[-1]["logIndex"], 16) + 7)
    return logs


def other_block(logs: Logs) -> Logs:
    logs[-1]["blockHash"] = "0x" + "ab" * 32
    return logs


def other_address(logs: Logs) -> Logs:
    logs[-1]["address"] = "0x" + "cd" * 20
    return logs


def removed(logs: Logs) -> Logs:
    logs[-1]["removed"] = True
    return logs


def cut_short(logs: Logs) -> Logs:
    logs[-1]["data"] = logs[-1]["data"][:-10]
    return logs


def twice(logs: Logs) -> Logs:
    return [*logs, logs[-1]]


def backwards(logs: Logs) -> Logs:
    return logs[::-1]


# --- blocks -------------------------------------------------------------------------------------------------------


def _asked_for(other: Callable[[int, int], int]) -> Lie:
    """Answers with the block `other(number asked for, about)`, and with its receipts."""

    def lie(call: Asked, result: Any, about: int, ask: Ask) -> Any:
        number = number_of(call)
        if number is None or call.method not in ("eth_getBlockByNumber", "eth_getBlockReceipts"):
            return result
        instead = other(number, about)
        return result if instead == number else ask(call.method, hex(instead), *call.params[1:])

    return Lie(lie)


def in_header(**fields: Callable[[str], str]) -> Lie:
    """Other values in the header of one block, under its right hash."""

    def lie(call: Asked, result: Any, about: int, ask: Ask) -> Any:
        if isinstance(result, dict) and result.get("number") == hex(about):
            return result | {name: change(result[name]) for name, change in fields.items()}
        return result

    return Lie(lie)


def in_transactions(change: Callable[[list[Any]], list[Any]]) -> Lie:
    """Other transactions in one block, when they are asked for whole."""

    def lie(call: Asked, result: Any, about: int, ask: Ask) -> Any:
        whole = call.method == "eth_getBlockByNumber" and call.params[1:] == [True]
        if whole and result and result["number"] == hex(about):
            return result | {"transactions": change(deepcopy(result["transactions"]))}
        return result

    return Lie(lie)


def _other_input(transactions: list[Any]) -> list[Any]:
    transactions[0]["input"] += "00"
    return transactions


def _old_head(call: Asked, result: Any, about: int, ask: Ask) -> Any:
    if call.method == "eth_getBlockByNumber" and call.params[0] == "latest":
        return ask(call.method, hex(about), *call.params[1:])
    return hex(about) if call.method == "eth_blockNumber" else result


def _head_that_is_not_there(call: Asked, result: Any, about: int, ask: Ask) -> Any:
    """Three blocks more than there are."""
    if call.method == "eth_getBlockByNumber" and call.params[0] == "latest":
        far = result | {"number": hex(int(result["number"], 16) + 3), "parentHash": result["hash"]}
        return far | {"hash": block_hash(far)}
    return result


def _other_genesis(call: Asked, result: Any, about: int, ask: Ask) -> Any:
    if call.method == "eth_getBlockByNumber" and number_of(call) == 0:
        other = result | {"extraData": "0x1234"}
        return other | {"hash": block_hash(other)}
    return result


def _nothing(call: Asked, result: Any, about: int, ask: Ask) -> Any:
    return None if number_of(call) == about else result


# --- answers ------------------------------------------------------------------------------------------------------


def _batches(change: Callable[[list[Json]], list[Json]]) -> Lie:
    """Changes the answers of every batch of blocks."""

    def lie(asked: list[Asked], answers: list[Json], about: int, ask: Ask) -> list[Json]:
        return change(answers) if _of_blocks(asked) else answers

    return Lie(batch=lie)


def _replies(change: Callable[[bytes], Reply]) -> Lie:
    def lie(asked: list[Asked], body: bytes) -> Reply | None:
        return change(body) if _of_blocks(asked) else None

    return Lie(reply=lie)


def _of_blocks(asked: list[Asked]) -> bool:
    """Whether more is asked for than where the chain stands."""
    return len(asked) > 1 and asked[0].method != "eth_chainId"


def _errors(code: int, message: str) -> Lie:
    return _batches(lambda answers: [{**a, "error": {"code": code, "message": message}} for a in answers])


def giant_answer(megabytes: int) -> Lie:
    """Blank space by the megabyte in front of an honest answer."""
    return _replies(lambda body: Reply(b" " * (megabytes << 20) + body))


def _next_number(text: str) -> str:
    return hex(int(text, 16) + 1)


LOGS: dict[str, Lie] = {
    "omits a log from logs": in_logs(omit),
    "omits a log from receipts": in_receipts(omit),
    "omits a log from receipts, filters made to fit": in_receipts(omit, blooms=True),
    "omits a log from both": in_both(omit),
    "omits a log, header made to fit": with_header(omit, rehash=False),
    "omits a log, header and hash made to fit": with_header(omit, rehash=True),
    "adds a log to logs": in_logs(add),
    "adds a log to both": in_both(add),
    "adds a log, header made to fit": with_header(add, rehash=False),
    "adds a log, header and hash made to fit": with_header(add, rehash=True),
    "changes an amount in logs": in_logs(other_amount),
    "changes an amount in receipts": in_receipts(other_amount),
    "changes an amount in both": in_both(other_amount),
    "changes an amount, header made to fit": with_header(other_amount, rehash=False),
    "changes a topic in both": in_both(other_topic),
    "changes a log's index in both": in_both(other_index),
    "changes a log's index in logs": in_logs(other_index),
    "places a log in another block": in_both(other_block, blooms=False),
    "gives a log to another contract": in_both(other_address),
    "calls a log removed": in_both(removed, blooms=False),
    "cuts a log short": in_both(cut_short),
    "repeats a log": in_both(twice),
    "turns the logs round": in_both(backwards),
}
"""Lies about what a block records; `about` is a block with several logs of ours in one transaction."""

BLOCKS: dict[str, Lie] = {
    "swaps two blocks": _asked_for(lambda n, about: {about: about + 1, about + 1: about}.get(n, n)),
    "repeats a block": _asked_for(lambda n, about: about if n == about + 1 else n),
    "skips a block": _asked_for(lambda n, about: n + 1 if n == about else n),
    "changes a block's number": in_header(number=_next_number),
    "changes a block's time": in_header(timestamp=_next_number),
    "changes a block's parent": in_header(parentHash=lambda _: "0x" + "ef" * 32),
    "changes a block's hash": in_header(hash=lambda _: "0x" + "ef" * 32),
    "cuts a block's hash": in_header(hash=lambda text: text[:-2]),
    "omits the transactions": in_transactions(lambda _: []),
    "changes a transaction": in_transactions(_other_input),
    "has no such block": Lie(_nothing),
}
"""Lies about blocks; `about` is one in the middle."""

HEADS: dict[str, Lie] = {
    "serves an old head": Lie(_old_head),
    "serves a head that is not there": Lie(_head_that_is_not_there),
    "turns into another chain": Lie(_other_genesis),
}

ANSWERS: dict[str, Lie] = {
    "cuts a response in half": _replies(lambda body: Reply(body[: len(body) // 2], length=len(body))),
    "sends half of the JSON": _replies(lambda body: Reply(body[: len(body) // 2])),
    "leaves answers out": _batches(lambda answers: answers[: len(answers) // 2]),
    "sends nothing": _replies(lambda _: Reply(b"")),
    "sends an empty batch": _batches(lambda _: []),
    "stalls": _replies(lambda _: Reply(b"", stalled=True)),
    "fails with 500": _replies(lambda _: Reply(b"oops", 500, "text/plain")),
    "fails with 429": _replies(lambda _: Reply(b"slow down", 429, "text/plain")),
    "sends a page": _replies(lambda _: Reply(b"<html><body>Welcome</body></html>", 200, "text/html")),
    "refuses every call": _errors(-32000, "execution timeout"),
    "mixes up the ids": _batches(lambda answers: [a | {"id": a["id"] + 1_000} for a in answers]),
    "answers one id twice": _batches(lambda answers: [*answers[:-1], answers[0]]),
    "answers null to all": _batches(lambda answers: [a | {"result": None} for a in answers]),
    "answers text to all": _batches(lambda answers: [a | {"result": "nonsense"} for a in answers]),
}
"""Answers that are no answers."""
