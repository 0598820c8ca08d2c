"""Encrypted key files: Web3 Secret Storage version 3, so that other wallets can open them too.

Source of the format: https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage.
Beside the standard fields a file holds `crypto_sha256`, which tells a damaged file from a wrong password, and
at most a `label`. A key is not an account: the registrar says which key speaks for which household today.
"""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from contracts.abi import ADDRESS_BYTES, Address
from wallet.errors import (
    BadLabel,
    DamagedKeyfile,
    NotAKeyfile,
    OpenPermissions,
    UnreadableFile,
    WeakPassword,
    WrongPassword,
)
from wallet.files import require_free, write_new

SCRYPT_N = 2**17
"""OWASP's least cost for scrypt with r=8 and p=1: 128 MiB, and some seconds on an old phone. The 2^18 that is
usual on desktops takes 256 MiB, for which a phone with 1 GB may kill the program; geth's light setting (4
MiB) costs a guesser a fifth. Source: OWASP Password Storage Cheat Sheet, section scrypt."""

MAX_SCRYPT_BYTES = 256 * 2**20
"""A file may not ask for more memory when opened, or a hostile one would stop the device."""
MAX_SCRYPT_P = 8
MIN_PASSWORD = 8
MAX_LABEL = 40
MAX_FILE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What a key file shows without its password. `address` is None in files of wallets that leave it out."""

    address: Address | None
    label: str


def create(path: Path, password: str, label: str = "") -> KeyInfo:
    """Makes a new key and its file. Raises FileTaken, WeakPassword, BadLabel, OSError, and leaves no file
    then."""
    require_free(path)
    if len(password) < MIN_PASSWORD:
        raise WeakPassword(f"{len(password)} characters")
    if len(label) > MAX_LABEL or not label.isprintable():
        raise BadLabel()
    key: LocalAccount = Account.create()
    document = Account.encrypt(key.key, password, kdf="scrypt", iterations=SCRYPT_N)
    document["crypto_sha256"] = _checksum(document["crypto"])
    if label:
        document["label"] = label
    write_new(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return KeyInfo(Address(bytes.fromhex(key.address[2:])), label)


def describe(path: Path) -> KeyInfo:
    """What the file shows without its password. Raises UnreadableFile, NotAKeyfile, DamagedKeyfile."""
    document = _read(path)
    label = document.get("label", "")
    if not isinstance(label, str) or len(label) > MAX_LABEL or not label.isprintable():
        raise DamagedKeyfile("label")
    if document.get("address") is None:
        return KeyInfo(None, label)
    return KeyInfo(Address(_hex(document, "address", ADDRESS_BYTES)), label)


def unlock(path: Path, password: str) -> LocalAccount:
    """The key. Raises UnreadableFile, NotAKeyfile, DamagedKeyfile, WrongPassword."""
    document = _read(path)
    expected = describe(path).address
    try:
        key: LocalAccount = Account.from_key(Account.decrypt(document, password))
    except ValueError as error:
        # eth_keyfile has no class of its own for this; everything else was checked before.
        if "MAC mismatch" in str(error):
            raise WrongPassword() from None
        raise DamagedKeyfile(type(error).__name__) from None
    if expected is not None and bytes.fromhex(key.address[2:]) != expected:
        raise DamagedKeyfile("address: it is not the key's")
    return key


def open_permissions(path: Path) -> OpenPermissions | None:
    """A warning to show when others can read the file; None when all is well. Raises UnreadableFile."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", field="key") from None
    return OpenPermissions(f"mode {mode:04o}") if mode & 0o077 else None


def _read(path: Path) -> dict[str, Any]:
    """The document, its parts checked before any of them is used."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}", field="key") from None
    try:
        document = json.loads(content) if len(content) <= MAX_FILE_BYTES else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("version") != 3:
        raise NotAKeyfile(str(path))
    crypto = document.get("crypto", document.get("Crypto"))
    if not isinstance(crypto, dict):
        raise DamagedKeyfile("crypto")
    checksum = document.get("crypto_sha256")
    if checksum is not None and checksum != _checksum(crypto):
        raise DamagedKeyfile("crypto_sha256")
    _check(crypto)
    return document


def _check(crypto: dict[str, Any]) -> None:
    """Raises NotAKeyfile for a way of encrypting that is not ours, DamagedKeyfile for a part out of shape."""
    for name, wanted in (("cipher", "aes-128-ctr"), ("kdf", "scrypt")):
        if crypto.get(name) != wanted:
            raise NotAKeyfile(f"{name} is not {wanted}")
    scrypt, cipher = crypto.get("kdfparams"), crypto.get("cipherparams")
    if not isinstance(scrypt, dict) or not isinstance(cipher, dict):
        raise DamagedKeyfile("kdfparams or cipherparams")
    for part, name, size in ((crypto, "ciphertext", 32), (crypto, "mac", 32), (cipher, "iv", 16)):
        _hex(part, name, size)
    _hex(scrypt, "salt", None)
    n, r, p, dklen = (_count(scrypt, name) for name in ("n", "r", "p", "dklen"))
    if n < 2 or n & (n - 1) or dklen != 32:
        raise DamagedKeyfile("kdfparams")
    if 128 * n * r > MAX_SCRYPT_BYTES or p > MAX_SCRYPT_P:
        raise NotAKeyfile(f"it asks for {128 * n * r >> 20} MiB x {p} to be opened")


def _hex(part: dict[str, Any], name: str, size: int | None) -> bytes:
    """Hex text of `size` bytes, or of any number from 1 to 64 when None."""
    text = part.get(name)
    try:
        value = bytes.fromhex(text.removeprefix("0x")) if isinstance(text, str) else b""
    except ValueError:
        value = b""
    if not 1 <= len(value) <= 64 or (size is not None and len(value) != size):
        raise DamagedKeyfile(name)
    return value


def _count(part: dict[str, Any], name: str) -> int:
    """A whole number above zero."""
    value = part.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise DamagedKeyfile(name)
    return value


def _checksum(crypto: dict[str, Any]) -> str:
    """Says nothing about the password: it is over what the file shows anyway."""
    return hashlib.sha256(json.dumps(crypto, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
