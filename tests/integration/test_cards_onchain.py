"""A family without a phone accepts its aid with a card that the wallet made, on a real chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.abi import Address
from contracts.bindings import delivery_ledger, field_acceptance, household_registry
from contracts.bindings.delivery_ledger import AcceptanceMethod, EntitlementState
from contracts.bindings.errors import FieldAcceptanceCardFieldUsed, FieldAcceptanceNotOnCard
from contracts.bindings.field_acceptance import CardAcceptance, Witnessing, WitnessSignature
from contracts.bindings.ids import EntitlementId, Role
from tests.chain import Anvil, World, address_of, new_key
from wallet.cards import Card, Revealed
from wallet.signing import sign

WITNESS = new_key()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Anvil() as node:
        world = World.make(node.w3)
        world.appoint(world.registrar_body, world.registrar_admin, WITNESS, Role.WITNESS)
        world.donate(world.fund_eur, 100_000)
        yield world


def give_card(world: World, household: Address) -> Card:
    """The registrar makes a card and records its root."""
    card = Card.make(household)
    data = household_registry.replace_card(world.registrar_body, household, card.root())
    world.send(world.registrar, world.households, data)
    return card


def hand_over(world: World, household: Address, amount_minor: int) -> EntitlementId:
    offer = world.offer(world.fund_eur, [(household, amount_minor)])
    entitlement = offer.entries[0].id
    world.send(world.agent, world.deliveries, delivery_ledger.hand_over(offer.list_id, [entitlement]))
    return entitlement


def acceptance(
    world: World, household: Address, entitlement: EntitlementId, amount_minor: int, scratched: Revealed
) -> bytes:
    """What anyone may send: the scratched field and the cosigner's word."""
    genesis, deadline = world.deployment.genesis_hash, world.now() + 3600
    domain = field_acceptance.domain(world.deployment.chain_id, world.field)
    word = Witnessing(
        address_of(WITNESS),
        world.registrar_body,
        household,
        entitlement,
        amount_minor,
        "EUR",
        genesis,
        deadline,
    )
    signature = sign(word, domain, WITNESS, genesis_hash=genesis, now_unix_s=world.now())
    cosigner = WitnessSignature(world.registrar_body, address_of(WITNESS), deadline, *signature)
    item = CardAcceptance(
        entitlement, amount_minor, scratched.secret, scratched.field, scratched.proof, cosigner
    )
    return field_acceptance.accept_by_card([item])


def test_a_scratched_field_and_a_second_person_confirm_a_delivery(world: World) -> None:
    home = world.open_home()
    card = give_card(world, home.account)
    entitlement = hand_over(world, home.account, 700)
    world.send(new_key(), world.field, acceptance(world, home.account, entitlement, 700, card.reveal(11)))

    record = world.read(world.deliveries, delivery_ledger.entitlement_of(entitlement))
    assert (record.state, record.method) == (EntitlementState.CONFIRMED, AcceptanceMethod.CARD)
    assert world.read(world.field, field_acceptance.used_card_fields(card.root())) == 1 << 11


def test_a_field_is_scratched_once_and_a_lost_cards_secrets_are_void(world: World) -> None:
    home = world.open_home()
    lost = give_card(world, home.account)
    first, second = hand_over(world, home.account, 10), hand_over(world, home.account, 20)
    world.send(new_key(), world.field, acceptance(world, home.account, first, 10, lost.reveal(0)))
    with pytest.raises(FieldAcceptanceCardFieldUsed):
        world.send(new_key(), world.field, acceptance(world, home.account, second, 20, lost.reveal(0)))

    card = give_card(world, home.account)
    with pytest.raises(FieldAcceptanceNotOnCard):
        world.send(new_key(), world.field, acceptance(world, home.account, second, 20, lost.reveal(1)))
    world.send(new_key(), world.field, acceptance(world, home.account, second, 20, card.reveal(0)))
    record = world.read(world.deliveries, delivery_ledger.entitlement_of(second))
    assert record.state == EntitlementState.CONFIRMED
