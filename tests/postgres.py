"""A PostgreSQL of its own for a test session: made in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

REQUIRED = "AMANAT_REQUIRE_POSTGRES"
"""Set to 1 (scripts/test does, where PostgreSQL is), tests fail rather than skip when there is none."""
_USER = "postgres"
# Nothing here outlives the session, so nothing is made to survive a power cut.
FLEETING = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
    "autovacuum": "off",
}


class NoPostgres(Exception):
    """There is no PostgreSQL to start; says how to get one."""


class Cluster:
    """A running server that trusts everybody who reaches its socket, which lies in a folder of its own."""

    def __init__(self, folder: Path, bin: Path, settings: Mapping[str, str]) -> None:
        self._folder = folder
        self._bin = bin
        self._settings = {"listen_addresses": "", **settings}
        self._made = 0

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{_USER}@/{database}?host={self._folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection outside of what is tested; autocommit."""
        return psycopg.connect(host=str(self._folder), user=_USER, dbname=database, autocommit=True)

    def database(self, template: str = "template0") -> str:
        """A new database; its URL."""
        self._made += 1
        name = f"test_{self._made}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.connect() as conn:
            conn.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drops a database, whoever is still connected to it."""
        with self.connect() as conn:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.name(url))))

    @staticmethod
    def name(url: str) -> str:
        """The database's name in its URL."""
        return str(make_url(url).database)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            command = ["runuser", "-u", _USER, "--", *command]
        done = subprocess.run(
            command, check=False, cwd=self._folder, capture_output=True, text=True, timeout=60
        )
        if done.returncode:
            log = self._folder / "log"
            raise RuntimeError(f"{program}: {done.stderr}{log.read_text() if log.exists() else ''}")

    def start(self) -> None:
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-A", "trust", "-U", _USER, "-E", "UTF8", "--locale=C", "--no-sync")
        options = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", data, "-w", "-l", log, "-o", f"-k {self._folder} {options}", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")


def binaries() -> Path:
    """The folder with initdb and pg_ctl, which Debian keeps off the PATH; raises NoPostgres."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    for folder in (*reversed(installed), *([Path(on_path).resolve().parent] if on_path else [])):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise NoPostgres("no PostgreSQL here (on Debian or Ubuntu: apt install postgresql)")


@contextmanager
def cluster(settings: Mapping[str, str] = FLEETING) -> Iterator[Cluster]:
    """Starts a server and stops it; `settings` are the server's that differ from its defaults, without spaces.
    Raises NoPostgres."""
    bin = binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if os.geteuid() == 0:
            try:
                user = pwd.getpwnam(_USER)
            except KeyError:
                raise NoPostgres(f"root cannot run PostgreSQL, and there is no user {_USER}") from None
            os.chown(folder, user.pw_uid, user.pw_gid)
        server = Cluster(folder, bin, settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
