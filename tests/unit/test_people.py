"""People are sealed under a key of their own, and erased by destroying it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from ledger_api.office import open_office, person
from ledger_api.people import PersonErased, erase, recall, remember

SECRET, ID = b"s" * 32, b"p" * 32


@pytest.fixture
def office(tmp_path: Path) -> Engine:
    return open_office(f"sqlite:///{tmp_path / 'office.db'}")


def test_what_is_remembered_is_recalled_and_stands_nowhere_in_clear(office: Engine, tmp_path: Path) -> None:
    with office.begin() as conn:
        remember(conn, SECRET, ID, {"name": "Zahra Example"})
        assert recall(conn, SECRET, ID) == {"name": "Zahra Example"}
    office.dispose()
    assert not any(b"Zahra" in file.read_bytes() for file in tmp_path.iterdir())


def test_a_person_who_is_known_stays_as_they_are(office: Engine) -> None:
    with office.begin() as conn:
        remember(conn, SECRET, ID, {"name": "first"})
        remember(conn, SECRET, ID, {"name": "second"})
        assert recall(conn, SECRET, ID) == {"name": "first"}


def test_an_erased_person_is_gone_and_is_not_brought_back_by_the_next_gift(office: Engine) -> None:
    with office.begin() as conn:
        remember(conn, SECRET, ID, {"name": "Zahra"})
        erase(conn, ID)
        remember(conn, SECRET, ID, {"name": "Zahra"})
        with pytest.raises(PersonErased):
            recall(conn, SECRET, ID)
        assert conn.execute(select(person.c.wrapped_key, person.c.sealed)).one() == (None, None)


def test_another_secret_or_a_swapped_row_opens_nothing(office: Engine) -> None:
    with office.begin() as conn:
        remember(conn, SECRET, ID, {"name": "Zahra"})
        with pytest.raises(PersonErased):
            recall(conn, b"t" * 32, ID)
        row = conn.execute(select(person)).one()
        conn.execute(person.insert().values(id=b"q" * 32, wrapped_key=row.wrapped_key, sealed=row.sealed))
        with pytest.raises(PersonErased):
            recall(conn, SECRET, b"q" * 32)
