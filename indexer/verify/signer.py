"""Who signed: an account from a signature of 65 bytes, as block seals have them."""

from __future__ import annotations

from coincurve import PublicKey

from contracts.keccak import keccak
from indexer.errors import BadAnswer

SIGNATURE_BYTES = 65
_MOST_PARITY = 1


def signer(signature: bytes, digest: bytes) -> bytes:
    """The account (20 bytes) whose key signed `digest` (32 bytes); the signature is r, s and 0 or 1.

    Raises BadAnswer when it is no signature. Any 65 bytes that are one have some signer: whether it is one who may sign
    is for the caller to say.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise BadAnswer(f"a seal of {len(signature)} bytes instead of {SIGNATURE_BYTES}")
    if signature[-1] > _MOST_PARITY:
        raise BadAnswer(f"a seal that ends in {signature[-1]} instead of 0 or 1")
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError as error:
        raise BadAnswer(f"a seal that is no signature ({error})") from None
    return keccak(key.format(compressed=False)[1:])[12:]
