"""The hash that Ethereum uses for everything: Keccak-256, as it was before SHA-3 was standardised."""

from __future__ import annotations

from sha3 import keccak_256  # type: ignore[import-untyped]


def keccak(data: bytes) -> bytes:
    """32 bytes.

    By safe-pysha3: for short texts several times faster than pycryptodome, which eth-utils would pick, and loaded in
    a moment, where eth-utils brings pydantic. Checking a block is mostly this.
    """
    digest: bytes = keccak_256(data).digest()
    return digest
