"""`amanat wallet`: what people type, and one clear line for everything that is wrong."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from eth_account import Account

from contracts.abi import Address
from contracts.bindings.ids import EntitlementId
from contracts.deployment import CONTRACTS, Deployment, field_of
from wallet import cli, keyfile
from wallet.cards import Revealed, root_of, secret_of
from wallet.offers import Offer

PASSWORD = "blue lamp river"
NONE = Address(bytes(20))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, a password file, and a cheap scrypt."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AMANAT_DEPLOYMENT", raising=False)
    monkeypatch.delenv("AMANAT_DEBUG", raising=False)
    monkeypatch.setenv("AMANAT_PASSWORD_FILE", "password")
    monkeypatch.setattr(keyfile, "SCRYPT_N", 2)
    Path("password").write_text(PASSWORD + "\n")
    return tmp_path


@pytest.fixture
def offer() -> Offer:
    made = Offer(
        household=Address(b"\x01" * 20),
        entitlement=EntitlementId(b"\x02" * 32),
        amount_minor=10_000,
        unit="SAR",
        deadline_unix_s=int(time.time()) + 3600,
        chain_id=31337,
        genesis_hash=b"\x03" * 32,
        contract=Address(b"\x04" * 20),
    )
    Path("offer.json").write_text(made.to_json())
    return made


@pytest.fixture
def signer(capsys: pytest.CaptureFixture[str]) -> str:
    """The address of a new key in key.json."""
    assert run("new", "key.json") == 0
    return capsys.readouterr().out.split()[1]


def run(*arguments: str) -> int:
    return cli.main(["wallet", *arguments])


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """The error line; nothing else may stand on stdout, and no traceback anywhere."""
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert out == "" and len(lines) == 1 and "Traceback" not in err and PASSWORD not in err
    return lines[0]


def files() -> set[str]:
    return set(os.listdir())


def test_new_and_show(
    signer: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AMANAT_PASSWORD_FILE")
    assert run("show", "key.json") == 0
    assert capsys.readouterr() == (f"address {signer}\n", "")
    assert files() == {"key.json", "password"}


def test_label_and_open_permissions(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("new", "key.json", "--label", "second phone") == 0
    os.chmod("key.json", 0o644)
    capsys.readouterr()
    assert run("show", "key.json") == 0
    out, err = capsys.readouterr()
    assert out.endswith("label second phone\n")
    assert err.startswith("warning: key: ") and "chmod 600" in err


def test_show_asks_for_the_password_of_a_file_without_address(capsys: pytest.CaptureFixture[str]) -> None:
    key = Account.create()
    document = Account.encrypt(key.key, PASSWORD, kdf="scrypt", iterations=2)
    del document["address"]
    Path("other.json").write_text(json.dumps(document))
    assert run("show", "other.json") == 0
    assert key.address in capsys.readouterr().out


def test_yes_and_its_check(offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sign-acceptance", "offer.json", "--key", "key.json", "--out", "yes.json") == 0
    out, err = capsys.readouterr()
    assert out == "" and "the household accepts" in err and "100.00 SAR" in err
    body = json.loads(Path("yes.json").read_text())
    assert body["entitlement"] == "0x" + "02" * 32 and body["amount_minor"] == "10000"
    assert run("check", "yes.json", "--offer", "offer.json", "--signer", signer) == 0
    assert capsys.readouterr().out == f"good: acceptance of 100.00 SAR by {signer}\n"


def test_standard_output_is_only_the_json(
    offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("sign-acceptance", "offer.json", "--key", "key.json") == 0
    assert set(json.loads(capsys.readouterr().out)) == {
        "entitlement",
        "amount_minor",
        "unit",
        "deadline_unix_s",
        "r",
        "vs",
    }


def test_no_and_its_check(offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("offer.json", "--key", "key.json", "--reason", "not-needed", "--out", "no.json")
    assert run("sign-refusal", *arguments, "--language", "fa") == 0
    assert "رد می‌کند" in capsys.readouterr().err
    assert run("check", "no.json", "--offer", "offer.json", "--signer", signer.lower()) == 0
    assert "refusal (not-needed)" in capsys.readouterr().out


def test_objection_and_its_check(offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("offer.json", "--key", "key.json", "--reason", "never-arrived", "--out", "no.json")
    assert run("sign-dispute", *arguments, "--language", "ar") == 0
    assert "تعترض الأسرة" in capsys.readouterr().err
    check = ("check", "no.json", "--offer", "offer.json", "--signer", signer)
    assert run(*check, "--dispute") == 0
    assert "dispute (never-arrived)" in capsys.readouterr().out
    assert run(*check) == 2  # an objection is no refusal
    assert refusal(capsys).startswith("error: r: Somebody else signed this")


def test_a_card_keeps_its_secrets_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    household = "0x" + "01" * 20
    assert run("new-card", household, "--out", "card.json") == 0
    shown = capsys.readouterr().out
    public, printed = json.loads(shown), json.loads(Path("card.json").read_text())
    assert Path("card.json").stat().st_mode & 0o777 == 0o600
    assert not any(text in shown for text in printed["secrets"])
    for field, text in enumerate(printed["secrets"]):
        proof = tuple(bytes.fromhex(node[2:]) for node in public["proofs"][field])
        scratched = Revealed(field, secret_of(text), proof)
        assert "0x" + root_of(Address(b"\x01" * 20), scratched).hex() == public["card_root"]

    assert run("new-card", household, "--out", "card.json") == 2
    assert "choose another name" in capsys.readouterr().err
    assert run("new-card", "0x01", "--out", "other.json") == 2
    assert "household: " in capsys.readouterr().err
    assert not Path("other.json").exists()


def test_check_finds_another_signer(offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sign-acceptance", "offer.json", "--key", "key.json", "--out", "yes.json") == 0
    capsys.readouterr()
    other = Account.create().address
    assert run("check", "yes.json", "--offer", "offer.json", "--signer", other) == 2
    assert refusal(capsys).startswith("error: r: Somebody else signed this")


def test_check_finds_a_changed_amount(offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sign-acceptance", "offer.json", "--key", "key.json", "--out", "yes.json") == 0
    Path("offer.json").write_text(replace(offer, amount_minor=1).to_json())
    capsys.readouterr()
    assert run("check", "yes.json", "--offer", "offer.json", "--signer", signer) == 2
    assert refusal(capsys).startswith(
        "error: amount_minor: The signed file answers another offer (10000, not 1)"
    )


def test_deployment(offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]) -> None:
    places = dict.fromkeys(map(field_of, CONTRACTS), NONE) | {"delivery_ledger": offer.contract}
    ours = Deployment(offer.chain_id, offer.genesis_hash, 1, **places)
    ours.save(Path("ours.json"))
    replace(ours, genesis_hash=b"\x09" * 32).save(Path("other.json"))
    sign = ("sign-acceptance", "offer.json", "--key", "key.json", "--deployment")
    assert run(*sign, "ours.json") == 0
    capsys.readouterr()
    assert run(*sign, "other.json") == 2
    assert refusal(capsys).startswith("error: genesis_hash: This belongs to another ledger")
    assert run(*sign, "missing.json") == 2
    assert "run scripts/deploy" in refusal(capsys)


SIGN = ("sign-acceptance", "offer.json", "--key", "key.json", "--out", "out.json")
WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no command": (("sing",), "error: command line: "),
    "no key": (("sign-acceptance", "offer.json"), "error: command line: "),
    "no offer": (
        ("sign-acceptance", "gone.json", "--key", "key.json"),
        "error: offer: The file cannot be read",
    ),
    "offer is a folder": (
        ("sign-acceptance", ".", "--key", "key.json"),
        "error: offer: The file cannot be read",
    ),
    "offer is no offer": (("sign-acceptance", "password", "--key", "key.json"), "error: file: "),
    "offer is the key": (
        ("sign-acceptance", "key.json", "--key", "key.json"),
        "error: address: no such field",
    ),
    "key is gone": (
        ("sign-acceptance", "offer.json", "--key", "gone"),
        "error: key: The file cannot be read",
    ),
    "key is the offer": (
        ("sign-acceptance", "offer.json", "--key", "offer.json"),
        "error: key: The file is not",
    ),
    "out is taken": ((*SIGN[:-1], "key.json"), "error: file: A file of this name exists"),
    "out is nowhere": ((*SIGN[:-1], "gone/out.json"), "error: file: FileNotFoundError"),
    "new is taken": (("new", "key.json"), "error: file: A file of this name exists"),
    "new is nowhere": (("new", "gone/key.json"), "error: file: FileNotFoundError"),
    "label": (("new", "second.json", "--label", "x" * 41), "error: label: "),
    "no reason": (("sign-refusal", "offer.json", "--key", "key.json"), "error: command line: "),
    "bad reason": (("sign-refusal", "offer.json", "--key", "key.json", "--reason", "a b"), "error: reason: "),
    "bad objection": (
        ("sign-dispute", "offer.json", "--key", "key.json", "--reason", "a b"),
        "error: reason: ",
    ),
    "bad signer": (("check", "offer.json", "--offer", "offer.json", "--signer", "0x12"), "error: signer: "),
    "checked is an offer": (
        ("check", "offer.json", "--offer", "offer.json", "--signer", "0x" + "11" * 20),
        "error: household: no such field",
    ),
    "wrong password": (
        (*SIGN, "--password-file", "offer.json"),
        "error: password: The password does not open",
    ),
    "no password file": ((*SIGN, "--password-file", "gone"), "error: password-file: The file cannot be read"),
    "empty password": ((*SIGN, "--password-file", "empty"), "error: password: No password was given"),
    "binary password": ((*SIGN, "--password-file", "binary"), "error: password: No password was given"),
    "password as a value": ((*SIGN, "--password", PASSWORD), "error: command line: "),
    "language": ((*SIGN, "--language", "xx"), "error: command line: "),
}


@pytest.mark.parametrize(("arguments", "line"), WRONG.values(), ids=WRONG)
def test_wrong_input(
    arguments: tuple[str, ...], line: str, offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").write_bytes(b"\n")
    Path("binary").write_bytes(b"\xff\xfe")
    before = files()
    assert run(*arguments) == 2
    assert refusal(capsys).startswith(line)
    assert files() == before


def test_weak_password(capsys: pytest.CaptureFixture[str]) -> None:
    Path("password").write_text("1234\n")
    assert run("new", "key.json") == 2
    assert refusal(capsys).startswith("error: password: The password is too short (4 characters)")
    assert files() == {"password"}


def test_expired_offer(offer: Offer, signer: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("offer.json").write_text(replace(offer, deadline_unix_s=1).to_json())
    assert run(*SIGN) == 2
    assert refusal(capsys).startswith("error: deadline_unix_s: The deadline has passed")
    assert "out.json" not in files()


def test_no_terminal(
    offer: Offer, signer: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AMANAT_PASSWORD_FILE")
    assert run(*SIGN) == 2
    assert refusal(capsys).startswith(
        "error: password: No password was given (standard input is no terminal)"
    )


@pytest.mark.parametrize(("second", "code"), [(PASSWORD, 0), ("another one", 2)])
def test_password_is_asked_for_twice_and_not_shown(folder: Path, second: str, code: int) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AMANAT_")}
    environment["PYTHONPATH"] = str(Path(cli.__file__).parent.parent)
    process, terminal = pty.fork()
    if process == 0:
        command = [sys.executable, "-m", "wallet.cli", "wallet", "new", "typed.json"]
        os.execve(sys.executable, command, environment)
    shown = b""
    for prompt, typed in ((b"Password: ", PASSWORD), (b"Once more: ", second)):
        while not shown.endswith(prompt):
            shown += os.read(terminal, 1000)
        os.write(terminal, typed.encode() + b"\n")
    try:
        while chunk := os.read(terminal, 1000):
            shown += chunk
    except OSError:  # Linux says so when the other end is closed
        pass
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == code
    os.close(terminal)
    assert PASSWORD.encode() not in shown and b"another one" not in shown
    assert (folder / "typed.json").exists() == (code == 0)
    assert (b"the two are not the same" in shown) == (code != 0)


def points(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    made = [EntryPoint(name, value, cli.GROUP) for name, value in values.items()]
    monkeypatch.setattr(cli, "entry_points", lambda group: made)


def test_a_group_that_cannot_be_loaded_hurts_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "broken_group.py").write_text("raise RuntimeError('two\\nlines')\n")
    monkeypatch.syspath_prepend(folder)
    points(
        monkeypatch,
        wallet="wallet.cli:wallet",
        broken="broken_group:app",
        gone="no_such_package:app",
        odd="os:sep",
    )
    for name in ("broken", "gone", "odd"):
        assert cli.main([name]) == 2
        assert refusal(capsys).startswith(f"error: {name}: this command cannot be loaded (")
    assert run("new", "key.json") == 0


def test_a_plain_function_is_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "plain_group.py").write_text(
        "import typer\n"
        "def serve(port: int = 80) -> None:\n    typer.echo(port)\n"
        "def fails() -> None:\n    raise ZeroDivisionError('oops')\n"
        "def stops() -> None:\n    raise typer.Exit(3)\n"
        "def aborts() -> None:\n    raise typer.Abort\n"
    )
    monkeypatch.syspath_prepend(folder)
    points(monkeypatch, **{name: f"plain_group:{name}" for name in ("serve", "fails", "stops", "aborts")})
    assert cli.main(["serve", "--port", "8080"]) == 0
    assert capsys.readouterr().out == "8080\n"
    assert cli.main(["serve", "--port", "http"]) == 2
    assert refusal(capsys).startswith("error: command line: ")
    assert cli.main(["fails"]) == 1
    assert refusal(capsys).startswith(
        "error: amanat fails: a fault of this program (ZeroDivisionError: oops)"
    )
    monkeypatch.setenv("AMANAT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["fails"])
    assert cli.main(["stops"]) == 3
    assert cli.main(["aborts"]) == 2


def test_names_the_groups(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"]):
        assert cli.main(arguments) == 0
        assert "wallet" in capsys.readouterr().out
    assert cli.main(["walet"]) == 2
    assert refusal(capsys).startswith("error: command: there is no 'walet'; choose one of ")
    assert run("--help") == 0


def test_wallet_loads_nothing_of_the_server() -> None:
    program = "import sys, wallet.cli; print(sorted({m.split('.')[0] for m in sys.modules}))"
    root = Path(cli.__file__).parent.parent
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True
    )
    assert not {"indexer", "ledger_api", "web3", "sqlalchemy", "fastapi"} & set(eval(loaded.stdout))


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((*SIGN[:-1], "key.json"), "error: file: A file of this name exists"),
        (("sign-refusal", *SIGN[1:], "--reason", "a b"), "error: reason: "),
        (("new", "key.json"), "error: file: A file of this name exists"),
        (("sign-acceptance", "key.json", *SIGN[2:]), "error: address: no such field"),
    ],
    ids=["out", "reason", "new", "offer"],
)
def test_nobody_types_a_password_in_vain(
    arguments: tuple[str, ...],
    line: str,
    offer: Offer,
    signer: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AMANAT_PASSWORD_FILE")
    assert run(*arguments) == 2
    assert refusal(capsys).startswith(line)
