"""Hand-made histories: typed events written into an in-memory mirror by the follower's own writer, a block a
step."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection

from contracts.abi import Address
from contracts.bindings.fund_ledger import (
    AcceptanceMethod,
    DeliveryConfirmed,
    DeliveryHandedOver,
    DonationRecorded,
    DonationRefunded,
    EntitlementExpired,
    EntitlementListed,
    EntitlementRefused,
    FeeTaken,
    FundOpened,
    PaymentListApproved,
    PaymentListProposed,
    ProgrammeOpened,
)
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    FeeId,
    FundId,
    OrganisationId,
    PaymentListId,
    ProgrammeId,
    RefundId,
)
from contracts.deployment import Deployment
from indexer.blocks import Header
from indexer.mirror import open_for_writing
from indexer.schema import table_name
from indexer.writer import Position, append, begin, undo

DEPLOYMENT = Deployment(31337, b"\x09" * 32, 1, *(Address(bytes([n]) * 20) for n in (0xA1, 0xA2, 0xA3, 0xA4)))
ANCHOR = Header(0, DEPLOYMENT.genesis_hash, bytes(32), 1_000)
AGENT = Address(b"\x77" * 20)


def id_of(name: str) -> bytes:
    """32 bytes that stand for a name in a test."""
    return hashlib.sha256(name.encode()).digest()


def account(name: str) -> Address:
    """20 bytes that stand for a name in a test."""
    return Address(id_of(name)[:20])


class History:
    """A mirror in memory, and short words for the events of one fund, `fund`, of one organisation,
    `charity`."""

    fund = FundId(id_of("fund"))
    charity = OrganisationId(id_of("charity"))
    programme = ProgrammeId(id_of("programme"))

    def __init__(self) -> None:
        self.engine = open_for_writing("sqlite://")
        with self.engine.begin() as conn:
            self.position = begin(conn, DEPLOYMENT, ANCHOR)
        self.open_fund()

    def close(self) -> None:
        self.engine.dispose()

    def restart(self) -> None:
        """Undoes everything but the opening of the fund."""
        with self.engine.begin() as conn:
            undo(conn, self.opened)
        self.position = self.opened

    def connect(self) -> Connection:
        return self.engine.connect()

    def record(self, *events: Any) -> None:
        """One block with these events. Block n has time 1000 + 10 n."""
        number = self.position.number + 1
        hash = hashlib.sha256(b"block %d" % number).digest()
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for index, event in enumerate(events):
            rows.setdefault(table_name(type(event).__name__), []).append((*event, number, hash, index))
        with self.engine.begin() as conn:
            block = Header(number, hash, self.position.hash, 1_000 + 10 * number)
            self.position = append(conn, [block], rows)

    def open_fund(self) -> None:
        self.record(
            ProgrammeOpened(self.programme, self.charity),
            FundOpened(self.fund, self.charity, ProgrammeId(bytes(32)), "EUR", "sadaqat", 10_000),
        )
        self.opened: Position = self.position

    def donate(self, name: str, start: int, amount: int) -> DonationId:
        donation = DonationId(id_of(name))
        donor = account("donor of " + name)
        self.record(DonationRecorded(self.fund, donation, donor, start, amount, 900, "bank", bytes(32)))
        return donation

    def fee(self, name: str, start: int, amount: int) -> FeeId:
        fee = FeeId(id_of(name))
        self.record(FeeTaken(self.fund, fee, start, amount))
        return fee

    def refund(self, name: str, donation: str, start: int, amount: int, continues_at: int) -> RefundId:
        refund = RefundId(id_of(name))
        self.record(
            DonationRefunded(self.fund, refund, DonationId(id_of(donation)), start, amount, continues_at)
        )
        return refund

    def propose(self, name: str, entitlements: dict[str, int]) -> PaymentListId:
        """Entitlement name -> amount; each goes to a household of the same name."""
        plist, total = PaymentListId(id_of(name)), sum(entitlements.values())
        maker = account("maker")
        proposed = PaymentListProposed(
            plist, self.fund, self.programme, maker, bytes(32), total, 9_999, len(entitlements)
        )
        listed = (
            EntitlementListed(plist, EntitlementId(id_of(e)), account(e), amount)
            for e, amount in entitlements.items()
        )
        self.record(proposed, *listed)
        return plist

    def approve(self, name: str, total: int) -> None:
        self.record(PaymentListApproved(PaymentListId(id_of(name)), self.fund, account("checker"), total))

    def offer(self, name: str, entitlements: dict[str, int]) -> PaymentListId:
        """Proposes and approves."""
        plist = self.propose(name, entitlements)
        self.approve(name, sum(entitlements.values()))
        return plist

    def hand_over(self, entitlement: str, start: int, amount: int) -> EntitlementId:
        id = EntitlementId(id_of(entitlement))
        self.record(DeliveryHandedOver(self.fund, id, AGENT, start, amount))
        return id

    def confirm(self, entitlement: str) -> None:
        id = EntitlementId(id_of(entitlement))
        household = account(entitlement)
        self.record(
            DeliveryConfirmed(id, household, AcceptanceMethod.HOUSEHOLD_KEY, 9_999, bytes(32), bytes(32))
        )

    def refuse(self, entitlement: str, amount: int) -> None:
        self.record(EntitlementRefused(EntitlementId(id_of(entitlement)), self.fund, amount, "moved"))

    def expire(self, entitlement: str, amount: int) -> None:
        self.record(EntitlementExpired(EntitlementId(id_of(entitlement)), self.fund, amount))
