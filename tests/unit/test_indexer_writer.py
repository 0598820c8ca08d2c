"""The mirror's tables, what goes in and what comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from contracts.bindings.ids import OrganisationId, ProgrammeId, RuleId
from contracts.bindings.licence_registry import IssuingCeilingSet, OperatorAppointed
from contracts.bindings.programme_registry import ProgrammeOpened
from contracts.deployment import CONTRACTS as DEPLOYED
from indexer.blocks import Header
from indexer.databases import shown
from indexer.digest import digests
from indexer.errors import BadSetting, MirrorAway, MirrorInUse, MirrorMissing, MirrorOutdated, OtherChain
from indexer.fetch import Span
from indexer.mirror import open_for_reading, open_for_writing
from indexer.queries.blocks import as_of
from indexer.schema import CONTRACTS, EVENT_TABLES, EVENTS, cursor, donation_recorded, operator_appointed
from indexer.status import status
from indexer.writer import Position, append, begin, mark_final, undo
from tests.model.history import ANCHOR, DEPLOYMENT, History, account, id_of
from tests.postgres import Cluster


def test_each_event_has_a_table_with_its_columns_and_its_place() -> None:
    assert len(EVENT_TABLES) == len(EVENTS)
    names = [column.name for column in donation_recorded.columns]
    assert names[:3] == ["fund", "donation", "donor"]
    assert names[-3:] == ["block_number", "block_hash", "log_index"]


@pytest.fixture
def new_history(new_mirror: Callable[[], str]) -> Iterator[Callable[[], History]]:
    """Makes empty histories, on each of the two databases."""
    made: list[History] = []

    def make() -> History:
        made.append(History(url=new_mirror()))
        return made[-1]

    yield make
    for history in made:
        history.close()


@pytest.fixture
def history(new_history: Callable[[], History]) -> History:
    return new_history()


def test_undoing_blocks_leaves_what_was_there_before(history: History) -> None:
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


def test_a_digest_sees_every_change(new_history: Callable[[], History]) -> None:
    one, other = new_history(), new_history()
    one.donate("a", 0, 10)
    other.donate("a", 0, 11)
    with one.connect() as first, other.connect() as second:
        values, others = digests(first), digests(second)
    differing = {name for name, value in values.items() if others[name] != value}
    assert differing == {"donation_recorded", "fund_total"}


def test_a_number_of_64_bits_comes_back_whole(history: History) -> None:
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


def test_an_id_is_recorded_once(history: History) -> None:
    history.donate("a", 0, 10)
    position = history.position
    with pytest.raises(IntegrityError):
        history.donate("a", 10, 10)
    with history.connect() as conn:
        assert as_of(conn).number == position.number


def test_a_mirror_of_another_ledger_or_of_other_events_is_refused(history: History) -> None:
    with history.engine.begin() as conn, pytest.raises(OtherChain, match="chain_id"):
        begin(conn, replace(DEPLOYMENT, chain_id=5), ANCHOR, "instant")
    with history.engine.begin() as conn:
        assert begin(conn, DEPLOYMENT, ANCHOR, "instant") == history.position
        conn.execute(cursor.update().values(schema_digest=bytes(32)))
    with history.engine.begin() as conn, pytest.raises(MirrorOutdated):
        begin(conn, DEPLOYMENT, ANCHOR, "instant")


def test_nothing_is_added_behind_a_block_that_another_indexer_left(history: History) -> None:
    history.donate("a", 0, 10)
    behind, before = history.position, state(history)
    header = Header(behind.number + 1, b"\x01" * 32, b"\x02" * 32, 2_000)  # its parent is not the last block
    with pytest.raises(MirrorInUse), history.engine.begin() as conn:
        append(conn, [header], {}, header.number)
    with pytest.raises(MirrorInUse), history.engine.begin() as conn:
        append(conn, [header._replace(number=5, parent_hash=behind.hash)], {}, header.number)
    with pytest.raises(MirrorInUse), history.engine.begin() as conn:
        undo(conn, Position(behind.number - 1, b"\x03" * 32))
    assert state(history) == before


def test_two_indexers_at_once_cannot_both_add(new_mirror: Callable[[], str]) -> None:
    url = new_mirror()
    history = History(url=url)
    other = open_for_writing(url)
    behind = history.position
    header = Header(behind.number + 1, b"\x01" * 32, behind.hash, 2_000)
    with history.engine.begin() as first:
        append(first, [header], {}, header.number)
        late = threading.Thread(target=lambda: answers.append(_appended(other, header)))
        answers: list[object] = []
        late.start()
        late.join(0.3)
        assert not answers, "it waits for the first to commit"
    late.join(10)
    assert answers == [MirrorInUse]
    other.dispose()
    history.close()


def _appended(engine: Engine, header: Header) -> object:
    try:
        with engine.begin() as conn:
            return append(conn, [header._replace(hash=b"\x04" * 32)], {}, header.number)
    except Exception as error:
        return type(error)


def state(history: History) -> object:
    with history.connect() as conn:
        return digests(conn), as_of(conn)


def final(history: History) -> int:
    with history.connect() as conn:
        return as_of(conn).final_number


def test_final_is_what_was_said_and_never_less_unless_undone(history: History) -> None:
    opened = history.position
    for name in "abcd":
        history.donate(name, 0, 1, final_number=opened.number)
    assert (history.position.number, final(history)) == (opened.number + 4, opened.number)
    for said, then in ((opened.number + 2, 2), (opened.number + 1, 2), (opened.number + 99, 4)):
        with history.engine.begin() as conn:
            mark_final(conn, said)
        assert final(history) == opened.number + then, "as far as the mirror goes"
    history.record(final_number=0)
    assert final(history) == opened.number + 4
    history.record(final_number=history.position.number + 99)
    assert final(history) == history.position.number == opened.number + 6
    history.restart()
    assert final(history) == history.position.number == opened.number


def test_another_finality_judges_anew(history: History) -> None:
    with history.engine.begin() as conn:
        assert begin(conn, DEPLOYMENT, ANCHOR, "instant") == history.position
    assert final(history) == history.position.number
    with history.engine.begin() as conn:
        assert begin(conn, DEPLOYMENT, ANCHOR, "depth:12") == history.position
        assert conn.scalar(select(cursor.c.finality)) == "depth:12"
    assert final(history) == ANCHOR.number


def test_truths_are_kept_as_numbers(history: History) -> None:
    programme, rule = ProgrammeId(id_of("other programme")), RuleId(bytes(32))
    opened = ProgrammeOpened(
        programme, history.charity, "", rule, OrganisationId(bytes(32)), True, False, 0, "", ""
    )
    history.record(opened)
    table = EVENT_TABLES["programme_opened"]
    with history.connect() as conn:
        row = conn.execute(select(table).where(table.c.programme == programme)).one()
    assert tuple(row)[: len(opened)] == tuple(opened)


def test_both_databases_give_the_same_digests(postgres: Cluster, postgres_template: str) -> None:
    here, there = History(), History(url=postgres.database(postgres_template))
    for history in (here, there):
        history.donate("a", 0, 100)
        history.offer("list", {"é": 20, "z": 30, "Z": 10})
        history.hand_over("z", 0, 30)
        history.record(OperatorAppointed(history.charity, account("o"), 1, 2**64 - 1))
    assert state(here) == state(there)
    here.close()
    there.close()


def test_a_reader_makes_nothing_and_changes_nothing(new_mirror: Callable[[], str], tmp_path: Path) -> None:
    url = new_mirror()
    if url.startswith("sqlite"):
        with pytest.raises(MirrorMissing):
            open_for_reading(url)
        assert not list(tmp_path.iterdir())
    writer = open_for_writing(url)
    reader = open_for_reading(url)
    with reader.connect() as conn, pytest.raises(MirrorMissing):
        as_of(conn)
    with reader.begin() as conn, pytest.raises(DBAPIError, match=r"read-?only"):
        conn.execute(donation_recorded.delete())
    reader.dispose()
    writer.dispose()


def test_a_reader_of_an_empty_database_is_told_so(postgres: Cluster) -> None:
    with pytest.raises(MirrorMissing, match="nothing indexed yet"):
        open_for_reading(postgres.database())
    with pytest.raises(MirrorAway, match='"nowhere" does not exist'):
        open_for_reading(postgres.url("nowhere"))
    with pytest.raises(MirrorAway, match="No such file"):
        open_for_writing("postgresql://amanat:secret@/mirror?host=/nowhere&password=secret")


def test_one_transaction_sees_one_state(mirror_url: str) -> None:
    writer = open_for_writing(mirror_url)
    with writer.begin() as conn:
        begin(conn, DEPLOYMENT, ANCHOR, "instant")
    reader = open_for_reading(mirror_url)
    with reader.connect() as conn:
        seen = conn.execute(select(cursor.c.block_number)).scalar_one()
        with writer.begin() as other:
            other.execute(cursor.update().values(block_number=seen + 1))
        assert conn.execute(select(cursor.c.block_number)).scalar_one() == seen
    with reader.connect() as conn:
        assert conn.execute(select(cursor.c.block_number)).scalar_one() == seen + 1
    reader.dispose()
    writer.dispose()


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@host/db", "postgresql+asyncpg://u:secret@host/db", "u:secret@x", ""]
)
def test_other_databases_are_refused_with_the_remedy(url: str) -> None:
    for open in (open_for_reading, open_for_writing):
        with pytest.raises(BadSetting, match="give sqlite:///") as refused:
            open(url)
        assert "secret" not in str(refused.value)


def test_no_password_is_shown() -> None:
    for url in ("postgresql://u:secret@host:5433/db", "postgresql://u@host:5433/db?password=secret"):
        assert "secret" not in shown(url) and "host:5433/db" in shown(url)


def test_a_server_that_is_gone_is_noticed_within_seconds(postgres: Cluster) -> None:
    url = postgres.database() + "&options=-c%20search_path%3Dpublic"
    engine = open_for_writing(url)
    with engine.connect() as conn:
        driver = conn.connection.driver_connection
        assert driver is not None
        said = driver.info.get_parameters()
        assert (said["keepalives_idle"], said["keepalives_interval"], said["keepalives_count"]) == (
            "5",
            "2",
            "3",
        )
        assert said["application_name"].startswith("amanat-index process ")
        assert conn.exec_driver_sql("SHOW search_path").scalar() == "public", "the URL's own options stay"
        sources = "SELECT name, source FROM pg_settings WHERE name LIKE 'tcp\\_%%' ORDER BY name"
        assert {source for _, source in conn.exec_driver_sql(sources)} == {"client"}
    engine.dispose()


def test_a_span_grows_while_answers_are_small_and_shrinks_when_they_are_not() -> None:
    span = Span(wanted_logs=100, most_blocks=256)
    for _ in range(8):
        span.answered(span.blocks, 0)
    assert span.blocks == 256
    span.answered(256, 1_000)
    assert span.blocks == 25, "as many blocks as hold what is wanted, at once: memory is taken by ranges"
    for _ in range(10):
        span.refused()
    assert span.blocks == 1
