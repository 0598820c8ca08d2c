"""The mirror's tables, what goes in and what comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from contracts.bindings.licence_registry import IssuingCeilingSet, OperatorAppointed
from contracts.deployment import CONTRACTS as DEPLOYED
from indexer.digest import digests
from indexer.errors import MirrorMissing, MirrorOutdated, OtherChain
from indexer.fetch import Span
from indexer.mirror import open_for_reading, open_for_writing
from indexer.queries.blocks import as_of
from indexer.schema import CONTRACTS, EVENT_TABLES, EVENTS, cursor, donation_recorded, operator_appointed
from indexer.status import status
from indexer.writer import Position, begin, undo
from tests.model.history import ANCHOR, DEPLOYMENT, History, account


def test_each_event_has_a_table_with_its_columns_and_its_place() -> None:
    assert len(EVENT_TABLES) == len(EVENTS)
    names = [column.name for column in donation_recorded.columns]
    assert names[:3] == ["fund", "donation", "donor"]
    assert names[-3:] == ["block_number", "block_hash", "log_index"]


def test_undoing_blocks_leaves_what_was_there_before() -> None:
    history = History()
    history.donate("a", 0, 10)
    with history.connect() as conn:
        before, at = digests(conn), as_of(conn)
    history.donate("b", 10, 10)
    history.offer("list", {"x": 4})
    with history.engine.begin() as conn:
        assert undo(conn, Position(at.number, at.hash)) == 3
    with history.connect() as conn:
        assert (digests(conn), as_of(conn)) == (before, at)
        assert status(conn).rows["donation_recorded"] == 1


def test_a_digest_sees_every_change() -> None:
    one, other = History(), History()
    one.donate("a", 0, 10)
    other.donate("a", 0, 11)
    with one.connect() as first, other.connect() as second:
        differing = {name for name, value in digests(first).items() if digests(second)[name] != value}
    assert differing == {"donation_recorded"}


def test_a_number_of_64_bits_comes_back_whole() -> None:
    history = History()
    for until in (2**63 - 1, 2**63, 2**64 - 1):
        history.record(OperatorAppointed(history.charity, account("o"), 1, until))
    history.record(IssuingCeilingSet(history.charity, 2**64 - 1))
    with history.connect() as conn:
        times = conn.scalars(
            select(operator_appointed.c.until_unix_s).order_by(operator_appointed.c.block_number)
        )
        assert list(times) == [2**63 - 1, 2**63, 2**64 - 1]
        ceiling = EVENT_TABLES["issuing_ceiling_set"].c.ceiling_minutes
        assert conn.scalar(select(ceiling)) == 2**64 - 1


def test_the_tokens_are_not_followed_for_they_are_views() -> None:
    assert set(DEPLOYED) - set(CONTRACTS) == {"DonationToken", "AidToken"}
    assert len({event.name for event in EVENTS}) == len(EVENTS), "a table for each"


def test_an_id_is_recorded_once() -> None:
    history = History()
    history.donate("a", 0, 10)
    position = history.position
    with pytest.raises(IntegrityError):
        history.donate("a", 10, 10)
    with history.connect() as conn:
        assert as_of(conn).number == position.number


def test_a_mirror_of_another_ledger_or_of_other_events_is_refused() -> None:
    history = History()
    with history.engine.begin() as conn, pytest.raises(OtherChain, match="chain_id"):
        begin(conn, replace(DEPLOYMENT, chain_id=5), ANCHOR)
    with history.engine.begin() as conn:
        assert begin(conn, DEPLOYMENT, ANCHOR) == history.position
        conn.execute(cursor.update().values(schema_digest=bytes(32)))
    with history.engine.begin() as conn, pytest.raises(MirrorOutdated):
        begin(conn, DEPLOYMENT, ANCHOR)


def test_a_reader_makes_nothing_and_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mirror.db'}"
    with pytest.raises(MirrorMissing):
        open_for_reading(url)
    assert not list(tmp_path.iterdir())
    writer = open_for_writing(url)
    reader = open_for_reading(url)
    with reader.connect() as conn, pytest.raises(MirrorMissing):
        as_of(conn)
    with reader.begin() as conn, pytest.raises(OperationalError, match="readonly"):
        conn.execute(donation_recorded.delete())
    reader.dispose()
    writer.dispose()


def test_one_transaction_sees_one_state(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mirror.db'}"
    writer = open_for_writing(url)
    with writer.begin() as conn:
        begin(conn, DEPLOYMENT, ANCHOR)
    reader = open_for_reading(url)
    with reader.connect() as conn:
        seen = conn.execute(select(cursor.c.block_number)).scalar_one()
        with writer.begin() as other:
            other.execute(cursor.update().values(block_number=seen + 1))
        assert conn.execute(select(cursor.c.block_number)).scalar_one() == seen
    with reader.connect() as conn:
        assert conn.execute(select(cursor.c.block_number)).scalar_one() == seen + 1
    reader.dispose()
    writer.dispose()


def test_a_span_grows_while_answers_are_small_and_shrinks_when_they_are_not() -> None:
    span = Span(wanted_logs=100, most_blocks=256)
    for _ in range(8):
        span.answered(span.blocks, 0)
    assert span.blocks == 256
    span.answered(256, 1_000)
    assert span.blocks == 128
    for _ in range(10):
        span.refused()
    assert span.blocks == 1
