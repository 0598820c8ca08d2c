"""Bad input, in the API and on the command line: an error that names the field and the remedy, and nothing left behind.

Each test sends the same mistake both ways inside `with unchanged():`, which compares every row of the office, the
chain's state root and every event in the mirror before and after.
"""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.abi import Address
from contracts.bindings import fund_ledger, household_registry, licence_registry, programme_registry
from contracts.bindings.ids import FundId, OrganisationId, ProgrammeId, Role
from contracts.bindings.licence_registry import LicenceGrant
from ledger_api.app import make_app
from ledger_api.body_limit import MAX_BODY_BYTES
from ledger_api.office import staff_key
from ledger_api.staff import PREFIX, _hash
from tests.chain import (
    ALL_ROLES,
    NOBODY,
    Home,
    address_of,
    fund_opening,
    new_id,
    new_key,
    programme_opening,
)
from tests.integration.small_office import SmallOffice, hexed, in_a_month, served
from wallet.cli import main

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

STATEMENTS = Path(__file__).parents[1] / "data" / "bank-camt"
HOUR_S = 3600
TOO_MUCH = 2**63

Unchanged = Callable[[], AbstractContextManager[None]]
Clerk = Callable[..., "Said"]


class Said:
    """What a command said: its exit code, and the fields and remedies of its `error:` lines."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.lines = code, out, err.splitlines()
        assert "Traceback" not in err

    def refused(self, field: str, code: int = 2) -> Said:
        """One line: `error: <field>: <what>; <remedy>`."""
        assert self.code == code, (self.code, self.out, self.lines)
        assert len(self.lines) == 1, self.lines
        start, _, rest = self.lines[0].partition(f"error: {field}: ")
        assert start == "" and rest.count("; ") >= 1 and all(rest.split("; ")), self.lines
        return self


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallOffice]:
    with SmallOffice.open(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture(scope="module")
def documented(office: SmallOffice) -> dict[str, Any]:
    return {p["type"]: p for p in office.get("/v1/problems").json()}


@pytest.fixture
def unchanged(office: SmallOffice) -> Unchanged:
    @contextmanager
    def same() -> Iterator[None]:
        office.settle()
        before = office.snapshot()
        yield
        office.settle()
        assert office.snapshot() == before

    return same


@pytest.fixture
def refused(documented: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Checks an answer as documented, and returns the problem."""

    def check(response: httpx.Response, status: int, kind: str, field: str) -> dict[str, Any]:
        assert response.headers["content-type"] == "application/problem+json", response.text
        problem: dict[str, Any] = response.json()
        found = response.status_code, problem["status"], problem["type"], problem["field"]
        assert found == (status, status, f"/problems/{kind}", field), problem
        listed = documented[problem["type"]]
        assert (problem["title"], problem["retry"]) == (listed["title"], listed["retry"])
        assert problem["detail"] and len(problem["remedy"]) > len("see it")
        return problem

    return check


@pytest.fixture
def clerk(office: SmallOffice, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Clerk:
    """Runs `amanat office ...` as somebody."""

    def run(role_or_key: str, *arguments: str) -> Said:
        key = office.keys.get(role_or_key, role_or_key)
        monkeypatch.setenv("AMANAT_API", office.url)
        monkeypatch.setenv("AMANAT_API_KEY", key) if key else monkeypatch.delenv(
            "AMANAT_API_KEY", raising=False
        )
        capfd.readouterr()
        code = main(["office", *arguments])
        out, err = capfd.readouterr()
        return Said(code, out, err)

    return run


def gift_command(fund: bytes, amount: str = "10.50", unit: str = "EUR", *more: str) -> list[str]:
    settled = ("--settled", "2026-01-31", "--channel", "bank")
    return ["gift", "--fund", hexed(fund), "--amount", amount, "--unit", unit, *settled, *more]


def list_command(file: Path, fund: bytes, programme: bytes) -> list[str]:
    ids = ("--fund", hexed(fund), "--programme", hexed(programme))
    return ["propose-list", str(file), *ids, "--expires", in_a_month()]


def write_list(path: Path, rows: Sequence[tuple[Any, ...]], columns: str = "household,amount") -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns.split(","), *rows])
    return path


def write_json(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value))
    return str(path)


# --- Statements


def test_a_statement_that_does_not_balance(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    file = (
        STATEMENTS / "camt053.v2.minimal.xml"
    )  # a real file; its booked entries do not make its closing balance
    fund = hexed(office.world.fund_eur)
    headers = {"Authorization": f"Bearer {office.keys['cashier']}", "Content-Type": "application/xml"}
    with unchanged():
        url = f"{office.url}/v1/statements?fund={fund}"
        answer = httpx.post(url, content=file.read_bytes(), headers=headers)
        problem = refused(answer, 422, "statement-refused", answer.json()["field"])
        assert problem["field"].startswith("statement ") and "opening" in problem["detail"]
        assert "nothing of this one was taken in" in problem["remedy"]
        clerk("cashier", "import-statement", str(file), "--fund", fund).refused(problem["field"])


def test_a_statement_into_two_funds_of_one_currency_or_an_unknown_one(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    other = office.world.open_fund("EUR", "sadaqat")
    file, fund = STATEMENTS / "camt053.v2.minimal.xml", hexed(office.world.fund_eur)
    headers = {"Authorization": f"Bearer {office.keys['cashier']}", "Content-Type": "application/xml"}
    with unchanged():
        for second, status, kind in ((other, 422, "invalid-request"), (new_id(), 404, "not-found")):
            url = f"{office.url}/v1/statements?fund={fund}&fund={hexed(second)}"
            refused(httpx.post(url, content=file.read_bytes(), headers=headers), status, kind, "fund")
            funds = ("--fund", fund, "--fund", hexed(second))
            clerk("cashier", "import-statement", str(file), *funds).refused("fund")


# --- Amounts


@pytest.mark.parametrize(
    ("minor", "decimal"),
    [
        ("-5", "-0.05"),
        ("10.5", "0.105"),
        ("0", "0.00"),
        (str(TOO_MUCH), "92233720368547758.08"),
        (1050, "1e3"),
    ],
    ids=["negative", "fractional", "zero", "above 2^63-1", "not a decimal text"],
)
def test_an_amount_that_is_none(
    office: SmallOffice,
    unchanged: Unchanged,
    refused: Any,
    clerk: Clerk,
    minor: Any,
    decimal: str,
    tmp_path: Path,
) -> None:
    home, world = office.world.open_home(), office.world
    with unchanged():
        body = office.gift(amount_minor=minor)
        refused(
            office.post("/v1/gifts", body, office.keys["cashier"]), 422, "invalid-request", "amount_minor"
        )
        clerk("cashier", *gift_command(world.fund_eur, decimal)).refused("amount")
        proposal = office.payment_list([home.account])
        proposal["entitlements"][0]["amount_minor"] = minor
        field = "entitlements.0.amount_minor"
        answer = office.post("/v1/payment-lists", proposal, office.keys["maker"])
        refused(answer, 422, "invalid-request", field)
        file = write_list(tmp_path / "list.csv", [(hexed(home.account), decimal)])
        clerk("maker", *list_command(file, world.fund_eur, world.programme)).refused("line 2 amount")
        assert not file.with_name("list.csv.sent.json").exists()


def test_a_total_above_what_the_ledger_holds(office: SmallOffice, unchanged: Unchanged, refused: Any) -> None:
    home = office.world.open_home()
    with unchanged():
        proposal = office.payment_list([home.account] * 3)
        for entitlement in proposal["entitlements"]:
            entitlement["amount_minor"] = str(TOO_MUCH - 1)
        answer = office.post("/v1/payment-lists", proposal, office.keys["maker"])
        refused(answer, 422, "invalid-request", "total_minor")


def test_a_gift_in_another_unit_than_its_fund(
    office: SmallOffice, unchanged: Unchanged, clerk: Clerk
) -> None:
    with unchanged():
        clerk("cashier", *gift_command(office.world.fund_sar, "10.50", "EUR")).refused("unit")


# --- Funds and organisations


def test_an_unknown_fund(office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk) -> None:
    with unchanged():
        body = office.gift(fund=hexed(new_id()))
        answer = office.post("/v1/gifts", body, office.keys["cashier"])
        refused(answer, 404, "fund-ledger-unknown-fund", "fund")
        clerk("cashier", *gift_command(new_id())).refused("fund")


def another_charity(office: SmallOffice, lasts_s: int) -> tuple[OrganisationId, FundId, str]:
    """(organisation, its fund in EUR, its cashier's API key)."""
    world, admin, cashier = office.world, new_key(), new_key()
    organisation, fund, start = OrganisationId(new_id()), FundId(new_id()), office.world.now()
    until = start + lasts_s
    grant = LicenceGrant(organisation, address_of(admin), "charity", "", NOBODY, ALL_ROLES, start, until)
    world.regulate(licence_registry.grant_licence(grant))
    world.appoint(organisation, admin, cashier, Role.CASHIER)
    opening = fund_opening(fund, organisation, "EUR", "sadaqat")
    world.send(admin, world.ledger, fund_ledger.open_fund(opening))
    return organisation, fund, office.issue(organisation, cashier)


def test_another_organisations_fund(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    _, fund, _ = another_charity(office, 300 * 24 * HOUR_S)
    with unchanged():
        answer = office.post("/v1/gifts", office.gift(fund=hexed(fund)), office.keys["cashier"])
        refused(answer, 403, "licence-registry-not-in-role", "caller")
        clerk("cashier", *gift_command(fund)).refused("caller")


def test_a_member_of_staff_without_the_role(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    with unchanged():
        answer = office.post("/v1/gifts", office.gift(), office.keys["agent"])
        refused(answer, 403, "licence-registry-not-in-role", "caller")
        clerk("agent", *gift_command(office.world.fund_eur)).refused("caller")


def test_a_licence_that_expired_without_anybody_acting(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    _, fund, key = another_charity(office, HOUR_S)
    body = office.gift(fund=hexed(fund))
    assert office.post("/v1/gifts", body, key).status_code == 202
    office.settle()
    for method, parameters in (("evm_increaseTime", [HOUR_S]), ("evm_mine", [])):
        office.world.w3.provider.make_request(method, parameters)  # type: ignore[arg-type]
    with unchanged():
        answer = office.post("/v1/gifts", office.gift(fund=hexed(fund)), key)
        refused(answer, 403, "licence-registry-not-licensed", "organisation")
        clerk(key, *gift_command(fund)).refused("organisation")
        assert office.post("/v1/gifts", body, key).status_code == 202, "what was taken stays taken"


# --- Payment lists


def test_a_list_checked_by_its_maker(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    world, both = office.world, new_key()
    world.appoint(world.charity, world.charity_admin, both, Role.MAKER | Role.CHECKER)
    key = office.issue(world.charity, both)
    world.donate(world.fund_eur, 100)
    proposed = office.post("/v1/payment-lists", office.payment_list([world.open_home().account]), key).json()
    office.settle()
    with unchanged():
        body = {"content_hash": proposed["content_hash"]}
        answer = office.post(f"/v1/payment-lists/{proposed['id']}/approval", body, key)
        refused(answer, 403, "delivery-ledger-maker-is-checker", "checker")
        said = clerk(key, "approve-list", proposed["id"], "--content-hash", proposed["content_hash"])
        said.refused("checker")


def test_approving_another_content(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    proposal = office.payment_list([office.world.open_home().account])
    assert office.post("/v1/payment-lists", proposal, office.keys["maker"]).status_code == 202
    office.settle()
    with unchanged():
        body = {"content_hash": hexed(new_id())}
        answer = office.post(f"/v1/payment-lists/{proposal['id']}/approval", body, office.keys["checker"])
        refused(answer, 422, "delivery-ledger-other-content", "content_hash")
        said = clerk("checker", "approve-list", proposal["id"], "--content-hash", body["content_hash"])
        said.refused("content_hash")


def test_a_list_that_would_stay_open_for_years(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path
) -> None:
    world, home = office.world, office.world.open_home()
    with unchanged():
        late = office.payment_list([home.account], expires_at_unix_s=world.now() + 367 * 24 * HOUR_S)
        answer = office.post("/v1/payment-lists", late, office.keys["maker"])
        refused(answer, 409, "delivery-ledger-list-expired", "expires_at_unix_s")
        file = write_list(tmp_path / "list.csv", [(hexed(home.account), "1.00")])
        command = list_command(file, world.fund_eur, world.programme)[:-1]
        clerk("maker", *command, "2035-12-31").refused("expires_at_unix_s")
        assert not file.with_name("list.csv.sent.json").exists(), "the corrected command may be sent"


def test_an_unknown_household(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path
) -> None:
    world, known, unknown = office.world, office.world.open_home().account, Address(new_id()[:20])
    with unchanged():
        answer = office.post("/v1/payment-lists", office.payment_list([known, unknown]), office.keys["maker"])
        refused(answer, 404, "household-registry-unknown-household", "household")
        file = write_list(tmp_path / "list.csv", [(hexed(known), "1.00"), (hexed(unknown), "1.00")])
        clerk("maker", *list_command(file, world.fund_eur, world.programme)).refused("line 3 household")
        assert not file.with_name("list.csv.sent.json").exists(), "the corrected file may be sent"


def test_a_household_that_the_payer_opened(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path
) -> None:
    world, registrar, account = office.world, new_key(), Address(new_id()[:20])
    world.appoint(world.charity, world.charity_admin, registrar, Role.REGISTRAR)
    opening = household_registry.Opening(account, address_of(new_key()), bytes(32))
    world.send(registrar, world.households, household_registry.open(world.charity, [opening]))
    with unchanged():
        answer = office.post("/v1/payment-lists", office.payment_list([account]), office.keys["maker"])
        refused(answer, 422, "delivery-ledger-payer-opened-household", "household")
        file = write_list(tmp_path / "list.csv", [(hexed(account), "1.00")])
        clerk("maker", *list_command(file, world.fund_eur, world.programme)).refused("line 2 household")


def open_programme(office: SmallOffice, programme: ProgrammeId, head: str) -> None:
    world = office.world
    data = programme_registry.open_programme(programme_opening(programme, world.charity), [head])
    world.send(world.charity_admin, world.programmes, data)


def test_zakat_for_a_programme_that_does_not_take_it(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path
) -> None:
    world, home, programme = office.world, office.world.open_home(), ProgrammeId(new_id())
    open_programme(office, programme, "sadaqat")
    with unchanged():
        proposal = office.payment_list([home.account], fund=hexed(world.fund_sar), programme=hexed(programme))
        answer = office.post("/v1/payment-lists", proposal, office.keys["maker"])
        refused(answer, 422, "programme-registry-head-not-allowed", "fund")
        file = write_list(tmp_path / "list.csv", [(hexed(home.account), "1.00")])
        clerk("maker", *list_command(file, world.fund_sar, programme)).refused("fund")


def test_a_zakat_fund_bound_to_another_programme(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path
) -> None:
    world, home, own, fund = office.world, office.world.open_home(), ProgrammeId(new_id()), FundId(new_id())
    open_programme(office, own, "zakat")
    opening = fund_opening(fund, world.charity, "SAR", "zakat", programme=own)
    world.send(world.charity_admin, world.ledger, fund_ledger.open_fund(opening))
    with unchanged():
        proposal = office.payment_list([home.account], fund=hexed(fund))
        answer = office.post("/v1/payment-lists", proposal, office.keys["maker"])
        refused(answer, 422, "delivery-ledger-fund-for-other-programme", "programme")
        file = write_list(tmp_path / "list.csv", [(hexed(home.account), "1.00")])
        clerk("maker", *list_command(file, fund, world.programme)).refused("programme")


def test_a_list_that_names_an_entitlement_twice(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path
) -> None:
    world, home, twice = office.world, office.world.open_home(), hexed(new_id())
    with unchanged():
        proposal = office.payment_list([home.account] * 2)
        proposal["entitlements"][1] = proposal["entitlements"][0]
        answer = office.post("/v1/payment-lists", proposal, office.keys["maker"])
        refused(answer, 422, "invalid-request", "entitlements.1.id")
        rows = [(hexed(home.account), "1.00", twice)] * 2
        file = write_list(tmp_path / "list.csv", rows, "household,amount,id")
        clerk("maker", *list_command(file, world.fund_eur, world.programme)).refused("line 3 id")


def test_every_bad_row_of_a_long_list_is_reported_and_nothing_is_sent(
    office: SmallOffice, unchanged: Unchanged, clerk: Clerk, tmp_path: Path
) -> None:
    world, account = office.world, hexed(office.world.open_home().account)
    rows: list[tuple[Any, ...]] = [(account, "1.00")] * 3000
    rows[10], rows[1500], rows[2999] = (account, "-1"), ("0x12", "1.005"), (account, "1", "x")
    with unchanged():
        file = write_list(tmp_path / "list.csv", rows)
        said = clerk("maker", *list_command(file, world.fund_eur, world.programme))
        assert said.code == 2
        starts = ("line 12 amount", "line 1502 household", "line 1502 amount", "line 3001")
        assert [line.startswith(f"error: {s}: ") for line, s in zip(said.lines, starts, strict=True)] == [
            True
        ] * 4


TERMS: list[tuple[dict[str, Any], int, str, str]] = [
    ({"season": "1405-winter"}, 422, "delivery-ledger-bad-season", "season"),
    ({"rule_version": 3}, 409, "rulebook-not-in-force", "version"),
    ({"provider": "0x" + "11" * 32}, 403, "licence-registry-not-licensed", "organisation"),
    ({"place": "two words"}, 422, "invalid-request", "place"),
    ({"rule_version": -1}, 422, "invalid-request", "rule_version"),
    ({"rule_version": 2**32}, 422, "invalid-request", "rule_version"),
    ({"provider": "0x12"}, 422, "invalid-request", "provider"),
]


@pytest.mark.parametrize(("terms", "status", "kind", "field"), TERMS, ids=str)
def test_a_list_under_terms_that_its_programme_does_not_have(
    office: SmallOffice, unchanged: Unchanged, refused: Any, terms: Any, status: int, kind: str, field: str
) -> None:
    home = office.world.open_home()
    with unchanged():
        answer = office.post(
            "/v1/payment-lists", office.payment_list([home.account], **terms), office.keys["maker"]
        )
        refused(answer, status, kind, field)


def test_a_list_of_a_season_on_the_command_line(
    office: SmallOffice, unchanged: Unchanged, clerk: Clerk, tmp_path: Path
) -> None:
    world, file = office.world, tmp_path / "list.csv"
    write_list(file, [(hexed(world.open_home().account), "1.00")])
    with unchanged():
        command = list_command(file, world.fund_eur, world.programme)
        clerk("maker", *command, "--season", "1405-winter").refused("season")
        assert not file.with_name("list.csv.sent.json").exists(), "the corrected command may be sent"
        clerk("maker", *command, "--provider", "0x12").refused("provider")
        clerk("maker", *command, "--rule-version", "-1")


NOTHING = "0x" + "77" * 32
SIGNED = {"deadline_unix_s": 2**33, "r": "0x" + "01" * 32, "vs": "0x" + "02" * 32}
RETURN = {"id": NOTHING, "entitlement": NOTHING, "amount_minor": "1", "reason": "spoiled"}
TRANSFER = {"from": NOTHING, "to": NOTHING, "amount_minor": "1", "commitment": NOTHING}
NAMING = {"id": NOTHING, "volunteer": "0x" + "11" * 20, "heir": "0x" + "22" * 20}
MISTAKES: list[tuple[str, str, dict[str, Any], int, str, str]] = [
    ("payment-lists/{}/cancellation", "maker", {"reason": "x"}, 404, "delivery-ledger-unknown-list", "list"),
    ("payment-lists/{}/cancellation", "maker", {"reason": ""}, 422, "invalid-request", "reason"),
    ("payment-lists/{}/cancellation", "", {"reason": "x"}, 401, "not-signed-in", "Authorization"),
    ("payment-lists/{}/expiry", "", {}, 404, "delivery-ledger-unknown-list", "list"),
    ("payment-lists/0x12/expiry", "", {}, 422, "invalid-request", "list_id"),
    ("returns", "cashier", {"returns": [RETURN]}, 404, "delivery-ledger-unknown-entitlement", "entitlement"),
    ("returns", "cashier", {"returns": []}, 422, "invalid-request", "returns"),
    ("returns", "cashier", {"returns": [RETURN | {"amount_minor": "0"}]}, 422, "invalid-request",
     "returns.0.amount_minor"),
    ("disputes", "", {"entitlement": NOTHING, "reason": "x"} | SIGNED, 404,
     "delivery-ledger-unknown-entitlement", "entitlement"),
    ("disputes", "", {"entitlement": NOTHING, "reason": "two words"} | SIGNED, 422, "invalid-request", "reason"),
    ("disputes/brought", "registrar", {"entitlement": NOTHING, "reason": "x"}, 404,
     "delivery-ledger-unknown-entitlement", "entitlement"),
    ("decisions", "cashier", {"entitlement": NOTHING, "upheld": True}, 403, "licence-registry-not-in-role", "caller"),
    ("decisions", "cashier", {"entitlement": NOTHING}, 422, "invalid-request", "upheld"),
    ("transfers", "maker", TRANSFER | {"id": NOTHING}, 404, "fund-ledger-unknown-fund", "fund"),
    ("transfers", "maker", TRANSFER, 422, "invalid-request", "id"),
    ("transfers/{}/approval", "checker", TRANSFER, 404, "fund-ledger-unknown-transfer", "transfer"),
    ("transfers/{}/receipt", "cashier", {}, 404, "fund-ledger-unknown-transfer", "transfer"),
    ("transfers/{}/return", "cashier", {}, 404, "fund-ledger-unknown-transfer", "transfer"),
    ("transfers/{}/withdrawal", "maker", {}, 404, "fund-ledger-unknown-transfer", "transfer"),
    ("claims", "", {"donation": NOTHING, "wallet": "0x" + "11" * 20} | SIGNED, 404, "fund-ledger-unknown-donation",
     "donation"),
    ("reassignments", "cashier", {"id": NOTHING, "donation": NOTHING, "to": NOTHING, "amount_minor": "1"} | SIGNED,
     404, "not-found", "donation"),
    ("heirs", "", NAMING | SIGNED | {"deadline_unix_s": 1}, 422, "signed-acts-expired", "deadline_unix_s"),
    ("heirs", "", NAMING | SIGNED | {"heir": "0x11"}, 422, "invalid-request", "heir"),
    ("households", "registrar", {"households": [{"account": "0x" + "11" * 20, "key": "0x" + "22" * 20,
     "card_root": "0x11"}]}, 422, "invalid-request", "households.0.card_root"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "role", "body", "status", "kind", "field"), MISTAKES, ids=[f"{m[0]}-{m[5]}" for m in MISTAKES]
)
def test_a_mistake_in_what_is_put_right(
    office: SmallOffice, unchanged: Unchanged, refused: Any, path: str, role: str, body: Any, status: int, kind: str,
    field: str,
) -> None:  # fmt: skip
    if path == "returns":
        body = body | {"fund": hexed(office.world.fund_eur)}
    with unchanged():
        answer = office.post("/v1/" + path.format(NOTHING), body, office.keys.get(role, ""))
        refused(answer, status, kind, field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"form": ""}, "form"),
        ({"form": "two words"}, "form"),
        ({"form": "goods", "value_minor": "0", "value_currency": "EUR"}, "value_minor"),
        ({"form": "goods", "value_minor": 5, "value_currency": "EUR"}, "value_minor"),
        ({"form": "goods", "value_minor": "5", "value_currency": "E R"}, "value_currency"),
    ],
    ids=str,
)
def test_a_gift_of_goods_with_a_value_that_is_none(
    office: SmallOffice, unchanged: Unchanged, refused: Any, changes: dict[str, Any], field: str
) -> None:
    with unchanged():
        answer = office.post("/v1/gifts", office.gift(**changes), office.keys["cashier"])
        refused(answer, 422, "invalid-request", field)


# --- Acceptances


def answers(
    office: SmallOffice, clerk: Clerk, tmp_path: Path, body: dict[str, Any]
) -> tuple[httpx.Response, Said]:
    """The same signed answer over both ways."""
    path = write_json(tmp_path / "signed.json", body)
    return office.post("/v1/acceptances", body), clerk("", "accept", path)


@pytest.fixture
def delivered(office: SmallOffice) -> tuple[Home, Any]:
    home = office.world.open_home()
    return home, office.offered(home)


def test_an_acceptance_signed_by_the_wrong_key(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path, delivered: Any
) -> None:
    home, entitlement = delivered
    with unchanged():
        body = office.acceptance(Home(home.account, new_key()), entitlement)
        answer, said = answers(office, clerk, tmp_path, body)
        refused(answer, 403, "signed-acts-wrong-signer", "signature")
        said.refused("signature")


def test_an_acceptance_of_another_amount(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path, delivered: Any
) -> None:
    with unchanged():
        answer, said = answers(office, clerk, tmp_path, office.acceptance(*delivered, minor=99))
        refused(answer, 422, "delivery-ledger-amount-differs", "amount_minor")
        said.refused("amount_minor")


def test_an_acceptance_of_another_unit(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path, delivered: Any
) -> None:
    with unchanged():
        answer, said = answers(office, clerk, tmp_path, office.acceptance(*delivered, unit="SAR"))
        refused(answer, 422, "invalid-request", "unit")
        said.refused("unit")


def test_an_acceptance_after_its_deadline(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path, delivered: Any
) -> None:
    late = office.acceptance(*delivered, lasts_s=60)
    for method, parameters in (("evm_increaseTime", [61]), ("evm_mine", [])):
        office.world.w3.provider.make_request(method, parameters)  # type: ignore[arg-type]
    with unchanged():
        answer, said = answers(office, clerk, tmp_path, late)
        refused(answer, 422, "signed-acts-expired", "deadline_unix_s")
        said.refused("deadline_unix_s")


def test_an_acceptance_of_an_unknown_entitlement(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path, delivered: Any
) -> None:
    with unchanged():
        body = office.acceptance(*delivered) | {"entitlement": hexed(new_id())}
        answer, said = answers(office, clerk, tmp_path, body)
        refused(answer, 404, "not-found", "entitlement")
        said.refused("entitlement")


def test_a_replayed_acceptance_is_harmless_or_refused(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path, delivered: Any
) -> None:
    home, entitlement = delivered
    other = office.offered(home)
    body = office.acceptance(home, entitlement)
    first, said = answers(office, clerk, tmp_path, body)
    assert first.status_code == 202 and said.code == 0
    with unchanged():
        again, said = answers(office, clerk, tmp_path, body)
        assert (again.status_code, again.json()) == (202, first.json()), "the same again, the same answer"
        assert said.code == 0

        answer, said = answers(office, clerk, tmp_path, body | {"entitlement": hexed(other)})
        refused(answer, 403, "signed-acts-wrong-signer", "signature")
        said.refused("signature")

        second = office.acceptance(home, entitlement, lasts_s=7200)
        answer, said = answers(office, clerk, tmp_path, second)
        refused(answer, 409, "conflicting-record", "id")
        said.refused("id")


def test_a_signature_that_came_with_the_hand_over_may_be_sent_again(
    office: SmallOffice, unchanged: Unchanged, refused: Any
) -> None:
    world, home = office.world, office.world.open_home()
    world.donate(world.fund_eur, 100)
    offer = world.offer(world.fund_eur, [(home.account, 100)])
    office.await_mirror()
    body = office.acceptance(home, offer.entries[0].id)
    handed = {"list": hexed(offer.list_id), "acceptances": [body]}
    first = office.post("/v1/hand-overs", handed, office.keys["agent"])
    assert first.status_code == 202, first.text
    with unchanged():
        assert office.post("/v1/acceptances", body).json() == first.json()[0]
        second = office.acceptance(home, offer.entries[0].id, lasts_s=7200)
        refused(
            office.post("/v1/acceptances", second), 409, "delivery-ledger-entitlement-state", "entitlement"
        )


# --- Form


def test_malformed_json(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {office.keys['cashier']}", "Content-Type": "application/json"}
    with unchanged():
        for text in (b'{"id": ', b"\xff\xfe", b"[" * 100_000, b'{"id": 1' + b"0" * 5000 + b"}"):
            answer = httpx.post(f"{office.url}/v1/gifts", content=text, headers=headers)
            problem = answer.json()
            refused(answer, 400, "malformed-body", problem["field"])
            assert problem["field"] in ("body", "request")
        (tmp_path / "signed.json").write_text('{"entitlement": ')
        clerk("", "accept", str(tmp_path / "signed.json")).refused("file")
        (tmp_path / "signed.json").write_text("[" * 100_000)
        clerk("", "accept", str(tmp_path / "signed.json")).refused("file")
        clerk("", "accept", str(tmp_path / "missing.json")).refused("file")


def test_an_unknown_field(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path, delivered: Any
) -> None:
    with unchanged():
        body = office.gift(amonut_minor="1050")
        refused(
            office.post("/v1/gifts", body, office.keys["cashier"]), 422, "invalid-request", "amonut_minor"
        )
        answer, said = answers(office, clerk, tmp_path, office.acceptance(*delivered) | {"note": "x"})
        refused(answer, 422, "invalid-request", "note")
        said.refused("note")
        file = write_list(tmp_path / "list.csv", [("0x", "1", "x")], "household,amount,colour")
        clerk("maker", *list_command(file, office.world.fund_eur, office.world.programme)).refused("line 1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "0x" + "ab " * 21 + "c"),
        ("id", "0x" + "12" * 31),
        ("reference", "half \ud800"),
        ("reference", "zero \0"),
        ("\ud800", "unknown"),
        ("settled_at_unix_s", 1_767_225_600_000),
        ("channel", "by bank"),
        ("channel", ""),
    ],
    ids=str,
)
def test_a_value_that_has_no_place_on_chain(
    office: SmallOffice, unchanged: Unchanged, refused: Any, field: str, value: Any
) -> None:
    with unchanged():
        body = json.dumps(office.gift(**{field: value}))  # ASCII, as httpx would not write it
        headers = {"Authorization": f"Bearer {office.keys['cashier']}", "Content-Type": "application/json"}
        answer = httpx.post(f"{office.url}/v1/gifts", content=body, headers=headers)
        # A name that is no text cannot be said again: then it is the body that is wrong.
        refused(answer, 422, "invalid-request", field if field.isascii() else "body")


def test_an_id_of_zeros_is_refused_by_its_name(
    office: SmallOffice, unchanged: Unchanged, refused: Any
) -> None:
    with unchanged():
        answer = office.post("/v1/gifts", office.gift(id=hexed(bytes(32))), office.keys["cashier"])
        refused(answer, 422, "fund-ledger-missing", "donation")


def test_a_body_that_is_too_large(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {office.keys['cashier']}", "Content-Type": "application/json"}
    pieces = [b" " * 65_536] * (MAX_BODY_BYTES // 65_536 + 2)
    with unchanged(), httpx.Client(base_url=office.url, headers=headers, timeout=30) as client:
        for content in (b"".join(pieces), iter(pieces)):  # announced, and in chunks of unknown length
            refused(client.post("/v1/gifts", content=content), 413, "body-too-large", "body")
        assert client.get("/v1/problems").status_code == 200
        (tmp_path / "large.xml").write_bytes(b"".join(pieces))
        fund = ("--fund", hexed(office.world.fund_eur))
        clerk("cashier", "import-statement", str(tmp_path / "large.xml"), *fund).refused("file")


# --- Callers


def test_a_missing_an_expired_and_an_unknown_key(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    expired = office.issue(office.world.charity, office.world.cashier, lasts_s=-1)
    unknown = PREFIX + "x" * 32
    with unchanged():
        for key in ("", expired, unknown, "not one of ours"):
            answer = office.post("/v1/gifts", office.gift(), key)
            refused(answer, 401, "not-signed-in", "Authorization")
            assert answer.headers["www-authenticate"] == "Bearer"
        clerk("", *gift_command(office.world.fund_eur)).refused("key")
        clerk(expired, *gift_command(office.world.fund_eur)).refused("Authorization")
        clerk(unknown, *gift_command(office.world.fund_eur)).refused("Authorization")


def test_the_office_keeps_hashes_of_keys_only(office: SmallOffice) -> None:
    with office.engine.connect() as conn:
        stored = {row.key_hash for row in conn.execute(staff_key.select())}
    assert {_hash(key) for key in office.keys.values()} <= stored
    assert not {key.encode() for key in office.keys.values()} & stored


# --- Conflicts


def test_the_same_id_with_another_content(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk
) -> None:
    body = office.gift(donor={"name": "Zahra", "reference": "17"})
    key = office.keys["cashier"]
    assert office.post("/v1/gifts", body, key).status_code == 202
    with unchanged():
        changes = ({"amount_minor": "1051"}, {"reference": "x"}, {"fund": hexed(office.world.fund_sar)})
        for change in changes:
            refused(office.post("/v1/gifts", body | change, key), 409, "conflicting-record", "id")
        nobody = {k: v for k, v in body.items() if k != "donor"}
        refused(office.post("/v1/gifts", nobody, key), 409, "conflicting-record", "id")
        clerk("cashier", *gift_command(office.world.fund_eur, "10.51", "EUR", "--id", body["id"])).refused(
            "id"
        )
        assert office.post("/v1/gifts", body, key).status_code == 202, "the same again is harmless"


def test_a_gift_sent_again_never_loses_its_donor(
    office: SmallOffice, unchanged: Unchanged, refused: Any
) -> None:
    body = office.gift(donor={"name": "Zahra"})
    key = office.keys["cashier"]
    assert office.post("/v1/gifts", body, key).status_code == 202
    with unchanged():
        nobody = {k: v for k, v in body.items() if k != "donor"}
        refused(office.post("/v1/gifts", nobody, key), 409, "conflicting-record", "donor")


def test_one_id_twice_in_a_batch(office: SmallOffice, unchanged: Unchanged, refused: Any) -> None:
    gift = {k: v for k, v in office.gift().items() if k != "fund"}
    batch = {"fund": hexed(office.world.fund_eur), "gifts": [gift, gift]}
    same = office.post("/v1/gifts/batch", batch, office.keys["cashier"])
    assert same.status_code == 202 and same.json()[0] == same.json()[1]
    with unchanged():
        other = {"fund": batch["fund"], "gifts": [gift | {"id": hexed(new_id())}] * 2}
        other["gifts"] = [other["gifts"][0], other["gifts"][1] | {"amount_minor": "7"}]  # type: ignore[index]
        answer = office.post("/v1/gifts/batch", other, office.keys["cashier"])
        refused(answer, 409, "conflicting-record", "id")


def test_a_second_list_under_the_id_of_one_still_on_its_way(
    office: SmallOffice, unchanged: Unchanged, refused: Any
) -> None:
    home, maker = office.world.open_home(), office.keys["maker"]
    first = office.payment_list([home.account])
    second = office.payment_list([home.account], id=first["id"])
    assert office.post("/v1/payment-lists", first, maker).status_code == 202
    refused(office.post("/v1/payment-lists", second, maker), 409, "conflicting-record", "id")
    with unchanged():
        refused(office.post("/v1/payment-lists", second, maker), 409, "conflicting-record", "id")
        assert office.post("/v1/payment-lists", first, maker).status_code == 202


# --- Service


def test_a_node_that_is_down_stores_nothing_and_says_send_again(
    office: SmallOffice, unchanged: Unchanged, refused: Any, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://user:secret@127.0.0.1:{free.getsockname()[1]}"
    blind = make_app(replace(office.settings, node_url=nobody))
    with unchanged(), served(blind) as url:
        headers = {"Authorization": f"Bearer {office.keys['cashier']}"}
        answer = httpx.post(f"{url}/v1/gifts", json=office.gift(), headers=headers, timeout=30)
        problem = refused(answer, 503, "node-unreachable", "request")
        assert problem["retry"] and answer.headers["retry-after"] and "secret" not in answer.text
        command = gift_command(office.world.fund_eur)
        clerk("cashier", *command, "--api", url).refused("request", code=3)
        clerk("cashier", *command, "--api", nobody).refused("api", code=3)
        clerk("cashier", *command, "--api", "nowhere").refused("api")
