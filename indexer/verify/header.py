"""A block header's hash, recomputed from what the node says is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.keccak import keccak
from indexer.errors import BadAnswer
from indexer.verify import hextext, rlp

# In the order of the header (Yellow Paper, section 4.4), then what later forks append to it. A fork's field is in the
# header if and only if the node names it; a field left out or made up changes the hash.
_FIELDS: tuple[tuple[str, bool], ...] = (
    ("parentHash", False),
    ("sha3Uncles", False),
    ("miner", False),
    ("stateRoot", False),
    ("transactionsRoot", False),
    ("receiptsRoot", False),
    ("logsBloom", False),
    ("difficulty", True),
    ("number", True),
    ("gasLimit", True),
    ("gasUsed", True),
    ("timestamp", True),
    ("extraData", False),
    ("mixHash", False),
    ("nonce", False),
)
_LATER: tuple[tuple[str, bool], ...] = (
    ("baseFeePerGas", True),  # EIP-1559
    ("withdrawalsRoot", False),  # EIP-4895
    ("blobGasUsed", True),  # EIP-4844
    ("excessBlobGas", True),  # EIP-4844
    ("parentBeaconBlockRoot", False),  # EIP-4788
    ("requestsHash", False),  # EIP-7685
)
EXTRA = [name for name, _ in _FIELDS].index("extraData")
"""Where a header's items have `extraData`, which holds the seals of proof of authority."""


def header_items(block: Mapping[str, Any]) -> list[bytes]:
    """The header's fields from a JSON-RPC block, in their order. Raises BadAnswer naming what is missing."""
    later = [field for field in _LATER if block.get(field[0]) is not None]
    return [_item(block, name, is_number) for name, is_number in (*_FIELDS, *later)]


def header_hash(block: Mapping[str, Any]) -> bytes:
    """The hash of a JSON-RPC block's header: 32 bytes. Raises BadAnswer."""
    return keccak(rlp.encode(header_items(block)))


def _item(block: Mapping[str, Any], name: str, is_number: bool) -> bytes:
    try:
        value = block.get(name)
        return rlp.number(hextext.number(value)) if is_number else hextext.data(value)
    except ValueError as error:
        raise BadAnswer(f"block header without a usable {name} ({error})") from None
