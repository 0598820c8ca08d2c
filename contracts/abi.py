"""What the generated bindings stand on: ABI words, events, calls, errors and EIP-712 digests.

Every type in our contracts is static, so a call is a row of 32-byte words and, for a batch, one array of such rows.
The words are checked strictly here, before anything is hashed or signed: `eth-account` ignores extra fields and pads
short bytes (DESIGN section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NewType, TypeVar

from contracts.keccak import keccak

Address = NewType("Address", bytes)
"""An account: 20 bytes."""

T = TypeVar("T")

WORD = 32
ADDRESS_BYTES = 20
_PAD12 = bytes(12)


class BadValue(ValueError):
    """A value does not fit its type.

    `field` names it; the message says what would fit.
    """

    def __init__(self, field: str, wanted: str) -> None:
        super().__init__(f"{field}: {wanted}")
        self.field = field
        self.wanted = wanted


def uint_word(value: int, bits: int, field: str) -> bytes:
    """`value` as an unsigned integer of `bits` bits; raises BadValue for floats, booleans, negatives and overflow."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValue(field, "give a whole number")
    if not 0 <= value < 1 << bits:
        raise BadValue(field, f"give a whole number from 0 to 2^{bits}-1")
    return int(value).to_bytes(WORD, "big")


def bool_word(value: bool, field: str) -> bytes:
    """True or False; raises BadValue for anything else."""
    if not isinstance(value, bool):
        raise BadValue(field, "give true or false")
    return int(value).to_bytes(WORD, "big")


def bytes32_word(value: bytes, field: str) -> bytes:
    """Exactly 32 bytes; raises BadValue."""
    if not isinstance(value, bytes) or len(value) != WORD:
        raise BadValue(field, "give exactly 32 bytes")
    return value


def address_word(value: bytes, field: str) -> bytes:
    """Exactly 20 bytes, padded left; raises BadValue."""
    if not isinstance(value, bytes) or len(value) != ADDRESS_BYTES:
        raise BadValue(field, "give exactly 20 bytes")
    return _PAD12 + value


def code_word(value: str, field: str) -> bytes:
    """A Code: 1 to 32 printable ASCII characters, padded right; "" is no code (zero). Raises BadValue."""
    if not isinstance(value, str) or len(value) > WORD or not all("!" <= c <= "~" for c in value):
        raise BadValue(field, "give at most 32 printable ASCII characters without spaces")
    return value.encode().ljust(WORD, b"\0")


def fixed_words(words: Sequence[bytes], length: int, field: str) -> bytes:
    """The words of an array of fixed length; raises BadValue."""
    if len(words) != length:
        raise BadValue(field, f"give exactly {length} values")
    return b"".join(words)


def code_text(word: bytes) -> str:
    """The text of a Code. Bytes that are no printable ASCII are escaped: a contract cannot stop anyone writing them."""
    return word.rstrip(b"\0").decode("ascii", "backslashreplace").replace("\0", "\\x00")


@dataclass(frozen=True, slots=True)
class Column:
    """One field of an event: its name and kind (`bytes32`, `address`, `code` or `int`)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event of one contract: its topic as hex text and the slot decoder from a log's hex text to the typed event."""

    contract: str
    name: str
    topic: str
    columns: tuple[Column, ...]
    decode: Callable[[Sequence[str], str], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class View(Generic[T]):
    """A read-only call: calldata and the decoder of its answer."""

    data: bytes
    decode: Callable[[bytes], T]


def calldata(selector: bytes, words: Sequence[bytes], items: Sequence[bytes] | None = None) -> bytes:
    """Calldata of a function: static arguments, then at most one array of static items, the last argument."""
    if items is None:
        return selector + b"".join(words)
    offset = (sum(map(len, words)) + WORD).to_bytes(WORD, "big")
    return b"".join((selector, *words, offset, len(items).to_bytes(WORD, "big"), *items))


class ContractError(Exception):
    """A contract refused an act. Its subclasses are generated, one for each custom error."""

    SIGNATURE: ClassVar[str] = ""
    FIELD: ClassVar[str] = ""
    """The input to look at."""
    REMEDY: ClassVar[str] = ""
    """What the caller can do."""
    RETRY: ClassVar[bool] = False
    """True when the same act may succeed later, unchanged."""
    COLUMNS: ClassVar[tuple[Column, ...]] = ()

    def __init__(self, *values: Any) -> None:
        self.values: dict[str, Any] = dict(zip((c.name for c in self.COLUMNS), values, strict=True))
        shown = ", ".join(f"{k}={_shown(v)}" for k, v in self.values.items())
        super().__init__(f"{(type(self).__doc__ or type(self).__name__).strip()} ({shown})")

    @classmethod
    def decode(cls, data: bytes) -> ContractError:
        """The error from revert data without its selector."""
        words = (data[i : i + WORD] for i in range(0, len(cls.COLUMNS) * WORD, WORD))
        return cls(*(_value(column.kind, word) for column, word in zip(cls.COLUMNS, words, strict=True)))


class UnknownContractError(ContractError):
    """The contract refused for a reason that its interface does not name."""

    COLUMNS = (Column("data", "bytes"),)


def decode_error(data: bytes, known: Mapping[bytes, type[ContractError]]) -> ContractError:
    """Revert data -> the error. Data that no error in `known` matches gives UnknownContractError, not an exception."""
    error = known.get(data[:4])
    if error is None or len(data) != 4 + WORD * len(error.COLUMNS):
        return UnknownContractError(data)
    return error.decode(data[4:])


def _value(kind: str, word: bytes) -> Any:
    if kind == "int":
        return int.from_bytes(word, "big")
    if kind == "code":
        return code_text(word)
    return word[WORD - ADDRESS_BYTES :] if kind == "address" else word


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


@dataclass(frozen=True, slots=True)
class Domain:
    """EIP-712 domain of one deployed contract."""

    name: str
    version: str
    chain_id: int
    contract: Address

    TYPE: ClassVar[str] = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"

    def separator(self) -> bytes:
        """EIP-712 `hashStruct(eip712Domain)`: 32 bytes."""
        return keccak(
            b"".join(
                (
                    keccak(self.TYPE.encode()),
                    keccak(self.name.encode()),
                    keccak(self.version.encode()),
                    uint_word(self.chain_id, 256, "chain_id"),
                    address_word(self.contract, "contract"),
                )
            )
        )

    def digest(self, struct_hash: bytes) -> bytes:
        """EIP-712 digest to sign: 32 bytes."""
        return keccak(b"\x19\x01" + self.separator() + bytes32_word(struct_hash, "struct_hash"))
