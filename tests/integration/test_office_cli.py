"""`amanat office` on a live office: a clerk's day, from the gift to the family's yes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.bindings import delivery_ledger, fund_ledger
from contracts.bindings.delivery_ledger import EntitlementState
from contracts.bindings.ids import DonationId, EntitlementId
from tests.integration.small_office import SmallOffice, hexed, in_a_month
from wallet.cli import main

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

STATEMENT = Path(__file__).parents[1] / "data" / "bank-camt" / "camt053.v2.minimal.xml"
BALANCED = (
    '<Amt Ccy="SEK">27.00</Amt>\n                <CdtDbtInd>DBIT',
    '<Amt Ccy="EUR">27.00</Amt>\n                <CdtDbtInd>CRDT',
)
AMANAT = Path(sys.executable).parent / "amanat"

Clerk = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallOffice]:
    with SmallOffice.open(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def clerk(office: SmallOffice, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Clerk:
    """Runs a command as a member of staff; returns what it printed, first word -> rest."""

    def run(role: str, *arguments: str) -> dict[str, str]:
        monkeypatch.setenv("AMANAT_API", office.url)
        monkeypatch.setenv("AMANAT_API_KEY", office.keys.get(role, ""))
        capfd.readouterr()
        code = main(["office", *arguments])
        out, err = capfd.readouterr()
        assert (code, err) == (0, "")
        office.settle()
        return {
            line.split("  ")[0].split(" ")[0]: line.split(" ", 1)[-1].strip() for line in out.splitlines()
        }

    return run


def give(office: SmallOffice, clerk: Clerk, *more: str) -> dict[str, str]:
    fund = hexed(office.world.fund_eur)
    what = (
        "--fund",
        fund,
        "--amount",
        "10.50",
        "--unit",
        "EUR",
        "--settled",
        "2026-01-31",
        "--channel",
        "bank",
    )
    return clerk("cashier", "gift", *what, *more)


def test_a_gift_gets_a_receipt_and_the_same_id_gives_the_same_one(office: SmallOffice, clerk: Clerk) -> None:
    said = give(office, clerk)
    assert said["page"] == f"https://amanat.example/g/{said['receipt']}"
    donation = DonationId(bytes.fromhex(said["id"][2:]))
    recorded = office.recorded_gift(donation)
    assert (recorded.amount_minor, recorded.settled_at_unix_s) == (1050, 1_769_817_600)
    assert (recorded.form, recorded.value_minor, recorded.value_currency) == ("cash", 0, "")
    rows = office.states()
    assert give(office, clerk, "--id", said["id"]) == said
    assert office.states() == rows
    assert clerk("", "status", "donate", said["id"]) == {"recorded": "recorded"}


def test_a_refund_goes_back_to_the_donor(office: SmallOffice, clerk: Clerk) -> None:
    donation = give(office, clerk)["id"]
    said = clerk("cashier", "refund", "--donation", donation, "--amount", "0.50", "--unit", "EUR")
    assert office.get(said["status"]).json()["state"] == "recorded"
    recorded = office.world.read(
        office.world.ledger, fund_ledger.donation_of(DonationId(bytes.fromhex(donation[2:])))
    )
    assert recorded.refunded_minor == 50


def test_a_statement_is_imported_once_however_often_it_is_sent(
    office: SmallOffice, clerk: Clerk, tmp_path: Path
) -> None:
    file = tmp_path / "statement.xml"
    file.write_text(STATEMENT.read_text().replace(*BALANCED))
    before = office.states()["recorded"]
    for _ in range(2):
        said = clerk("cashier", "import-statement", str(file), "--fund", hexed(office.world.fund_eur))
        assert said["1"] == "gifts of 1 entries"
        assert office.states() == {"recorded": before + 1}


def test_a_list_goes_from_the_file_to_the_familys_yes(
    office: SmallOffice, clerk: Clerk, tmp_path: Path
) -> None:
    world, homes = office.world, [office.world.open_home() for _ in range(250)]
    world.donate(world.fund_eur, 25_000)
    file = tmp_path / "list.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as text:  # as a spreadsheet writes it
        csv.writer(text).writerows([("household", "amount"), *((hexed(h.account), "1.00") for h in homes)])
    ids = ("--fund", hexed(world.fund_eur), "--programme", hexed(world.programme), "--expires", in_a_month())
    proposed = clerk("maker", "propose-list", str(file), *ids)
    assert proposed["250"] == "entitlements, 250.00 EUR"
    assert clerk("maker", "propose-list", str(file), *ids) == proposed, "sending again is safe"
    content = proposed["content"].removeprefix("hash").strip()
    clerk("checker", "approve-list", proposed["list"], "--content-hash", content)
    sent = file.with_name("list.csv.sent.json")
    clerk("agent", "hand-over", proposed["list"], str(sent))

    first = EntitlementId(bytes.fromhex(json.loads(sent.read_text())["entitlements"][0]["id"][2:]))
    signed = tmp_path / "signed.json"
    signed.write_text(json.dumps(office.acceptance(homes[0], first)))
    clerk("", "accept", str(signed))
    state = world.read(world.deliveries, delivery_ledger.entitlement_of(first)).state
    assert state == EntitlementState.CONFIRMED


def test_a_changed_file_is_not_sent_under_the_old_ids(
    office: SmallOffice, clerk: Clerk, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    world, home = office.world, office.world.open_home()
    file = tmp_path / "list.csv"
    ids = ("--fund", hexed(world.fund_eur), "--programme", hexed(world.programme), "--expires", in_a_month())
    file.write_text(f"household,amount\n{hexed(home.account)},1.00\n")
    clerk("maker", "propose-list", str(file), *ids)
    file.write_text(f"household,amount\n{hexed(home.account)},2.00\n")
    assert main(["office", "propose-list", str(file), *ids]) == 2
    assert "sent with other content" in capfd.readouterr().err


def test_the_command_is_installed_and_reads_its_key_from_a_file(office: SmallOffice, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(office.keys["cashier"] + "\n")
    fund = hexed(office.world.fund_eur)
    what = ("--fund", fund, "--amount", "1", "--unit", "EUR", "--settled", "2026-01-31", "--channel", "bank")
    command = [str(AMANAT), "office", "gift", *what, "--api", office.url, "--key-file", str(key)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "") and "receipt  " in done.stdout
    command[-1] = str(tmp_path / "none")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and done.stderr.startswith("error: key-file: ")
