"""Where the API and the relay find everything; every value comes from the environment."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from contracts.deployment import Deployment

RATE_PER_S = 50.0
RATE_BURST = 500
"""Requests of one caller: so many a second for long, so many at once. Pages, polling and single gifts stay
far below."""
MAX_RATE = 1_000_000


class BadSettings(Exception):
    """A setting is missing or cannot be used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One office's settings.

    `secret` derives receipt codes and donors' claim keys and wraps people's keys: whoever has it can read
    them, so it is a file of its own that only the office can open. It and the databases' addresses, which may
    hold passwords, are not shown when settings are printed.
    """

    node_url: str = field(repr=False)
    deployment: Deployment
    mirror_url: str = field(repr=False)
    office_url: str = field(repr=False)
    keys: Path
    secret: bytes = field(repr=False)
    public_url: str
    rate_per_s: float = RATE_PER_S
    rate_burst: int = RATE_BURST

    @classmethod
    def from_environment(cls) -> Settings:
        """Reads AMANAT_NODE, AMANAT_DEPLOYMENT, AMANAT_MIRROR, AMANAT_OFFICE, AMANAT_KEYS,
        AMANAT_SECRET_FILE,
        AMANAT_PUBLIC_URL, AMANAT_RATE_PER_S (0: no limit) and AMANAT_RATE_BURST.

        Raises BadSettings naming the one to set, and BadDeployment.
        """
        return cls(
            node_url=_required("AMANAT_NODE", "the JSON-RPC address of the chain's node"),
            deployment=Deployment.load(
                Path(_required("AMANAT_DEPLOYMENT", "the file that scripts/deploy wrote"))
            ),
            mirror_url=_required("AMANAT_MIRROR", "the mirror's database, e.g. sqlite:///mirror.db"),
            office_url=_required("AMANAT_OFFICE", "the office's database, e.g. sqlite:///office.db"),
            keys=Path(_required("AMANAT_KEYS", "the folder of operators' key files")),
            secret=read_secret(Path(_required("AMANAT_SECRET_FILE", "the office's secret, 32 bytes in hex"))),
            public_url=os.environ.get("AMANAT_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
            rate_per_s=_number("AMANAT_RATE_PER_S", RATE_PER_S),
            rate_burst=max(1, int(_number("AMANAT_RATE_BURST", RATE_BURST))),
        )


def read_secret(path: Path) -> bytes:
    """The office's secret: 32 bytes in hex. Raises BadSettings; never prints what the file holds."""
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError):
        secret = b""
    if len(secret) != 32:
        raise BadSettings(
            f"AMANAT_SECRET_FILE: {path} does not hold 32 bytes in hex; make it with `openssl rand -hex 32`"
        )
    return secret


def _required(name: str, what: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise BadSettings(f"{name} is not set; give {what}")
    return value


def _number(name: str, default: float) -> float:
    text = os.environ.get(name) or str(default)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < MAX_RATE:
        raise BadSettings(
            f"{name}: {text!r} is no number of requests; give one from 0 (no limit) to {MAX_RATE}"
        )
    return number
