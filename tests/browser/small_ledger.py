"""A small ledger for the pages: an office and a mirror in files, filled through the indexer's own writer.

It keeps the fund line by hand (DESIGN section 2), since no chain runs here: the pages only read.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import insert

from contracts.abi import Address
from contracts.bindings import delivery_ledger as deliveries
from contracts.bindings import fund_ledger as ledger
from contracts.bindings.delivery_ledger import AcceptanceMethod
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
    TransferId,
)
from contracts.deployment import CONTRACTS, Deployment
from indexer import writer
from indexer.blocks import Header
from indexer.events import table_name
from indexer.mirror import open_for_reading, open_for_writing
from ledger_api.chain import Chain
from ledger_api.gifts.receiving import receipt_code
from ledger_api.office import gift as gift_table
from ledger_api.office import label as label_table
from ledger_api.office import open_office
from ledger_api.pages.routes import mount_static, router
from ledger_api.service import Service
from ledger_api.settings import Settings

SECRET = bytes(range(32))
PUBLIC_URL = "https://amanat.example"
NOBODY = Address(bytes(20))
ANY_PROGRAMME = ProgrammeId(bytes(32))


def id32(text: str) -> bytes:
    """An id that a test can name."""
    return hashlib.sha256(text.encode()).digest()


def at(day: str) -> int:
    """Unix seconds of noon, UTC, of a day like 2025-11-22."""
    return int(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp())


@dataclass
class Line:
    """A fund's two ends, and who promised what."""

    id: FundId
    organisation: OrganisationId
    inflow_end: int = 0
    outflow_end: int = 0
    starts: dict[DonationId, tuple[int, int]] = field(default_factory=dict)
    refunded: dict[DonationId, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True)
class Listed:
    """An entitlement on an approved list."""

    id: EntitlementId
    household: Address
    amount_minor: int
    fund: Line


class SmallLedger:
    """Writes one block per call; `today` is the time of the next blocks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.today = at("2025-10-05")
        self.final: int | None = None
        """The highest final block from now on; None: the latest."""
        self._mirror_url = f"sqlite:///{folder / 'mirror.db'}"
        self._mirror = open_for_writing(self._mirror_url)
        self.office = open_office(f"sqlite:///{folder / 'office.db'}")
        addresses = [Address(bytes([n]) * 20) for n, _ in enumerate(CONTRACTS, 1)]
        self.deployment = Deployment(31337, id32("genesis"), 1, *addresses)
        self._last = Header(0, id32("block 0"), bytes(32), self.today)
        self._numbers = count(1)
        self._delivered: dict[EntitlementId, int] = {}
        with self._mirror.begin() as conn:
            writer.begin(conn, self.deployment, self._last, "instant")

    def write(self, *events: Any) -> None:
        """The events as one block."""
        number = self._last.number + 1
        header = Header(number, id32(f"block {number}"), self._last.hash, self.today)
        rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for index, event in enumerate(events):
            rows[table_name(type(event).__name__)].append((*event, number, header.hash, index))
        with self._mirror.begin() as conn:
            writer.append(conn, [header], rows, header.number if self.final is None else self.final)
        self._last = header

    @property
    def block(self) -> int:
        """The number of the latest block."""
        return self._last.number

    def name(self, id: bytes, **texts: str) -> None:
        """Names to show, by language."""
        with self.office.begin() as conn:
            conn.execute(
                insert(label_table), [{"id": id, "language": k, "text": v} for k, v in texts.items()]
            )

    def fund(self, text: str, organisation: str, unit: str = "EUR", head: str = "sadaqat") -> Line:
        """Opens a fund with a fee cap of 7 percent."""
        line = Line(FundId(id32(text)), OrganisationId(id32(organisation)))
        terms = unit, head, "", "", 0, 0, 0, 700
        self.write(ledger.FundOpened(line.id, line.organisation, ANY_PROGRAMME, *terms))
        return line

    def take(self, line: Line, amount: int, day: str, channel: str = "bank") -> tuple[DonationId, str]:
        """Only the office knows this gift yet: (donation, receipt code)."""
        donation = DonationId(id32(f"gift {next(self._numbers)}"))
        code = receipt_code(SECRET, donation)
        row = {
            "id": donation,
            "organisation": line.organisation,
            "fund": line.id,
            "donor": NOBODY,
            "amount_minor": amount,
            "settled_at_unix_s": at(day),
            "channel": channel,
            "form": "cash",
            "reference": "Zahra Example, IBAN DE00",
            "salt": bytes(32),
            "commitment": bytes(32),
            "receipt_code": code,
            "created_at_unix_s": at(day),
        }
        with self.office.begin() as conn:
            conn.execute(insert(gift_table), row)
        return donation, code

    def give(
        self, line: Line, amount: int, day: str = "2025-10-01", channel: str = "bank"
    ) -> tuple[DonationId, str]:
        """A gift that the office knows and the chain recorded: (donation, receipt code)."""
        donation, code = self.take(line, amount, day, channel)
        line.starts[donation] = (line.inflow_end, amount)
        self.write(
            ledger.DonationRecorded(
                line.id, donation, NOBODY, line.inflow_end, amount, at(day), "cash", channel, 0, "", bytes(32)
            )
        )
        line.inflow_end += amount
        return donation, code

    def approve(self, line: Line, programme: str, households: Sequence[str], amount: int) -> list[Listed]:
        """A payment list with the same amount for each household, proposed and approved."""
        list_id = PaymentListId(id32(f"list {next(self._numbers)}"))
        listed = [
            Listed(EntitlementId(id32(f"{list_id.hex()} {name}")), Address(id32(name)[:20]), amount, line)
            for name in households
        ]
        total = amount * len(listed)
        self.write(
            deliveries.PaymentListProposed(
                list=list_id,
                fund=line.id,
                programme=ProgrammeId(id32(programme)),
                provider=line.organisation,
                place="",
                season="",
                rule_version=0,
                maker=NOBODY,
                content_hash=bytes(32),
                total_minor=total,
                expires_at_unix_s=2**40,
                count=len(listed),
            ),
            *(deliveries.EntitlementListed(list_id, e.id, e.household, e.amount_minor) for e in listed),
            deliveries.PaymentListApproved(list_id, line.id, NOBODY, total),
        )
        return listed

    def hand_over(self, listed: Sequence[Listed]) -> None:
        """The agency says so."""
        events = []
        for e in listed:
            start = e.fund.outflow_end
            events.append(deliveries.DeliveryHandedOver(e.fund.id, e.id, NOBODY, start, e.amount_minor))
            self._delivered[e.id] = start
            e.fund.outflow_end += e.amount_minor
        self.write(*events)

    def confirm(self, listed: Sequence[Listed]) -> None:
        """The families say so too."""
        method = AcceptanceMethod.HOUSEHOLD_KEY
        self.write(
            *(
                deliveries.DeliveryConfirmed(e.id, e.household, method, 2**40, bytes(32), bytes(32))
                for e in listed
            )
        )

    def refuse(self, listed: Sequence[Listed]) -> None:
        """The families decline; the units are free again."""
        self.write(*(deliveries.EntitlementRefused(e.id, e.fund.id, e.amount_minor, "") for e in listed))

    def dispute(self, listed: Sequence[Listed]) -> None:
        """The families object."""
        no_signature = 0, bytes(32), bytes(32)
        self.write(*(deliveries.DeliveryDisputed(e.id, NOBODY, "spoiled", *no_signature) for e in listed))

    def decide(self, listed: Listed, *, upheld: bool) -> None:
        """The body above decides; what it upholds comes back whole."""
        desk = OrganisationId(id32("desk"))
        if not upheld:
            self.write(deliveries.DisputeDismissed(listed.id, desk, NOBODY))
            return
        back = self._returned(listed, listed.amount_minor, "upheld")
        self.write(deliveries.DisputeUpheld(listed.id, desk, NOBODY), back)

    def take_back(self, listed: Listed, amount: int) -> None:
        """Units of a delivery come back."""
        self.write(self._returned(listed, amount, "undeliverable"))

    def _returned(self, listed: Listed, amount: int, reason: str) -> deliveries.DeliveryReturned:
        line = listed.fund
        start, continues_from = line.inflow_end, self._delivered[listed.id]
        line.inflow_end += amount
        self._delivered[listed.id] += amount
        id = ReturnId(id32(f"return {next(self._numbers)}"))
        return deliveries.DeliveryReturned(line.id, id, listed.id, start, amount, continues_from, reason)

    def send(self, line: Line, other: Line, amount: int, *, received: bool) -> None:
        """Units go to another fund, which has taken them in or not yet."""
        id = TransferId(id32(f"transfer {next(self._numbers)}"))
        self.write(
            ledger.TransferProposed(id, line.id, other.id, NOBODY, amount, bytes(32)),
            ledger.TransferSent(line.id, id, other.id, NOBODY, line.outflow_end, amount),
        )
        line.outflow_end += amount
        if received:
            self.write(ledger.TransferReceived(other.id, id, other.inflow_end, amount))
            other.inflow_end += amount

    def fee(self, line: Line, amount: int) -> None:
        """The organisation's share."""
        self.write(
            ledger.FeeTaken(line.id, FeeId(id32(f"fee {next(self._numbers)}")), line.outflow_end, amount)
        )
        line.outflow_end += amount

    def refund(self, line: Line, donation: DonationId, amount: int) -> None:
        """Money back to a donor: takes the next units, whose givers continue at the donation's last ones."""
        start, given = line.starts[donation]
        line.refunded[donation] += amount
        continues_at = start + given - line.refunded[donation]
        refund = RefundId(id32(f"refund {next(self._numbers)}"))
        self.write(ledger.DonationRefunded(line.id, refund, donation, line.outflow_end, amount, continues_at))
        line.outflow_end += amount

    def service(self) -> Service:
        """The office as its routes see it. The chain is never asked by a page."""
        settings = Settings(
            "http://127.0.0.1:1", self.deployment, self._mirror_url, "", self.folder, SECRET, PUBLIC_URL
        )
        return Service(
            settings, self.office, open_for_reading(self._mirror_url), Chain(settings.node_url), NOBODY
        )

    def app(self) -> FastAPI:
        """The pages alone."""
        app = FastAPI()
        app.include_router(router)
        mount_static(app)
        app.state.service = self.service()
        return app


@dataclass(frozen=True)
class Shown:
    """What `fill` made, by what it shows: receipt codes and ids."""

    whole: str
    """Every state at once, and aid of a programme with too few households."""
    confirmed: str
    pending: str
    simulated: str
    minutes: str
    many: str
    small_programme: str
    refunded: str
    goods: str
    rial: str
    organisation: OrganisationId
    fund: FundId
    young_fund: FundId


def fill(world: SmallLedger) -> Shown:
    """A charity with a bit of everything."""
    mercy = "House of Mercy"
    world.name(id32(mercy), en="House of Mercy", fa="خانهٔ مهر", ar="بيت الرحمة")
    world.name(id32("food"), en="Food parcels", fa="بستهٔ غذایی", ar="سلال غذائية")
    world.name(id32("school"), en="School kits", fa="لوازم مدرسه", ar="حقائب مدرسية")
    world.name(id32("wheelchairs"), en="Wheelchairs", fa="صندلی چرخ‌دار", ar="كراسي متحركة")
    general = world.fund("general", mercy)
    world.name(general.id, en="Bread and school", fa="نان و مدرسه", ar="خبز ومدرسة")
    families = [f"family {n}" for n in range(40)]

    _, confirmed = world.give(general, 12_000, "2025-09-28")
    _, whole = world.give(general, 50_000, "2025-10-01")
    late, refunded = world.give(general, 8_000, "2025-10-02")
    food = world.approve(general, "food", families[:20], 1_500)
    world.hand_over(food)
    world.confirm(food[:17])
    world.fee(general, 2_000)
    world.today = at("2025-11-03")
    school = world.approve(general, "school", families[20:32], 1_200)
    world.hand_over(school[:11])
    world.confirm(school[:4])
    chairs = world.approve(general, "wheelchairs", families[:3], 1_100)
    world.hand_over(chairs[:2])
    world.confirm(chairs[:1])
    world.refund(general, late, 8_000)
    world.give(general, 250, "2025-11-02")
    last = world.approve(general, "food", families[30:33], 900)
    world.refuse(last[:1])

    young = world.fund("young", mercy, head="zakat")
    world.name(young.id, en="Zakat", fa="زکات", ar="الزكاة")
    _, small_programme = world.give(young, 4_000, "2025-11-02")
    few = world.approve(young, "wheelchairs", families[5:8], 1_000)
    world.hand_over(few)
    world.confirm(few[:2])

    test = world.fund("test", mercy, "USD")
    world.name(test.id, en="Trial", fa="آزمایشی", ar="تجربة")
    _, simulated = world.give(test, 123_456_789, "2025-11-01", "simulated")
    time = world.fund("time", mercy, "MIN", "other")
    world.name(time.id, en="Hours given", fa="ساعت‌های اهدایی", ar="ساعات موهوبة")
    _, minutes = world.give(time, 200, "2025-11-01")
    rice = world.fund("rice", mercy, "RICE-KG", "need")
    _, goods = world.give(rice, 1_250, "2025-11-01")
    iran = world.fund("iran", mercy, "IRR", "zakat-al-fitr")
    world.name(iran.id, fa="فطریه", ar="زكاة الفطر", en="Fitr")
    _, rial = world.give(iran, 1_234_567_890_123_456_700, "2025-11-01")

    big = world.fund("big", "Open Hands", "SAR")
    world.name(id32("Open Hands"), en="Open Hands", ar="الأيدي الممدودة")
    _, many = world.give(big, 5_000_000, "2025-09-01")
    for n in range(700):
        world.give(big, 1_000 + 37 * (n % 11), "2025-10-20")
    for n in range(3):
        world.today = at(f"2025-{10 + n}-07")
        meals = world.approve(big, "food", [f"house {i}" for i in range(200 + n)], 3_300)
        world.hand_over(meals[: 190 + n])
        world.confirm(meals[: 150 - 40 * n])
    _, pending = world.take(general, 2_550, "2025-11-21")
    return Shown(
        whole,
        confirmed,
        pending,
        simulated,
        minutes,
        many,
        small_programme,
        refunded,
        goods,
        rial,
        OrganisationId(id32(mercy)),
        big.id,
        young.id,
    )
