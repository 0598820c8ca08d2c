"""What an organisation received, paid out, promised and holds, fund by fund."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, LargeBinary, bindparam, select

from contracts.bindings.ids import FundId, OrganisationId
from indexer.errors import InvariantBroken
from indexer.measures import Measure, Total
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.line import line_ends
from indexer.schema import fund_opened
from indexer.totals import newest, reserved_units


@dataclass(frozen=True, slots=True)
class FundTotals:
    """One fund's totals. Amounts are minor units of `unit`.

    - `inflow = gifts + transfers in (received and came back) + reassigned in + returned`
    - `inflow = handed over + fees + refunds + transfers out + reassigned out + reserved + waiting`
    - `handed over = unconfirmed + confirmed + disputed + dismissed + returned`

    `handed_over` is the agency's word, `confirmed` the families'. What came back is counted as returned, whatever
    was said of it before. `expired` and `cancelled` were offered and freed when their list ended.
    """

    fund: FundId
    unit: str
    head: str
    gifts_count: int
    inflow_minor: int
    fees_count: int
    fees_minor: int
    refunds_count: int
    refunds_minor: int
    handed_over_count: int
    handed_over_minor: int
    confirmed_count: int
    confirmed_minor: int
    refused_count: int
    refused_minor: int
    expired_count: int
    expired_minor: int
    reserved_minor: int
    waiting_minor: int
    gifts_minor: int
    received_count: int
    received_minor: int
    came_back_count: int
    came_back_minor: int
    reassigned_in_count: int
    reassigned_in_minor: int
    returned_count: int
    returned_minor: int
    sent_count: int
    sent_minor: int
    reassigned_out_count: int
    reassigned_out_minor: int
    cancelled_count: int
    cancelled_minor: int
    disputed_count: int
    disputed_minor: int
    dismissed_count: int
    dismissed_minor: int
    upheld_count: int
    returned_whole_count: int
    """Deliveries that came back before the family said a word: nothing reached it, and nothing is awaited."""

    @property
    def unconfirmed_count(self) -> int:
        """Deliveries handed over of which the family's word is awaited."""
        said = self.confirmed_count + self.disputed_count + self.dismissed_count + self.upheld_count
        return self.handed_over_count - said - self.returned_whole_count

    @property
    def unconfirmed_minor(self) -> int:
        """Handed over, and no word of the family yet."""
        said = self.confirmed_minor + self.disputed_minor + self.dismissed_minor
        return self.handed_over_minor - said - self.returned_minor


@dataclass(frozen=True, slots=True)
class OrganisationTotals:
    """An organisation's funds in the order they were opened. Units differ, so nothing is summed across funds
    here."""

    as_of: BlockRef
    organisation: OrganisationId
    funds: tuple[FundTotals, ...]


_FUNDS = (
    select(fund_opened.c.fund, fund_opened.c.unit, fund_opened.c.head)
    .where(fund_opened.c.organisation == bindparam("organisation", type_=LargeBinary))
    .order_by(fund_opened.c.block_number, fund_opened.c.log_index)
)


_INFLOWS = (
    Measure.GIFTS,
    Measure.RECEIVED,
    Measure.CAME_BACK,
    Measure.REASSIGNED_IN,
    Measure.RETURNED,
)
_OUTFLOWS = (
    Measure.HANDED_OVER,
    Measure.FEES,
    Measure.REFUNDS,
    Measure.SENT,
    Measure.REASSIGNED_OUT,
)
_SAID = Measure.CONFIRMED, Measure.DISPUTED, Measure.DISMISSED, Measure.UPHELD
_NOT_OF_RECORDS = {Measure.APPROVED, Measure.UPHELD, Measure.RETURNED_WHOLE}
"""Without an amount of their own: what is left of approved lists is reserved, and the others came back."""


def organisation_totals(conn: Connection, organisation: OrganisationId) -> OrganisationTotals:
    """The totals of each fund; none for an organisation without funds. Raises InvariantBroken (I1, I2, I7)."""
    funds = conn.execute(_FUNDS, {"organisation": organisation}).all()
    return OrganisationTotals(as_of(conn), organisation, tuple(_fund_totals(conn, *fund) for fund in funds))


def _fund_totals(conn: Connection, fund: FundId, unit: str, head: str) -> FundTotals:
    """A few rows, however long the line: its ends, and the newest row of each measure."""
    totals = newest(conn, fund)
    inflow = sum(totals[measure].amount for measure in _INFLOWS)
    out = sum(totals[measure].amount for measure in _OUTFLOWS)
    reserved = reserved_units(totals)
    if (inflow, out) != line_ends(conn, fund):
        raise InvariantBroken("I2", f"fund 0x{fund.hex()}: inflows or outflows leave gaps on its line")
    if not 0 <= reserved <= inflow - out:
        raise InvariantBroken(
            "I1", f"fund 0x{fund.hex()}: {reserved} reserved of {inflow - out} that did not leave"
        )
    _check_words(fund, totals)
    counts = {f"{m.value}_count": totals[m].records for m in Measure if m is not Measure.APPROVED}
    amounts = {f"{m.value}_minor": totals[m].amount for m in Measure if m not in _NOT_OF_RECORDS}
    return FundTotals(
        fund=fund,
        unit=unit,
        head=head,
        inflow_minor=inflow,
        reserved_minor=reserved,
        waiting_minor=inflow - out - reserved,
        **counts,
        **amounts,
    )


def _check_words(fund: FundId, totals: Mapping[Measure, Total]) -> None:
    """What was said of deliveries is of units that were handed over and did not come back."""
    said = [totals[measure].amount for measure in _SAID]
    left = totals[Measure.HANDED_OVER].amount - totals[Measure.RETURNED].amount
    if min(said) < 0 or sum(said) > left or totals[Measure.UPHELD].amount:
        raise InvariantBroken("I7", f"fund 0x{fund.hex()}: what came back is not what was delivered")
