"""A clerk's client of the API: sends, and waits until what was sent is recorded."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from contracts.abi import Address
from ledger_api.client import Api

TIMEOUT_S = 120
BATCH = 500


class NotRecorded(Exception):
    """An accepted act was not recorded: rejected, or not in time."""


def hexed(value: bytes) -> str:
    """0x and hex digits."""
    return "0x" + value.hex()


class Client(Api):
    """One caller: a member of staff with an API key, or somebody without one."""

    def wait(self, statuses: Iterable[str]) -> None:
        """Waits until acts are recorded; raises NotRecorded with the reason."""
        end = time.monotonic() + TIMEOUT_S
        for path in statuses:
            while (record := self.get(path))["state"] != "recorded":
                if record["state"] == "rejected":
                    raise NotRecorded(f"{path}: {record['problem']}")
                if time.monotonic() > end:
                    raise NotRecorded(f"{path} is still {record['state']}")
                time.sleep(0.05)

    def give(self, fund: bytes, gifts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Sends gifts in batches; returns the answers."""
        answers: list[dict[str, Any]] = []
        for start in range(0, len(gifts), BATCH):
            answers += self.post(
                "/v1/gifts/batch", {"fund": hexed(fund), "gifts": gifts[start : start + BATCH]}
            )
        return answers

    def propose(
        self,
        list_id: bytes,
        fund: bytes,
        programme: bytes,
        expires_at_unix_s: int,
        items: Sequence[tuple[bytes, Address, int]],
    ) -> dict[str, Any]:
        """Proposes a payment list of (entitlement, household, minor units)."""
        answer: dict[str, Any] = self.post(
            "/v1/payment-lists",
            {
                "id": hexed(list_id),
                "fund": hexed(fund),
                "programme": hexed(programme),
                "expires_at_unix_s": expires_at_unix_s,
                "entitlements": [
                    {"id": hexed(e), "household": hexed(household), "amount_minor": str(amount)}
                    for e, household, amount in items
                ],
            },
        )
        return answer

    def approve(self, proposed: dict[str, Any]) -> str:
        """Approves a proposed list as it was answered; returns where to follow it."""
        answer = self.post(
            f"/v1/payment-lists/{proposed['id']}/approval", {"content_hash": proposed["content_hash"]}
        )
        return str(answer["status"])
