"""Taking a gift in: its donor's account, its commitment, its receipt's code, and the act that records it.

Everything is derived from the gift's id and the office's secret, so that sending the same gift again gives
the same answer whatever happened in between.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak
from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from contracts.abi import Address
from contracts.bindings.fund_ledger import DonationEntry
from contracts.bindings.ids import DonationId
from ledger_api import outbox, people, problems
from ledger_api.gifts.schemas import Gift
from ledger_api.office import gift as gift_table
from ledger_api.outbox import Entry
from ledger_api.service import Service
from ledger_api.staff import Caller
from ledger_api.wire import hex_text

CODE_BYTES = 10
"""80 bits: 16 letters and digits on the receipt, too many to try."""
KEPT = ("id", "created_at_unix_s")
"""Columns of a gift that a corrected one leaves as they were."""
_BASE32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def derive(secret: bytes, purpose: str, *parts: bytes) -> bytes:
    """32 bytes that only this office can make, and makes again."""
    return hmac.digest(secret, b"amanat " + purpose.encode() + b"\0" + b"".join(parts), "sha256")


def receipt_code(secret: bytes, gift_id: bytes) -> str:
    """16 characters of Crockford's base 32 in groups of four: no I, L, O or U to misread."""
    text = base64.b32encode(derive(secret, "receipt", gift_id)[:CODE_BYTES]).translate(_BASE32).decode()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def plain_code(text: str) -> str:
    """What a person typed as a receipt's code, in its printed form: case, spaces and I/L/O do not matter."""
    kept = "".join(c for c in text.upper() if c.isalnum())[:64]
    kept = kept.translate(str.maketrans("ILO", "110"))
    return "-".join(kept[i : i + 4] for i in range(0, len(kept), 4))


def claim_key(secret: bytes, organisation: bytes, who: bytes) -> PrivateKey:
    """The key of a donor without a wallet, which the office can make again and hand over: whoever holds it can
    move the donor's gifts to an own wallet. `who` is the donor's reference, or the gift's id without one."""
    return PrivateKey(derive(secret, "claim", organisation, who))


def claim_account(secret: bytes, organisation: bytes, who: bytes) -> Address:
    """The account of that key."""
    return Address(claim_key(secret, organisation, who).public_key.to_canonical_address())


def opening(gift_id: bytes, fund: bytes, gift: Gift) -> bytes:
    """The canonical JSON that the commitment on chain commits to, with its salt (DESIGN section 6)."""
    record: dict[str, Any] = {
        "gift": hex_text(gift_id),
        "fund": hex_text(fund),
        "amount_minor": str(gift.amount_minor),
        "settled_at_unix_s": gift.settled_at_unix_s,
        "channel": gift.channel,
        "form": gift.form,
        "reference": gift.reference,
    }
    if gift.value_minor is not None:
        record["value_minor"] = str(gift.value_minor)
    if gift.value_currency is not None:
        record["value_currency"] = gift.value_currency
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def rows(
    service: Service, caller: Caller, fund: bytes, gifts: Sequence[Gift]
) -> list[tuple[dict[str, Any], Entry]]:
    """The office's row and the act of each gift."""
    return [_row(service, caller, fund, gift) for gift in gifts]


def _row(service: Service, caller: Caller, fund: bytes, gift: Gift) -> tuple[dict[str, Any], Entry]:
    secret = service.settings.secret
    reference = gift.donor.reference.encode() if gift.donor and gift.donor.reference else b""
    who = reference or gift.id
    account = gift.donor_account or claim_account(secret, caller.organisation, who)
    salt = derive(secret, "salt", gift.id)
    commitment = keccak(salt + opening(gift.id, fund, gift))
    entry = DonationEntry(
        id=DonationId(gift.id),
        donor=Address(account),
        amount_minor=gift.amount_minor,
        settled_at_unix_s=gift.settled_at_unix_s,
        form=gift.form,
        channel=gift.channel,
        value_minor=gift.value_minor or 0,
        value_currency=gift.value_currency or "",
        commitment=commitment,
    )
    row = {
        "id": gift.id,
        "organisation": caller.organisation,
        "fund": fund,
        "donor": account,
        "amount_minor": gift.amount_minor,
        "settled_at_unix_s": gift.settled_at_unix_s,
        "channel": gift.channel,
        "form": gift.form,
        "value_minor": gift.value_minor,
        "value_currency": gift.value_currency,
        "reference": gift.reference,
        "salt": salt,
        "commitment": commitment,
        "receipt_code": receipt_code(secret, gift.id),
        "person": derive(secret, "person", caller.organisation, who) if gift.donor else None,
        "created_at_unix_s": int(time.time()),
    }
    return row, Entry("donate", gift.id, caller.organisation, caller.operator, fund, entry.words())


def store(
    conn: Connection, service: Service, gifts: Sequence[Gift], made: Sequence[tuple[dict[str, Any], Entry]]
) -> None:
    """Stores gifts and their acts in the caller's transaction. Raises Problem `conflicting-record`."""
    new = {entry.record for entry in outbox.add(conn, [entry for _, entry in made])}
    _require_same_donors(conn, [row for row, _ in made if row["id"] not in new])
    fresh = {row["id"]: (row, gift) for gift, (row, _) in zip(gifts, made, strict=True) if row["id"] in new}
    if not fresh:
        return
    for row, gift in fresh.values():
        if gift.donor is not None:
            people.remember(conn, service.settings.secret, row["person"], {"name": gift.donor.name})
    statement = insert(gift_table)
    changed = {c.name: statement.excluded[c.name] for c in gift_table.c if c.name not in KEPT}
    # A gift whose act was refused may come again, corrected: the outbox has decided above that this is so.
    upsert = statement.on_conflict_do_update(index_elements=["id"], set_=changed)
    conn.execute(upsert, [row for row, _ in fresh.values()])


def _require_same_donors(conn: Connection, known: Sequence[dict[str, Any]]) -> None:
    """Who gave is not part of what the chain compares, so it is compared here; raises Problem."""
    for row in known:
        person = conn.scalar(select(gift_table.c.person).where(gift_table.c.id == row["id"]))
        if person != row["person"]:
            raise problems.own("conflicting-record", "donor", f"gift {hex_text(row['id'])} has another donor")
