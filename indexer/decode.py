"""From a node's logs to rows: every log is checked against its block's header, then decoded from its fixed
slots."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from contracts.abi import Address, Event
from indexer.blocks import Header
from indexer.errors import BadAnswer
from indexer.events import EVENTS, table_name

logger = logging.getLogger("amanat.index")

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
"""Table name -> rows: the typed event's values, then block number, block hash and log index."""

_WORD = 64
_TOPIC = len("0x") + _WORD


Decode = Callable[[Sequence[str], str], tuple[Any, ...]]
"""From a log's topics and data, as hex text, to the event's values."""


class Decoder(NamedTuple):
    """How logs of one event are read. Slots are cut from hex text blindly, so lengths are checked."""

    table: str
    decode: Decode
    topics_length: int
    """Characters of all topics together."""
    data_length: int
    """Characters of the data."""


class Decoders:
    """The decoders of one ledger's contracts, by address and topic in hex text."""

    def __init__(self, addresses: Mapping[str, Address], events: Iterable[Event] = EVENTS) -> None:
        """`addresses` by the contract names that the bindings use."""
        self.by_address: dict[str, dict[str, Decoder]] = {}
        for event in events:
            known = self.by_address.setdefault("0x" + addresses[event.contract].hex(), {})
            known[event.topic] = _decoder(event)
        self.unknown: dict[tuple[str, str], int] = {}
        """Events of our contracts that the bindings do not know: (address, topic) -> how many were passed
        over."""

    def ours(self, log: Mapping[str, Any]) -> bool:
        """Whether a contract that is followed wrote this log."""
        address: str = log["address"]
        return address in self.by_address or address.lower() in self.by_address

    def rows(self, logs: Iterable[Mapping[str, Any]], headers: Sequence[Header]) -> Rows:
        """Rows by table; raises BadAnswer naming the log that is not what was asked for."""
        rows: defaultdict[str, list[Row]] = defaultdict(list)
        header_of = {"0x" + header.hash.hex(): header for header in headers}
        by_address = self.by_address
        last_hash, number, hash, last_index = None, -1, b"", -1
        for log in logs:
            try:
                if log["blockHash"] != last_hash:
                    last_hash = log["blockHash"]
                    number, hash = _block(log, header_of, number)
                    last_index = -1
                index = int(log["logIndex"], 16)
                if index <= last_index or log.get("removed"):
                    raise BadAnswer(f"block {number}: log {index} is repeated, out of order or removed")
                last_index = index
                topics, data = log["topics"], log["data"]
                try:
                    decoder: Decoder | None = by_address[log["address"]][topics[0]]
                except KeyError:
                    decoder = self._decoder(log)
                if decoder is None:
                    continue
                table, decode, topics_length, data_length = decoder
                if len(data) != data_length or len("".join(topics)) != topics_length:
                    raise BadAnswer(f"block {number}: log {index} is too short or too long")
                rows[table].append((*decode(topics, data), number, hash, index))
            except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
                raise BadAnswer(f"a log after block {number}, log {last_index} ({error!r})") from None
        return dict(rows)

    def _decoder(self, log: Mapping[str, Any]) -> Decoder | None:
        address: str = log["address"]
        known = self.by_address.get(address) or self.by_address.get(address.lower())
        if known is None:
            raise BadAnswer(f"block {log['blockNumber']}: a log of {address}, which was not asked for")
        topic = log["topics"][0]
        decoder = known.get(topic)
        if decoder is None:
            seen = self.unknown.get((address, topic), 0)
            self.unknown[address, topic] = seen + 1
            if not seen:
                message = "%s emits an event with topic %s, unknown to the bindings: passed over"
                logger.warning(message, address, topic, extra={"event": "unknown_event"})
        return decoder


@dataclass(frozen=True)
class _Plain:
    """A decoder whose choices (enumerations) become the numbers they stand for, which every database, and another
    process, takes as they are."""

    decode: Decode
    choices: tuple[int, ...]

    def __call__(self, topics: Sequence[str], data: str) -> tuple[Any, ...]:
        values = list(self.decode(topics, data))
        for i in self.choices:
            values[i] = int(values[i])
        return tuple(values)


def _decoder(event: Event) -> Decoder:
    words = len(event.columns)
    for indexed in range(4):
        try:
            values = event.decode(["0x" + "0" * _WORD] * (indexed + 1), "0x" + "0" * _WORD * words)
        except IndexError:  # the bindings do not say how many columns are topics; their decoder does
            continue
        choices = tuple(i for i, value in enumerate(values) if isinstance(value, Enum))
        decode: Decode = _Plain(event.decode, choices) if choices else event.decode
        return Decoder(
            table_name(event.name),
            decode,
            _TOPIC * (indexed + 1),
            2 + _WORD * (words - indexed),
        )
    raise AssertionError(f"{event.name} has more topics than a log can have")


def _block(log: Mapping[str, Any], header_of: Mapping[str, Header], last_number: int) -> tuple[int, bytes]:
    header = header_of.get(log["blockHash"])
    number = int(log["blockNumber"], 16)
    if header is None or header.number != number:
        raise BadAnswer(
            f"block {number}: a log of block hash {log['blockHash']}, which its header does not have"
        )
    if number <= last_number:
        raise BadAnswer(f"block {number}: its logs come after those of block {last_number}")
    return number, header.hash
