"""The demonstration's folder: where everything it makes is kept, so that a second start resumes."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from contracts.abi import Address


@dataclass(frozen=True, slots=True)
class Home:
    """One demonstration. Ids, household accounts and simulated people's keys come from its own random seed, so that an
    interrupted job is simply run again: everything it sends a second time is known already."""

    folder: Path
    seed: bytes

    @classmethod
    def open(cls, folder: Path) -> Home:
        """Opens the folder or makes it, with its seed and the office's secrets (files only the owner can read)."""
        for part in (folder, folder / "keys", folder / "done", folder / "log"):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(folder, bytes.fromhex(_once(folder / "seed", secrets.token_hex(32))))

    def __post_init__(self) -> None:
        _once(self.folder / "secret", secrets.token_hex(32))
        _once(self.folder / "keys" / "password", secrets.token_urlsafe(24))

    @property
    def deployment(self) -> Path:
        return self.folder / "deployment.json"

    @property
    def password(self) -> str:
        return (self.folder / "keys" / "password").read_text().strip()

    def id(self, *what: object) -> bytes:
        """The id of something this demonstration speaks of: 32 bytes, the same each time."""
        return keccak(self.seed + "\0".join(map(str, what)).encode())

    def account(self, *what: object) -> Address:
        """A pseudonymous account: 20 bytes that name nobody."""
        return Address(self.id("account", *what)[:20])

    def key(self, *what: object) -> LocalAccount:
        """The key of a simulated person."""
        account: LocalAccount = Account.from_key(self.id("key", *what))
        return account

    def settings(self, node_url: str, public_url: str) -> dict[str, str]:
        """The environment of the indexer, the relay and the API."""
        return {
            "AMANAT_NODE": node_url,
            "AMANAT_DEPLOYMENT": str(self.deployment),
            "AMANAT_MIRROR": f"sqlite:///{self.folder / 'mirror.db'}",
            "AMANAT_OFFICE": f"sqlite:///{self.folder / 'office.db'}",
            "AMANAT_KEYS": str(self.folder / "keys"),
            "AMANAT_SECRET_FILE": str(self.folder / "secret"),
            "AMANAT_PUBLIC_URL": public_url,
        }

    def done(self, job: str) -> dict[str, Any] | None:
        """What a finished job left behind, or None."""
        path = self.folder / "done" / f"{job}.json"
        return json.loads(path.read_text()) if path.exists() else None

    def finish(self, job: str, result: dict[str, Any]) -> dict[str, Any]:
        """Notes that a job is finished, whole or not at all."""
        part = self.folder / "done" / f"{job}.part"
        part.write_text(json.dumps(result, indent=1, ensure_ascii=False))
        os.replace(part, part.with_suffix(".json"))
        return result


def _once(path: Path, text: str) -> str:
    """Writes a secret once; afterwards always reads the first."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text + "\n")
    except FileExistsError:
        return path.read_text().strip()
    return text
