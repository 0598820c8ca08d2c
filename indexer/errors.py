"""What can go wrong between the chain and the mirror. Each error says whether trying again can help.

IndexerError
|- NodeError              the node, or the way to it
|  |- NodeUnreachable     retry
|  |- NodeRefused         retry unless the call itself is wrong
|  |- AnswerTooLarge      retry with fewer blocks
|  |- RangeTooLarge       retry with fewer blocks
|  |- StaleHead           retry with another node, or later
|  |- NodeBehind          retry with another node, or later
|  |- BadAnswer           retry a few times: a chain may move between two calls, a liar repeats itself
|- Reorganised            retry after undoing blocks; never leaves the follower
|- BadSetting              a setting is no use; the message says what is
|- MirrorAway              the database; retry
|- OtherChain, ReorgTooDeep, MirrorOutdated, MirrorInUse, MirrorMissing     somebody has to act
|- UnknownRecord          asked for something that the mirror does not have (yet)
|- InvariantBroken        the rows contradict DESIGN section 2
"""

from __future__ import annotations

from typing import Any


class IndexerError(Exception):
    """Something between the chain and the mirror failed."""

    retry = False
    """True when the same act may succeed later, unchanged."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as it is: the message is made already, and `__init__` wants what it was made of."""
        return _remade, (type(self), self.args, self.__dict__)


def _remade(kind: type[IndexerError], args: tuple[Any, ...], state: dict[str, Any]) -> IndexerError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class BadSetting(IndexerError):
    """A setting is not one of those there are. `name` is the option's."""

    def __init__(self, name: str, value: str, remedy: str) -> None:
        super().__init__(f"--{name} {value}: {remedy}")
        self.name = name


class NodeError(IndexerError):
    """The node did not give a usable answer."""


class NodeUnreachable(NodeError):
    """No answer from the node: is it running, and is the address right?"""

    retry = True

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(f"no answer from the node at {url} ({reason}); is it running, is the address right?")


class NodeRefused(NodeError):
    """The node answered a call with a JSON-RPC error, or with an HTTP status other than 200."""

    def __init__(self, method: str, code: int, reason: str) -> None:
        super().__init__(f"the node refused {method}: {reason} ({code})")
        self.code = code
        # The specification's codes for "your call is wrong": sending it again changes nothing.
        self.retry = code not in (-32600, -32601, -32602, 400, 401, 403, 404, 405)


class AnswerTooLarge(NodeError):
    """The node's answer is longer than any that is wanted."""

    retry = True

    def __init__(self, url: str, most_bytes: int) -> None:
        super().__init__(f"the node at {url} answers with more than {most_bytes:,} bytes")


class StaleHead(NodeError):
    """The node is behind what it, or another, showed before: its chain ends inside the mirror's."""

    retry = True

    def __init__(self, url: str, head: int, indexed: int) -> None:
        super().__init__(
            f"the node at {url} serves an old head: its last block is {head}, block {indexed} was indexed already"
        )


class RangeTooLarge(NodeError):
    """The node does not answer for so many blocks at once."""

    retry = True

    def __init__(self, first: int, last: int, reason: object) -> None:
        super().__init__(f"the node does not answer for blocks {first} to {last} at once ({reason})")


class BadAnswer(NodeError):
    """The node's answer contradicts itself or is no chain data. `what` names the place."""

    retry = True

    def __init__(self, what: str) -> None:
        super().__init__(f"the node's answer is not to be trusted: {what}")
        self.what = what


class Reorganised(IndexerError):
    """The chain no longer holds the last block that the mirror holds."""

    retry = True


class OtherChain(IndexerError):
    """Node, deployment file and mirror do not speak of the same ledger."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")


class ReorgTooDeep(IndexerError):
    """The chain changed further back than the follower undoes by itself."""

    def __init__(self, number: int, depth: int) -> None:
        super().__init__(
            f"the chain changed at or below block {number}, further back than is undone without being asked "
            f"({depth} blocks, and never the ledger's deployment); find out why, then delete the mirror and "
            "follow again"
        )


class MirrorOutdated(IndexerError):
    """The mirror was made for other events or tables, and is not brought to this version without the chain."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url}: made for other tables or events than this program knows; `amanat index rebuild` makes it "
            "again from the chain"
        )


class MirrorInUse(IndexerError):
    """Another follower writes this mirror."""

    retry = True

    def __init__(self, path: object, holder: str) -> None:
        super().__init__(
            f"{path}: {holder or 'another process'} is following into this mirror; stop it first"
        )
        self.holder = holder or "another process"


class NodeBehind(NodeError):
    """The node's chain ends before the block that is needed."""

    retry = True

    def __init__(self, url: str, head: int, wanted: int) -> None:
        super().__init__(
            f"the node at {url} is at block {head} only, block {wanted} is needed; wait for it or name another node"
        )


class MirrorAway(IndexerError):
    """The mirror's database did not do what it was asked: gone, full, or read-only."""

    retry = True

    def __init__(self, reason: object) -> None:
        super().__init__(
            f"the mirror's database fails ({str(reason).strip()}); is it running, is its disk full?"
        )


class MirrorMissing(IndexerError):
    """There is no mirror, or nothing was ever indexed into it."""

    retry = True

    def __init__(self, url: str) -> None:
        super().__init__(f"{url}: nothing indexed yet; start `amanat index follow`")


class UnknownRecord(IndexerError):
    """The mirror does not hold this record (yet)."""

    retry = True

    def __init__(self, kind: str, id: bytes) -> None:
        super().__init__(f"no {kind} 0x{id.hex()} in the mirror; it may not be indexed yet")
        self.kind = kind
        self.id = id


class InvariantBroken(IndexerError):
    """The mirror's rows contradict an invariant of DESIGN section 2: `invariant` is its number, e.g. "I3"."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant} broken: {what}; delete the mirror and follow again, and keep this one")
        self.invariant = invariant
