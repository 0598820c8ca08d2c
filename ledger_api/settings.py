"""Where the API, the relay and the clerk's commands find everything; every value comes from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from contracts.deployment import Deployment


class BadSettings(Exception):
    """A setting is missing or cannot be used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One office's settings.

    `secret` derives receipt codes and donors' claim keys and wraps people's keys: whoever has it can read them, so it
    is a file of its own that only the office can open.
    """

    node_url: str
    deployment: Deployment
    mirror_url: str
    office_url: str
    keys: Path
    secret: bytes
    public_url: str

    @classmethod
    def from_environment(cls) -> Settings:
        """Reads AMANAT_NODE, AMANAT_DEPLOYMENT, AMANAT_MIRROR, AMANAT_OFFICE, AMANAT_KEYS, AMANAT_SECRET_FILE and
        AMANAT_PUBLIC_URL; raises BadSettings naming the one to set."""
        return cls(
            node_url=_required("AMANAT_NODE", "the JSON-RPC address of the chain's node"),
            deployment=Deployment.load(Path(_required("AMANAT_DEPLOYMENT", "the file that scripts/deploy wrote"))),
            mirror_url=_required("AMANAT_MIRROR", "the mirror's database, e.g. sqlite:///mirror.db"),
            office_url=_required("AMANAT_OFFICE", "the office's database, e.g. sqlite:///office.db"),
            keys=Path(_required("AMANAT_KEYS", "the folder of operators' key files")),
            secret=read_secret(Path(_required("AMANAT_SECRET_FILE", "the office's secret, 32 bytes in hex"))),
            public_url=os.environ.get("AMANAT_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        )


def read_secret(path: Path) -> bytes:
    """The office's secret: 32 bytes in hex. Raises BadSettings; never prints what the file holds."""
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError):
        secret = b""
    if len(secret) != 32:  # noqa: PLR2004 - said in the message
        raise BadSettings(f"AMANAT_SECRET_FILE: {path} does not hold 32 bytes in hex; make it with `openssl rand -hex 32`")
    return secret


def _required(name: str, what: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise BadSettings(f"{name} is not set; give {what}")
    return value
