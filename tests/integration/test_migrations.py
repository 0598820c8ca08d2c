"""The mirror's tables by version: migrations make what is declared, all or nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text

from indexer.databases import database, writing_engine
from indexer.errors import MirrorOutdated
from indexer.migrations import VERSION_TABLE
from indexer.mirror import drop, make_tables, open_for_writing
from indexer.schema import LEDGER

pytestmark = pytest.mark.integration


def differences(conn: Connection) -> list[tuple[Any, ...]]:
    """What Alembic would change to come to the declared tables, each beginning with what kind of change."""
    options = {"compare_type": True, "compare_server_default": True, "version_table": VERSION_TABLE}
    found = compare_metadata(MigrationContext.configure(conn, opts=options), LEDGER.metadata)
    return [change for one in found for change in (one if isinstance(one, list) else [one])]


def shape(conn: Connection) -> dict[str, object]:
    """Tables as the database describes them."""
    found = inspect(conn)
    tables = set(found.get_table_names()) - {VERSION_TABLE}
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            sorted((i["name"], i["column_names"], bool(i["unique"])) for i in found.get_indexes(name)),
            sorted(tuple(u["column_names"]) for u in found.get_unique_constraints(name)),
        )
        for name in tables
    }


def test_migrations_make_the_declared_tables(new_database: Callable[[], str]) -> None:
    engine = open_for_writing(new_database())
    with engine.connect() as conn:
        assert differences(conn) == []
        assert set(shape(conn)) == set(LEDGER.metadata.tables)
    engine.dispose()


def test_a_difference_would_be_seen(new_database: Callable[[], str]) -> None:
    """The comparison above compares: columns, types, nullability and indexes."""
    engine = open_for_writing(new_database())
    with engine.begin() as conn:
        conn.execute(text("DROP INDEX fee_taken_by_fee"))
        conn.execute(text("ALTER TABLE block ADD COLUMN more TEXT"))
    with engine.begin() as conn:
        conn.execute(text("DROP TABLE fund_opened"))
        conn.execute(text("CREATE TABLE fund_opened (fund TEXT)"))
    with engine.connect() as conn:
        kinds = {change[0] for change in differences(conn)}
    assert kinds >= {"add_index", "remove_column", "add_column", "modify_nullable", "modify_type"}
    engine.dispose()


def test_in_memory_the_tables_are_the_same(new_database: Callable[[], str]) -> None:
    """There they are made from the declaration, which is faster."""
    migrated, declared = open_for_writing(new_database()), writing_engine(database(new_database()))
    with declared.begin() as conn:
        LEDGER.metadata.create_all(conn)
    with migrated.connect() as one, declared.connect() as other:
        assert shape(one) == shape(other)
        if migrated.dialect.name == "sqlite":
            made = text("SELECT name, sql FROM sqlite_master WHERE name LIKE 'fund_total%' ORDER BY name")
            plain = [[" ".join(str(row.sql).split()) for row in conn.execute(made)] for conn in (one, other)]
            assert plain[0] == plain[1] and any("WITHOUT ROWID" in sql for sql in plain[0])
    migrated.dispose()
    declared.dispose()


def test_upgrading_again_changes_nothing(mirror_url: str) -> None:
    engine = open_for_writing(mirror_url)
    with engine.begin() as conn:
        conn.execute(LEDGER.block.insert().values(number=1, hash=b"h", parent_hash=b"p", timestamp_unix_s=2))
        before = shape(conn)
    make_tables(engine)
    open_for_writing(mirror_url).dispose()
    with engine.connect() as conn:
        assert shape(conn) == before
        assert len(conn.execute(LEDGER.block.select()).all()) == 1
    engine.dispose()


def test_a_mirror_of_another_version_is_refused_with_the_remedy(new_mirror: Callable[[], str]) -> None:
    later, earlier = new_mirror(), new_mirror()
    engine = open_for_writing(later)
    with engine.begin() as conn:
        conn.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    engine.dispose()
    engine = open_for_writing(earlier)
    with engine.begin() as conn:
        conn.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    engine.dispose()
    for url in (later, earlier):
        with pytest.raises(MirrorOutdated, match="amanat index rebuild"):
            open_for_writing(url)


def test_dropping_leaves_nothing_of_ours_and_all_of_others(mirror_url: str) -> None:
    engine = open_for_writing(mirror_url)
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE somebody_elses (id INTEGER)"))
        drop(conn)
        drop(conn)
    with engine.connect() as conn:
        assert inspect(conn).get_table_names() == ["somebody_elses"]
    make_tables(engine)
    with engine.connect() as conn:
        assert set(shape(conn)) == {*LEDGER.metadata.tables, "somebody_elses"}
    engine.dispose()


_KILLED = """
import os, signal, sys
from sqlalchemy import event
from indexer.databases import database, writing_engine
from indexer.mirror import make_tables

engine = writing_engine(database(sys.argv[1]))
left = int(sys.argv[2])

@event.listens_for(engine, "after_cursor_execute")
def count(conn, cursor, statement, *_):
    global left
    left -= statement.lstrip().upper().startswith("CREATE")
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

make_tables(engine)
"""


@pytest.mark.parametrize("after", [1, 100])
def test_killed_half_way_nothing_is_half_done(new_database: Callable[[], str], after: int) -> None:
    url = new_database()
    done = subprocess.run([sys.executable, "-c", _KILLED, url, str(after)], check=False, timeout=60)
    assert done.returncode == -9
    engine = create_engine(url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    engine = open_for_writing(url)
    with engine.connect() as conn:
        assert differences(conn) == []
    engine.dispose()
