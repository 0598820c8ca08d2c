"""Scratch cards for families without a phone: 16 secrets under one Merkle root (contracts/README.md, FieldAcceptance).

The registrar makes a card, records its root at the family's account and prints the secrets under a scratch layer.
A family that took its aid scratches the next field; with the secret and a second person's signature anyone may send
the acceptance.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from eth_utils.crypto import keccak

from contracts.abi import Address, BadValue, address_word, code_word, uint_word

FIELDS = 16
LEVELS = 4
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: no I, L, O or U, which a tired eye takes for other letters."""
GROUPS = 4
GROUP_LETTERS = 5
"""Twenty letters are 100 bits: nobody finds a secret from the card's root."""


class Revealed(NamedTuple):
    """A scratched field, as `CardAcceptance` takes it: the secret's word and its path to the root, 4 x 32 bytes."""

    field: int
    secret: bytes
    proof: tuple[bytes, ...]


class Card(NamedTuple):
    """A household's card: what is printed on it, field 0 first."""

    household: Address
    texts: tuple[str, ...]

    @classmethod
    def make(cls, household: Address) -> Card:
        """A new card with random secrets, e.g. `7K3QX-0MZ9T-PV4WC-H81RD`."""
        return cls(household, tuple(_random_text() for _ in range(FIELDS)))

    def root(self) -> bytes:
        """What is recorded on chain: 32 bytes that tell nothing about the secrets."""
        return self._levels()[-1][0]

    def reveal(self, field: int) -> Revealed:
        """The evidence of a scratched field, 0 to 15; raises BadValue."""
        if not 0 <= field < FIELDS:
            raise BadValue("field", f"give a field of the card, 0 to {FIELDS - 1}")
        proof = tuple(level[(field >> height) ^ 1] for height, level in enumerate(self._levels()[:-1]))
        return Revealed(field, secret_of(self.texts[field]), proof)

    def _levels(self) -> list[list[bytes]]:
        levels = [[leaf(self.household, i, secret_of(text)) for i, text in enumerate(self.texts)]]
        while len(levels[-1]) > 1:
            below = levels[-1]
            levels.append([_pair(below[i], below[i + 1]) for i in range(0, len(below), 2)])
        return levels


def secret_of(text: str) -> bytes:
    """The 32 bytes of a printed secret as it was read: case, spaces, hyphens and look-alikes do not matter.

    Raises BadValue when it is no secret of a card.
    """
    plain = text.upper().translate(str.maketrans("OIL", "011", "- \t\n"))
    if len(plain) != GROUPS * GROUP_LETTERS or not set(plain) <= set(ALPHABET):
        raise BadValue("secret", "read the 20 letters and digits of the scratched field again")
    return code_word(plain, "secret")


def leaf(household: Address, field: int, secret: bytes) -> bytes:
    """A field's leaf: hashed twice, so that no inner node passes for one (OpenZeppelin's standard Merkle tree)."""
    words = address_word(household, "household") + uint_word(field, 8, "field") + secret
    return keccak(keccak(words))


def root_of(household: Address, revealed: Revealed) -> bytes:
    """The root that a revealed field leads to; on chain it must be the household's."""
    return _climb(leaf(household, revealed.field, revealed.secret), revealed.proof)


def _climb(node: bytes, proof: Sequence[bytes]) -> bytes:
    for other in proof:
        node = _pair(node, other)
    return node


def _pair(left: bytes, right: bytes) -> bytes:
    return keccak(min(left, right) + max(left, right))


def _random_text() -> str:
    letters = [secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP_LETTERS)]
    return "-".join("".join(letters[i : i + GROUP_LETTERS]) for i in range(0, len(letters), GROUP_LETTERS))
