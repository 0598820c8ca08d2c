"""Every act goes to a contract there is, and is closed by an event that its record's id finds."""

from __future__ import annotations

import pytest

from contracts.abi import Address
from contracts.bindings import delivery_ledger, field_acceptance, fund_ledger, household_registry, time_bank
from contracts.deployment import CONTRACTS, Deployment, field_of
from indexer.queries.records import KEYS, RecordKey
from indexer.schema import EVENT_TABLES
from ledger_api.acts import ACTS, SECOND, Act

MODULES = {
    "FundLedger": fund_ledger,
    "DeliveryLedger": delivery_ledger,
    "FieldAcceptance": field_acceptance,
    "HouseholdRegistry": household_registry,
    "TimeBank": time_bank,
}
RECORD = b"R" * 32


@pytest.mark.parametrize("act", ACTS.values(), ids=list(ACTS))
def test_an_act_is_a_call_of_its_contract_and_closed_by_an_event_of_its_record(act: Act) -> None:
    selectors = {v for k, v in vars(MODULES[act.contract]).items() if k.isupper() and isinstance(v, bytes)}
    assert act.selector in selectors
    keys = act.closing(RECORD)
    assert keys[0] == RecordKey(act.closed_by, (RECORD,)) and len(keys) == 1 + (act.or_closed_by is not None)
    for kind, values in keys:
        assert kind.value in EVENT_TABLES
        assert len(KEYS[kind]) == len(values), "the record's id is all that names the event"
    assert act.gas_per_item * act.batch < 100_000_000


def test_an_act_is_sent_to_where_its_contract_stands() -> None:
    places = {field_of(name): Address(bytes([n]) * 20) for n, name in enumerate(CONTRACTS, 1)}
    deployment = Deployment(31337, bytes(32), 1, **places)
    for act in ACTS.values():
        assert act.address(deployment) == places[field_of(act.contract)]


def test_the_second_checkers_act_is_the_first_ones_call() -> None:
    for first, second in SECOND.items():
        assert ACTS[first].selector == ACTS[second].selector
        assert ACTS[first].closed_by == ACTS[second].closed_by
        assert ACTS[first].or_closed_by is not None and ACTS[second].or_closed_by is None
