"""The `amanat` command: finds the command group that is named first, and `amanat wallet`, the one that is
here.

Groups are entry points (pyproject.toml, `amanat.commands`) and loaded only when called: `amanat wallet`
works on a device where nothing of the server is installed. Every refusal is one line on stderr and exit code
2.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
import time
from collections.abc import Callable
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from eth_utils.address import to_checksum_address

from contracts.abi import BadValue
from contracts.deployment import BadDeployment, Deployment
from wallet import keyfile, offers
from wallet.cards import FIELDS, Card
from wallet.errors import NoPassword, UnreadableFile, WalletError
from wallet.files import require_free, write_new
from wallet.offers import Offer, SignedAnswer

GROUP = "amanat.commands"
REFUSED = 2
"""Exit code of every refusal, as usual for wrong usage."""

wallet = typer.Typer(
    name="wallet",
    help="Keys and signatures of households, volunteers and donors. Works without a network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it may print local variables, a password among them
)


class Language(StrEnum):
    """Of the plain words shown before signing."""

    EN = "en"
    FA = "fa"
    AR = "ar"


KeyOption = Annotated[Path, typer.Option("--key", help="The key file.")]
PasswordOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        envvar="AMANAT_PASSWORD_FILE",
        help="A file whose first line is the password. Without it the password is asked for.",
    ),
]
DeploymentOption = Annotated[
    Path | None,
    typer.Option("--deployment", envvar="AMANAT_DEPLOYMENT", help="Refuse offers of any ledger but this."),
]
OutOption = Annotated[Path | None, typer.Option("--out", help="A new file; without it, standard output.")]
LanguageOption = Annotated[Language, typer.Option("--language", help="Of the words shown before signing.")]
OfferArgument = Annotated[Path, typer.Argument(help="The offer, a JSON file.", metavar="OFFER")]


@wallet.command()
def new(
    file: Annotated[Path, typer.Argument(help="The key file to make.", metavar="FILE")],
    label: Annotated[str, typer.Option(help="A note for yourself, readable by all. No names.")] = "",
    password_file: PasswordOption = None,
) -> None:
    """Make a new key. Keep a copy of the file, and the password elsewhere."""
    require_free(file)
    info = keyfile.create(file, _password(password_file, twice=True), label)
    _show(info)


@wallet.command()
def show(
    file: Annotated[Path, typer.Argument(help="The key file.", metavar="FILE")],
    password_file: PasswordOption = None,
) -> None:
    """Show the address of a key. The password is needed only when the file leaves the address out."""
    _warn(file)
    info = keyfile.describe(file)
    if info.address is None:
        key = keyfile.unlock(file, _password(password_file))
        info = keyfile.KeyInfo(offers.parse_address(key.address, "key"), info.label)
    _show(info)


@wallet.command()
def sign_acceptance(
    offer: OfferArgument,
    key: KeyOption,
    out: OutOption = None,
    password_file: PasswordOption = None,
    deployment: DeploymentOption = None,
    language: LanguageOption = Language.EN,
) -> None:
    """Say yes to an offer: the body of POST /v1/acceptances."""
    known, now = _offer(offer, deployment, out), int(time.time())
    typer.echo(known.describe(language.value), err=True)
    _warn(key)
    unlocked = keyfile.unlock(key, _password(password_file))
    _write(offers.sign_acceptance(known, unlocked, now_unix_s=now), out)


@wallet.command()
def sign_refusal(
    offer: OfferArgument,
    key: KeyOption,
    reason: Annotated[str, typer.Option(help="A code, such as not-needed or wrong-goods.")],
    out: OutOption = None,
    password_file: PasswordOption = None,
    deployment: DeploymentOption = None,
    language: LanguageOption = Language.EN,
) -> None:
    """Say no to an offer: the body of POST /v1/refusals."""
    known, now = _offer(offer, deployment, out), int(time.time())
    known.refusal(reason)
    typer.echo(known.describe(language.value, reason), err=True)
    _warn(key)
    unlocked = keyfile.unlock(key, _password(password_file))
    _write(offers.sign_refusal(known, reason, unlocked, now_unix_s=now), out)


@wallet.command()
def sign_dispute(
    offer: OfferArgument,
    key: KeyOption,
    reason: Annotated[str, typer.Option(help="A code, such as never-arrived or spoiled.")],
    out: OutOption = None,
    password_file: PasswordOption = None,
    deployment: DeploymentOption = None,
    language: LanguageOption = Language.EN,
) -> None:
    """Object to a delivery that was handed over: the body of POST /v1/disputes."""
    known, now = _offer(offer, deployment, out), int(time.time())
    known.dispute(reason)
    typer.echo(known.describe(language.value, reason, dispute=True), err=True)
    _warn(key)
    unlocked = keyfile.unlock(key, _password(password_file))
    _write(offers.sign_dispute(known, reason, unlocked, now_unix_s=now), out)


@wallet.command()
def new_card(
    household: Annotated[str, typer.Argument(help="The family's account.", metavar="HOUSEHOLD")],
    out: Annotated[
        Path, typer.Option("--out", help="A new file with the 16 secrets, to be printed and destroyed.")
    ],
) -> None:
    """Make a scratch card for a family without a phone. Shows what is no secret: the root, which a registrar
    records, and each field's proof, which the office keeps."""
    card = Card.make(offers.parse_address(household, "household"))
    write_new(out, json.dumps({"household": household, "secrets": card.texts}, indent=2) + "\n")
    proofs = [["0x" + node.hex() for node in card.reveal(field).proof] for field in range(FIELDS)]
    typer.echo(json.dumps({"household": household, "card_root": "0x" + card.root().hex(), "proofs": proofs}))


@wallet.command()
def check(
    signed: Annotated[Path, typer.Argument(help="The signed answer.", metavar="SIGNED")],
    offer: Annotated[Path, typer.Option("--offer", help="The offer that it answers.")],
    signer: Annotated[str, typer.Option("--signer", help="The address of the key that should have signed.")],
    dispute: Annotated[bool, typer.Option("--dispute", help="It is a dispute, not a refusal.")] = False,
    deployment: DeploymentOption = None,
) -> None:
    """Check a signed acceptance, refusal or dispute without a network."""
    address = offers.parse_address(signer, "signer")
    known = _offer(offer, deployment, None)
    answer = SignedAnswer.parse(_read(signed, "signed"), dispute=dispute)
    offers.check(answer, known, address, now_unix_s=int(time.time()))
    kind = "dispute" if dispute else "refusal"
    said = f"{kind} ({answer.reason})" if answer.reason else "acceptance"
    amount = offers.amount_text(known.amount_minor, known.unit)
    typer.echo(f"good: {said} of {amount} by {to_checksum_address(address)}")


def _offer(path: Path, deployment: Path | None, out: Path | None) -> Offer:
    """Everything that can be refused before anybody is asked for a password."""
    offer = Offer.parse(_read(path, "offer"))
    if deployment:
        offer.require_deployment(Deployment.load(deployment))
    if out:
        require_free(out)
    return offer


def _read(path: Path, field: str) -> bytes:
    """Raises UnreadableFile. What is too long is cut, and then refused by the parser as too long."""
    try:
        with path.open("rb") as file:
            return file.read(offers.MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", field=field) from None


def _password(file: Path | None, *, twice: bool = False) -> str:
    """From the file's first line, or from the terminal without showing it; never from the command line,
    which other users can read. Raises NoPassword, UnreadableFile."""
    if file:
        text = _read(file, "password-file").partition(b"\n")[0].removesuffix(b"\r")
        try:
            password = text.decode()
        except UnicodeDecodeError:
            raise NoPassword(f"{file} is not UTF-8") from None
    elif sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if twice and getpass.getpass("Once more: ") != password:
            raise NoPassword("the two are not the same")
    else:
        raise NoPassword("standard input is no terminal")
    if not password:
        raise NoPassword("it is empty")
    return password


def _warn(path: Path) -> None:
    if warning := keyfile.open_permissions(path):
        typer.echo(f"warning: {warning}", err=True)


def _show(info: keyfile.KeyInfo) -> None:
    if info.address is not None:
        typer.echo(f"address {to_checksum_address(info.address)}")
    if info.label:
        typer.echo(f"label {info.label}")


def _write(answer: SignedAnswer, out: Path | None) -> None:
    if out:
        write_new(out, answer.to_json())
    else:
        typer.echo(answer.to_json(), nl=False)


def main(argv: list[str] | None = None) -> int:
    """The console script: runs the group that the first argument names. Returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    groups = {point.name: point for point in entry_points(group=GROUP)}
    if not arguments or arguments[0] in ("-h", "--help"):
        typer.echo(f"Usage: amanat COMMAND ...\n\nCommands: {', '.join(sorted(groups))}\n")
        typer.echo("`amanat COMMAND --help` says more.")
        return 0
    name, *rest = arguments
    if name not in groups:
        return _refuse(f"command: there is no {name!r}; choose one of {', '.join(sorted(groups))}")
    try:
        app = _load(groups[name])
    except Exception as error:  # whatever is wrong with one group must not look like a fault of the others
        return _refuse(f"{name}: this command cannot be loaded ({_brief(error)}); run scripts/setup")
    return _run(app, rest, f"amanat {name}")


def _load(point: EntryPoint) -> typer.Typer:
    """A group of commands as it is; a plain function as the only command."""
    loaded: object = point.load()
    if isinstance(loaded, typer.Typer):
        return loaded
    if not callable(loaded):
        raise TypeError(f"{point.value} is neither a Typer nor a function")
    app = typer.Typer(add_completion=False)
    command: Callable[..., Any] = loaded
    app.command()(command)
    return app


def _run(app: typer.Typer, arguments: list[str], name: str) -> int:
    """Runs a group; what it refuses becomes one line. A fault of ours is one line, too: AMANAT_DEBUG=1 shows
    all."""
    try:
        result: object = app(args=arguments, prog_name=name, standalone_mode=False)
    except (WalletError, BadValue, BadDeployment) as error:
        return _refuse(str(error))
    except typer.TyperException as error:
        return _refuse(f"command line: {error.format_message().rstrip('.')}; see `{name} --help`")
    except (typer.Abort, KeyboardInterrupt):
        return _refuse("command: stopped before its end; nothing was written")
    except OSError as error:
        return _refuse(f"file: {_brief(error)}; check the name, the permissions and the free space")
    except Exception as error:
        if os.environ.get("AMANAT_DEBUG"):
            raise
        _refuse(f"{name}: a fault of this program ({_brief(error)}); report what AMANAT_DEBUG=1 shows")
        return 1
    return result if isinstance(result, int) else 0


def _brief(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _refuse(text: str) -> int:
    typer.echo("error: " + " ".join(text.split()), err=True)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
