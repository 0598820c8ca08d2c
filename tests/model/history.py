"""Hand-made histories: typed events written into a mirror by the follower's own writer, a block a
step."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection

from contracts.abi import Address
from contracts.bindings.delivery_ledger import (
    AcceptanceMethod,
    DeliveryConfirmed,
    DeliveryDisputed,
    DeliveryHandedOver,
    DeliveryReturned,
    DisputeDismissed,
    DisputeUpheld,
    EntitlementListed,
    EntitlementRefused,
    PaymentListApproved,
    PaymentListCancelled,
    PaymentListChecked,
    PaymentListExpired,
    PaymentListProposed,
)
from contracts.bindings.fund_ledger import (
    DonationClaimed,
    DonationReassigned,
    DonationRecorded,
    DonationRefunded,
    FeeTaken,
    FundOpened,
    TransferCameBack,
    TransferReceived,
    TransferSent,
)
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    FeeId,
    FundId,
    OrganisationId,
    PaymentListId,
    ProgrammeId,
    ReassignmentId,
    RefundId,
    ReturnId,
    RuleId,
    TransferId,
)
from contracts.bindings.programme_registry import ProgrammeOpened
from contracts.deployment import CONTRACTS, Deployment
from indexer.blocks import Header
from indexer.events import table_name
from indexer.mirror import open_for_writing
from indexer.writer import Position, append, begin, undo

DEPLOYMENT = Deployment(
    31337, b"\x09" * 32, 1, *(Address(bytes([0xA1 + n]) * 20) for n in range(len(CONTRACTS)))
)
ANCHOR = Header(0, DEPLOYMENT.genesis_hash, bytes(32), 1_000)
AGENT = Address(b"\x77" * 20)
EXPIRES_AT_UNIX_S = 9_999
NONE = bytes(32)


def id_of(name: str) -> bytes:
    """32 bytes that stand for a name in a test."""
    return hashlib.sha256(name.encode()).digest()


def account(name: str) -> Address:
    """20 bytes that stand for a name in a test."""
    return Address(id_of(name)[:20])


class History:
    """A mirror, in memory unless told, and short words for the events of the funds of one organisation, `charity`.
    Its first fund is `fund`; acts are on its line unless another is named, which `open_fund` opened."""

    fund = FundId(id_of("fund"))
    charity = OrganisationId(id_of("charity"))
    provider = OrganisationId(id_of("provider"))
    desk = OrganisationId(id_of("desk"))
    programme = ProgrammeId(id_of("programme"))

    def __init__(self, more_funds: tuple[str, ...] = (), url: str = "sqlite://") -> None:
        """`url` names an empty mirror."""
        self.engine = open_for_writing(url)
        with self.engine.begin() as conn:
            self.position = begin(conn, DEPLOYMENT, ANCHOR, "instant")
        rule, clearer = RuleId(NONE), OrganisationId(NONE)
        self.record(
            ProgrammeOpened(self.programme, self.charity, "", rule, clearer, False, False, 0, "", ""),
            *(self._opening(name) for name in ("fund", *more_funds)),
        )
        self.opened: Position = self.position

    def close(self) -> None:
        self.engine.dispose()

    def restart(self) -> None:
        """Undoes everything but the opening of the funds."""
        with self.engine.begin() as conn:
            undo(conn, self.opened)
        self.position = self.opened

    def connect(self) -> Connection:
        return self.engine.connect()

    def record(self, *events: Any, final_number: int | None = None) -> None:
        """One block with these events, final at once unless told. Block n has time 1000 + 10 n."""
        number = self.position.number + 1
        hash = hashlib.sha256(b"block %d" % number).digest()
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for index, event in enumerate(events):
            rows.setdefault(table_name(type(event).__name__), []).append((*event, number, hash, index))
        with self.engine.begin() as conn:
            block = Header(number, hash, self.position.hash, 1_000 + 10 * number)
            self.position = append(conn, [block], rows, number if final_number is None else final_number)

    def open_fund(self, name: str, unit: str = "EUR", head: str = "sadaqat") -> FundId:
        self.record(self._opening(name, unit, head))
        return FundId(id_of(name))

    def _opening(self, name: str, unit: str = "EUR", head: str = "sadaqat") -> FundOpened:
        fund, programme = FundId(id_of(name)), ProgrammeId(NONE)
        return FundOpened(fund, self.charity, programme, unit, head, "", "", 0, 0, 0, 10_000)

    def donate(
        self,
        name: str,
        start: int,
        amount: int,
        fund: str = "fund",
        *,
        final_number: int | None = None,
        **other: Any,
    ) -> DonationId:
        """A gift in cash by bank; `other` replaces any of its fields."""
        donation = DonationId(id_of(name))
        donor = account("donor of " + name)
        gift = DonationRecorded(
            FundId(id_of(fund)), donation, donor, start, amount, 900, "cash", "bank", 0, "", NONE
        )
        self.record(gift._replace(**other), final_number=final_number)
        return donation

    def claim(self, donation: str, wallet: Address) -> None:
        claim_key = account("donor of " + donation)
        self.record(DonationClaimed(DonationId(id_of(donation)), claim_key, wallet))

    def fee(self, name: str, start: int, amount: int, fund: str = "fund") -> FeeId:
        fee = FeeId(id_of(name))
        self.record(FeeTaken(FundId(id_of(fund)), fee, start, amount))
        return fee

    def refund(
        self, name: str, donation: str, start: int, amount: int, continues_at: int, fund: str = "fund"
    ) -> RefundId:
        refund = RefundId(id_of(name))
        gift = DonationId(id_of(donation))
        self.record(DonationRefunded(FundId(id_of(fund)), refund, gift, start, amount, continues_at))
        return refund

    def reassign(
        self,
        name: str,
        donation: str,
        start: int,
        amount: int,
        continues_at: int,
        to: str,
        starts_at: int,
        fund: str = "fund",
    ) -> ReassignmentId:
        id = ReassignmentId(id_of(name))
        gift, from_, to_ = DonationId(id_of(donation)), FundId(id_of(fund)), FundId(id_of(to))
        self.record(DonationReassigned(from_, id, gift, to_, start, amount, continues_at, starts_at))
        return id

    def send(self, name: str, start: int, amount: int, to: str, fund: str = "fund") -> TransferId:
        """A transfer leaves `fund`."""
        transfer, checker = TransferId(id_of(name)), account("checker")
        self.record(TransferSent(FundId(id_of(fund)), transfer, FundId(id_of(to)), checker, start, amount))
        return transfer

    def receive(self, name: str, start: int, amount: int, fund: str) -> None:
        """A transfer reaches `fund`."""
        self.record(TransferReceived(FundId(id_of(fund)), TransferId(id_of(name)), start, amount))

    def come_back(self, name: str, start: int, amount: int, fund: str = "fund") -> None:
        """A transfer comes back to `fund`, which had sent it."""
        self.record(TransferCameBack(FundId(id_of(fund)), TransferId(id_of(name)), start, amount))

    def propose(
        self, name: str, entitlements: dict[str, int], fund: str = "fund", expires: int = EXPIRES_AT_UNIX_S
    ) -> PaymentListId:
        """Entitlement name -> amount; each goes to a household of the same name."""
        plist, total = PaymentListId(id_of(name)), sum(entitlements.values())
        proposed = PaymentListProposed(
            plist,
            FundId(id_of(fund)),
            self.programme,
            self.provider,
            "ir-23",
            "1405-winter",
            0,
            account("maker"),
            NONE,
            total,
            expires,
            len(entitlements),
        )
        listed = (
            EntitlementListed(plist, EntitlementId(id_of(e)), account(e), amount)
            for e, amount in entitlements.items()
        )
        self.record(proposed, *listed)
        return plist

    def check_first(self, name: str) -> None:
        """The first of two checkers approves."""
        self.record(PaymentListChecked(PaymentListId(id_of(name)), account("first checker")))

    def approve(self, name: str, total: int, fund: str = "fund") -> None:
        plist = PaymentListId(id_of(name))
        self.record(PaymentListApproved(plist, FundId(id_of(fund)), account("checker"), total))

    def offer(
        self, name: str, entitlements: dict[str, int], fund: str = "fund", expires: int = EXPIRES_AT_UNIX_S
    ) -> PaymentListId:
        """Proposes and approves."""
        plist = self.propose(name, entitlements, fund, expires)
        self.approve(name, sum(entitlements.values()), fund)
        return plist

    def expire_list(self, name: str, freed: int, fund: str = "fund") -> None:
        self.record(PaymentListExpired(PaymentListId(id_of(name)), FundId(id_of(fund)), freed))

    def cancel_list(self, name: str, freed: int, fund: str = "fund") -> None:
        plist = PaymentListId(id_of(name))
        self.record(PaymentListCancelled(plist, FundId(id_of(fund)), account("maker"), freed, "mistake"))

    def hand_over(self, entitlement: str, start: int, amount: int, fund: str = "fund") -> EntitlementId:
        id = EntitlementId(id_of(entitlement))
        self.record(DeliveryHandedOver(FundId(id_of(fund)), id, AGENT, start, amount))
        return id

    def confirm(self, entitlement: str, method: AcceptanceMethod = AcceptanceMethod.HOUSEHOLD_KEY) -> None:
        id = EntitlementId(id_of(entitlement))
        household = account(entitlement)
        self.record(DeliveryConfirmed(id, household, method, 9_999, NONE, NONE))

    def refuse(self, entitlement: str, amount: int, fund: str = "fund") -> None:
        self.record(
            EntitlementRefused(EntitlementId(id_of(entitlement)), FundId(id_of(fund)), amount, "moved")
        )

    def dispute(self, entitlement: str) -> None:
        id = EntitlementId(id_of(entitlement))
        self.record(DeliveryDisputed(id, account(entitlement), "short", 9_999, NONE, NONE))

    def dismiss(self, entitlement: str) -> None:
        self.record(DisputeDismissed(EntitlementId(id_of(entitlement)), self.desk, account("decider")))

    def uphold(self, entitlement: str, *returned: DeliveryReturned) -> None:
        """The decision and, in the same block, the return of what had not come back."""
        id = EntitlementId(id_of(entitlement))
        self.record(DisputeUpheld(id, self.desk, account("decider")), *returned)

    def returned(
        self, name: str, entitlement: str, start: int, amount: int, continues_from: int, fund: str = "fund"
    ) -> DeliveryReturned:
        """The event of a return; `give_back` records it."""
        ids = FundId(id_of(fund)), ReturnId(id_of(name)), EntitlementId(id_of(entitlement))
        return DeliveryReturned(*ids, start, amount, continues_from, "undeliverable")

    def give_back(
        self, name: str, entitlement: str, start: int, amount: int, continues_from: int, fund: str = "fund"
    ) -> None:
        self.record(self.returned(name, entitlement, start, amount, continues_from, fund))
