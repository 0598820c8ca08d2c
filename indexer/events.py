"""The events that the mirror follows: those of every contract but the tokens, which are views of these."""

from __future__ import annotations

import re

from contracts import abi
from contracts.bindings import (
    case_log,
    debt_relief,
    delivery_ledger,
    field_acceptance,
    fund_ledger,
    household_registry,
    licence_registry,
    programme_registry,
    rulebook,
    service_orders,
    time_bank,
)

EVENTS: tuple[abi.Event, ...] = (
    *licence_registry.EVENTS,
    *household_registry.EVENTS,
    *rulebook.EVENTS,
    *programme_registry.EVENTS,
    *fund_ledger.EVENTS,
    *delivery_ledger.EVENTS,
    *field_acceptance.EVENTS,
    *service_orders.EVENTS,
    *debt_relief.EVENTS,
    *time_bank.EVENTS,
    *case_log.EVENTS,
)


def table_name(event_name: str) -> str:
    """`DonationRecorded` -> `donation_recorded`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", event_name).lower()
