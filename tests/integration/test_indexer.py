"""The follower on a real node: killed at any moment, re-organised, shown another chain or a lying node."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils import to_checksum_address
from sqlalchemy import func, select
from typer.testing import CliRunner
from web3 import Web3

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
from indexer.cli import index
from indexer.digest import digests
from indexer.errors import BadAnswer, MirrorInUse, NodeRefused, NodeUnreachable, OtherChain, ReorgTooDeep
from indexer.fetch import Span
from indexer.follow import Follower
from indexer.lock import only_follower
from indexer.mirror import open_for_reading, open_for_writing
from indexer.node import Call, Node
from indexer.queries.blocks import as_of
from indexer.queries.deliveries import entitlement, household_statement, unconfirmed_deliveries
from indexer.queries.donors import donors_of
from indexer.queries.gifts import gifts_owned
from indexer.queries.line import fund_ends
from indexer.queries.organisations import organisation_totals
from indexer.queries.records import RecordKey, RecordKind, find
from indexer.queries.trace import SegmentState, trace_donation
from indexer.schema import donation_recorded, fund_opened
from tests.chain import NOBODY, Anvil, Home, World, address_of, cash, new_id, new_key

pytestmark = pytest.mark.integration


def rpc(w3: Web3, method: str, *params: Any) -> Any:
    answer = w3.provider.make_request(method, list(params))  # type: ignore[arg-type]
    assert "error" not in answer, answer
    return answer["result"]


def donate_many(world: World, blocks: int, each: int = 3) -> None:
    """One transaction a block, without waiting for receipts one by one."""
    w3 = world.w3
    nonce = w3.eth.get_transaction_count(world.cashier.address)
    for i in range(blocks):
        entries = [cash(DonationId(new_id()), address_of(new_key()), 100 + k, 1) for k in range(each)]
        signed = world.cashier.sign_transaction(
            {
                "chainId": w3.eth.chain_id,
                "nonce": nonce + i,
                "gas": 50_000_000,
                "gasPrice": 0,
                "value": 0,
                "to": to_checksum_address(world.ledger),
                "data": fund_ledger.donate(world.fund_eur, entries),
            }
        )
        w3.eth.send_raw_transaction(signed.raw_transaction)
    while w3.eth.get_transaction_count(world.cashier.address) < nonce + blocks:
        time.sleep(0.01)


def replayed(node: Node, world: World) -> dict[str, bytes]:
    """Digests of a mirror made from nothing."""
    engine = open_for_writing("sqlite://")
    follower = Follower(node, engine, world.deployment, span=Span(wanted_logs=50))
    follower.poll()
    with engine.connect() as conn:
        result = digests(conn)
    engine.dispose()
    return result


@pytest.fixture(scope="module")
def chain() -> Iterator[tuple[Anvil, World]]:
    with Anvil() as anvil:
        yield anvil, World.make(anvil.w3)


@pytest.fixture
def mirror(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'mirror.db'}"


class Process:
    """`amanat index follow` as a process of its own."""

    def __init__(self, anvil: Anvil, world: World, mirror: str, folder: Path) -> None:
        deployment = folder / "deployment.json"
        world.deployment.save(deployment)
        command = [sys.executable, "-c", "from indexer.cli import index; index()", "follow", "--poll", "0.02"]
        options = ["--node", anvil.url, "--deployment", str(deployment), "--mirror", mirror]
        self.log = (folder / "follow.log").open("ab")
        self.popen = subprocess.Popen([*command, *options], stderr=self.log, env=os.environ)

    def kill(self, number: int = signal.SIGKILL) -> int:
        self.popen.send_signal(number)
        code = self.popen.wait(20)
        self.log.close()
        return code


def indexed(mirror: str) -> int:
    try:
        engine = open_for_reading(mirror)
        with engine.connect() as conn:
            number = as_of(conn).number
        engine.dispose()
        return number
    except Exception:
        return -1


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@pytest.mark.timeout(180)
def test_a_follower_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, mirror: str) -> None:
    chance = random.Random(7)
    with Anvil() as anvil, Node(anvil.url) as node:
        world = World.make(anvil.w3)
        feeding = threading.Thread(target=donate_many, args=(world, 400))
        feeding.start()
        for _ in range(12):
            process = Process(anvil, world, mirror, tmp_path)
            time.sleep(chance.uniform(0.5, 1.6))
            process.kill()
        feeding.join()
        process = Process(anvil, world, mirror, tmp_path)
        wait_until(lambda: indexed(mirror) >= anvil.w3.eth.block_number)
        assert process.kill(signal.SIGTERM) == 0
        rpc(anvil.w3, "evm_setIntervalMining", 0)  # both sides of the comparison need the same last block
        engine = open_for_writing(mirror)
        Follower(node, engine, world.deployment).poll()
        with engine.connect() as conn:
            assert conn.scalar(select(func.count()).select_from(donation_recorded)) == 1_200
            assert digests(conn) == replayed(node, world)
        engine.dispose()


@pytest.mark.parametrize("how", ["evm_revert", "anvil_reorg"])
def test_a_reorganisation_leaves_exactly_the_rows_of_the_new_chain(how: str, mirror: str) -> None:
    with Anvil(block_time_s=3_600) as anvil, Node(anvil.url) as node:
        world = World.make(anvil.w3)
        kept = world.donate(world.fund_eur, 1_000)
        kept_at, snapshot = anvil.w3.eth.block_number, rpc(anvil.w3, "evm_snapshot")
        gone = world.donate(world.fund_eur, 2_000)
        donate_many(world, 20)
        engine = open_for_writing(mirror)
        follower = Follower(node, engine, world.deployment)
        before = follower.poll()
        if how == "evm_revert":
            rpc(anvil.w3, "evm_revert", snapshot)
        else:
            depth = anvil.w3.eth.block_number - kept_at
            rpc(anvil.w3, "anvil_reorg", depth, [])
        follower.poll()
        other = world.donate(world.fund_eur, 3_000)
        donate_many(world, 25, each=2)
        after = follower.poll()
        assert after.number == anvil.w3.eth.block_number and after != before
        keys = [RecordKey(RecordKind.DONATION, (id,)) for id in (kept, gone, other)]
        with engine.connect() as conn:
            assert set(find(conn, keys).block_numbers) == {keys[0], keys[2]}
            assert digests(conn) == replayed(node, world)
        engine.dispose()


def test_another_chain_and_another_ledger_are_refused(chain: tuple[Anvil, World], mirror: str) -> None:
    anvil, world = chain
    with Node(anvil.url) as node:
        engine = open_for_writing(mirror)
        Follower(node, engine, world.deployment).poll()
        for other in (
            replace(world.deployment, genesis_hash=b"\x05" * 32),
            replace(world.deployment, chain_id=1),
            replace(world.deployment, fund_ledger=world.deployment.time_bank),
        ):
            with pytest.raises(OtherChain):
                Follower(node, engine, other)
        engine.dispose()


def test_a_second_follower_is_told_of_the_first(tmp_path: Path) -> None:
    mirror = f"sqlite:///{tmp_path / 'new' / 'mirror.db'}"
    holder = (
        "from indexer.lock import only_follower\n"
        f"with only_follower({mirror!r}): print('held', flush=True); input()"
    )
    process = subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"held\n"
    with pytest.raises(MirrorInUse, match=f"process {process.pid}"), only_follower(mirror):
        pass
    process.kill()
    process.wait()
    with only_follower(mirror):
        pass


class Liar:
    """A node in between that changes answers on their way."""

    def __init__(self, url: str, change: Callable[[str, Any], Any]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                calls = orjson.loads(body)
                methods = {call["id"]: call["method"] for call in calls}
                with Node(url) as node:
                    answers = orjson.loads(node._post(body, "any"))
                for answer in answers:
                    answer["result"] = change(methods[answer["id"]], answer.get("result"))
                text = orjson.dumps(answers)
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> Liar:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def other_hash(log: dict[str, Any]) -> dict[str, Any]:
    return log | {"blockHash": "0x" + "ab" * 32}


LIES: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "logs of another block": lambda logs: [*logs[:-1], other_hash(logs[-1])],
    "a log twice": lambda logs: [*logs, logs[-1]],
    "logs out of order": lambda logs: logs[::-1],
    "a log of another contract": lambda logs: [*logs[:-1], logs[-1] | {"address": "0x" + "cd" * 20}],
    "a removed log": lambda logs: [*logs[:-1], logs[-1] | {"removed": True}],
    "a log cut short": lambda logs: [*logs[:-1], logs[-1] | {"data": logs[-1]["data"][:-10]}],
    "no list": lambda logs: None,
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_node_is_refused_and_writes_nothing(chain: tuple[Anvil, World], lie: str) -> None:
    anvil, world = chain
    world.donate(world.fund_eur, 100)

    def change(method: str, result: Any) -> Any:
        return LIES[lie](result) if method == "eth_getLogs" and result else result

    engine = open_for_writing("sqlite://")
    with Liar(anvil.url, change) as liar, Node(liar.url) as node:
        follower = Follower(node, engine, world.deployment, span=Span(wanted_logs=10))
        start = follower.position
        with pytest.raises(BadAnswer):
            follower.run(threading.Event(), poll_s=0.01)
        with engine.connect() as conn:
            if follower.position == start:
                assert conn.execute(select(donation_recorded)).first() is None
            assert as_of(conn).number == follower.position.number
    engine.dispose()


def test_headers_that_do_not_hang_together_are_refused(chain: tuple[Anvil, World]) -> None:
    anvil, world = chain
    seen = {"count": 0}

    def change(method: str, result: Any) -> Any:
        if method == "eth_getBlockByNumber" and result:
            seen["count"] += 1
            if seen["count"] > 8:
                return result | {"parentHash": "0x" + "ef" * 32}
        return result

    engine = open_for_writing("sqlite://")
    with (
        Liar(anvil.url, change) as liar,
        Node(liar.url) as node,
        pytest.raises(BadAnswer, match="does not follow"),
    ):
        Follower(node, engine, world.deployment).run(threading.Event(), poll_s=0.01)
    engine.dispose()


def test_errors_say_whether_to_try_again(chain: tuple[Anvil, World]) -> None:
    anvil, _ = chain
    with Node(anvil.url) as node:
        with pytest.raises(NodeRefused) as refused:
            node.call("eth_thisIsNoMethod")
        assert not refused.value.retry
        assert node.call("eth_chainId") == hex(anvil.chain_id)
    with Node("http://127.0.0.1:9") as nobody, pytest.raises(NodeUnreachable) as unreachable:
        nobody.call("eth_chainId")
    assert unreachable.value.retry


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


def test_status_says_how_far_the_mirror_is(chain: tuple[Anvil, World], mirror: str) -> None:
    anvil, world = chain
    run = CliRunner()
    options = ["--node", anvil.url, "--mirror", mirror]
    assert run.invoke(index, ["status", *options]).exit_code == 2
    engine = open_for_writing(mirror)
    with Node(anvil.url) as node:
        Follower(node, engine, world.deployment).poll()
    engine.dispose()
    answer = run.invoke(index, ["status", *options])
    assert answer.exit_code == 0, answer.output
    assert "fund_opened" in answer.output
    rpc(anvil.w3, "anvil_mine", hex(30))
    assert run.invoke(index, ["status", *options]).exit_code == 1
    assert run.invoke(index, ["status", *options, "--behind", "1000"]).exit_code == 0


def test_a_change_too_deep_stops_the_follower_and_undoes_nothing(mirror: str) -> None:
    with Anvil(block_time_s=3_600) as anvil, Node(anvil.url) as node:
        world = World.make(anvil.w3)
        snapshot = rpc(anvil.w3, "evm_snapshot")
        world.donate(world.fund_eur, 1_000)
        rpc(anvil.w3, "anvil_mine", hex(300))
        engine = open_for_writing(mirror)
        follower = Follower(node, engine, world.deployment)
        before = follower.poll()
        with engine.connect() as conn:
            rows = digests(conn)
        rpc(anvil.w3, "evm_revert", snapshot)
        for more in (5, 310):  # a shorter chain, then a longer one
            rpc(anvil.w3, "anvil_mine", hex(more))
            with pytest.raises(ReorgTooDeep):
                follower.run(threading.Event())
        with engine.connect() as conn:
            assert digests(conn) == rows and follower.position == before
        engine.dispose()


class PickyNode(Node):
    """Answers for few blocks at once."""

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        if len(calls) > 4:
            raise NodeRefused(calls[0].method, -32005, "too many blocks")
        return super().batch(calls)


def test_a_node_that_answers_for_few_blocks_is_asked_for_few(chain: tuple[Anvil, World]) -> None:
    anvil, world = chain
    engine = open_for_writing("sqlite://")
    with PickyNode(anvil.url) as node:
        follower = Follower(node, engine, world.deployment)
        assert follower.poll().number > world.deployment.block
        with engine.connect() as conn:
            assert conn.execute(select(fund_opened).where(fund_opened.c.fund == world.fund_eur)).one()
    engine.dispose()
