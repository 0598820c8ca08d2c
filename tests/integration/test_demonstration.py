"""The main job on real data, as scripts/demo runs it: a real ledger, a real plan, volunteers' hours; then resumed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(900)]


def run_once(home: Path) -> str:
    """Runs the demonstration until its jobs are done; returns what it printed."""
    with socket.socket() as one, socket.socket() as other:  # two ports that nobody uses now
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        ports = ["--port", str(one.getsockname()[1]), "--node-port", str(other.getsockname()[1])]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demonstration", "--once", *ports],
        cwd=ROOT,
        env=os.environ | {"AMANAT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def figures(printed: str) -> dict[str, int]:
    """The counts that the demonstration printed."""
    pairs = re.findall(r"^  ([a-z ]+?)  +([\d,]+)(?: |$)", printed, re.MULTILINE)
    return {name: int(number.replace(",", "")) for name, number in pairs}


def test_the_main_job_runs_on_real_data_and_a_second_start_resumes_it(tmp_path: Path) -> None:
    printed = run_once(tmp_path / "demo")
    found = figures(printed)

    # 968 real gifts, one from a real bank statement, one of minutes; the simulated ones cover the plan's cost.
    assert found["gifts"] > 968 + 2
    assert found["families"] == 700 and found["other recipients"] == 14
    assert 0 < found["confirmed"] < found["deliveries"]
    assert found["not confirmed"] == found["deliveries"] - found["confirmed"]
    assert found["refused"] > 0 and found["waiting"] > 0
    assert found["two checkers"] > 5 and found["bodies graded"] == 2
    for once in ("lists cancelled", "disputes upheld", "transfers", "gifts claimed"):
        assert found[once] == 1, once
    assert found["came back"] == 2, "one delivery that nobody took, one that the desk found wrong"
    # The demonstration itself fails when one of the 31 balances differs by a cent.
    assert "1,080 groups; 31 balances rebuilt from the chain equal the real ones to the cent" in printed
    assert len(re.findall(r"^  [0-9a-f]{8}  ", printed, re.MULTILINE)) == 8
    assert printed.count("their currencies disagree") == 4
    assert "1 gifts; 253EURCH2801234000123456789: balances absent: not proven" in printed
    assert "Zakat money for another programme: fund: The programme does not take money" in printed

    assert figures(run_once(tmp_path / "demo")) == found
