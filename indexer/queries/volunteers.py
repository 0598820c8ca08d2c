"""A volunteer's hours: minutes, good coins, and the acts behind them (T05, T06)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    bindparam,
    func,
    select,
    tuple_,
)

from contracts.abi import Address
from contracts.bindings.ids import OrganisationId, ServiceId
from contracts.bindings.time_bank import Reserve
from indexer.errors import InvariantBroken
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.sums import total
from indexer.schema import (
    minutes_delivered,
    minutes_redeemed,
    minutes_taken_back,
    reserve_chosen,
    service_confirmed,
    transfer,
)

NOBODY = Address(bytes(20))
"""ERC-20 mints from here and burns to here."""


@dataclass(frozen=True, slots=True)
class Service:
    """One confirmed act, and what its volunteer keeps of it; `reserve` is NONE until the volunteer chose."""

    id: ServiceId
    organisation: OrganisationId
    receiver: Address
    service_minutes: int
    served_at_unix_s: int
    reserve: Reserve
    block_number: int
    kind: str


@dataclass(frozen=True, slots=True)
class VolunteerStatement:
    """What an account holds, and its acts in the order they were confirmed."""

    as_of: BlockRef
    account: Address
    balance_minutes: int
    redeemed_minutes: int
    good_coins: int
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class MinutesSupply:
    """All minutes there are (I10). Redeemed are those used for a service or a delivery, less those of deliveries
    that came back."""

    as_of: BlockRef
    issued_minutes: int
    redeemed_minutes: int

    @property
    def supply_minutes(self) -> int:
        """Minutes held by anybody."""
        return self.issued_minutes - self.redeemed_minutes


_ACCOUNT = bindparam("account", type_=LargeBinary)


def _total(table: Table, column: str, *where: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(select(total(table.c[column])).where(*where).scalar_subquery(), 0)


_HELD = select(
    _total(transfer, "value", transfer.c.to == _ACCOUNT)
    - _total(transfer, "value", transfer.c.from_ == _ACCOUNT),
    _total(minutes_redeemed, "amount_minutes", minutes_redeemed.c.volunteer == _ACCOUNT),
    _total(
        reserve_chosen,
        "amount",
        reserve_chosen.c.volunteer == _ACCOUNT,
        reserve_chosen.c.reserve == int(Reserve.GOOD_COIN),
    ),
)

_ALL_SERVICES = (
    select(
        service_confirmed.c.service,
        service_confirmed.c.organisation,
        service_confirmed.c.receiver,
        service_confirmed.c.service_minutes,
        service_confirmed.c.served_at_unix_s,
        func.coalesce(reserve_chosen.c.reserve, int(Reserve.NONE)),
        service_confirmed.c.block_number,
        service_confirmed.c.kind,
    )
    .outerjoin(reserve_chosen, reserve_chosen.c.service == service_confirmed.c.service)
    .where(service_confirmed.c.volunteer == _ACCOUNT)
)
_IN_ORDER = service_confirmed.c.block_number, service_confirmed.c.log_index
_SERVICES = _ALL_SERVICES.order_by(*_IN_ORDER)

_BEFORE = tuple_(*_IN_ORDER) < tuple_(
    bindparam("block", type_=BigInteger), bindparam("index", type_=BigInteger)
)
_PAGE = (
    _ALL_SERVICES.add_columns(service_confirmed.c.log_index)
    .where(_BEFORE)
    .order_by(*(column.desc() for column in _IN_ORDER))
    .limit(bindparam("most", type_=BigInteger))
)
_SERVED = select(func.count(), func.coalesce(func.sum(service_confirmed.c.service_minutes), 0)).where(
    service_confirmed.c.volunteer == _ACCOUNT, _BEFORE
)

_SUPPLY = select(
    _total(reserve_chosen, "amount", reserve_chosen.c.reserve == int(Reserve.MINUTES)),
    _total(minutes_redeemed, "amount_minutes") + _total(minutes_delivered, "amount_minutes"),
    _total(minutes_taken_back, "amount_minutes"),
    _total(transfer, "value", transfer.c.from_ == NOBODY),
    _total(transfer, "value", transfer.c.to == NOBODY),
)


def services_page(
    conn: Connection, account: Address, before: tuple[int, int], most: int
) -> tuple[list[Service], tuple[int, int] | None]:
    """The last `most` acts confirmed before a moment (block number, log index), the newest first; with the moment
    before which the next page begins, None when there is none."""
    where = {"account": account, "block": before[0], "index": before[1], "most": most + 1}
    rows = conn.execute(_PAGE, where).all()
    found = [_service(*row[:-1]) for row in rows[:most]]
    return found, (rows[most - 1][6], rows[most - 1][-1]) if len(rows) > most else None


def served(conn: Connection, account: Address, before: tuple[int, int]) -> tuple[int, int]:
    """How many acts were confirmed before a moment, and their minutes. Reads one row for each of the account's own
    acts."""
    where = {"account": account, "block": before[0], "index": before[1]}
    count, minutes = conn.execute(_SERVED, where).one()
    return count, int(minutes)


def held(conn: Connection, account: Address) -> tuple[int, int, int]:
    """Minutes held, minutes redeemed, good coins; raises InvariantBroken (I10) for a balance below 0."""
    balance, redeemed, coins = map(int, conn.execute(_HELD, {"account": account}).one())
    if balance < 0:
        raise InvariantBroken("I10", f"account 0x{account.hex()} holds {balance} minutes")
    return balance, redeemed, coins


def _service(
    id: ServiceId, organisation: Any, receiver: Any, minutes: int, served: int, reserve: int, *where: Any
) -> Service:
    return Service(ServiceId(id), organisation, receiver, minutes, served, Reserve(reserve), *where)


def volunteer_statement(conn: Connection, account: Address) -> VolunteerStatement:
    """What the account holds and did; all zero for one unknown. Raises InvariantBroken (I10) for a balance
    below 0."""
    balance, redeemed, coins = held(conn, account)
    services = (_service(*row) for row in conn.execute(_SERVICES, {"account": account}))
    return VolunteerStatement(as_of(conn), account, balance, redeemed, coins, tuple(services))


def minutes_supply(conn: Connection) -> MinutesSupply:
    """Issued and redeemed minutes; raises InvariantBroken (I10) when the acts and the tokens' moves
    disagree."""
    issued, redeemed, taken_back, minted, burned = conn.execute(_SUPPLY).one()
    if (issued + taken_back, redeemed) != (minted, burned):
        raise InvariantBroken(
            "I10",
            f"{issued} minutes issued, {redeemed} redeemed and {taken_back} taken back, but {minted} minted and "
            f"{burned} burned",
        )
    return MinutesSupply(as_of(conn), issued, redeemed - taken_back)
