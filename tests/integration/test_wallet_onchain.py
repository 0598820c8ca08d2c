"""The wallet on a real chain: the contract takes its good signatures and names what is wrong with others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from contracts.abi import ContractError
from contracts.bindings import delivery_ledger, errors, field_acceptance, fund_ledger, time_bank
from contracts.bindings.delivery_ledger import (
    EntitlementState,
    SignedAcceptance,
    SignedDispute,
    SignedRefusal,
)
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    HeirNamingId,
    OrganisationId,
    PaymentListId,
    ReassignmentId,
    RedemptionId,
    Role,
    ServiceId,
)
from contracts.bindings.time_bank import Reserve
from tests.chain import Anvil, Home, World, address_of, new_id, new_key
from wallet import cli, keyfile, offers, signing
from wallet.offers import Offer, SignedAnswer
from wallet.signing import ORDER, Signable

pytestmark = pytest.mark.integration

AMOUNT = 10_000


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Anvil() as node:
        made = World.make(node.w3)
        made.donate(made.fund_sar, 1_000_000)
        yield made


@pytest.fixture
def home(world: World) -> Home:
    return world.open_home()


@pytest.fixture
def offered(world: World, home: Home) -> tuple[Offer, PaymentListId]:
    """An offer of SAR 100.00 to the household, and its list's id."""
    listed = world.offer(world.fund_sar, [(home.account, AMOUNT)])
    offer = Offer(
        household=home.account,
        entitlement=listed.entries[0].id,
        amount_minor=AMOUNT,
        unit="SAR",
        deadline_unix_s=world.now() + 3600,
        chain_id=world.deployment.chain_id,
        genesis_hash=world.deployment.genesis_hash,
        contract=world.deliveries,
    )
    offer.require_deployment(world.deployment)
    return offer, listed.list_id


def row(answer: SignedAnswer) -> SignedAcceptance:
    """A signed yes as the contract takes it."""
    return SignedAcceptance(
        answer.entitlement,
        answer.amount_minor,
        answer.deadline_unix_s,
        answer.signature.r,
        answer.signature.vs,
    )


def hand_over(
    world: World, list_id: PaymentListId, acceptance: SignedAcceptance, *, simulate: bool = True
) -> None:
    data = delivery_ledger.hand_over_accepted(list_id, [acceptance])
    world.send(world.agent, world.deliveries, data, simulate=simulate)


def state(world: World, entitlement: EntitlementId) -> EntitlementState:
    return world.read(world.deliveries, delivery_ledger.entitlement_of(entitlement)).state


def refused(
    world: World, list_id: PaymentListId, acceptance: SignedAcceptance, error: type[ContractError]
) -> ContractError:
    """The contract's error; nothing was confirmed by it."""
    with pytest.raises(error) as raised:
        hand_over(world, list_id, acceptance)
    assert state(world, acceptance.id) is EntitlementState.OFFERED
    return raised.value


def test_digests_are_the_contracts(world: World, offered: tuple[Offer, PaymentListId]) -> None:
    offer, _ = offered
    domain, deadline = offer.domain(), offer.deadline_unix_s
    view = delivery_ledger.acceptance_digest(offer.entitlement, AMOUNT, deadline)
    assert world.read(world.deliveries, view) == domain.digest(offer.acceptance().struct_hash())
    view = delivery_ledger.refusal_digest(offer.entitlement, "not-needed", deadline)
    assert world.read(world.deliveries, view) == domain.digest(offer.refusal("not-needed").struct_hash())
    view = delivery_ledger.dispute_digest(offer.entitlement, "spoiled", deadline)
    assert world.read(world.deliveries, view) == domain.digest(offer.dispute("spoiled").struct_hash())
    assert world.read(world.deliveries, delivery_ledger.genesis_hash()) == offer.genesis_hash


def test_a_wallet_signed_acceptance_confirms(
    world: World, home: Home, offered: tuple[Offer, PaymentListId]
) -> None:
    offer, list_id = offered
    answer = offers.sign_acceptance(offer, home.key, now_unix_s=world.now(), deployment=world.deployment)
    hand_over(world, list_id, row(answer))
    assert state(world, offer.entitlement) is EntitlementState.CONFIRMED
    with pytest.raises(errors.DeliveryLedgerEntitlementState) as again:
        hand_over(world, list_id, row(answer))
    assert again.value.values == {"entitlement": offer.entitlement, "state": EntitlementState.CONFIRMED}


def test_from_the_command_line_to_the_chain(
    world: World,
    home: Home,
    offered: tuple[Offer, PaymentListId],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The file that `amanat wallet sign-acceptance` writes, signed with a key file that it made."""
    offer, list_id = offered
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keyfile, "SCRYPT_N", 2)
    monkeypatch.setenv("AMANAT_PASSWORD_FILE", "password")
    Path("password").write_text("blue lamp river")
    Path("offer.json").write_text(offer.to_json())
    world.deployment.save(Path("deployment.json"))
    assert cli.main(["wallet", "new", "key.json"]) == 0
    key = keyfile.describe(Path("key.json")).address
    assert key is not None
    world.replace_key(home, key)
    files = ["offer.json", "--key", "key.json", "--out", "yes.json", "--deployment", "deployment.json"]
    assert cli.main(["wallet", "sign-acceptance", *files]) == 0
    body = json.loads(Path("yes.json").read_text())
    signed = SignedAcceptance(
        EntitlementId(bytes.fromhex(body["entitlement"][2:])),
        int(body["amount_minor"]),
        body["deadline_unix_s"],
        bytes.fromhex(body["r"][2:]),
        bytes.fromhex(body["vs"][2:]),
    )
    hand_over(world, list_id, signed)
    assert state(world, offer.entitlement) is EntitlementState.CONFIRMED


def test_wrong_key(world: World, home: Home, offered: tuple[Offer, PaymentListId]) -> None:
    offer, list_id = offered
    stranger = new_key()
    answer = offers.sign_acceptance(offer, stranger, now_unix_s=world.now())
    error = refused(world, list_id, row(answer), errors.SignedActsWrongSigner)
    assert error.values["id"] == offer.entitlement
    assert address_of(stranger) in error.values.values() and address_of(home.key) in error.values.values()


def test_a_replaced_key_signs_no_more(world: World, home: Home, offered: tuple[Offer, PaymentListId]) -> None:
    offer, list_id = offered
    answer = offers.sign_acceptance(offer, home.key, now_unix_s=world.now())
    world.replace_key(home, address_of(new_key()))
    refused(world, list_id, row(answer), errors.SignedActsWrongSigner)


def test_other_amount(world: World, home: Home, offered: tuple[Offer, PaymentListId]) -> None:
    offer, list_id = offered
    answer = offers.sign_acceptance(replace(offer, amount_minor=1), home.key, now_unix_s=world.now())
    error = refused(world, list_id, row(answer), errors.DeliveryLedgerAmountDiffers)
    assert error.values == {"entitlement": offer.entitlement, "signed_minor": 1, "offered_minor": AMOUNT}
    claimed = row(answer)._replace(amount_minor=AMOUNT)
    refused(world, list_id, claimed, errors.SignedActsWrongSigner)


def test_words_of_another_ledger(world: World, home: Home, offered: tuple[Offer, PaymentListId]) -> None:
    offer, list_id = offered
    for other in (
        replace(offer, unit="EUR"),
        replace(offer, chain_id=1),
        replace(offer, genesis_hash=new_id()),
        replace(offer, contract=world.bank),
        replace(offer, household=address_of(home.key)),
        replace(offer, deadline_unix_s=offer.deadline_unix_s + 1),
    ):
        answer = offers.sign_acceptance(other, home.key, now_unix_s=world.now())
        claimed = row(answer)._replace(deadline_unix_s=offer.deadline_unix_s)
        refused(world, list_id, claimed, errors.SignedActsWrongSigner)


def test_expired(world: World, home: Home, offered: tuple[Offer, PaymentListId]) -> None:
    offer, list_id = offered
    late = replace(offer, deadline_unix_s=world.now() - 1)
    answer = offers.sign_acceptance(late, home.key, now_unix_s=late.deadline_unix_s - 1)
    error = refused(world, list_id, row(answer), errors.SignedActsExpired)
    assert error.values["deadline_unix_s"] == late.deadline_unix_s


def test_high_s(world: World, home: Home, offered: tuple[Offer, PaymentListId]) -> None:
    offer, list_id = offered
    signed = row(offers.sign_acceptance(offer, home.key, now_unix_s=world.now()))
    above = (ORDER // 2 + 1).to_bytes(32, "big")
    error = refused(world, list_id, signed._replace(vs=above), errors.SignedActsWrongSigner)
    assert bytes(20) in error.values.values(), "a high s recovers nobody"
    other = ORDER - (int.from_bytes(signed.vs, "big") & ((1 << 255) - 1))
    refused(world, list_id, signed._replace(vs=other.to_bytes(32, "big")), errors.SignedActsWrongSigner)


def test_replay_for_another_entitlement(
    world: World, home: Home, offered: tuple[Offer, PaymentListId]
) -> None:
    offer, list_id = offered
    signed = row(offers.sign_acceptance(offer, home.key, now_unix_s=world.now()))
    hand_over(world, list_id, signed)
    second = world.offer(world.fund_sar, [(home.account, AMOUNT)])
    replayed = signed._replace(id=second.entries[0].id)
    refused(world, second.list_id, replayed, errors.SignedActsWrongSigner)


def test_an_error_is_decoded_from_a_recorded_failure(
    world: World, home: Home, offered: tuple[Offer, PaymentListId]
) -> None:
    offer, list_id = offered
    signed = row(offers.sign_acceptance(offer, new_key(), now_unix_s=world.now()))
    with pytest.raises(errors.SignedActsWrongSigner):
        hand_over(world, list_id, signed, simulate=False)


def test_a_refusal_frees_the_units(world: World, home: Home, offered: tuple[Offer, PaymentListId]) -> None:
    offer, _ = offered
    answer = offers.sign_refusal(offer, "not-needed", home.key, now_unix_s=world.now())
    signed = SignedRefusal(answer.entitlement, answer.reason, answer.deadline_unix_s, *answer.signature)
    other = signed._replace(reason="wrong-goods")
    with pytest.raises(errors.SignedActsWrongSigner):
        world.send(world.agent, world.deliveries, delivery_ledger.refuse([other]))
    reserved = world.read(world.ledger, fund_ledger.fund_of(world.fund_sar)).reserved
    world.send(world.agent, world.deliveries, delivery_ledger.refuse([signed]))
    assert state(world, offer.entitlement) is EntitlementState.REFUSED
    assert world.read(world.ledger, fund_ledger.fund_of(world.fund_sar)).reserved == reserved - AMOUNT


def test_the_time_banks_four_acts(world: World, home: Home) -> None:
    """Service received, reserve chosen, minutes redeemed and given: each signed by the wallet, each taken."""
    volunteer, genesis = new_key(), world.deployment.genesis_hash
    person = address_of(volunteer)
    domain = time_bank.domain(world.deployment.chain_id, world.bank)
    deadline, served = world.now() + 3600, world.now()

    def sign(struct: Signable, key: LocalAccount = volunteer) -> signing.CompactSignature:
        return signing.sign(struct, domain, key, genesis_hash=genesis, now_unix_s=world.now())

    service = ServiceId(new_id())
    received = time_bank.ServiceReceived(
        home.account, service, person, "general", 90, served, genesis, deadline
    )
    entry = time_bank.ServiceEntry(
        service, person, home.account, "general", 90, served, deadline, *sign(received, home.key)
    )
    world.send(world.coordinator, world.bank, time_bank.confirm_services(world.charity, [entry]))

    choice = time_bank.ReserveChoice(person, service, Reserve.MINUTES, genesis, deadline)
    chosen = time_bank.SignedChoice(service, Reserve.MINUTES, deadline, *sign(choice))
    world.send(world.agent, world.bank, time_bank.choose([chosen]))
    assert world.read(world.bank, time_bank.balance_of(person)) == 90

    redemption = RedemptionId(new_id())
    act = time_bank.Redemption(person, redemption, world.charity, 60, genesis, deadline)
    redeemed = time_bank.SignedRedemption(redemption, person, 60, deadline, *sign(act))
    world.send(world.coordinator, world.bank, time_bank.redeem(world.charity, [redeemed]))

    fund, donation, commitment = world.open_fund("MIN", "sadaqat"), DonationId(new_id()), new_id()
    gift = time_bank.MinutesGift(person, donation, fund, 30, commitment, genesis, deadline)
    given = time_bank.SignedMinutesGift(donation, fund, person, 30, deadline, commitment, *sign(gift))
    world.send(world.agent, world.bank, time_bank.give([given]))
    assert world.read(world.ledger, fund_ledger.donation_of(donation)).donor == person
    assert world.read(world.bank, time_bank.balance_of(person)) == 0


def test_a_wallet_signed_dispute_and_nothing_else(
    world: World, home: Home, offered: tuple[Offer, PaymentListId]
) -> None:
    offer, list_id = offered
    handed_over = delivery_ledger.hand_over(list_id, [offer.entitlement])
    world.send(world.agent, world.deliveries, handed_over)
    answer = offers.sign_dispute(offer, "never-arrived", home.key, now_unix_s=world.now())
    row_of = (answer.entitlement, answer.reason, answer.deadline_unix_s, *answer.signature)
    with pytest.raises(errors.SignedActsWrongSigner):  # it is no refusal, though it looks like one
        world.send(world.agent, world.deliveries, delivery_ledger.refuse([SignedRefusal(*row_of)]))
    other = SignedDispute(*row_of)._replace(reason="spoiled")
    with pytest.raises(errors.SignedActsWrongSigner):
        world.send(world.agent, world.deliveries, delivery_ledger.dispute([other]))
    world.send(world.agent, world.deliveries, delivery_ledger.dispute([SignedDispute(*row_of)]))
    assert state(world, offer.entitlement) is EntitlementState.DISPUTED


def test_a_donors_claim_and_reassignment(world: World) -> None:
    genesis, deadline = world.deployment.genesis_hash, world.now() + 3600
    domain = fund_ledger.domain(world.deployment.chain_id, world.ledger)
    claim_key, own_wallet = new_key(), new_key()
    donation = world.donate(world.fund_sar, 500, address_of(claim_key))

    def sign(struct: Signable, key: LocalAccount) -> signing.CompactSignature:
        return signing.sign(struct, domain, key, genesis_hash=genesis, now_unix_s=world.now())

    claim = fund_ledger.Claim(address_of(claim_key), donation, address_of(own_wallet), genesis, deadline)
    signed = fund_ledger.SignedClaim(donation, claim.wallet, deadline, *sign(claim, claim_key))
    with pytest.raises(errors.SignedActsWrongSigner):
        thief = signed._replace(wallet=address_of(new_key()))
        world.send(world.agent, world.ledger, fund_ledger.claim([thief]))
    world.send(world.agent, world.ledger, fund_ledger.claim([signed]))
    assert world.read(world.ledger, fund_ledger.donation_of(donation)).donor == claim.wallet

    to, id = world.open_fund("SAR", "sadaqat"), ReassignmentId(new_id())
    wish = fund_ledger.Reassignment(claim.wallet, id, donation, to, 200, genesis, deadline)
    for key in (claim_key, own_wallet):  # the claim key no longer speaks for the gift
        row_of = fund_ledger.SignedReassignment(id, donation, to, 200, deadline, *sign(wish, key))
        data = fund_ledger.reassign(world.fund_sar, [row_of])
        if key is claim_key:
            with pytest.raises(errors.SignedActsWrongSigner):
                world.send(world.cashier, world.ledger, data)
        else:
            world.send(world.cashier, world.ledger, data)
    assert world.read(world.ledger, fund_ledger.fund_of(to)).inflow_end == 200


def test_two_witnesses_of_two_bodies(world: World, home: Home, offered: tuple[Offer, PaymentListId]) -> None:
    offer, list_id = offered
    world.send(world.agent, world.deliveries, delivery_ledger.hand_over(list_id, [offer.entitlement]))
    domain = field_acceptance.domain(world.deployment.chain_id, world.field)
    genesis, signatures = world.deployment.genesis_hash, []
    for _ in range(2):
        organisation, admin, witness = OrganisationId(new_id()), new_key(), new_key()
        world.license(organisation, admin, "university")
        world.appoint(organisation, admin, witness, Role.WITNESS)
        who = address_of(witness)
        said = field_acceptance.Witnessing(
            who, organisation, home.account, offer.entitlement, AMOUNT, "SAR", genesis, offer.deadline_unix_s
        )
        signature = signing.sign(said, domain, witness, genesis_hash=genesis, now_unix_s=world.now())
        signatures.append(
            field_acceptance.WitnessSignature(organisation, who, offer.deadline_unix_s, *signature)
        )
    for second in (signatures[0], signatures[1]):
        seen = field_acceptance.WitnessedAcceptance(offer.entitlement, AMOUNT, signatures[0], second)
        data = field_acceptance.accept_witnessed([seen])
        if second is signatures[0]:
            with pytest.raises(errors.FieldAcceptanceNotIndependent):
                world.send(world.agent, world.field, data)
        else:
            world.send(world.agent, world.field, data)
    assert state(world, offer.entitlement) is EntitlementState.CONFIRMED


def test_a_volunteers_heir(world: World) -> None:
    genesis, deadline, volunteer = world.deployment.genesis_hash, world.now() + 3600, new_key()
    domain = time_bank.domain(world.deployment.chain_id, world.bank)
    naming, heir = HeirNamingId(new_id()), address_of(new_key())
    said = time_bank.HeirNaming(address_of(volunteer), naming, heir, genesis, deadline)
    signature = signing.sign(said, domain, volunteer, genesis_hash=genesis, now_unix_s=world.now())
    named = time_bank.SignedHeirNaming(naming, address_of(volunteer), heir, deadline, *signature)
    with pytest.raises(errors.SignedActsWrongSigner):
        other = named._replace(heir=address_of(new_key()))
        world.send(world.agent, world.bank, time_bank.name_heirs([other]))
    world.send(world.agent, world.bank, time_bank.name_heirs([named]))
    assert world.read(world.bank, time_bank.heir_of(address_of(volunteer))) == heir
