"""Key files: made once, opened by their password only, and every other file refused with the right words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from wallet import files, keyfile
from wallet.errors import (
    BadLabel,
    DamagedKeyfile,
    FileTaken,
    NotAKeyfile,
    UnreadableFile,
    WeakPassword,
    WrongPassword,
)

PASSWORD = "blue lamp river"


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real cost takes half a second each time; one test below uses it."""
    monkeypatch.setattr(keyfile, "SCRYPT_N", 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "key.json"


def edit(path: Path, change: Callable[[dict[str, Any]], object], *, sum_again: bool = True) -> None:
    """Changes a key file in place; with `sum_again` the checksum fits the change."""
    document = json.loads(path.read_text())
    change(document)
    if sum_again and isinstance(document.get("crypto"), dict):
        document["crypto_sha256"] = keyfile._checksum(document["crypto"])
    path.write_text(json.dumps(document))


def test_made_and_unlocked(path: Path) -> None:
    info = keyfile.create(path, PASSWORD, "second phone")
    assert keyfile.describe(path) == info
    assert info.label == "second phone"
    assert bytes.fromhex(keyfile.unlock(path, PASSWORD).address[2:]) == info.address
    assert os.listdir(path.parent) == ["key.json"]


def test_two_keys_differ(tmp_path: Path) -> None:
    assert keyfile.create(tmp_path / "a", PASSWORD) != keyfile.create(tmp_path / "b", PASSWORD)


def test_real_cost_and_other_wallets(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    info = keyfile.create(path, "کلیدِ خانوار")
    document = json.loads(path.read_text())
    assert document["crypto"]["kdfparams"]["n"] == keyfile.SCRYPT_N == 2**17
    assert 128 * keyfile.SCRYPT_N * 8 == 128 * 2**20
    key = Account.from_key(Account.decrypt(document, "کلیدِ خانوار"))
    assert bytes.fromhex(key.address[2:]) == info.address


def test_a_file_of_another_wallet_opens(path: Path) -> None:
    key = Account.create()
    document = Account.encrypt(key.key, PASSWORD, kdf="scrypt", iterations=4)
    document["address"] = document["address"].lower()
    path.write_text(json.dumps(document))
    assert keyfile.unlock(path, PASSWORD).key == key.key
    del document["address"]
    path.write_text(json.dumps(document))
    assert keyfile.describe(path).address is None
    assert keyfile.unlock(path, PASSWORD).key == key.key


def test_nothing_secret_is_readable(path: Path) -> None:
    keyfile.create(path, PASSWORD)
    key = keyfile.unlock(path, PASSWORD)
    text = path.read_text()
    assert bytes(key.key).hex() not in text and PASSWORD not in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyfile.open_permissions(path) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o601])
def test_open_permissions_warn(path: Path, mode: int) -> None:
    keyfile.create(path, PASSWORD)
    path.chmod(mode)
    assert "chmod 600" in str(keyfile.open_permissions(path))
    keyfile.unlock(path, PASSWORD)


def test_never_overwrites(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(FileTaken):
        keyfile.create(path, PASSWORD)
    assert path.read_text() == "precious"
    link = path.with_name("link")
    link.symlink_to("nowhere")
    with pytest.raises(FileTaken):
        keyfile.create(link, PASSWORD)
    assert sorted(os.listdir(path.parent)) == ["key.json", "link"]


def test_a_file_made_meanwhile_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files._write

    def slow(draft: Path, text: str) -> None:
        real(draft, text)
        path.write_text("made by another process")

    monkeypatch.setattr(files, "_write", slow)
    with pytest.raises(FileTaken):
        keyfile.create(path, PASSWORD)
    assert path.read_text() == "made by another process"
    assert os.listdir(path.parent) == ["key.json"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_nothing_is_left_of_a_failed_write(path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, fails)
    with pytest.raises(OSError, match="No space"):
        keyfile.create(path, PASSWORD)
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("password", ["", "1234567"])
def test_weak_password(path: Path, password: str) -> None:
    with pytest.raises(WeakPassword):
        keyfile.create(path, password)
    assert not path.exists()


@pytest.mark.parametrize("label", ["x" * 41, "two\nlines", "\x1b[2J", "\u202e"])
def test_bad_label(path: Path, label: str) -> None:
    with pytest.raises(BadLabel):
        keyfile.create(path, PASSWORD, label)
    assert not path.exists()


@pytest.mark.parametrize("password", ["", "three unrelated word", PASSWORD + " ", PASSWORD.upper()])
def test_wrong_password(path: Path, password: str) -> None:
    keyfile.create(path, PASSWORD)
    with pytest.raises(WrongPassword, match=r"^password: "):
        keyfile.unlock(path, password)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00",
        b"[]",
        b"{}",
        b'{"version": 4}',
        b'{"version": 3',
        b"[" * 50_000,
        b" " * 70_000,
    ],
    ids=["empty", "text", "binary", "array", "object", "version 4", "cut", "deep", "long"],
)
def test_not_a_keyfile(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for use in (keyfile.describe, lambda file: keyfile.unlock(file, PASSWORD)):
        with pytest.raises(NotAKeyfile):
            use(path)


def test_missing_file(path: Path) -> None:
    for use in (keyfile.describe, keyfile.open_permissions, lambda file: keyfile.unlock(file, PASSWORD)):
        with pytest.raises(UnreadableFile, match=r"^key: "):
            use(path)


def test_every_flipped_hex_digit_is_noticed(path: Path) -> None:
    keyfile.create(path, PASSWORD)
    crypto = json.loads(path.read_text())["crypto"]
    for part, name in ((crypto, "ciphertext"), (crypto, "mac"), (crypto["cipherparams"], "iv")):
        text = part[name]
        part[name] = ("1" if text[0] == "0" else "0") + text[1:]
        edit(path, lambda document: document.update(crypto=crypto), sum_again=False)
        with pytest.raises(DamagedKeyfile, match="crypto_sha256"):
            keyfile.unlock(path, PASSWORD)
        part[name] = text


def test_address_of_another_key(path: Path) -> None:
    keyfile.create(path, PASSWORD)
    edit(path, lambda document: document.update(address="11" * 20))
    with pytest.raises(DamagedKeyfile, match="address"):
        keyfile.unlock(path, PASSWORD)


@pytest.mark.parametrize(
    ("section", "name", "value", "error"),
    [
        (None, "crypto", 5, DamagedKeyfile),
        (None, "address", "12", DamagedKeyfile),
        (None, "address", ["12"], DamagedKeyfile),
        (None, "label", 12, DamagedKeyfile),
        (None, "label", "x" * 41, DamagedKeyfile),
        ("crypto", "cipher", "aes-256-gcm", NotAKeyfile),
        ("crypto", "kdf", "pbkdf2", NotAKeyfile),
        ("crypto", "kdf", None, NotAKeyfile),
        ("crypto", "mac", "00", DamagedKeyfile),
        ("crypto", "ciphertext", "zz" * 32, DamagedKeyfile),
        ("crypto", "ciphertext", "00" * 31, DamagedKeyfile),
        ("crypto", "kdfparams", None, DamagedKeyfile),
        ("crypto", "cipherparams", [], DamagedKeyfile),
        ("kdfparams", "salt", "", DamagedKeyfile),
        ("kdfparams", "n", 3, DamagedKeyfile),
        ("kdfparams", "n", True, DamagedKeyfile),
        ("kdfparams", "n", "2", DamagedKeyfile),
        ("kdfparams", "n", 2**30, NotAKeyfile),
        ("kdfparams", "r", 2**30, NotAKeyfile),
        ("kdfparams", "p", 9, NotAKeyfile),
        ("kdfparams", "p", 0, DamagedKeyfile),
        ("kdfparams", "dklen", 16, DamagedKeyfile),
    ],
)
def test_a_part_out_of_shape(
    path: Path, section: str | None, name: str, value: object, error: type[Exception]
) -> None:
    keyfile.create(path, PASSWORD)

    def change(document: dict[str, Any]) -> None:
        part = document if section is None else document["crypto"]
        if section == "kdfparams":
            part = part["kdfparams"]
        part[name] = value

    edit(path, change)
    with pytest.raises(error):
        keyfile.unlock(path, PASSWORD)
