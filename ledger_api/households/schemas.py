"""Bodies of the household routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger_api.wire import MAX_BATCH, Account, Body, Id32


class OpeningIn(Body):
    """An account (20 random bytes that name nobody), the key that will sign for it (zero for none yet), and the
    Merkle root of the secrets on the family's scratch card, where it has one."""

    account: Account
    key: Account
    card_root: Id32 = bytes(32)


class OpeningsIn(Body):
    """Accounts to open, all or none."""

    households: Annotated[list[OpeningIn], Field(min_length=1, max_length=MAX_BATCH)]
