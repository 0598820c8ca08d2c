"""A scratch card: what is printed on it, and the path from a scratched field to the root."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from contracts.abi import Address, BadValue
from wallet.cards import ALPHABET, FIELDS, LEVELS, Card, leaf, root_of, secret_of

HOUSEHOLD = Address(bytes(range(20)))


def test_every_field_leads_to_the_cards_root() -> None:
    card = Card.make(HOUSEHOLD)
    for field in range(FIELDS):
        revealed = card.reveal(field)
        assert len(revealed.proof) == LEVELS
        assert root_of(HOUSEHOLD, revealed) == card.root()


def test_the_root_is_the_standard_tree_of_double_hashed_leaves() -> None:
    """Built here level by level from the text of contracts/README.md, without the module's own climbing."""
    card = Card(HOUSEHOLD, tuple(f"{n:05d}-AAAAA-BBBBB-CCCCC" for n in range(FIELDS)))
    nodes = []
    for field, text in enumerate(card.texts):
        words = (
            HOUSEHOLD.rjust(32, b"\0")
            + field.to_bytes(32, "big")
            + text.replace("-", "").encode().ljust(32, b"\0")
        )
        nodes.append(keccak(keccak(words)))
    while len(nodes) > 1:
        nodes = [keccak(b"".join(sorted(nodes[i : i + 2]))) for i in range(0, len(nodes), 2)]
    assert card.root() == nodes[0]


def test_a_secret_opens_nothing_elsewhere() -> None:
    card = Card.make(HOUSEHOLD)
    revealed = card.reveal(3)
    assert root_of(Address(bytes(20)), revealed) != card.root()
    assert root_of(HOUSEHOLD, revealed._replace(field=4)) != card.root()
    assert root_of(HOUSEHOLD, revealed._replace(secret=card.reveal(4).secret)) != card.root()
    assert Card.make(HOUSEHOLD).root() != card.root()


def test_the_secrets_of_a_card_differ() -> None:
    assert len(set(Card.make(HOUSEHOLD).texts)) == FIELDS


@given(st.text(ALPHABET, min_size=20, max_size=20))
def test_a_secret_may_be_read_aloud_and_typed_in_any_way(letters: str) -> None:
    typed = " ".join(letters[i : i + 5] for i in range(0, 20, 5)).lower().replace("0", "o").replace("1", "l")
    assert secret_of(typed) == letters.encode().ljust(32, b"\0")


@pytest.mark.parametrize(
    "text", ["", "7K3QX-0MZ9T-PV4WC-H81R", "7K3QX-0MZ9T-PV4WC-H81RDX", "UUUUU-0MZ9T-PV4WC-H81RD"]
)
def test_what_is_no_secret_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(BadValue, match=r"^secret: read the 20 letters"):
        secret_of(text)


@pytest.mark.parametrize("field", [-1, FIELDS])
def test_a_card_has_sixteen_fields(field: int) -> None:
    with pytest.raises(BadValue, match=r"^field: give a field of the card, 0 to 15"):
        Card.make(HOUSEHOLD).reveal(field)


def test_a_leaf_is_no_inner_node() -> None:
    """An inner node hashes 64 bytes once; a leaf hashes twice."""
    assert leaf(HOUSEHOLD, 0, bytes(32)) != keccak(bytes(12) + HOUSEHOLD + bytes(64))
