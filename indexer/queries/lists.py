"""Payment lists: who proposed and checked what, for where, and how it ended (I5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, Select, bindparam, case, func, select

from contracts.abi import Address
from contracts.bindings.ids import FundId, OrganisationId, PaymentListId, ProgrammeId
from indexer.errors import UnknownRecord
from indexer.queries.blocks import BlockRef, as_of
from indexer.schema import (
    block,
    entitlement_listed,
    fund_opened,
    payment_list_approved,
    payment_list_cancelled,
    payment_list_checked,
    payment_list_expired,
    payment_list_proposed,
)


class ListState(StrEnum):
    """Where a payment list stands. `expired`: somebody ended it after its time, and its rest is free again."""

    PROPOSED = "proposed"
    CHECKED = "checked"
    APPROVED = "approved"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PaymentList:
    """A payment list. `organisation` pays, `provider` hands over. Times are unix seconds of the block; None: it
    did not happen. `listed_count` of its `count` items are recorded. `second_checker` is only asked for above
    the organisation's threshold."""

    id: PaymentListId
    fund: FundId
    organisation: OrganisationId
    programme: ProgrammeId
    provider: OrganisationId
    place: str
    season: str
    rule_version: int
    unit: str
    content_hash: bytes
    count: int
    listed_count: int
    total_minor: int
    expires_at_unix_s: int
    maker: Address
    checker: Address | None
    second_checker: Address | None
    proposed_at_unix_s: int
    approved_at_unix_s: int | None
    cancelled_at_unix_s: int | None
    cancel_reason: str | None
    expired_at_unix_s: int | None
    freed_minor: int | None

    @property
    def state(self) -> ListState:
        """The last thing that happened."""
        for done, state in (
            (self.cancelled_at_unix_s, ListState.CANCELLED),
            (self.expired_at_unix_s, ListState.EXPIRED),
            (self.approved_at_unix_s, ListState.APPROVED),
            (self.checker, ListState.CHECKED),
        ):
            if done is not None:
                return state
        return ListState.PROPOSED


@dataclass(frozen=True, slots=True)
class PaymentLists:
    """Payment lists of one organisation."""

    as_of: BlockRef
    items: tuple[PaymentList, ...]


def _lists() -> Select[Any]:
    proposed, checked, approved = payment_list_proposed.c, payment_list_checked.c, payment_list_approved.c
    cancelled, expired = payment_list_cancelled.c, payment_list_expired.c
    rows: Any = payment_list_proposed.join(fund_opened, fund_opened.c.fund == proposed.fund)
    proposed_in = block.alias("proposed_in")
    rows = rows.join(proposed_in, proposed_in.c.number == proposed.block_number)
    rows = rows.outerjoin(payment_list_checked, checked.list == proposed.list)
    times = [proposed_in.c.timestamp_unix_s]
    for table in (payment_list_approved, payment_list_cancelled, payment_list_expired):
        at = block.alias(f"{table.name}_in")
        rows = rows.outerjoin(table, table.c.list == proposed.list)
        rows = rows.outerjoin(at, at.c.number == table.c.block_number)
        times.append(at.c.timestamp_unix_s)
    listed = select(func.count()).where(entitlement_listed.c.list == proposed.list).scalar_subquery()
    two = checked.list.is_not(None)
    return select(
        proposed.list,
        proposed.fund,
        fund_opened.c.organisation,
        proposed.programme,
        proposed.provider,
        proposed.place,
        proposed.season,
        proposed.rule_version,
        fund_opened.c.unit,
        proposed.content_hash,
        proposed.count,
        listed,
        proposed.total_minor,
        proposed.expires_at_unix_s,
        proposed.maker,
        func.coalesce(checked.checker, approved.checker),
        case((two, approved.checker)),
        times[0],
        times[1],
        times[2],
        cancelled.reason,
        times[3],
        func.coalesce(cancelled.freed_minor, expired.freed_minor),
    ).select_from(rows)


_ALL = _lists()
_ONE = _ALL.where(payment_list_proposed.c.list == bindparam("id", type_=LargeBinary))
_OF_ORGANISATION = (
    _ALL.where(fund_opened.c.organisation == bindparam("id", type_=LargeBinary))
    .order_by(payment_list_proposed.c.block_number.desc(), payment_list_proposed.c.log_index.desc())
    .limit(bindparam("most", type_=BigInteger))
    .offset(bindparam("skipped", type_=BigInteger))
)


def payment_list(conn: Connection, id: PaymentListId) -> PaymentList:
    """One payment list; raises UnknownRecord."""
    row = conn.execute(_ONE, {"id": id}).one_or_none()
    if row is None:
        raise UnknownRecord("payment list", id)
    return PaymentList(*row)


def payment_lists(
    conn: Connection, organisation: OrganisationId, limit: int = 100, skip: int = 0
) -> PaymentLists:
    """The lists that an organisation pays, the latest first."""
    parameters = {"id": organisation, "most": limit, "skipped": skip}
    items = tuple(PaymentList(*row) for row in conn.execute(_OF_ORGANISATION, parameters))
    return PaymentLists(as_of(conn), items)
