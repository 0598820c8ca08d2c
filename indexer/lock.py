"""One follower for each mirror."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import MirrorInUse
from indexer.mirror import sqlite_file


@contextmanager
def only_follower(url: str) -> Iterator[None]:
    """Holds the mirror's lock file; raises MirrorInUse when another process holds it.

    The kernel frees the lock when the process ends, however it ends, so there is no lease to wait for after a
    kill.
    """
    database = sqlite_file(url)
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{database}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise MirrorInUse(database, file.read().strip()) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        yield
