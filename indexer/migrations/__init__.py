"""The mirror's tables by version, so that a mirror on disk can be told apart and brought to this program's.

The office database has migrations of its own. A change of the tables gets a new file here, made by
`python -m indexer.migrations "what changed"`; it may drop and make again what it cannot alter, since the chain
holds the history, and then says that `amanat index rebuild` has to be run.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from indexer.databases import shown
from indexer.errors import MirrorOutdated

VERSION_TABLE = "mirror_version"


def upgrade(conn: Connection) -> None:
    """Makes the tables or brings them to this version, in the caller's transaction.

    Raises MirrorOutdated for a mirror of before there were versions, or of a later version than this program's.
    """
    inspector = inspect(conn)
    if inspector.has_table("cursor") and not inspector.has_table(VERSION_TABLE):
        raise MirrorOutdated(shown(conn.engine.url))
    try:
        command.upgrade(config(conn), "head")
    except CommandError as error:  # a version that is not among ours
        raise MirrorOutdated(shown(conn.engine.url)) from error


def config(conn: Connection) -> Config:
    """What Alembic's commands need to work on this connection."""
    result = Config(attributes={"connection": conn})
    result.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return result
