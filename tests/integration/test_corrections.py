"""What is put right by adding, through the whole office: second checkers, ended lists, returns, disputes, transfers,
claims, reassignments, heirs, and families without a key; each recorded on chain and in the mirror."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from contracts.abi import Address
from contracts.bindings import (
    delivery_ledger,
    field_acceptance,
    fund_ledger,
    household_registry,
    licence_registry,
    time_bank,
)
from contracts.bindings.delivery_ledger import AcceptanceMethod, EntitlementState, ListState
from contracts.bindings.fund_ledger import TransferState
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    FundId,
    HeirNamingId,
    OrganisationId,
    PaymentListId,
    ReassignmentId,
    Role,
    TransferId,
)
from indexer.queries.deliveries import entitlement as mirrored
from indexer.queries.deliveries import list_entitlements
from ledger_api.gifts.receiving import claim_key
from tests.chain import Home, address_of, fund_opening, new_id, new_key
from tests.integration.small_office import SmallOffice, hexed
from wallet.cards import Card
from wallet.cli import main
from wallet.signing import Signable, sign

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallOffice]:
    with SmallOffice.open(tmp_path_factory.mktemp("office")) as office:
        yield office


def taken(office: SmallOffice, answer: httpx.Response) -> Any:
    """The answer of an act that was accepted and is recorded by now."""
    assert answer.status_code == 202, answer.text
    office.settle()
    body = answer.json()
    for one in body if isinstance(body, list) else [body]:
        assert office.get(one["status"]).json()["state"] == "recorded", one
    return body


def refused(answer: httpx.Response, status: int, kind: str, field: str) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["type"], problem["field"]) == (status, f"/problems/{kind}", field), (
        problem
    )


def staff(
    office: SmallOffice, role: Role, organisation: OrganisationId | None = None, admin: Any = None
) -> str:
    """Another member of staff's API key; of the office's charity unless another body is named."""
    key, world = new_key(), office.world
    world.appoint(organisation or world.charity, admin or world.charity_admin, key, role)
    return office.issue(organisation or world.charity, key)


def body_above(office: SmallOffice) -> str:
    """The API key of the desk of a body above the charity."""
    organisation, admin, world = OrganisationId(new_id()), new_key(), office.world
    world.license(organisation, admin, "supervisor")
    world.license(world.charity, world.charity_admin, "charity", supervisor=organisation)
    return staff(office, Role.DESK, organisation, admin)


def signed(
    office: SmallOffice, said: Signable, module: Any, contract: Address, key: LocalAccount
) -> dict[str, Any]:
    """The signature's fields as the API takes them."""
    genesis = office.world.deployment.genesis_hash
    domain = module.domain(office.node.chain_id, contract)
    signature = sign(said, domain, key, genesis_hash=genesis, now_unix_s=office.world.now())
    return {"deadline_unix_s": said.deadline_unix_s, "r": hexed(signature.r), "vs": hexed(signature.vs)}


def in_an_hour(office: SmallOffice) -> tuple[bytes, int]:
    """(genesis hash, deadline)."""
    return office.world.deployment.genesis_hash, office.world.now() + 3600


def state(office: SmallOffice, entitlement: EntitlementId) -> EntitlementState:
    view = delivery_ledger.entitlement_of(entitlement)
    return office.world.read(office.world.deliveries, view).state


def list_state(office: SmallOffice, list_id: str) -> ListState:
    view = delivery_ledger.list_of(PaymentListId(bytes.fromhex(list_id[2:])))
    return office.world.read(office.world.deliveries, view).state


def proposed(office: SmallOffice, households: list[Address], **changes: Any) -> dict[str, Any]:
    body = office.payment_list(households, **changes)
    office.world.donate(office.world.fund_eur, 100 * len(households))
    return dict(taken(office, office.post("/v1/payment-lists", body, office.keys["maker"])))


def approve(office: SmallOffice, listed: dict[str, Any], key: str) -> httpx.Response:
    path = f"/v1/payment-lists/{listed['id']}/approval"
    return office.post(path, {"content_hash": listed["content_hash"]}, key)


def reserved(office: SmallOffice) -> int:
    return office.world.read(office.world.ledger, fund_ledger.fund_of(office.world.fund_eur)).reserved


# --- Lists


def test_a_large_list_needs_a_second_checker(office: SmallOffice) -> None:
    world = office.world
    limit = licence_registry.set_second_checker_threshold(world.charity, "EUR", 250)
    world.regulate(limit)
    small = proposed(office, [world.open_home().account] * 1)
    taken(office, approve(office, small, office.keys["checker"]))
    assert list_state(office, small["id"]) == ListState.APPROVED, "one is enough below the threshold"
    colleague = taken(office, approve(office, small, staff(office, Role.CHECKER)))
    assert colleague["act"] == "approve_list", "a colleague who sends it again changes nothing"

    large = proposed(office, [world.open_home().account for _ in range(3)])
    first = taken(office, approve(office, large, office.keys["checker"]))
    assert (first["act"], list_state(office, large["id"])) == ("approve_list", ListState.CHECKED)
    assert taken(office, approve(office, large, office.keys["checker"])) == first
    assert list_state(office, large["id"]) == ListState.CHECKED, "the same checker twice is one checker"
    refused(approve(office, large, office.keys["maker"]), 403, "licence-registry-not-in-role", "caller")
    second_key = staff(office, Role.CHECKER)
    second = taken(office, approve(office, large, second_key))
    assert (second["act"], list_state(office, large["id"])) == ("second_approve_list", ListState.APPROVED)
    assert taken(office, approve(office, large, second_key))["id"] == large["id"]
    world.regulate(licence_registry.set_second_checker_threshold(world.charity, "EUR", 2**64 - 1))


def test_two_checkers_who_approve_before_anything_is_sent(tmp_path: Path) -> None:
    with SmallOffice.open(tmp_path, relaying=False) as office:
        world, relay = office.world, office.relay()
        world.regulate(licence_registry.set_second_checker_threshold(world.charity, "EUR", 1))
        home = world.open_home()
        world.donate(world.fund_eur, 100)
        body = office.payment_list([home.account])
        listed = office.post("/v1/payment-lists", body, office.keys["maker"]).json()
        while office.states() != {"recorded": 1}:
            relay.step()
        second = staff(office, Role.CHECKER)
        acts = [approve(office, listed, key).json()["act"] for key in (office.keys["checker"], second)]
        assert acts == ["approve_list", "second_approve_list"]
        while office.states() != {"recorded": 3}:
            relay.step()
        assert list_state(office, listed["id"]) == ListState.APPROVED


def test_a_cancelled_list_frees_what_nobody_had_taken(
    office: SmallOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = [office.world.open_home() for _ in range(3)]
    listed = proposed(office, [h.account for h in homes])
    taken(office, approve(office, listed, office.keys["checker"]))
    entitlements = [EntitlementId(e) for e in entitlements_of(office, listed["id"])]
    handed = {"list": listed["id"], "entitlements": [hexed(entitlements[0])]}
    taken(office, office.post("/v1/hand-overs", handed, office.keys["agent"]))
    before = reserved(office)
    path = f"/v1/payment-lists/{listed['id']}/cancellation"
    refused(
        office.post(path, {"reason": "x"}, office.keys["agent"]),
        403,
        "licence-registry-not-in-role",
        "caller",
    )
    monkeypatch.setenv("AMANAT_API", office.url)
    monkeypatch.setenv("AMANAT_API_KEY", office.keys["maker"])
    assert main(["office", "cancel-list", listed["id"], "--reason", "wrong-families"]) == 0
    office.settle()
    assert (list_state(office, listed["id"]), before - reserved(office)) == (ListState.CANCELLED, 200)
    assert [state(office, e) for e in entitlements] == [
        EntitlementState.HANDED_OVER,
        EntitlementState.CANCELLED,
        EntitlementState.CANCELLED,
    ]
    again = office.post(path, {"reason": "wrong-families"}, office.keys["maker"])
    assert taken(office, again)["act"] == "cancel_list", "the same again is harmless"
    refused(office.post(path, {"reason": "other"}, office.keys["maker"]), 409, "conflicting-record", "id")


def entitlements_of(office: SmallOffice, list_id: str) -> list[bytes]:
    with office.mirror.connect() as conn:
        return [item.id for item in list_entitlements(conn, PaymentListId(bytes.fromhex(list_id[2:]))).items]


def test_an_expired_list_is_freed_by_anyone_and_not_before(
    office: SmallOffice, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    home = office.world.open_home()
    listed = proposed(office, [home.account], expires_at_unix_s=office.world.now() + 1000)
    taken(office, approve(office, listed, office.keys["checker"]))
    monkeypatch.setenv("AMANAT_API", office.url)
    monkeypatch.delenv("AMANAT_API_KEY", raising=False)
    rows = office.states()
    assert main(["office", "expire-list", listed["id"]]) == 2
    assert capfd.readouterr().err.startswith("error: list: ")
    assert office.states() == rows, "nothing is left behind"
    before = reserved(office)
    for method, parameters in (("evm_increaseTime", [1001]), ("evm_mine", [])):
        office.world.w3.provider.make_request(method, parameters)  # type: ignore[arg-type]
    assert main(["office", "expire-list", listed["id"]]) == 0
    office.settle()
    assert (list_state(office, listed["id"]), before - reserved(office)) == (ListState.EXPIRED, 100)
    assert main(["office", "status", "expire_list", listed["id"]]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "recorded"


def test_another_body_hands_over_a_list(office: SmallOffice) -> None:
    world, provider, admin = office.world, OrganisationId(new_id()), new_key()
    world.license(provider, admin, "charity")
    agent = staff(office, Role.AGENT, provider, admin)
    home = world.open_home()
    listed = proposed(office, [home.account], provider=hexed(provider), place="IR-23-01")
    taken(office, approve(office, listed, office.keys["checker"]))
    ids = [hexed(e) for e in entitlements_of(office, listed["id"])]
    handed = {"list": listed["id"], "entitlements": ids}
    answer = office.post("/v1/hand-overs", handed, office.keys["agent"])
    refused(answer, 403, "licence-registry-not-in-role", "caller")
    taken(office, office.post("/v1/hand-overs", handed, agent))
    with office.mirror.connect() as conn:
        found = mirrored(conn, EntitlementId(bytes.fromhex(ids[0][2:])))
    assert (found.organisation, found.provider, found.place) == (world.charity, provider, "IR-23-01")


# --- Returns and disputes


def test_what_nobody_took_comes_back(office: SmallOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    home = office.world.open_home()
    entitlement, fund = office.offered(home), hexed(office.world.fund_eur)
    inflow = office.world.read(office.world.ledger, fund_ledger.fund_of(office.world.fund_eur)).inflow_end
    item = {
        "id": hexed(new_id()),
        "entitlement": hexed(entitlement),
        "amount_minor": "40",
        "reason": "spoiled",
    }
    body = {"fund": fund, "returns": [item]}
    refused(
        office.post("/v1/returns", body, office.keys["agent"]), 403, "licence-registry-not-in-role", "caller"
    )
    taken(office, office.post("/v1/returns", body, office.keys["cashier"]))
    taken(office, office.post("/v1/returns", body, office.keys["cashier"]))
    too_much = body | {"returns": [item | {"id": hexed(new_id()), "amount_minor": "61"}]}
    answer = office.post("/v1/returns", too_much, office.keys["cashier"])
    refused(answer, 422, "delivery-ledger-return-above-delivered", "amount_minor")
    monkeypatch.setenv("AMANAT_API", office.url)
    monkeypatch.setenv("AMANAT_API_KEY", office.keys["cashier"])
    what = ("--fund", fund, "--entitlement", hexed(entitlement), "--amount", "0.60", "--unit", "EUR")
    assert main(["office", "take-back", *what, "--reason", "undeliverable"]) == 0
    office.settle()
    line = office.world.read(office.world.ledger, fund_ledger.fund_of(office.world.fund_eur))
    assert line.inflow_end == inflow + 100
    with office.mirror.connect() as conn:
        assert mirrored(conn, entitlement).returned_minor == 100


def test_a_familys_objection_is_carried_and_upheld(
    office: SmallOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, desk = office.world.open_home(), body_above(office)
    entitlement = office.offered(home)
    genesis, deadline = in_an_hour(office)
    said = delivery_ledger.Dispute(home.account, entitlement, "never-arrived", genesis, deadline)
    body = {"entitlement": hexed(entitlement), "reason": "never-arrived"}
    body |= signed(office, said, delivery_ledger, office.world.deliveries, home.key)
    refused(office.post("/v1/refusals", body), 403, "signed-acts-wrong-signer", "signature")
    refused(office.post("/v1/disputes", body | {"reason": "x"}), 403, "signed-acts-wrong-signer", "signature")
    (tmp_path / "signed.json").write_text(json.dumps(body))
    monkeypatch.setenv("AMANAT_API", office.url)
    assert main(["office", "dispute", str(tmp_path / "signed.json")]) == 0
    office.settle()
    assert state(office, entitlement) == EntitlementState.DISPUTED

    decision = {"entitlement": hexed(entitlement), "upheld": True}
    refused(office.post("/v1/decisions", decision, desk), 422, "delivery-ledger-missing", "return")
    with_return = decision | {"return": hexed(new_id())}
    own = staff(office, Role.DESK)
    answer = office.post("/v1/decisions", with_return, own)
    refused(answer, 403, "delivery-ledger-desk-not-above", "desk")
    taken(office, office.post("/v1/decisions", with_return, desk))
    taken(office, office.post("/v1/decisions", with_return, desk))
    assert state(office, entitlement) == EntitlementState.UPHELD
    with office.mirror.connect() as conn:
        found = mirrored(conn, entitlement)
    assert (found.state.value, found.returned_minor, found.dispute_reason) == ("upheld", 100, "never-arrived")
    other = {"entitlement": hexed(entitlement), "upheld": False}
    answer = office.post("/v1/decisions", other, desk)
    refused(answer, 409, "delivery-ledger-entitlement-state", "entitlement")


def test_an_objection_that_the_registrar_brings_is_dismissed(office: SmallOffice) -> None:
    home, desk = office.world.open_home(), body_above(office)
    entitlement = office.offered(home)
    body = {"entitlement": hexed(entitlement), "reason": "spoiled"}
    answer = office.post("/v1/disputes/brought", body, staff(office, Role.REGISTRAR))
    refused(answer, 403, "delivery-ledger-not-opened-by", "organisation")
    taken(office, office.post("/v1/disputes/brought", body, office.keys["registrar"]))
    decision = {"entitlement": hexed(entitlement), "upheld": False}
    taken(office, office.post("/v1/decisions", decision, desk))
    assert state(office, entitlement) == EntitlementState.DISMISSED


# --- Families without a key


def test_two_witnesses_confirm_for_a_family(office: SmallOffice) -> None:
    world, account = office.world, Address(new_id()[:20])
    opening = household_registry.Opening(account, Address(bytes(20)), bytes(32))
    world.send(world.registrar, world.households, household_registry.open(world.registrar_body, [opening]))
    entitlement = office.offered(Home(account, new_key()))
    genesis, deadline = in_an_hour(office)
    witnesses = []
    for _ in range(2):
        organisation, admin, key = OrganisationId(new_id()), new_key(), new_key()
        world.license(organisation, admin, "university")
        world.appoint(organisation, admin, key, Role.WITNESS)
        who = address_of(key)
        said = field_acceptance.Witnessing(
            who, organisation, account, entitlement, 100, "EUR", genesis, deadline
        )
        named = {"organisation": hexed(organisation), "witness": hexed(who)}
        witnesses.append(named | signed(office, said, field_acceptance, world.field, key))
    body = {"entitlement": hexed(entitlement), "amount_minor": "100", "first": witnesses[0]}
    answer = office.post("/v1/acceptances/witnessed", body | {"second": witnesses[0]})
    refused(answer, 403, "field-acceptance-not-independent", "witness")
    taken(office, office.post("/v1/acceptances/witnessed", body | {"second": witnesses[1]}))
    with office.mirror.connect() as conn:
        found = mirrored(conn, entitlement)
    assert (found.state.value, found.method) == ("confirmed", AcceptanceMethod.WITNESSES)


def test_a_scratch_card_and_a_cosigner_confirm_for_a_family(office: SmallOffice) -> None:
    world, account = office.world, Address(new_id()[:20])
    card = Card.make(account)
    opening = {"account": hexed(account), "key": hexed(bytes(20)), "card_root": hexed(card.root())}
    taken(office, office.post("/v1/households", {"households": [opening]}, office.keys["registrar"]))
    entitlement = office.offered(Home(account, new_key()))
    genesis, deadline = in_an_hour(office)
    key = new_key()
    world.appoint(world.charity, world.charity_admin, key, Role.WITNESS)
    who, scratched = address_of(key), card.reveal(5)
    said = field_acceptance.Witnessing(
        who, world.charity, account, entitlement, 100, "EUR", genesis, deadline
    )
    cosigner = {"organisation": hexed(world.charity), "witness": hexed(who)}
    cosigner |= signed(office, said, field_acceptance, world.field, key)
    body = {"entitlement": hexed(entitlement), "amount_minor": "100", "field": scratched.field}
    body |= {"secret": hexed(scratched.secret), "proof": [hexed(p) for p in scratched.proof]}
    wrong = body | {"field": 6, "cosigner": cosigner}
    refused(office.post("/v1/acceptances/card", wrong), 422, "field-acceptance-not-on-card", "secret")
    taken(office, office.post("/v1/acceptances/card", body | {"cosigner": cosigner}))
    with office.mirror.connect() as conn:
        found = mirrored(conn, entitlement)
    assert (found.state.value, found.method) == ("confirmed", AcceptanceMethod.CARD)


def test_a_card_that_is_none_is_refused_by_its_field(office: SmallOffice) -> None:
    entitlement = office.offered(office.world.open_home(card_root=new_id()))
    witness = {"organisation": hexed(new_id()), "witness": hexed(new_id()[:20]), "deadline_unix_s": 2**33}
    witness |= {"r": hexed(new_id()), "vs": hexed(bytes(31) + b"\x01")}
    body = {"entitlement": hexed(entitlement), "amount_minor": "100", "secret": hexed(new_id()), "field": 3}
    body |= {"proof": [hexed(new_id())] * 4, "cosigner": witness}
    refused(office.post("/v1/acceptances/card", body), 422, "field-acceptance-not-on-card", "secret")
    for change, field in (({"field": 16}, "field"), ({"proof": body["proof"][:3]}, "proof")):
        refused(office.post("/v1/acceptances/card", body | change), 422, "invalid-request", field)


# --- Transfers


def partner(office: SmallOffice) -> tuple[FundId, str]:
    """Another charity's fund for the same purpose, and its cashier's key."""
    world, organisation, admin, fund = office.world, OrganisationId(new_id()), new_key(), FundId(new_id())
    world.license(organisation, admin, "charity")
    opening = fund_opening(fund, organisation, "EUR", "sadaqat")
    world.send(admin, world.ledger, fund_ledger.open_fund(opening))
    return fund, staff(office, Role.CASHIER, organisation, admin)


def transfer_state(office: SmallOffice, transfer: str) -> TransferState:
    view = fund_ledger.transfer_of(TransferId(bytes.fromhex(transfer[2:])))
    return office.world.read(office.world.ledger, view).state


def test_a_transfer_goes_its_way_or_comes_back(office: SmallOffice) -> None:
    world, keys = office.world, office.keys
    fund, cashier = partner(office)
    world.donate(world.fund_eur, 5_000)
    said = {
        "from": hexed(world.fund_eur),
        "to": hexed(fund),
        "amount_minor": "700",
        "commitment": hexed(new_id()),
    }

    def sent(approve_it: bool = True) -> str:
        transfer = hexed(new_id())
        taken(office, office.post("/v1/transfers", said | {"id": transfer}, keys["maker"]))
        if approve_it:
            taken(office, office.post(f"/v1/transfers/{transfer}/approval", said, keys["checker"]))
        return transfer

    transfer = sent()
    changed = said | {"amount_minor": "701"}
    answer = office.post(f"/v1/transfers/{transfer}/approval", changed, staff(office, Role.CHECKER))
    assert answer.status_code == 409, "a checker approves what was proposed"
    answer = office.post(f"/v1/transfers/{transfer}/receipt", {}, keys["cashier"])
    refused(answer, 403, "licence-registry-not-in-role", "caller")
    taken(office, office.post(f"/v1/transfers/{transfer}/receipt", {}, cashier))
    assert transfer_state(office, transfer) == TransferState.RECEIVED
    assert world.read(world.ledger, fund_ledger.fund_of(fund)).inflow_end == 700

    for end, key, wanted in (
        ("return", keys["cashier"], TransferState.CAME_BACK),
        ("withdrawal", keys["maker"], TransferState.WITHDRAWN),
    ):
        transfer = sent(approve_it=end == "return")
        taken(office, office.post(f"/v1/transfers/{transfer}/{end}", {}, key))
        assert transfer_state(office, transfer) == wanted

    zakat = said | {"id": hexed(new_id()), "from": hexed(world.fund_sar)}
    refused(office.post("/v1/transfers", zakat, keys["maker"]), 422, "fund-ledger-less-restricted", "to")


def test_a_large_transfer_needs_a_second_checker(office: SmallOffice) -> None:
    world, keys = office.world, office.keys
    fund, _ = partner(office)
    world.donate(world.fund_eur, 5_000)
    world.regulate(licence_registry.set_second_checker_threshold(world.charity, "EUR", 250))
    transfer = hexed(new_id())
    said = {
        "from": hexed(world.fund_eur),
        "to": hexed(fund),
        "amount_minor": "700",
        "commitment": hexed(new_id()),
    }
    taken(office, office.post("/v1/transfers", said | {"id": transfer}, keys["maker"]))
    path = f"/v1/transfers/{transfer}/approval"
    assert taken(office, office.post(path, said, keys["checker"]))["act"] == "approve_transfer"
    assert transfer_state(office, transfer) == TransferState.CHECKED
    second = taken(office, office.post(path, said, staff(office, Role.CHECKER)))
    assert (second["act"], transfer_state(office, transfer)) == (
        "second_approve_transfer",
        TransferState.SENT,
    )
    world.regulate(licence_registry.set_second_checker_threshold(world.charity, "EUR", 2**64 - 1))


# --- Donors and volunteers


def test_a_donor_claims_a_gift_and_gives_it_another_purpose(office: SmallOffice) -> None:
    world, own_wallet = office.world, new_key()
    gift = office.gift(donor={"name": "Zahra", "reference": "42"})
    taken(office, office.post("/v1/gifts", gift, office.keys["cashier"]))
    donation = DonationId(bytes.fromhex(gift["id"][2:]))
    key = Account.from_key(claim_key(office.settings.secret, world.charity, b"42").to_bytes())
    genesis, deadline = in_an_hour(office)
    said = fund_ledger.Claim(address_of(key), donation, address_of(own_wallet), genesis, deadline)
    body = {"donation": gift["id"], "wallet": hexed(said.wallet)}
    body |= signed(office, said, fund_ledger, world.ledger, key)
    thief = body | {"wallet": hexed(new_id()[:20])}
    refused(office.post("/v1/claims", thief), 403, "signed-acts-wrong-signer", "signature")
    taken(office, office.post("/v1/claims", body))
    assert office.recorded_gift(donation).owner == said.wallet

    to, id = world.open_fund("EUR", "need"), ReassignmentId(new_id())
    wish = fund_ledger.Reassignment(said.wallet, id, donation, to, 500, genesis, deadline)
    body = {"id": hexed(id), "donation": gift["id"], "to": hexed(to), "amount_minor": "500"}
    body |= signed(office, wish, fund_ledger, world.ledger, own_wallet)
    more = body | {"amount_minor": "501"}
    answer = office.post("/v1/reassignments", more, office.keys["cashier"])
    refused(answer, 403, "signed-acts-wrong-signer", "signature")
    taken(office, office.post("/v1/reassignments", body, office.keys["cashier"]))
    assert world.read(world.ledger, fund_ledger.fund_of(to)).inflow_end == 500
    trace = office.get(f"/v1/gifts/{gift['id']}").json()
    assert {s["fund"] for s in trace["segments"]} == {hexed(world.fund_eur), hexed(to)}


def test_gifts_of_goods_have_a_value_and_cash_has_none(
    office: SmallOffice, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    key, rice = office.keys["cashier"], hexed(office.world.open_fund("RICE-KG", "need"))
    goods = {"fund": rice, "amount_minor": "250", "form": "goods"}
    rows = office.states()
    for wrong in (
        goods,
        goods | {"value_minor": "5000"},
        goods | {"value_currency": "EUR"},
        {"value_minor": "5000", "value_currency": "EUR"},
    ):
        refused(
            office.post("/v1/gifts", office.gift(**wrong), key), 422, "fund-ledger-bad-value", "value_minor"
        )
    assert office.states() == rows
    gift = office.gift(**goods, value_minor="5000", value_currency="EUR")
    code = taken(office, office.post("/v1/gifts", gift, key))["receipt_code"]
    recorded = office.recorded_gift(DonationId(bytes.fromhex(gift["id"][2:])))
    assert (recorded.form, recorded.value_minor, recorded.value_currency) == ("goods", 5000, "EUR")
    opened = office.get(f"/v1/receipts/{code}").json()["opening"]["record"]
    assert (opened["form"], opened["value_minor"], opened["value_currency"]) == ("goods", "5000", "EUR")
    monkeypatch.setenv("AMANAT_API", office.url)
    monkeypatch.setenv("AMANAT_API_KEY", key)
    what = ["gift", "--fund", rice, "--amount", "3", "--unit", "RICE-KG", "--settled", "2026-01-31"]
    what += ["--channel", "warehouse", "--form", "goods"]
    assert main(["office", *what, "--value", "12.50"]) == 2
    assert capfd.readouterr().err.startswith("error: value_currency: ")
    assert main(["office", *what, "--value", "12.505", "--value-currency", "EUR"]) == 2
    assert capfd.readouterr().err.startswith("error: value: ")
    assert main(["office", *what, "--value", "12.50", "--value-currency", "EUR"]) == 0
    said = dict(line.split(maxsplit=1) for line in capfd.readouterr().out.splitlines())
    office.settle()
    assert office.recorded_gift(DonationId(bytes.fromhex(said["id"][2:]))).value_minor == 1250


def test_the_commitment_opens_to_what_the_receipt_says(office: SmallOffice) -> None:
    gift = office.gift()
    code = taken(office, office.post("/v1/gifts", gift, office.keys["cashier"]))["receipt_code"]
    opening = office.get(f"/v1/receipts/{code}").json()["opening"]
    record = json.dumps(opening["record"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hexed(keccak(bytes.fromhex(opening["salt"][2:]) + record)) == opening["commitment"]
    assert opening["record"]["form"] == "cash" and "value_minor" not in opening["record"]


def test_a_volunteer_names_an_heir(office: SmallOffice) -> None:
    volunteer, heir, naming = new_key(), address_of(new_key()), HeirNamingId(new_id())
    genesis, deadline = in_an_hour(office)
    said = time_bank.HeirNaming(address_of(volunteer), naming, heir, genesis, deadline)
    body = {"id": hexed(naming), "volunteer": hexed(said.volunteer), "heir": hexed(heir)}
    body |= signed(office, said, time_bank, office.world.bank, volunteer)
    taken(office, office.post("/v1/heirs", body))
    assert office.world.read(office.world.bank, time_bank.heir_of(said.volunteer)) == heir
    own = body | {"id": hexed(new_id()), "heir": body["volunteer"]}
    refused(office.post("/v1/heirs", own), 422, "time-bank-bad-heir", "heir")
