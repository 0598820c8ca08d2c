"""A process that is measured from its start to its end: seconds, and the memory of it and its children."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

_EVERY_S = 0.05
_PAGE = os.sysconf("SC_PAGESIZE")


class Peak(threading.Thread):
    """The highest resident memory of a process and its descendants together, looked at every 50 ms."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._stop_now = threading.Event()
        self._bytes = 0
        self.start()

    def run(self) -> None:
        while not self._stop_now.is_set():
            self._bytes = max(self._bytes, sum(map(_resident, _tree(self._pid))))
            self._stop_now.wait(_EVERY_S)

    def mib(self) -> float:
        """Stops looking; the peak so far."""
        self._stop_now.set()
        self.join()
        return self._bytes / 2**20


def measured(module: str, *arguments: str) -> dict[str, Any]:
    """Runs `python -m module`, which prints JSON; adds `whole_seconds` (from its start) and `peak_mib`."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    answer, _ = process.communicate()
    seconds, mib = time.perf_counter() - start, peak.mib()
    if process.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)}: exit code {process.returncode}")
    result: dict[str, Any] = json.loads(answer)
    return result | {"whole_seconds": seconds, "peak_mib": mib}


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _tree(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                todo += map(int, children.read_text().split())
            except OSError:
                continue
    return found
