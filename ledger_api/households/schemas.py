"""Bodies of the household routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger_api.wire import MAX_BATCH, Account, Body


class OpeningIn(Body):
    """An account (20 random bytes that name nobody) and the key that will sign for it."""

    account: Account
    key: Account


class OpeningsIn(Body):
    """Accounts to open, all or none."""

    households: Annotated[list[OpeningIn], Field(min_length=1, max_length=MAX_BATCH)]
