"""EIP-712 signatures of the acts that the contracts check, in the compact form of EIP-2098.

The structs and their strict words are generated (contracts.bindings); here are the key, the curve and the
refusals that protect a signer: a deadline must lie ahead, and the genesis hash must be that of the signer's
own ledger, because private chains share chain ids (DESIGN section 4).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from eth_account.signers.local import LocalAccount
from eth_keys import keys
from eth_keys.exceptions import BadSignature as NotOnTheCurve
from eth_keys.exceptions import ValidationError
from eth_typing import Hash32

from contracts.abi import Address, Domain, bytes32_word, uint_word
from wallet.errors import BadSignature, Expired, WrongChain, WrongSigner

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of the curve secp256k1 (SEC 2, section 2.4.1)."""
HALF_ORDER = ORDER // 2
"""Largest s: of the two that verify, EIP-2 allows the low one only, so that a signature has one form."""
_S_MASK = (1 << 255) - 1


class Signable(Protocol):
    """Any generated EIP-712 struct: a household's Acceptance, Refusal or Dispute, a donor's Claim or Reassignment, a
    volunteer's ReserveChoice, Redemption, MinutesGift or HeirNaming, a witness's Witnessing and the others."""

    @property
    def genesis_hash(self) -> bytes: ...

    @property
    def deadline_unix_s(self) -> int: ...

    def struct_hash(self) -> bytes: ...


class CompactSignature(NamedTuple):
    """EIP-2098: 32 bytes `r`, and 32 bytes `vs` whose highest bit is the parity of y and whose rest is s."""

    r: bytes
    vs: bytes


def sign(
    struct: Signable, domain: Domain, key: LocalAccount, *, genesis_hash: bytes, now_unix_s: int
) -> CompactSignature:
    """Signs the struct for one deployed contract of the ledger whose block 0 is `genesis_hash`.

    Raises BadValue (a value does not fit its field), WrongChain, Expired.
    """
    digest = domain.digest(struct.struct_hash())
    require_chain(struct, genesis_hash)
    require_current(struct, now_unix_s)
    signed = key.unsafe_sign_hash(Hash32(digest))  # the digest is ours, checked word by word
    return compact(int(signed.r), int(signed.s), int(signed.v) - 27)


def recover(struct: Signable, domain: Domain, signature: CompactSignature) -> Address:
    """The account that signed, whichever it is. Raises BadValue; BadSignature for what no key can have
    made."""
    digest = domain.digest(struct.struct_hash())
    r, vs = (
        int.from_bytes(bytes32_word(word, name), "big")
        for word, name in zip(signature, ("r", "vs"), strict=True)
    )
    s = vs & _S_MASK
    if not 0 < r < ORDER or not 0 < s <= HALF_ORDER:
        raise BadSignature("s is high" if s > HALF_ORDER else "out of range")
    try:
        public = keys.Signature(vrs=(vs >> 255, r, s)).recover_public_key_from_msg_hash(digest)
    except (NotOnTheCurve, ValidationError):
        raise BadSignature("r is on no point of the curve", field="r") from None
    return Address(public.to_canonical_address())


def verify(
    struct: Signable,
    domain: Domain,
    signature: CompactSignature,
    signer: Address,
    *,
    genesis_hash: bytes,
    now_unix_s: int,
) -> None:
    """Returns when `signer` signed this for this ledger and the deadline lies ahead; what the chain will say
    of the record itself is known there only. Raises BadValue, BadSignature, WrongSigner, WrongChain,
    Expired."""
    recovered = recover(struct, domain, signature)
    require_chain(struct, genesis_hash)
    if recovered != signer:
        raise WrongSigner(f"0x{recovered.hex()} signed, not 0x{signer.hex()}")
    require_current(struct, now_unix_s)


def require_chain(struct: Signable, genesis_hash: bytes) -> None:
    """Raises WrongChain unless the struct speaks of the ledger whose block 0 has this hash."""
    if struct.genesis_hash != genesis_hash:
        raise WrongChain(f"0x{struct.genesis_hash.hex()}, not 0x{genesis_hash.hex()}")


def require_current(struct: Signable, now_unix_s: int) -> None:
    """Raises Expired unless the deadline lies ahead. The contract takes a signature up to that very
    second."""
    if struct.deadline_unix_s <= now_unix_s:
        raise Expired(f"{struct.deadline_unix_s}, now it is {now_unix_s}")


def compact(r: int, s: int, y_parity: int) -> CompactSignature:
    """EIP-2098 form with low s. Where s is high, -s signs the same digest with the mirrored point of r, so
    the parity flips with it."""
    if s > HALF_ORDER:
        s, y_parity = ORDER - s, 1 - y_parity
    return CompactSignature(uint_word(r, 256, "r"), uint_word(y_parity << 255 | s, 256, "vs"))
