"""A process that is measured from its start to its end: seconds, and the memory of it and its children."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

_EVERY_S = 0.05


class Peak(threading.Thread):
    """The most memory that a process and its descendants held together, looked at every 50 ms; what they share is
    counted once (the kernel's proportional set size)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._stop_now = threading.Event()
        self._bytes = 0
        self.start()

    def run(self) -> None:
        while not self._stop_now.is_set():
            self._bytes = max(self._bytes, sum(map(_held, _tree(self._pid))))
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


def _held(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended meanwhile
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _tree(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            for children in list(Path(f"/proc/{one}/task").glob("*/children")):
                todo += map(int, children.read_text().split())
        except OSError:
            continue
    return found
