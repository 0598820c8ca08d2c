"""Operators' keys, read from encrypted key files (Web3 Secret Storage); the password stands in a file beside
them."""

from __future__ import annotations

import json
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from contracts.abi import ADDRESS_BYTES

PASSWORD_FILE = "password"  # noqa: S105 - a file's name


class KeyringError(Exception):
    """A key file cannot be opened."""


class Keyring:
    """The accounts this relay may sign for: address -> signer. Keys are opened when first used, since that is
    slow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[bytes, LocalAccount] = {}

    def signer(self, address: bytes) -> LocalAccount:
        """Raises KeyringError naming the file that is missing or does not open."""
        if address not in self._opened:
            path = self._folder / f"{address.hex()}.json"
            try:
                password = (self._folder / PASSWORD_FILE).read_text().strip()
                key = Account.decrypt(json.loads(path.read_text()), password)
            except OSError as error:
                raise KeyringError(
                    f"{error.filename}: cannot be read; put the operator's key file there"
                ) from None
            except (ValueError, KeyError, TypeError):
                raise KeyringError(f"{path}: the password does not open this key file") from None
            self._opened[address] = Account.from_key(key)
        return self._opened[address]


def courier(folder: Path) -> bytes:
    """The account that carries signed acts. It holds no role, so anyone's would do."""
    path = folder / "courier"
    try:
        address = bytes.fromhex(path.read_text().strip().removeprefix("0x"))
    except (OSError, ValueError):
        address = b""
    if len(address) != ADDRESS_BYTES:
        raise KeyringError(f"{path}: write the courier's address there, 20 bytes in hex")
    return address
