"""New files: whole or not there at all, never in place of another, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from wallet.errors import FileTaken

OWNER_ONLY = 0o600


def require_free(path: Path) -> None:
    """Raises FileTaken when anything stands at `path`, a dangling link included."""
    if path.is_symlink() or path.exists():
        raise FileTaken(str(path))


def write_new(path: Path, text: str) -> None:
    """Writes a file that survives a power cut once this returns.

    Raises FileTaken or OSError; nothing is left then. The name is claimed with an empty file before the
    content replaces it: `os.replace` alone would overwrite what another process made meanwhile, and the hard
    links that could do both at once do not exist on the FAT of a USB stick.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    claimed = False
    try:
        _write(draft, text)
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        except FileExistsError:
            raise FileTaken(str(path)) from None
        claimed = True
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        if claimed:
            path.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """The new name itself must reach the disk, too. Where folders cannot be opened the system sees to it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)
