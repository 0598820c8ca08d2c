"""What the pages ask beyond the indexer's queries: names, gifts by code, who may be spoken of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from markupsafe import Markup
from sqlalchemy import BigInteger, Connection, Engine, LargeBinary, Row, bindparam, exists, func, select

from contracts.bindings.ids import DonationId, FundId, OrganisationId, PaymentListId, ProgrammeId
from indexer.queries.blocks import as_of
from indexer.queries.organisations import OrganisationTotals, organisation_totals
from indexer.schema import (
    block,
    delivery_handed_over,
    donation_recorded,
    entitlement_listed,
    fund_opened,
    payment_list_proposed,
)
from ledger_api.office import gift, label, outbox
from ledger_api.outbox import State
from ledger_api.pages.language import CODES, Language, Month, month_bounds

FEWEST_HOUSEHOLDS = 10
"""DESIGN section 7: nothing is said of fewer."""
SIMULATED = "simulated"
"""The channel of a gift behind which no money moved (systems E02)."""
_LISTS_AT_ONCE = 500
_SHORT_ID_BYTES = 4

_LABELS = select(label.c.id, label.c.language, label.c.text).where(
    label.c.id.in_(bindparam("ids", expanding=True))
)


def names(office: Connection, ids: Iterable[bytes], language: Language) -> dict[bytes, Markup]:
    """Names to show, in the page's language or the best other one; for the unnamed the start of their id."""
    wanted = set(ids)
    known: dict[bytes, dict[str, str]] = {}
    for row in office.execute(_LABELS, {"ids": sorted(wanted)}):
        known.setdefault(row.id, {})[row.language] = row.text
    found = {}
    for id in wanted:
        texts = known.get(id, {})
        code = next((code for code in (language.code, *CODES) if code in texts), None)
        if code is None:
            found[id] = Markup('<bdi dir="ltr" class="code">{}…</bdi>').format(
                "0x" + id[:_SHORT_ID_BYTES].hex()
            )
        else:
            found[id] = Markup('<bdi lang="{}">{}</bdi>').format(code, texts[code])
    return found


def gift_by_code(office: Connection, code: str) -> Row[tuple[object, ...]] | None:
    """The office's row of the gift with this receipt code."""
    return office.execute(select(gift).where(gift.c.receipt_code == code)).one_or_none()


def recording_refused(office: Connection, donation: DonationId) -> bool:
    """Whether the contract refused the gift, so that it will not be recorded without somebody's help."""
    state = select(outbox.c.state).where(outbox.c.act == "donate", outbox.c.record == donation)
    return office.execute(state).scalar_one_or_none() == State.REJECTED


_ORGANISATIONS = (
    select(fund_opened.c.organisation)
    .group_by(fund_opened.c.organisation)
    .order_by(func.min(fund_opened.c.block_number), func.min(fund_opened.c.log_index))
)


@dataclass(frozen=True, slots=True)
class Overview:
    """An organisation's totals, which of its funds hold simulated gifts, and how many deliveries of each no family
    has confirmed: neither disputed nor wholly returned."""

    totals: OrganisationTotals
    simulated: frozenset[FundId]
    unconfirmed: Mapping[FundId, int]


_overviews: WeakKeyDictionary[Engine, dict[bytes, Overview]] = WeakKeyDictionary()
"""By mirror and organisation. They count every row, and a page is asked for more often than a block comes; an
older block's entry is replaced, so there are never more than there are organisations with funds."""

_SIMULATED = select(
    exists().where(
        donation_recorded.c.fund == bindparam("fund", type_=LargeBinary),
        donation_recorded.c.channel == SIMULATED,
    )
)


def organisations(mirror: Connection) -> list[OrganisationId]:
    """Organisations that opened a fund, the oldest first."""
    return [OrganisationId(id) for id in mirror.execute(_ORGANISATIONS).scalars()]


def overview(mirror: Connection, organisation: OrganisationId) -> Overview:
    """The organisation's totals, counted once per block."""
    known = _overviews.setdefault(mirror.engine, {})
    found = known.get(organisation)
    if found is None or found.totals.as_of != as_of(mirror):
        totals = organisation_totals(mirror, organisation)
        ids = [fund.fund for fund in totals.funds]
        simulated = [id for id in ids if mirror.execute(_SIMULATED, {"fund": id}).scalar_one()]
        unconfirmed = {fund.fund: fund.unconfirmed_count for fund in totals.funds}
        found = Overview(totals, frozenset(simulated), unconfirmed)
        if ids:
            known[organisation] = found
    return found


_HOUSEHOLDS = (
    select(entitlement_listed.c.household)
    .distinct()
    .join(delivery_handed_over, delivery_handed_over.c.entitlement == entitlement_listed.c.entitlement)
    .limit(FEWEST_HOUSEHOLDS)
)
_IN_FUND = _HOUSEHOLDS.where(delivery_handed_over.c.fund == bindparam("fund", type_=LargeBinary))
_IN_LISTS = _HOUSEHOLDS.join(block, block.c.number == delivery_handed_over.c.block_number).where(
    entitlement_listed.c.list.in_(bindparam("lists", expanding=True)),
    block.c.timestamp_unix_s >= bindparam("since", type_=BigInteger),
    block.c.timestamp_unix_s < bindparam("until", type_=BigInteger),
)
_LISTS = (
    select(payment_list_proposed.c.list, payment_list_proposed.c.expires_at_unix_s, block.c.timestamp_unix_s)
    .join(block, block.c.number == payment_list_proposed.c.block_number)
    .where(payment_list_proposed.c.programme == bindparam("programme", type_=LargeBinary))
)


def may_speak_of_fund(mirror: Connection, fund: FundId) -> bool:
    """Whether the fund reached enough households that single deliveries may be drawn."""
    return len(mirror.execute(_IN_FUND, {"fund": fund}).all()) >= FEWEST_HOUSEHOLDS


def some_households(
    mirror: Connection, programme: ProgrammeId, month: Month, near: Collection[PaymentListId]
) -> set[bytes]:
    """Different households that a programme reached in a month: all of them, or at least FEWEST_HOUSEHOLDS.

    Looks first at `near`, lists of the programme handed out in the month: they nearly always hold enough.
    Of the others only those matter that were open in the month: the contract hands out no expired list.
    """
    since, until = month_bounds(month)
    found = _households(mirror, sorted(near), since, until)
    if len(found) < FEWEST_HOUSEHOLDS:
        lists = mirror.execute(_LISTS, {"programme": programme})
        others = [
            id for id, expires, proposed in lists if proposed < until and expires > since and id not in near
        ]
        found |= _households(mirror, others, since, until)
    return found


def _households(mirror: Connection, lists: Sequence[bytes], since: int, until: int) -> set[bytes]:
    found: set[bytes] = set()
    for first in range(0, len(lists), _LISTS_AT_ONCE):
        values = {"lists": lists[first : first + _LISTS_AT_ONCE], "since": since, "until": until}
        found.update(mirror.execute(_IN_LISTS, values).scalars())
        if len(found) >= FEWEST_HOUSEHOLDS:
            break
    return found
