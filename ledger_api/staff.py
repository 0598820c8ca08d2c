"""Staff's API keys: who calls, and for which operator account. Roles on chain decide what they may do."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from sqlalchemy import Connection, insert, select

from ledger_api import problems
from ledger_api.office import reading, staff_key
from ledger_api.service import ServiceDep

PREFIX = "amk_"
KEY_BYTES = 24


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in member of staff."""

    organisation: bytes
    operator: bytes
    name: str


def issue_key(
    conn: Connection, organisation: bytes, operator: bytes, name: str, expires_at_unix_s: int
) -> str:
    """Makes an API key for an operator. It is shown once: only its hash is stored."""
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    conn.execute(
        insert(staff_key).values(
            key_hash=_hash(key),
            organisation=organisation,
            operator=operator,
            name=name,
            expires_at_unix_s=expires_at_unix_s,
        )
    )
    return key


def _hash(key: str) -> bytes:
    # A key is 192 random bits: a plain hash cannot be searched, and looking the hash up leaks no timing of
    # the key.
    return hashlib.sha256(key.encode()).digest()


def _caller(service: ServiceDep, authorization: Annotated[str, Header()] = "") -> Caller:
    kind, _, key = authorization.partition(" ")
    if kind.lower() != "bearer" or not key.startswith(PREFIX):
        raise problems.own("not-signed-in", "Authorization", "no staff API key was sent")
    with reading(service.office) as conn:
        row = conn.execute(select(staff_key).where(staff_key.c.key_hash == _hash(key))).one_or_none()
    if row is None or row.expires_at_unix_s <= time.time():
        raise problems.own("not-signed-in", "Authorization", "the key is unknown or has expired")
    return Caller(row.organisation, row.operator, row.name)


CallerDep = Annotated[Caller, Depends(_caller)]
