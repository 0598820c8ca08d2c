"""Writes the migration from the last version to the tables as they are declared: `python -m indexer.migrations
"what changed"`. Read it before committing it."""

from __future__ import annotations

import sys

from alembic import command
from alembic.script import ScriptDirectory

from indexer.databases import database, writing_engine
from indexer.migrations import config


def main(message: str) -> None:
    with writing_engine(database("sqlite://")).begin() as conn:
        settings = config(conn)
        made = len(list(ScriptDirectory.from_config(settings).walk_revisions()))
        command.upgrade(settings, "head")
        command.revision(settings, message, autogenerate=True, rev_id=f"{made + 1:04}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('give one argument: what changed, e.g. "index gifts by place"')
    main(sys.argv[1])
