"""What tests of any folder share: the mirror's two databases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.mirror import open_for_writing
from tests.postgres import REQUIRED, Cluster, NoPostgres, cluster

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server for this session (with xdist: for this worker). Skips where there is no PostgreSQL, unless
    AMANAT_REQUIRE_POSTGRES is 1."""
    try:
        context = cluster()
        server = context.__enter__()
    except NoPostgres as missing:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{missing}; {REQUIRED} is 1")
        pytest.skip(str(missing))
    try:
        yield server
    finally:
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> str:
    """The name of a database with the mirror's tables, empty, to be copied."""
    url = postgres.database()
    open_for_writing(url).dispose()
    return postgres.name(url)


def _urls(request: pytest.FixtureRequest, folder: Path, template: str | None) -> Iterator[Callable[[], str]]:
    made: list[str] = []
    if request.param == "sqlite":

        def name() -> str:
            made.append(f"sqlite:///{folder / f'mirror-{len(made) + 1}.db'}")
            return made[-1]

        yield name
        return
    server: Cluster = request.getfixturevalue("postgres")
    source = request.getfixturevalue(template) if template else "template0"

    def create() -> str:
        made.append(server.database(source))
        return made[-1]

    yield create
    for url in made:
        server.drop(url)


@pytest.fixture(params=DATABASES)
def new_mirror(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes the URL of an empty mirror, another at each call: its tables may or may not be there yet."""
    yield from _urls(request, tmp_path, "postgres_template")


@pytest.fixture(params=DATABASES)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """As `new_mirror`, without any table."""
    yield from _urls(request, tmp_path, None)


@pytest.fixture
def mirror_url(new_mirror: Callable[[], str]) -> str:
    """The URL of an empty mirror, on each of the two databases."""
    return new_mirror()


@pytest.fixture(scope="module", params=DATABASES)
def module_mirror_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A mirror for all tests of a module, on each of the two databases: SQLite's in memory."""
    if request.param == "sqlite":
        yield "sqlite://"
        return
    server: Cluster = request.getfixturevalue("postgres")
    url = server.database(request.getfixturevalue("postgres_template"))
    yield url
    server.drop(url)
