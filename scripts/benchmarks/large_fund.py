"""A large fund as the events that its contracts would have sent: every rule of the line is kept, so that every
invariant holds, and the shares are those of a charity: few donors give most, few gifts are refunded.

Made from a seed, a range of blocks at a time, so that it can be written by the production writer into any
number of mirrors without being held in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Any

from contracts.abi import Address
from contracts.bindings.delivery_ledger import (
    AcceptanceMethod,
    DeliveryConfirmed,
    DeliveryDisputed,
    DeliveryHandedOver,
    DeliveryReturned,
    DisputeDismissed,
    EntitlementListed,
    EntitlementRefused,
    PaymentListApproved,
    PaymentListCancelled,
    PaymentListProposed,
)
from contracts.bindings.fund_ledger import (
    DonationClaimed,
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
    RefundId,
    ReturnId,
    RuleId,
    ServiceId,
    TransferId,
)
from contracts.bindings.programme_registry import ProgrammeOpened
from contracts.bindings.time_bank import Reserve, ReserveChosen, ServiceConfirmed, Transfer
from contracts.deployment import CONTRACTS, Deployment
from indexer.blocks import Header
from indexer.decode import Rows
from indexer.events import table_name

DEPLOYMENT = Deployment(
    31337, b"\x09" * 32, 1, *(Address(bytes([0xA1 + n]) * 20) for n in range(len(CONTRACTS)))
)
ANCHOR = Header(0, DEPLOYMENT.genesis_hash, bytes(32), 1_700_000_000)
ZERO = bytes(32)
NOBODY = Address(bytes(20))

DONORS = 50_000
HOUSEHOLDS = 20_000
LIST = 500
"""Entitlements of a payment list."""
GIFTS_A_BLOCK = 250
BLOCK_S = 5
WIDE = 10_000
"""Deliveries under the longest gift, and gifts behind the largest delivery; a hundredth of a small fund."""
_EVENTS_A_RANGE = 8_000


@dataclass
class Notable:
    """Ids to ask for: every hundredth at random, and the worst."""

    gifts: list[DonationId] = field(default_factory=list)
    deliveries: list[EntitlementId] = field(default_factory=list)
    donors: list[Address] = field(default_factory=list)
    """All of them, he who gave most first."""
    households: list[Address] = field(default_factory=list)
    longest_gift: DonationId | None = None
    largest_delivery: EntitlementId | None = None
    refunded_gift: DonationId | None = None
    first_gift: DonationId | None = None
    last_gift: DonationId | None = None
    first_delivery: EntitlementId | None = None
    last_delivery: EntitlementId | None = None


@dataclass
class _Line:
    """A fund's two ends, as the contract keeps them."""

    fund: FundId
    inflow_end: int = 0
    outflow_end: int = 0
    reserved: int = 0

    @property
    def free(self) -> int:
        return self.inflow_end - self.outflow_end - self.reserved

    def come_in(self, amount: int) -> int:
        start, self.inflow_end = self.inflow_end, self.inflow_end + amount
        return start

    def leave(self, amount: int) -> int:
        start, self.outflow_end = self.outflow_end, self.outflow_end + amount
        return start


class LargeFund:
    """`gifts` gifts and at least as many deliveries in one fund of one organisation; read `ranges`."""

    def __init__(self, gifts: int, seed: int = 7) -> None:
        self.random = Random(seed)  # noqa: S311 (a reproducible fund, no secret)
        self.wanted = gifts
        self.fund, self.other = FundId(self._id()), FundId(self._id())
        self.organisation, self.programme = OrganisationId(self._id()), ProgrammeId(self._id())
        self.notable = Notable(
            donors=[self._account() for _ in range(min(DONORS, max(50, gifts // 20)))],
            households=[self._account() for _ in range(max(LIST, min(HOUSEHOLDS, gifts // 50)))],
        )
        self.deliveries = 0
        self.events = 0
        self._line, self._other_line = _Line(self.fund), _Line(self.other)
        self._shares = list(accumulate(1 / rank for rank in range(1, len(self.notable.donors) + 1)))
        self._recent: deque[tuple[DonationId, int, int]] = deque(maxlen=GIFTS_A_BLOCK)
        self._blocks: list[Header] = []
        self._rows: Rows = {}
        self._held = 0
        self._last = ANCHOR

    def ranges(self) -> Iterator[tuple[list[Header], Rows]]:
        """Blocks and their rows, about 8,000 events at once."""
        given, lists = 0, 0
        wide = min(WIDE, max(20, self.wanted // 100))
        self._open()
        while given < self.wanted or self.deliveries < self.wanted:
            if given < self.wanted:
                long = given <= self.wanted * 3 // 10 < given + LIST
                for _ in range(LIST // GIFTS_A_BLOCK):
                    given += self._give(min(GIFTS_A_BLOCK, self.wanted - given))
                if long:
                    self._give_long(wide)
                    given += 1
                self._refund(3)
                self._fee()
            if self.deliveries < self.wanted:
                self._pay(large=self.wanted // 2 <= self.deliveries and self.notable.largest_delivery is None)
                lists += 1
                if lists % 20 == 0:
                    self._transfer()
                if lists % 25 == 0:
                    self._serve()
            if self._held >= _EVENTS_A_RANGE:
                yield self._taken()
        yield self._taken()

    def _taken(self) -> tuple[list[Header], Rows]:
        taken = self._blocks, self._rows
        self._blocks, self._rows, self._held = [], {}, 0
        return taken

    def _block(self, *events: Any) -> None:
        number = self._last.number + 1
        hash = self._id()
        self._last = Header(number, hash, self._last.hash, ANCHOR.timestamp_unix_s + number * BLOCK_S)
        self._blocks.append(self._last)
        for index, event in enumerate(events):
            self._rows.setdefault(_TABLES[type(event)], []).append((*event, number, hash, index))
        self._held += len(events)
        self.events += len(events)

    def _id(self) -> bytes:
        return self.random.randbytes(32)

    def _account(self) -> Address:
        return Address(self.random.randbytes(20))

    def _open(self) -> None:
        openings = (
            FundOpened(fund, self.organisation, ProgrammeId(ZERO), "EUR", "sadaqat", "", "", 0, 0, 0, 1_000)
            for fund in (self.fund, self.other)
        )
        none = RuleId(ZERO), OrganisationId(ZERO)
        opened = ProgrammeOpened(self.programme, self.organisation, "", *none, False, False, 0, "", "")
        self._block(opened, *openings)

    def _gift(self, donor: Address, amount: int) -> DonationRecorded:
        id, start = DonationId(self._id()), self._line.come_in(amount)
        self._recent.append((id, start, amount))
        found, settled = self.notable, self._last.timestamp_unix_s
        found.first_gift, found.last_gift = found.first_gift or id, id
        if self.random.random() < 0.01:
            found.gifts.append(id)
        return DonationRecorded(
            self.fund, id, donor, start, amount, settled, "cash", "bank", 0, "", self._id()
        )

    def _give(self, count: int) -> int:
        """Gifts of one block; a few to claim keys, which most of their donors then claim to a wallet."""
        donors = self.random.choices(self.notable.donors, cum_weights=self._shares, k=count)
        gifts, claims = [], []
        for donor in donors:
            amount = 1 + int(100 * self.random.lognormvariate(3, 1))
            claimed = self.random.random()
            key = self._account() if claimed < 0.05 else donor
            gift = self._gift(key, amount)
            gifts.append(gift)
            if claimed < 0.03:
                claims.append(DonationClaimed(gift.donation, key, donor))
        self._block(*gifts)
        if claims:
            self._block(*claims)
        return count

    def _give_long(self, deliveries: int) -> None:
        """One gift that pays for that many deliveries."""
        gift = self._gift(self.notable.donors[0], deliveries * 2_500)
        self._recent.pop()
        self.notable.longest_gift = gift.donation
        self._block(gift)

    def _refund(self, count: int) -> None:
        """The whole of some of the last gifts, as far as the fund has not promised it."""
        line, events = self._line, []
        for _ in range(min(count, len(self._recent))):
            place = self.random.randrange(len(self._recent))
            id, start, amount = self._recent[place]
            del self._recent[place]
            if start < line.outflow_end + amount or amount > line.free:
                continue
            refund = RefundId(self._id())
            self.notable.refunded_gift = id
            events.append(DonationRefunded(self.fund, refund, id, line.leave(amount), amount, start))
        if events:
            self._block(*events)

    def _fee(self) -> None:
        amount = self.random.randrange(500, 5_000)
        if amount <= self._line.free:
            self._block(FeeTaken(self.fund, FeeId(self._id()), self._line.leave(amount), amount))

    def _transfer(self) -> None:
        """To the other fund; every third comes back."""
        amount, id = self.random.randrange(10_000, 100_000), TransferId(self._id())
        if amount > self._line.free:
            return
        start, checker = self._line.leave(amount), self._account()
        self._block(TransferSent(self.fund, id, self.other, checker, start, amount))
        if self.random.random() < 1 / 3:
            self._block(TransferCameBack(self.fund, id, self._line.come_in(amount), amount))
        else:
            self._block(TransferReceived(self.other, id, self._other_line.come_in(amount), amount))

    def _serve(self) -> None:
        """Hours of donors who also volunteer, the first of them most."""
        events: list[Any] = []
        for volunteer in self.random.choices(self.notable.donors, cum_weights=self._shares, k=100):
            id, minutes = ServiceId(self._id()), self.random.randrange(30, 300)
            receiver, at = self.random.choice(self.notable.households), self._last.timestamp_unix_s
            events.append(
                ServiceConfirmed(id, self.organisation, volunteer, receiver, NOBODY, "care", minutes, at)
            )
            if self.random.random() < 0.8:
                events.append(Transfer(NOBODY, volunteer, minutes))
                events.append(ReserveChosen(id, volunteer, Reserve.MINUTES, minutes))
        self._block(*events)

    def _pay(self, large: bool) -> None:
        """One list: proposed, approved, handed over, confirmed by most families."""
        line, random, plist = self._line, self.random, PaymentListId(self._id())
        first = random.randrange(len(self.notable.households))
        homes = (self.notable.households * 2)[first : first + LIST]
        share = max(1, (line.free - 20_000) // LIST)
        mean = min(2_500, share)
        amounts = [random.randint(max(1, mean // 2), max(1, mean * 3 // 2 - 1)) for _ in homes]
        if large:  # a hospital's bill, from thousands of gifts
            amounts[0] = min(_MEAN_GIFT * min(WIDE, self.wanted // 100), max(1, line.free - sum(amounts)))
        total = sum(amounts)
        if total > line.free:
            self._give(GIFTS_A_BLOCK)
            return
        items = [
            (EntitlementId(self._id()), home, amount) for home, amount in zip(homes, amounts, strict=True)
        ]
        self._block(self._proposed(plist, total), *(EntitlementListed(plist, *item) for item in items))
        self._block(PaymentListApproved(plist, self.fund, self._account(), total))
        line.reserved += total
        if large:
            self.notable.largest_delivery = items[0][0]
        self._hand_over(plist, items)

    def _proposed(self, plist: PaymentListId, total: int) -> PaymentListProposed:
        where, until = ("ir-23", "1405-winter", 0), self._last.timestamp_unix_s + 86_400
        maker, body = self._account(), self.organisation
        return PaymentListProposed(
            plist, self.fund, self.programme, body, *where, maker, self._id(), total, until, LIST
        )

    def _hand_over(self, plist: PaymentListId, items: list[tuple[EntitlementId, Address, int]]) -> None:
        line, random, found = self._line, self.random, self.notable
        refused = [item for item in items[1:] if random.random() < 0.002]
        left = [item for item in items[1:] if random.random() < 0.002 and item not in refused]
        taken = [item for item in items if item not in refused and item not in left]
        agent, events = self._account(), []
        for id, _, amount in taken:
            events.append(DeliveryHandedOver(self.fund, id, agent, line.leave(amount), amount))
            if random.random() < 0.01:
                found.deliveries.append(id)
        line.reserved -= sum(item[2] for item in items)
        found.first_delivery, found.last_delivery = found.first_delivery or taken[0][0], taken[-1][0]
        self.deliveries += len(taken)
        self._block(*events)
        if refused:
            self._block(*(EntitlementRefused(id, self.fund, amount, "moved") for id, _, amount in refused))
        if left:
            freed = sum(amount for _, _, amount in left)
            self._block(PaymentListCancelled(plist, self.fund, agent, freed, "mistake"))
        method, seal = AcceptanceMethod.HOUSEHOLD_KEY, (9_999, self._id(), self._id())
        said = [item for item in taken if random.random() < 0.9]
        self._block(*(DeliveryConfirmed(id, home, method, *seal) for id, home, _ in said))
        self._object([item for item in taken if item not in said], seal)
        self._come_back([event for event in events if random.random() < 0.01])

    def _object(
        self, silent: list[tuple[EntitlementId, Address, int]], seal: tuple[int, bytes, bytes]
    ) -> None:
        disputed = [item for item in silent if self.random.random() < 0.02]
        if disputed:
            self._block(*(DeliveryDisputed(id, home, "short", *seal) for id, home, _ in disputed))
            body, decider = self.organisation, self._account()
            self._block(*(DisputeDismissed(id, body, decider) for id, _, _ in disputed))

    def _come_back(self, deliveries: list[DeliveryHandedOver]) -> None:
        events = []
        for d in deliveries:
            amount = d.amount_minor if self.random.random() < 0.5 else (d.amount_minor + 1) // 2
            ids, start = (d.fund, ReturnId(self._id()), d.entitlement), self._line.come_in(amount)
            events.append(DeliveryReturned(*ids, start, amount, d.start, "undeliverable"))
        if events:
            self._block(*events)


_MEAN_GIFT = 3_300
_TABLES = {
    event: table_name(event.__name__)
    for event in (
        DeliveryConfirmed, DeliveryDisputed, DeliveryHandedOver, DeliveryReturned, DisputeDismissed, DonationClaimed,
        DonationRecorded, DonationRefunded, EntitlementListed, EntitlementRefused, FeeTaken, FundOpened,
        PaymentListApproved, PaymentListCancelled, PaymentListProposed, ProgrammeOpened, ReserveChosen,
        ServiceConfirmed, Transfer, TransferCameBack, TransferReceived, TransferSent,
    )
}  # fmt: skip
