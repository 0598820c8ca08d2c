"""How a mirror is kept: what counts as final, how far the node is believed, and how blocks are sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from indexer.errors import BadSetting

MOST_UNDONE = 256
"""Blocks that a re-organisation may take back before somebody has to look."""


class Consensus(StrEnum):
    """How the network seals its blocks, so that a node cannot make some up."""

    NONE = "none"
    """No seals to check: a development node, or a network that is trusted by other means."""
    CLIQUE = "clique"
    """EIP-225: one signer's signature at the end of `extraData`."""
    QBFT = "qbft"
    """Besu's and GoQuorum's QBFT: commit seals of at least two thirds of the validators."""


class FinalityKind(StrEnum):
    """When a block is taken to stay."""

    INSTANT = "instant"
    DEPTH = "depth"
    FINALIZED = "finalized"


@dataclass(frozen=True, slots=True)
class Finality:
    """`instant`, `depth:N` (blocks with at least N behind them) or `finalized` (what the node calls so)."""

    kind: FinalityKind = FinalityKind.INSTANT
    depth: int = 0
    """Blocks; only with DEPTH."""

    @classmethod
    def parse(cls, text: str) -> Finality:
        """Raises BadSetting."""
        name, _, depth = text.partition(":")
        if (
            name == FinalityKind.DEPTH
            and depth.isascii()
            and depth.isdigit()
            and 1 <= int(depth) <= 1_000_000
        ):
            return cls(FinalityKind.DEPTH, int(depth))
        if text in (FinalityKind.INSTANT, FinalityKind.FINALIZED):
            return cls(FinalityKind(text))
        raise BadSetting("finality", text, "give instant, finalized, or depth:N with N from 1 to 1000000")

    def __str__(self) -> str:
        return f"depth:{self.depth}" if self.kind is FinalityKind.DEPTH else self.kind.value


class VerifyKind(StrEnum):
    """How much of a node's answer is recomputed."""

    FULL = "full"
    SAMPLED = "sampled"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Verify:
    """`full` (every block), `sampled:P` (each block with probability P) or `off` (only how blocks and logs hang
    together)."""

    kind: VerifyKind = VerifyKind.FULL
    share: float = 1.0
    """The probability with which a block is checked, from 0 to 1."""

    @classmethod
    def parse(cls, text: str) -> Verify:
        """Raises BadSetting."""
        name, _, share = text.partition(":")
        if name == VerifyKind.SAMPLED:
            try:
                number = float(share)
            except ValueError:
                number = 0.0
            if 0 < number <= 1:
                return cls(VerifyKind.SAMPLED, number)
        elif text == VerifyKind.FULL:
            return cls()
        elif text == VerifyKind.OFF:
            return cls(VerifyKind.OFF, 0.0)
        raise BadSetting("verify", text, "give full, off, or sampled:P with P above 0 and at most 1")

    def __str__(self) -> str:
        return f"sampled:{self.share:g}" if self.kind is VerifyKind.SAMPLED else self.kind.value


@dataclass(frozen=True, slots=True)
class Settings:
    """How one follower works."""

    finality: Finality = field(default_factory=Finality)
    verify: Verify = field(default_factory=Verify)
    consensus: Consensus = Consensus.NONE
    most_undone: int = MOST_UNDONE
    """Blocks that a re-organisation may take back; beyond, the follower stops and says so."""
    epoch: int = 30_000
    """Blocks between two checkpoints of who may seal; as the network's genesis file says. Only with seals."""
    poll_s: float = 0.2
    """Seconds between two looks at the node's head."""

    def __post_init__(self) -> None:
        """Raises BadSetting when the settings contradict each other."""
        if self.consensus is not Consensus.NONE and self.verify.kind is VerifyKind.OFF:
            raise BadSetting(
                "consensus",
                self.consensus,
                "seals are checked on headers, which verify `off` does not look at; give verify full or sampled:P",
            )
        if not 1 <= self.most_undone <= 100_000:
            raise BadSetting("most-undone", str(self.most_undone), "give a number of blocks from 1 to 100000")
        if not 1 <= self.epoch <= 1_000_000_000:
            raise BadSetting("epoch", str(self.epoch), "give the epoch length of the network's genesis file")
        if not 0.01 <= self.poll_s <= 3_600:
            raise BadSetting("poll", str(self.poll_s), "give seconds from 0.01 to 3600")
