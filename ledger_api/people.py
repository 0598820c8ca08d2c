"""People, sealed: each under a key of their own, so that erasing a person is destroying a key (DESIGN section
7)."""

from __future__ import annotations

import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from ledger_api.office import person

KEY_BYTES = 32
NONCE_BYTES = 12


class PersonErased(Exception):
    """The person's key was destroyed; what was known of them can never be read again."""


def _wrapping_key(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=b"amanat people").derive(secret))


def _seal(key: AESGCM, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + key.encrypt(nonce, plain, bound_to)


def _unseal(key: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)


def remember(conn: Connection, secret: bytes, person_id: bytes, facts: dict[str, str]) -> None:
    """Seals what is known of a person. A person who is known already stays as they are."""
    key = AESGCM.generate_key(256)
    row = {
        "id": person_id,
        "wrapped_key": _seal(_wrapping_key(secret), key, person_id),
        "sealed": _seal(AESGCM(key), json.dumps(facts, ensure_ascii=False).encode(), person_id),
    }
    conn.execute(insert(person).values(row).on_conflict_do_nothing())


def recall(conn: Connection, secret: bytes, person_id: bytes) -> dict[str, str]:
    """What is known of a person; raises PersonErased."""
    row = conn.execute(select(person).where(person.c.id == person_id)).one_or_none()
    if row is None or row.wrapped_key is None:
        raise PersonErased("this person was erased or never known")
    try:
        key = _unseal(_wrapping_key(secret), row.wrapped_key, person_id)
        facts: dict[str, str] = json.loads(_unseal(AESGCM(key), row.sealed, person_id))
    except InvalidTag:
        raise PersonErased("this person's record cannot be opened with this office's secret") from None
    return facts


def erase(conn: Connection, person_id: bytes) -> None:
    """Destroys the person's key. Totals stay; the person is gone."""
    conn.execute(update(person).where(person.c.id == person_id).values(wrapped_key=None, sealed=None))
