"""`amanat index` as people and machines run it: follow, status, rebuild and compare, on both databases."""

from __future__ import annotations

import json
import logging
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine, delete, insert, select, update
from typer.testing import CliRunner, Result

from indexer import compare as comparing
from indexer.cli import index
from indexer.digest import digests
from indexer.errors import IndexerError
from indexer.mirror import open_for_reading, open_for_writing
from indexer.queries.blocks import as_of
from indexer.schema import block, delivery_confirmed, donation_recorded, fund_total
from tests.doubles.branches import Block, BranchNode, Tree
from tests.doubles.following import following, settle
from tests.doubles.following import wait_until as wait_so_long

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

COMMAND = [sys.executable, "-c", "from indexer.cli import index; index()"]
BLOCKS = 150
TREE = Tree()
"""One chain for all: growing it is most of the work."""


class Ledger:
    """A chain, its node, its deployment file, and an environment that names them."""

    def __init__(self, folder: Path) -> None:
        self.tree = TREE
        self.tip = self.tree.grow(self.tree.genesis, BLOCKS)
        self.node = BranchNode(self.tree, self.tip)
        self.deployment = folder / "deployment.json"
        self.tree.deployment.save(self.deployment)

    def grow(self, blocks: int) -> None:
        self.tip = self.tree.grow(self.tip, blocks)
        self.node.serve(self.tip)

    def environment(self, mirror: str) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AMANAT_")},
            "AMANAT_NODE": self.node.url,
            "AMANAT_DEPLOYMENT": str(self.deployment),
            "AMANAT_MIRROR": mirror,
            "AMANAT_POLL": "0.02",
        }

    def run(self, mirror: str, *arguments: str, **environment: str) -> Result:
        """A command that ends by itself, in this process."""
        return CliRunner().invoke(index, arguments, env={**self.environment(mirror), **environment})

    def fill(self, mirror: str, tip: Block | None = None) -> Engine:
        """The mirror, followed in this process up to the tip."""
        engine = open_for_writing(mirror)
        with following(engine, self.tree.deployment, self.node.url) as follower:
            settle(follower, tip or self.tip)
        return engine


class Following:
    """`amanat index follow` as a process of its own."""

    def __init__(self, ledger: Ledger, mirror: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "follow", *arguments],
            env=ledger.environment(mirror),
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, number: int = signal.SIGTERM) -> tuple[int, list[dict[str, Any]]]:
        """Its exit code and the lines that it logged."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, [json.loads(line) for line in errors.splitlines()]


@pytest.fixture(autouse=True)
def logging_kept() -> Iterator[None]:
    """The command takes over the process' logging and signals; a test gives them back."""
    root, numbers = logging.getLogger(), (signal.SIGINT, signal.SIGTERM)
    before = root.handlers[:], root.level, [signal.getsignal(number) for number in numbers]
    yield
    root.handlers[:], root.level = before[:2]
    structlog.reset_defaults()
    for number, handler in zip(numbers, before[2], strict=True):
        signal.signal(number, handler)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path)
    with ledger.node:
        yield ledger


def reached(mirror: str, number: int) -> bool:
    try:
        engine = open_for_reading(mirror)
    except IndexerError:
        return False
    try:
        with engine.connect() as conn:
            return as_of(conn).number >= number
    except IndexerError:
        return False
    finally:
        engine.dispose()


def contents(mirror: str) -> dict[str, bytes]:
    engine = open_for_reading(mirror)
    with engine.connect() as conn:
        result = digests(conn)
    engine.dispose()
    return result


def wait_until(true: Callable[[], bool]) -> None:
    """On a busy machine a process takes a while to start."""
    wait_so_long(true, 90)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def get(port: int, path: str) -> tuple[int, str]:
    """Status and body; 0 while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


# --- follow


def test_a_second_indexer_waits_and_takes_over_when_the_first_is_killed(
    ledger: Ledger, mirror_url: str
) -> None:
    ports = free_port(), free_port()
    first = Following(ledger, mirror_url, "--metrics", f"127.0.0.1:{ports[0]}", "--finality", "depth:10")
    wait_until(lambda: get(ports[0], "/health/ready")[0] == 200)
    check_figures(ledger, ports[0])
    second = Following(ledger, mirror_url, "--metrics", str(ports[1]))
    try:
        wait_until(lambda: "standing by" in get(ports[1], "/health/ready")[1])
        assert get(ports[1], "/health/live")[0] == 200
        status, body = get(ports[1], "/health/ready")
        assert status == 503
        assert f"process {first.process.pid}" in json.loads(body)["reason"]

        code, _ = first.end(signal.SIGKILL)
        assert code == -signal.SIGKILL
        killed_at = time.monotonic()
        ledger.grow(5)
        wait_until(lambda: reached(mirror_url, ledger.tip.number))
        assert time.monotonic() - killed_at < 10
        wait_until(lambda: get(ports[1], "/health/ready")[0] == 200)
    finally:
        code, lines = second.end()
    assert code == 0
    assert [line["event"] for line in lines if line["event"] in ("standing_by", "following", "stopped")] == [
        "standing_by",
        "following",
        "stopped",
    ]
    assert lines[-1]["block"] == ledger.tip.number
    assert all(line["level"] in ("info", "warning") and line["time"].endswith("Z") for line in lines)


def check_figures(ledger: Ledger, port: int) -> None:
    """Of a follower whose blocks are final when ten are behind them."""
    ledger.grow(3)
    end = ledger.tip.number
    wait_until(lambda: f"amanat_index_indexed_block {float(end)}" in get(port, "/metrics")[1])
    status, text = get(port, "/metrics")
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert status == 200
    assert float(figures["amanat_index_head_block"]) == end
    assert float(figures["amanat_index_final_block"]) == end - 10
    assert float(figures["amanat_index_lag_blocks"]) == 0
    assert float(figures["amanat_index_events_total"]) > 0
    assert float(figures["amanat_index_mirror_size_bytes"]) > 0


REFUSED = [
    ("--finality", "soon", "instant, finalized, or depth:N"),
    ("--finality", "depth:0", "instant, finalized, or depth:N"),
    ("--verify", "sampled:2", "full, off, or sampled:P"),
    ("--consensus", "pow", "none, clique or qbft"),
    ("--most-undone", "0", "from 1 to 100000"),
    ("--epoch", "0", "epoch length"),
    ("--poll", "0", "from 0.01 to 3600"),
    ("--poll", "nan", "from 0.01 to 3600"),
    ("--metrics", "here", "HOST:PORT"),
    ("--metrics", "127.0.0.1:0", "HOST:PORT"),
    ("--most-lag", "-1", "0 or more"),
    ("--log", "xml", "text or json"),
    ("--node", "localhost", "http://host:port"),
    ("--mirror", "mysql://me:secret@host/db", "sqlite:///"),
    ("--most-undone", "many", "integer"),
]


@pytest.mark.parametrize(("option", "value", "remedy"), REFUSED, ids=[f"{o}={v}" for o, v, _ in REFUSED])
def test_a_bad_setting_is_refused_with_its_name_and_the_remedy(
    tmp_path: Path, option: str, value: str, remedy: str
) -> None:
    TREE.deployment.save(tmp_path / "deployment.json")
    mirror = f"sqlite:///{tmp_path / 'mirror.db'}"
    good = [
        "--mirror",
        mirror,
        "--deployment",
        str(tmp_path / "deployment.json"),
        "--node",
        "http://127.0.0.1:1",
    ]
    done = CliRunner().invoke(index, ["follow", *good, option, value], env={"TERMINAL_WIDTH": "200"})
    said = " ".join(done.output.replace("│", " ").split())
    assert done.exit_code == 2, said
    assert option in said and remedy in said
    assert "secret" not in said and "Traceback" not in said


def test_no_secret_of_a_node_is_logged(ledger: Ledger, tmp_path: Path) -> None:
    mirror = f"sqlite:///{tmp_path / 'mirror.db'}"
    secret = ledger.node.url.replace("http://", "http://me:hidden1@") + "/v3/hidden2?key=hidden3"
    gone = f"http://me:hidden4@127.0.0.1:{free_port()}/hidden5"
    process = Following(ledger, mirror, "--node", gone, "--node", secret)
    wait_until(lambda: reached(mirror, BLOCKS))
    process.process.terminate()
    _, errors = process.process.communicate(timeout=30)
    events = [json.loads(line)["event"] for line in errors.splitlines()]
    assert {"answer_refused", "endpoint_switched", "following"} <= set(events)
    assert "hidden" not in errors


# --- status


def test_status_says_how_far_and_what(ledger: Ledger, mirror_url: str) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    engine = ledger.fill(mirror_url)
    engine.dispose()
    done = ledger.run(mirror_url, "status", "--json", AMANAT_NODE=f"{ledger.node.url},{gone}")
    assert done.exit_code == 0, done.stderr
    state = json.loads(done.stdout)
    assert state["indexed"] == state["head"] == state["final"] == BLOCKS
    assert state["lag_blocks"] == 0 and state["finality"] == "instant" and state["writer"] is None
    assert state["indexed_hash"] == ledger.tip.hash
    assert state["rows"]["block"] == BLOCKS + 1
    assert [(one["head"], one["error"] is None) for one in state["endpoints"]] == [
        (BLOCKS, True),
        (None, False),
    ]
    assert "written by  nobody now" in ledger.run(mirror_url, "status").stdout

    ledger.grow(11)
    done = ledger.run(mirror_url, "status")
    assert done.exit_code == 1 and f"{BLOCKS + 11:,}" in done.stdout
    done = ledger.run(mirror_url, "status", AMANAT_NODE=gone)
    assert done.exit_code == 2 and f"{BLOCKS:,}" in done.stdout


def test_status_of_no_mirror(ledger: Ledger, mirror_url: str) -> None:
    done = ledger.run(mirror_url, "status")
    assert done.exit_code == 2 and "nothing indexed yet" in done.stderr


# --- rebuild


def test_rebuild_gives_the_same_rows(ledger: Ledger, mirror_url: str) -> None:
    engine = ledger.fill(mirror_url)
    with engine.begin() as conn:
        conn.execute(delete(donation_recorded))
    engine.dispose()
    done = ledger.run(mirror_url, "rebuild", "--from-genesis", "--finality", "depth:3")
    assert done.exit_code == 0, done.stderr
    other = f"sqlite:///{ledger.deployment.parent / 'other.db'}"
    ledger.fill(other).dispose()
    assert contents(mirror_url) == contents(other)
    state = json.loads(ledger.run(mirror_url, "status", "--json").stdout)
    assert (state["indexed"], state["final"], state["finality"]) == (BLOCKS, BLOCKS - 3, "depth:3")


def test_rebuild_is_refused_while_an_indexer_runs_and_waits_when_told(
    ledger: Ledger, mirror_url: str
) -> None:
    process = Following(ledger, mirror_url)
    wait_until(lambda: reached(mirror_url, BLOCKS))
    assert f"process {process.process.pid}" in ledger.run(mirror_url, "status").stdout
    done = ledger.run(mirror_url, "rebuild")
    assert done.exit_code == 2 and f"process {process.process.pid}" in done.stderr
    waiting = subprocess.Popen(
        [*COMMAND, "rebuild", "--wait"],
        env=ledger.environment(mirror_url),
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert waiting.stderr is not None and '"standing_by"' in waiting.stderr.readline()
    process.end()
    _, errors = waiting.communicate(timeout=60)
    assert waiting.returncode == 0 and '"rebuilt"' in errors


def test_a_rebuild_killed_at_any_time_is_gone_on_with(ledger: Ledger, mirror_url: str) -> None:
    ledger.grow(250)
    ledger.fill(mirror_url).dispose()
    whole = contents(mirror_url)
    for moment_s in (0.0, 0.4):
        process = subprocess.Popen(
            [*COMMAND, "rebuild", "--yes", "--log", "json"],
            env=ledger.environment(mirror_url),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        while "mirror_dropped" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(moment_s)
        process.kill()
        process.communicate()
    ledger.fill(mirror_url).dispose()
    assert contents(mirror_url) == whole


def test_rebuild_asks_first_on_a_terminal(ledger: Ledger, tmp_path: Path) -> None:
    mirror = f"sqlite:///{tmp_path / 'mirror.db'}"
    ledger.fill(mirror).dispose()
    before = contents(mirror)
    for answer, code in ((b"n\n", 1), (b"y\n", 0)):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, "rebuild"],
            env=ledger.environment(mirror),
            stdin=theirs,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.write(ours, answer)
        _, errors = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)
        assert f"at block {BLOCKS}" in errors and process.returncode == code
        assert ("mirror_dropped" in errors) is (code == 0)
    assert contents(mirror) == before


# --- compare


def test_compare_finds_a_mirror_equal_while_it_goes_on(ledger: Ledger, mirror_url: str) -> None:
    ledger.fill(mirror_url).dispose()
    ledger.grow(20)  # the replay goes beyond the mirror
    done = ledger.run(mirror_url, "compare")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "tables are equal, and the invariants hold" in done.stdout
    assert f"at block {BLOCKS}" in done.stdout


Change = Callable[[Any], Any]


def one_byte(conn: Any) -> str:
    row = conn.execute(select(donation_recorded).order_by(donation_recorded.c.block_number)).first()
    donor = bytes([row.donor[0] ^ 1]) + row.donor[1:]
    conn.execute(
        update(donation_recorded).where(donation_recorded.c.donation == row.donation).values(donor=donor)
    )
    return (
        f"donation_recorded, block {row.block_number}, log_index {row.log_index}: here donor 0x{donor.hex()}"
    )


def row_deleted(conn: Any) -> str:
    row = conn.execute(select(delivery_confirmed).order_by(delivery_confirmed.c.block_number)).first()
    conn.execute(delete(delivery_confirmed).where(delivery_confirmed.c.entitlement == row.entitlement))
    return f"delivery_confirmed, block {row.block_number}, log_index {row.log_index}: missing here"


def row_added(conn: Any) -> str:
    row = conn.execute(select(delivery_confirmed)).mappings().first()
    made_up = dict(row) | {"entitlement": b"\x01" * 32, "log_index": 999}
    conn.execute(insert(delivery_confirmed), made_up)
    return f"delivery_confirmed, block {row['block_number']}, log_index 999: only here"


def total_changed(conn: Any) -> str:
    row = conn.execute(select(fund_total).order_by(fund_total.c.block_number)).first()
    same = (fund_total.c.fund == row.fund, fund_total.c.measure == row.measure)
    conn.execute(
        update(fund_total)
        .where(*same, fund_total.c.block_number == row.block_number)
        .values(amount_minor=row.amount_minor + 1)
    )
    return f"fund_total, block {row.block_number}, fund 0x{row.fund.hex()}"


def block_renamed(conn: Any) -> str:
    conn.execute(update(block).where(block.c.number == 7).values(hash=b"\x07" * 32))
    return "block, block 7, number 7: here hash 0x0707"


def test_compare_names_what_was_changed(ledger: Ledger, new_mirror: Callable[[], str]) -> None:
    mirror, other = new_mirror(), new_mirror()
    engine, there = ledger.fill(mirror), ledger.fill(other)
    for change in (one_byte, row_deleted, row_added, total_changed, block_renamed):
        with engine.connect() as ours, there.connect() as theirs, ours.begin() as changes:
            named = change(ours)
            found = comparing.compare(ours, theirs)
            changes.rollback()
        said = list(comparing.lines(found))
        assert not found.well
        assert any(line.startswith(named) for line in said), said
        assert len([line for line in said if line.endswith("NO") or " NO " in line]) == 1
    with engine.begin() as conn:
        named = one_byte(conn)
    engine.dispose()
    there.dispose()
    done = ledger.run(mirror, "compare", "--against", other)
    assert done.exit_code == 1 and named in done.stdout
    assert re.search(r"\n1 of \d+ tables differ", done.stdout)


def test_compare_names_what_breaks_an_invariant(ledger: Ledger, mirror_url: str) -> None:
    engine = ledger.fill(mirror_url)
    with engine.begin() as conn:
        row: Any = conn.execute(select(donation_recorded).order_by(donation_recorded.c.start.desc())).first()
        at = donation_recorded.c.donation == row.donation
        conn.execute(update(donation_recorded).where(at).values(start=row.start + 1))
    engine.dispose()
    done = ledger.run(mirror_url, "compare", "--json")
    assert done.exit_code == 1, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert not found["well"]
    assert [table["table"] for table in found["tables"] if not table["equal"]] == ["donation_recorded"]
    assert {"I2"} <= {one["invariant"] for one in found["broken"]}
    assert any("0x" + row.donation.hex() in one["ids"].values() for one in found["broken"])


def test_compare_with_a_node_that_is_behind_could_not_be_done(ledger: Ledger, tmp_path: Path) -> None:
    mirror = f"sqlite:///{tmp_path / 'mirror.db'}"
    ledger.fill(mirror).dispose()
    ledger.node.serve(ledger.tip.back(10))
    done = ledger.run(mirror, "compare")
    assert done.exit_code == 2 and f"block {BLOCKS - 10}" in done.stderr and f"block {BLOCKS}" in done.stderr
