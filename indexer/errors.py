"""What can go wrong between the chain and the mirror. Each error says whether trying again can help.

IndexerError
|- NodeError              the node, or the way to it
|  |- NodeUnreachable     retry
|  |- NodeRefused         retry unless the call itself is wrong
|  |- RangeTooLarge       retry with fewer blocks
|  |- BadAnswer           retry a few times: a chain may move between two calls, a liar repeats itself
|- Reorganised            retry after undoing blocks; never leaves the follower
|- BadSetting              a setting is no use; the message says what is
|- OtherChain, ReorgTooDeep, MirrorOutdated, MirrorInUse, MirrorMissing     somebody has to act
|- UnknownRecord          asked for something that the mirror does not have (yet)
|- InvariantBroken        the rows contradict DESIGN section 2
"""

from __future__ import annotations


class IndexerError(Exception):
    """Something between the chain and the mirror failed."""

    retry = False
    """True when the same act may succeed later, unchanged."""


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
    """The mirror was made by another version of the contracts' events."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url}: made for other events than this program knows; delete the mirror and follow again"
        )


class MirrorInUse(IndexerError):
    """Another follower writes this mirror."""

    retry = True

    def __init__(self, path: object, holder: str) -> None:
        super().__init__(
            f"{path}: {holder or 'another process'} is following into this mirror; stop it first"
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
