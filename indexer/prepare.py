"""From a node to rows: fetch a range, check it as far as the settings ask, and decode it. Touches no database, so
ranges are prepared ahead while earlier ones are written."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts.abi import Address
from indexer.blocks import Header, check_chain, header
from indexer.decode import Decoders, Rows
from indexer.errors import BadAnswer
from indexer.fetch import Json, fetch_logs, fetch_whole
from indexer.node import Node
from indexer.settings import Consensus, Settings, VerifyKind
from indexer.verify.block import check_block, check_header

_RANDOM = secrets.SystemRandom()
"""Which blocks are sampled must not be foreseen by the node."""


class Prepared(NamedTuple):
    """Blocks that hang together, with their rows. Whether they follow on what is indexed is not checked yet."""

    headers: list[Header]
    rows: Rows
    sealed: list[Json]
    """The headers as the node wrote them, where seals are to be checked; else none."""
    events: int


@dataclass(frozen=True)
class Preparation:
    """What to look for, and how closely."""

    settings: Settings
    decoders: Decoders
    addresses: Sequence[Address]

    def __call__(self, node: Node, first: int, last: int) -> Prepared:
        """Blocks `first` to `last`; raises NodeError."""
        if self.settings.verify.kind is VerifyKind.FULL:
            blocks, headers, logs = self._whole(node, range(first, last + 1))
        else:
            blocks, headers, logs = self._logs(node, first, last)
        check_chain(headers, first)
        rows = self.decoders.rows(logs, headers)
        sealed = blocks if self.settings.consensus is not Consensus.NONE else []
        return Prepared(headers, rows, sealed, sum(map(len, rows.values())))

    def _whole(self, node: Node, numbers: Sequence[int]) -> tuple[list[Json], list[Header], list[Json]]:
        """Every block recomputed from its transactions and receipts; the logs are those of the receipts."""
        blocks: list[Json] = []
        headers: list[Header] = []
        logs: list[Json] = []
        for block, receipts in fetch_whole(node, numbers):
            checked, found = check_block(block, receipts, self.settings.consensus)
            blocks.append(block)
            headers.append(checked)
            logs += filter(self.decoders.ours, found)
        return blocks, headers, logs

    def _logs(self, node: Node, first: int, last: int) -> tuple[list[Json], list[Header], list[Json]]:
        blocks, logs = fetch_logs(node, first, last, self.addresses)
        if self.settings.verify.kind is VerifyKind.OFF:
            return blocks, [header(block) for block in blocks], logs
        headers = [check_header(block, self.settings.consensus) for block in blocks]
        share = self.settings.verify.share
        sample = [at for at in range(len(headers)) if _RANDOM.random() < share]
        if sample:
            self._check_sample(node, [headers[at] for at in sample], logs)
        return blocks, headers, logs

    def _check_sample(self, node: Node, sample: Sequence[Header], logs: Sequence[Json]) -> None:
        """The sampled blocks recomputed whole: `eth_getLogs` must have told of them what their receipts do."""
        told: dict[object, list[Json]] = {}
        for log in logs:
            told.setdefault(log.get("blockNumber"), []).append(log)
        for wanted, (block, receipts) in zip(
            sample, fetch_whole(node, [sampled.number for sampled in sample]), strict=True
        ):
            checked, found = check_block(block, receipts, self.settings.consensus)
            if checked != wanted:
                raise BadAnswer(f"block {wanted.number}: asked for twice, the node gave two different blocks")
            ours = list(filter(self.decoders.ours, found))
            _check_same(wanted.number, told.get(hex(wanted.number), []), ours)


def _check_same(number: int, told: Sequence[Json], ours: Sequence[Json]) -> None:
    if len(told) != len(ours):
        what = "omits" if len(told) < len(ours) else "adds"
        raise BadAnswer(
            f"block {number}: eth_getLogs {what} logs: it gave {len(told)}, the block's receipts hold {len(ours)}"
        )
    for one, other in zip(told, ours, strict=True):
        for name in ("address", "topics", "data", "logIndex"):
            if one.get(name) != other.get(name):
                raise BadAnswer(
                    f"block {number}: eth_getLogs changes the {name} of log {other.get('logIndex')}: the block's "
                    "receipts hold another"
                )
