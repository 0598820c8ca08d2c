"""The relay on a real node: one bad act harms no other, and no transaction is lost or doubled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from contracts.bindings import delivery_ledger, fund_ledger
from contracts.bindings.delivery_ledger import EntitlementState, Refusal, SignedRefusal
from contracts.bindings.fund_ledger import RefundEntry
from contracts.bindings.ids import DonationId, EntitlementId, RefundId, Role
from indexer.schema import donation_recorded
from ledger_api import outbox as queue
from ledger_api.acts import ACTS
from ledger_api.chain import NodeUnreachable
from ledger_api.office import outbox, sent_transaction
from ledger_api.outbox import Entry
from ledger_api.relay import RESEND_S, TRANSACTION_GAS, AlreadyRelaying, Relay, only_relay
from tests.chain import address_of, cash, new_id, new_key
from tests.integration.small_office import SmallOffice, hexed, until
from wallet.signing import sign

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

MANY = 50


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallOffice]:
    with SmallOffice.open(tmp_path_factory.mktemp("office"), relaying=False) as office:
        yield office


@pytest.fixture
def relay(office: SmallOffice) -> Relay:
    return office.relay()


@pytest.fixture
def by_hand(office: SmallOffice) -> Iterator[None]:
    """Blocks are mined by the test only."""
    rpc(office, "evm_setAutomine", False)
    rpc(office, "evm_setIntervalMining", 0)
    yield
    rpc(office, "evm_setAutomine", True)
    rpc(office, "evm_setIntervalMining", 1)


def rpc(office: SmallOffice, method: str, *parameters: Any) -> Any:
    answer = office.world.w3.provider.make_request(method, list(parameters))  # type: ignore[arg-type]
    assert "error" not in answer, answer
    return answer["result"]


def mine(office: SmallOffice) -> None:
    rpc(office, "evm_mine")
    office.await_mirror()


def drain(office: SmallOffice, relay: Relay) -> None:
    """Steps the relay until nothing is under way."""

    def empty() -> bool:
        relay.step()
        return not {"queued", "sent"} & set(office.states())

    until(empty, "the outbox does not drain")


def state_of(office: SmallOffice, act: str, record: bytes | str) -> Any:
    """(state, refusal) of one act."""
    key = bytes.fromhex(record[2:]) if isinstance(record, str) else record
    with office.engine.connect() as conn:
        row = conn.execute(select(outbox).where(outbox.c.act == act, outbox.c.record == key)).one()
    return row.state, json.loads(row.refusal) if row.refusal else None


def post_gift(office: SmallOffice, **changes: Any) -> dict[str, Any]:
    body = office.gift(**changes)
    answer = office.post("/v1/gifts", body, office.keys["cashier"])
    assert answer.status_code == 202, answer.text
    return body


def times_recorded(office: SmallOffice, gift: dict[str, Any]) -> int:
    office.await_mirror()
    named = donation_recorded.c.donation == bytes.fromhex(gift["id"][2:])
    with office.mirror.connect() as conn:
        return int(conn.scalar(select(func.count()).where(named)) or 0)


def open_transaction(office: SmallOffice) -> Any:
    with office.engine.connect() as conn:
        return conn.execute(select(sent_transaction).where(sent_transaction.c.state == "open")).one()


def queue_refunds(office: SmallOffice, donations: Sequence[bytes]) -> list[bytes]:
    """Refunds of 1.00 each, past the API's check, as if the world had changed since."""
    world, ids = office.world, [new_id() for _ in donations]
    entries = []
    for record, donation in zip(ids, donations, strict=True):
        item = RefundEntry(RefundId(record), DonationId(donation), 100).words()
        lane = world.charity, address_of(world.cashier), world.fund_eur
        entries.append(Entry("refund", record, *lane, item))
    with office.engine.begin() as conn:
        queue.add(conn, entries)
    return ids


def test_one_bad_refund_of_fifty_is_rejected_with_its_reason_and_the_others_go_through(
    office: SmallOffice, relay: Relay
) -> None:
    donations: list[bytes] = [office.world.donate(office.world.fund_eur, 100) for _ in range(MANY)]
    donations[17] = new_id()
    refunds = queue_refunds(office, donations)
    drain(office, relay)
    states = [state_of(office, "refund", r)[0] for r in refunds]
    assert states == ["recorded"] * 17 + ["rejected"] + ["recorded"] * (MANY - 18)
    problem = state_of(office, "refund", refunds[17])[1]
    assert (problem["type"], problem["field"]) == ("/problems/fund-ledger-unknown-donation", "donation")
    shown = office.get(f"/v1/records/refund/{hexed(refunds[17])}").json()
    assert (shown["state"], shown["problem"]) == ("rejected", problem)


def test_a_family_that_refused_meanwhile_does_not_hold_up_the_other_hand_overs(
    office: SmallOffice, relay: Relay
) -> None:
    world, homes = office.world, [office.world.open_home() for _ in range(MANY)]
    world.donate(world.fund_eur, 100 * MANY)
    offer = world.offer(world.fund_eur, [(h.account, 100) for h in homes])
    ids = [e.id for e in offer.entries]
    body = {"list": hexed(offer.list_id), "entitlements": [hexed(i) for i in ids]}
    assert office.post("/v1/hand-overs", body, office.keys["agent"]).status_code == 202

    genesis, deadline = world.deployment.genesis_hash, world.now() + 3600
    struct = Refusal(homes[3].account, ids[3], "not-needed", genesis, deadline)
    domain = delivery_ledger.domain(office.node.chain_id, world.deliveries)
    signed = sign(struct, domain, homes[3].key, genesis_hash=genesis, now_unix_s=world.now())
    refusal = SignedRefusal(ids[3], "not-needed", deadline, signed.r, signed.vs)
    world.send(new_key(), world.deliveries, delivery_ledger.refuse([refusal]))
    other_agent = new_key()
    world.appoint(world.charity, world.charity_admin, other_agent, Role.AGENT)
    handed_over = delivery_ledger.hand_over(offer.list_id, [EntitlementId(ids[7])])
    world.send(other_agent, world.deliveries, handed_over)

    drain(office, relay)
    states = [state_of(office, "hand_over", i)[0] for i in ids]
    assert [n for n, state in enumerate(states) if state == "rejected"] == [3]
    assert set(states) == {"recorded", "rejected"}, "what a colleague handed over is recorded"
    assert state_of(office, "hand_over", ids[3])[1]["type"] == "/problems/delivery-ledger-entitlement-state"
    view = delivery_ledger.entitlement_of(ids[49])
    assert world.read(world.deliveries, view).state == EntitlementState.HANDED_OVER


def test_an_id_that_the_chain_holds_with_another_content_is_rejected_and_not_taken_for_recorded(
    office: SmallOffice, relay: Relay
) -> None:
    gift, world = post_gift(office), office.world
    donation = DonationId(bytes.fromhex(gift["id"][2:]))
    other = cash(donation, address_of(new_key()), 999, 1)
    world.send(world.cashier, world.ledger, fund_ledger.donate(world.fund_eur, [other]))
    office.await_mirror()
    drain(office, relay)
    state, problem = state_of(office, "donate", donation)
    assert (state, problem["type"]) == ("rejected", "/problems/fund-ledger-conflict")


def signed_call(office: SmallOffice, key: Any, data: bytes, nonce: int = 0) -> bytes:
    """A transaction to the fund ledger, signed."""
    return bytes(
        key.sign_transaction(
            {
                "chainId": office.node.chain_id,
                "nonce": nonce,
                "gas": 1_000_000,
                "gasPrice": 0,
                "to": office.world.w3.to_checksum_address(office.world.ledger),
                "value": 0,
                "data": data,
            }
        ).raw_transaction
    )


@pytest.mark.usefixtures("by_hand")
def test_an_id_that_is_taken_while_the_transaction_is_under_way_is_rejected_too(
    office: SmallOffice, relay: Relay
) -> None:
    gift, key = post_gift(office), office.world.cashier
    relay.step()
    mine_is = open_transaction(office)
    rpc(office, "anvil_dropTransaction", hexed(mine_is.hash))
    donation = DonationId(bytes.fromhex(gift["id"][2:]))
    other = cash(donation, address_of(new_key()), 999, 1)
    data = fund_ledger.donate(office.world.fund_eur, [other])
    rpc(office, "eth_sendRawTransaction", hexed(signed_call(office, key, data, mine_is.nonce)))
    mine(office)  # the mirror holds the id now, though not of our gift
    assert not relay._close()
    drain(office, relay)
    state, problem = state_of(office, "donate", donation)
    assert (state, problem["type"]) == ("rejected", "/problems/fund-ledger-conflict")


@pytest.mark.usefixtures("by_hand")
def test_a_dropped_transaction_is_sent_again(office: SmallOffice, relay: Relay) -> None:
    gift = post_gift(office)
    assert relay.step()
    dropped = open_transaction(office)
    rpc(office, "anvil_dropTransaction", hexed(dropped.hash))
    mine(office)
    assert times_recorded(office, gift) == 0

    def waits_in_the_pool() -> bool:
        relay.step()
        return bool(rpc(office, "eth_getTransactionByHash", hexed(dropped.hash)))

    until(waits_in_the_pool, "the transaction is not sent again", 5 * RESEND_S)
    assert open_transaction(office).raw == dropped.raw, "the very same one: it cannot act twice"
    mine(office)
    drain(office, relay)
    assert (state_of(office, "donate", gift["id"])[0], times_recorded(office, gift)) == ("recorded", 1)


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize("first", ["the other is mined", "the other waits in the pool"])
def test_a_nonce_that_somebody_else_used_is_survived(office: SmallOffice, relay: Relay, first: str) -> None:
    world, key = office.world, office.world.cashier
    nonce = world.w3.eth.get_transaction_count(key.address)
    elsewhere = signed_call(office, key, fund_ledger.donate(world.fund_eur, []), nonce)
    gift = post_gift(office)
    if first == "the other waits in the pool":
        rpc(office, "eth_sendRawTransaction", hexed(elsewhere))
        assert relay.step(), "signed and stored, though the node does not take it"
    else:
        assert relay.step()
        rpc(office, "anvil_dropTransaction", hexed(open_transaction(office).hash))
        rpc(office, "eth_sendRawTransaction", hexed(elsewhere))
    mine(office)

    def sent_anew() -> bool:
        relay.step()
        with office.engine.connect() as conn:
            nonces = conn.scalars(
                select(sent_transaction.c.nonce).where(sent_transaction.c.state == "open")
            ).all()
        return list(nonces) == [nonce + 1]

    until(sent_anew, "no new transaction takes the next nonce")
    mine(office)
    drain(office, relay)
    assert (state_of(office, "donate", gift["id"])[0], times_recorded(office, gift)) == ("recorded", 1)
    with office.engine.connect() as conn:
        states = conn.scalars(
            select(sent_transaction.c.state).order_by(sent_transaction.c.number.desc())
        ).all()
    assert states[:2] == ["mined", "displaced"]


def test_an_organisation_without_its_key_file_holds_up_nobody_else(office: SmallOffice, relay: Relay) -> None:
    file = office.settings.keys / f"{address_of(office.world.cashier).hex()}.json"
    away = file.rename(file.with_suffix(".away"))
    gift, account = post_gift(office), new_id()[:20]
    opening = {"account": hexed(account), "key": new_key().address}
    answer = office.post("/v1/households", {"households": [opening]}, office.keys["registrar"])
    assert answer.status_code == 202

    def opened() -> bool:
        relay.step()
        return bool(state_of(office, "open_household", account)[0] == "recorded")

    until(opened, "the other organisation waits")
    assert state_of(office, "donate", gift["id"])[0] == "queued"
    away.rename(file)
    drain(office, relay)
    assert state_of(office, "donate", gift["id"])[0] == "recorded"


def test_a_batch_that_would_run_out_of_gas_never_leaves(
    office: SmallOffice, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    gift = post_gift(office)
    monkeypatch.setitem(ACTS, "donate", replace(ACTS["donate"], gas_per_item=100_000 - TRANSACTION_GAS))
    for _ in range(3):
        assert not relay.step()
    with office.engine.connect() as conn:
        assert not conn.execute(select(sent_transaction).where(sent_transaction.c.state == "open")).all()
    monkeypatch.undo()
    relay._rests_until.clear()
    drain(office, relay)
    assert times_recorded(office, gift) == 1


def test_an_unreachable_node_is_named_without_its_address(office: SmallOffice) -> None:
    settings = replace(office.settings, node_url="http://user:secret@127.0.0.1:1")
    post_gift(office)
    with pytest.raises(NodeUnreachable) as caught:
        Relay(settings, office.engine, office.mirror).step()
    assert "secret" not in str(caught.value) and "127.0.0.1" not in str(caught.value)
    assert "secret" not in repr(settings) and settings.secret.hex() not in repr(settings)
    assert repr(settings.secret) not in repr(settings)
    drain(office, office.relay())


def test_there_is_one_relay_for_one_folder_of_keys(office: SmallOffice) -> None:
    with only_relay(office.settings), pytest.raises(AlreadyRelaying), only_relay(office.settings):
        pass
    with only_relay(office.settings):
        pass
