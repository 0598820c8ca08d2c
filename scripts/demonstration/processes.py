"""The programs of one ledger on one machine: the node, the indexer, the relay and the API."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import httpx

from contracts import devnode
from scripts.demonstration.home import Home

ROOT = Path(__file__).resolve().parents[2]
AMANAT = Path(sys.executable).parent / "amanat"

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


class StartFailed(Exception):
    """A program did not start."""


class Processes:
    """Starts the programs of a demonstration and stops them in the order that loses nothing."""

    def __init__(self, home: Home, node_port: int, api_port: int) -> None:
        self.node_url = f"http://127.0.0.1:{node_port}"
        self.api_url = f"http://127.0.0.1:{api_port}"
        self._home = home
        self._ports = node_port, api_port
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        # A second Ctrl-C must not cut this short: the node would be left running, its chain not written.
        impatient = (
            signal.signal(signal.SIGINT, signal.SIG_IGN),
            signal.signal(signal.SIGTERM, signal.SIG_IGN),
        )
        try:
            for name in ("api", "relay", "indexer", "node"):
                self.stop(name)
        finally:
            signal.signal(signal.SIGINT, impatient[0])
            signal.signal(signal.SIGTERM, impatient[1])

    def start_node(self) -> None:
        """The development node, with its chain kept in a file."""
        self.start("node", devnode.command(self._ports[0], state=self._home.folder / "chain.json"))
        self._wait("node", self.node_url)

    def start_ledger(self) -> None:
        """The indexer, then the relay and the API, which read what it mirrors."""
        environment = self._home.settings(self.node_url, self.api_url)
        self.start("indexer", [str(AMANAT), "index", "follow"], environment)
        mirror = self._home.folder / "mirror.db"
        self._until("indexer", lambda: mirror.exists() and mirror.stat().st_size > 0)
        self.start("relay", [str(AMANAT), "relay"], environment)
        self.start("api", [str(AMANAT), "serve", "--port", str(self._ports[1])], environment)
        self._wait("api", f"{self.api_url}/v1/problems")

    def start(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        """Starts a program in a session of its own, so that Ctrl-C reaches it only through us, in order."""
        with (self._home.folder / "log" / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env=os.environ | (environment or {}),
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL: what a power cut does."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        """SIGTERM (the node: SIGINT, so that it writes its state), and patience."""
        process = self._running.pop(name, None)
        if process is None:
            return
        process.send_signal(signal.SIGINT if name == "node" else signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def watch(self) -> None:
        """Returns when a program has ended by itself; raises StartFailed with its last words."""
        while all(p.poll() is None for p in self._running.values()):
            time.sleep(0.5)
        for name, process in self._running.items():
            if process.poll() is not None:
                raise StartFailed(self._last_words(name))

    def _wait(self, name: str, url: str) -> None:
        def answers() -> bool:
            try:
                httpx.post(url, json={}, timeout=1) if name == "node" else httpx.get(url, timeout=1)
            except httpx.TransportError:
                return False
            return True

        self._until(name, answers)

    def _until(self, name: str, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end and self._running[name].poll() is None:
            if ready():
                return
            time.sleep(0.05)
        raise StartFailed(self._last_words(name))

    def _last_words(self, name: str) -> str:
        log = self._home.folder / "log" / f"{name}.log"
        return f"{name} does not run; the end of {log}:\n{log.read_text(errors='replace')[-2000:]}"
