"""What the mirror answers about a real chain: every way that units can go is found again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from contracts.abi import Address, View
from contracts.bindings import delivery_ledger, fund_ledger
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    FeeId,
    FundId,
    ReassignmentId,
    RefundId,
    ReturnId,
    TransferId,
)
from indexer.follow import Follower
from indexer.mirror import open_for_writing
from indexer.node import Node
from indexer.queries.deliveries import entitlement, household_statement, unconfirmed_deliveries
from indexer.queries.donors import donors_of
from indexer.queries.gifts import gifts_owned
from indexer.queries.line import fund_ends
from indexer.queries.organisations import organisation_totals
from indexer.queries.records import RecordKey, RecordKind, find
from indexer.queries.trace import SegmentState, trace_donation
from tests.chain import NOBODY, Anvil, Home, World, address_of, new_id, new_key

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chain() -> Iterator[tuple[Anvil, World]]:
    with Anvil() as anvil:
        yield anvil, World.make(anvil.w3)


def signed(world: World, contract: Address, digest: View[bytes], key: LocalAccount) -> tuple[bytes, bytes]:
    """A compact signature of what the contract asks for."""
    signature = key.unsafe_sign_hash(Hash32(world.read(contract, digest)))
    vs = signature.s | (signature.v - 27) << 255
    return signature.r.to_bytes(32, "big"), vs.to_bytes(32, "big")


def accept(world: World, home: Home, entitlement: EntitlementId, amount: int) -> None:
    """The household's signed yes, sent by anybody."""
    deadline = world.now() + 10_000
    digest = delivery_ledger.acceptance_digest(entitlement, amount, deadline)
    r, vs = signed(world, world.deliveries, digest, home.key)
    acceptance = delivery_ledger.SignedAcceptance(entitlement, amount, deadline, r, vs)
    world.send(new_key(), world.deliveries, delivery_ledger.accept([acceptance]))


def dispute(world: World, home: Home, entitlement: EntitlementId, *, upheld: bool) -> None:
    """The household's signed objection, and the regulator's decision."""
    deadline = world.now() + 10_000
    digest = delivery_ledger.dispute_digest(entitlement, "short", deadline)
    r, vs = signed(world, world.deliveries, digest, home.key)
    objection = delivery_ledger.SignedDispute(entitlement, "short", deadline, r, vs)
    world.send(new_key(), world.deliveries, delivery_ledger.dispute([objection]))
    decision = delivery_ledger.Decision(entitlement, upheld, ReturnId(new_id() if upheld else bytes(32)))
    world.send(world.regulators[0], world.deliveries, delivery_ledger.decide(NOBODY, [decision]))


def transfer(world: World, from_: FundId, to: FundId, amount: int) -> TransferId:
    """Units on their way to another fund."""
    proposal = fund_ledger.TransferProposal(TransferId(new_id()), from_, to, amount, new_id())
    world.send(world.maker, world.ledger, fund_ledger.propose_transfers([proposal]))
    world.send(world.checker, world.ledger, fund_ledger.approve_transfers([proposal]))
    return proposal.id


def hand_over(world: World, fund: FundId, *amounts: int) -> tuple[list[Home], list[EntitlementId]]:
    homes = [world.open_home() for _ in amounts]
    offer = world.offer(fund, [(home.account, n) for home, n in zip(homes, amounts, strict=True)])
    ids = [entry.id for entry in offer.entries]
    world.send(world.agent, world.deliveries, delivery_ledger.hand_over(offer.list_id, ids))
    return homes, ids


def withdraw(world: World, fund: FundId, gift: DonationId, donor: LocalAccount, wish: FundId) -> None:
    """100 units of the gift are refunded and then 50, by the donor's signature, given to `wish`."""
    refund = fund_ledger.RefundEntry(RefundId(new_id()), gift, 100)
    world.send(world.cashier, world.ledger, fund_ledger.refund(fund, [refund]))
    id, deadline = ReassignmentId(new_id()), world.now() + 10_000
    digest = fund_ledger.reassignment_digest(id, gift, wish, 50, deadline)
    r, vs = signed(world, world.ledger, digest, donor)
    reassignment = fund_ledger.SignedReassignment(id, gift, wish, 50, deadline, r, vs)
    world.send(world.cashier, world.ledger, fund_ledger.reassign(fund, [reassignment]))


def claim(world: World, gift: DonationId, claim_key: LocalAccount, wallet: Address) -> None:
    deadline = world.now() + 10_000
    r, vs = signed(world, world.ledger, fund_ledger.claim_digest(gift, wallet, deadline), claim_key)
    world.send(
        new_key(), world.ledger, fund_ledger.claim([fund_ledger.SignedClaim(gift, wallet, deadline, r, vs)])
    )


def make_history(world: World, funds: tuple[FundId, FundId, FundId]) -> dict[str, Any]:
    """Gifts a, at [0, 1000) of the first fund, and b, at [1000, 1500), go every way there is."""
    first, second, wish = funds
    key_a, key_b, wallet = new_key(), new_key(), address_of(new_key())
    a = world.donate(first, 1_000, address_of(key_a))
    b = world.donate(first, 500, address_of(key_b))
    fee = fund_ledger.FeeEntry(FeeId(new_id()), 20)
    world.send(world.cashier, world.ledger, fund_ledger.take_fees(first, [fee]))  # [0, 20)
    withdraw(world, first, b, key_b, wish)  # [20, 120) go on at 1400, [120, 170) at 1350
    received = transfer(world, first, second, 200)  # [170, 370)
    world.send(world.cashier, world.ledger, fund_ledger.receive_transfers([received]))
    transfer(world, first, second, 30)  # [370, 400) stays on its way
    back = transfer(world, first, second, 40)  # [400, 440)
    world.send(world.cashier, world.ledger, fund_ledger.bring_back_transfers(world.charity, [back]))  # 1500
    (home_x, home_y), (x, y) = hand_over(world, first, 300, 100)  # [440, 740), [740, 840)
    accept(world, home_x, x, 300)
    dispute(world, home_y, y, upheld=True)  # comes back at 1540
    repaid = delivery_ledger.ReturnEntry(ReturnId(new_id()), x, 60, "repayment")
    world.send(world.cashier, world.deliveries, delivery_ledger.record_returns(first, [repaid]))  # 1640
    (home_z,), (z,) = hand_over(world, second, 150)
    dispute(world, home_z, z, upheld=False)
    cancelled = world.offer(first, [(world.open_home().account, 70)])
    world.send(world.maker, world.deliveries, delivery_ledger.cancel_list(cancelled.list_id, "mistake"))
    world.offer(first, [(world.open_home().account, 40)])
    claim(world, a, key_a, wallet)
    return {"a": a, "b": b, "x": x, "y": y, "z": z, "wallet": wallet}


def test_a_gift_on_a_real_chain_is_traced_to_the_families_word(chain: tuple[Anvil, World]) -> None:
    anvil, world = chain
    home, other = world.open_home(), world.open_home()
    gift = world.donate(world.fund_sar, 1_000)
    offer = world.offer(world.fund_sar, [(home.account, 300), (other.account, 200)])
    first, second = (entry.id for entry in offer.entries)
    world.send(world.agent, world.deliveries, delivery_ledger.hand_over(offer.list_id, [first]))
    accept(world, home, first, 300)
    engine = open_for_writing("sqlite://")
    with Node(anvil.url) as node:
        Follower(node, engine, world.deployment).poll()
    with engine.connect() as conn:
        trace = trace_donation(conn, gift)
        assert [(s.state, s.start, s.amount_minor) for s in trace.segments] == [
            (SegmentState.CONFIRMED, 0, 300),
            (SegmentState.RESERVED, 300, 200),
            (SegmentState.WAITING, 500, 500),
        ]
        assert trace.segments[0].delivery and trace.segments[0].delivery.programme == world.programme
        assert trace.gift.donor and trace.fund.unit == "SAR"
        assert [e.state for e in household_statement(conn, home.account).items] == ["confirmed"]
        assert unconfirmed_deliveries(conn, world.charity).items == ()
        totals = {fund.unit: fund for fund in organisation_totals(conn, world.charity).funds}["SAR"]
        assert (totals.handed_over_minor, totals.confirmed_minor, totals.reserved_minor) == (300, 300, 200)
        assert world.read(world.ledger, fund_ledger.fund_of(world.fund_sar)).reserved == 200
        found = find(conn, [RecordKey(RecordKind.CONFIRMED, (id,)) for id in (first, second)])
        assert list(found.block_numbers) == [RecordKey(RecordKind.CONFIRMED, (first,))]
    engine.dispose()


def test_units_that_went_every_way_on_a_real_chain_are_found_again(chain: tuple[Anvil, World]) -> None:
    anvil, world = chain
    first, second = (world.open_fund("EUR", "sadaqat", fee_cap_bps=500) for _ in range(2))
    wish = world.open_fund("EUR", "zakat")
    made = make_history(world, (first, second, wish))
    engine = open_for_writing("sqlite://")
    with Node(anvil.url) as node:
        Follower(node, engine, world.deployment).poll()
    with engine.connect() as conn:
        traces = [trace_donation(conn, made[name]) for name in "ab"]
        found = [[(s.start, s.state, s.fund, s.place) for s in trace.segments] for trace in traces]
        state = SegmentState
        assert found[0] == [
            (0, state.FEE, first, 0),
            (20, state.WAITING, first, 1_400),
            (120, state.WAITING, first, 1_350),
            (170, state.DISMISSED, second, 0),
            (320, state.WAITING, second, 150),
            (370, state.IN_TRANSIT, first, 370),
            (400, state.WAITING, first, 1_500),
            (440, state.WAITING, first, 1_640),
            (500, state.CONFIRMED, first, 500),
            (740, state.WAITING, first, 1_540),
            (840, state.RESERVED, first, 840),
            (880, state.WAITING, first, 880),
        ]
        assert found[1] == [
            (1_000, state.WAITING, first, 1_000),
            (1_350, state.WAITING, wish, 0),
            (1_400, state.REFUNDED, first, 1_400),
        ]
        assert [gift.id for gift in gifts_owned(conn, made["wallet"]).items] == [made["a"]]
        for name, start, amount in (("x", 440, 300), ("y", 740, 100), ("z", 170, 150)):
            shares = donors_of(conn, made[name]).shares
            assert [(s.donation, s.start, s.amount_minor) for s in shares] == [(made["a"], start, amount)]
        for id in (first, second, wish):
            ends, fund = fund_ends(conn, id), world.read(world.ledger, fund_ledger.fund_of(id))
            assert (ends.inflow_end, ends.outflow_end, ends.reserved) == (
                fund.inflow_end,
                fund.outflow_end,
                fund.reserved,
            )
        for name in "xyz":
            theirs = world.read(world.deliveries, delivery_ledger.entitlement_of(made[name]))
            ours = entitlement(conn, made[name])
            assert (ours.state, ours.returned_minor) == (theirs.state.name.lower(), theirs.returned_minor)
        assert len(organisation_totals(conn, world.charity).funds) >= 3
    engine.dispose()
