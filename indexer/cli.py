"""`amanat index`: keep the mirror, see how far it is, build it anew, compare it with the chain."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from contracts.deployment import BadDeployment, Deployment
from indexer import compare as comparing
from indexer import rebuild as rebuilding
from indexer import status as states
from indexer.databases import database, reading_engine
from indexer.errors import BadSetting, IndexerError, MirrorInUse, MirrorMissing
from indexer.health import Address, Health, serving
from indexer.keep import Observers, database_errors, keep, mirror_bytes, refuse_to_wait, replay
from indexer.lock import holder
from indexer.logs import LogLines, LogStyle, configure, logger, without_secrets
from indexer.metrics import Metrics
from indexer.mirror import open_for_reading, open_for_writing
from indexer.node import Node
from indexer.nodes import Nodes
from indexer.observer import Observer
from indexer.progress import ProgressLine
from indexer.queries.blocks import as_of
from indexer.settings import MOST_UNDONE, Consensus, Finality, Settings, Verify

index = typer.Typer(help="The mirror: what the chain says, as tables.", no_args_is_help=True)

NODE = "http://127.0.0.1:8545"
DEPLOYMENT = Path(".amanat/deployment.json")
MIRROR = "sqlite:///.amanat/mirror.db"
_MOST_SILENCE_S = 30.0
_STATUS_PATIENCE_S = 5.0

NodeOption = Annotated[
    list[str],
    typer.Option(
        "--node",
        envvar="AMANAT_NODE",
        help="A node's JSON-RPC address. Give several (again, or separated by commas): a bad one is left for the next.",
    ),
]
DeploymentOption = Annotated[
    Path, typer.Option("--deployment", envvar="AMANAT_DEPLOYMENT", help="The file that scripts/deploy wrote.")
]
MirrorOption = Annotated[
    str,
    typer.Option(
        "--mirror", envvar="AMANAT_MIRROR", help="The mirror's database: sqlite:///… or postgresql://…"
    ),
]
FinalityOption = Annotated[
    str,
    typer.Option(
        envvar="AMANAT_FINALITY",
        help="When a block is final: instant, depth:N, or finalized (the node's word).",
    ),
]
VerifyOption = Annotated[
    str,
    typer.Option(
        envvar="AMANAT_VERIFY",
        help="How much of a node's answers is recomputed: full, sampled:P (a share), or off.",
    ),
]
ConsensusOption = Annotated[
    str, typer.Option(envvar="AMANAT_CONSENSUS", help="How blocks are sealed: none, clique, or qbft.")
]
EpochOption = Annotated[
    int,
    typer.Option(
        envvar="AMANAT_EPOCH", help="Blocks between two checkpoints of the sealers; with --consensus."
    ),
]
UndoneOption = Annotated[
    int, typer.Option(envvar="AMANAT_MOST_UNDONE", help="Most blocks that a re-organisation may take back.")
]
PollOption = Annotated[
    float, typer.Option(envvar="AMANAT_POLL", help="Seconds between two looks at the node's head.")
]
LogOption = Annotated[
    str,
    typer.Option(
        envvar="AMANAT_LOG",
        help="How lines are logged: text or json. By default text on a terminal, else json.",
    ),
]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait for another indexer to end, instead of refusing.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@index.command()
def follow(
    node: NodeOption = [NODE],  # noqa: B006 - typer reads it, nothing changes it
    deployment: DeploymentOption = DEPLOYMENT,
    mirror: MirrorOption = MIRROR,
    finality: FinalityOption = "instant",
    verify: VerifyOption = "full",
    consensus: ConsensusOption = "none",
    epoch: EpochOption = 30_000,
    most_undone: UndoneOption = MOST_UNDONE,
    poll: PollOption = 0.2,
    metrics: Annotated[
        str,
        typer.Option(
            envvar="AMANAT_METRICS",
            help="HOST:PORT (or PORT on this machine) for /metrics, /health/live and /health/ready. Off by default.",
        ),
    ] = "",
    most_lag: Annotated[
        int, typer.Option(envvar="AMANAT_MOST_LAG", help="/health/ready says no when more blocks behind.")
    ] = 10,
    log: LogOption = "",
) -> None:
    """Follows the chain into the mirror until stopped. May be killed at any time: it goes on where it stood.

    When another indexer writes the mirror, waits, and takes over within seconds after that one ends.

    Exit code 0: stopped when asked to. 1: failed in a way that trying again may help. 2: a setting is no use, or
    somebody has to look; the message says what.
    """
    with _refusals():
        configure(LogStyle.parse(log, sys.stderr), sys.stderr)
        settings = _settings(finality, verify, consensus, epoch, most_undone, poll)
        if most_lag < 0:
            raise BadSetting("most-lag", str(most_lag), "give a number of blocks, 0 or more")
        health = Health(most_lag, max(_MOST_SILENCE_S, 10 * poll))
        stop = _stopped_by_signals()
        address = Address.parse(metrics) if metrics else None
        ledger = Deployment.load(deployment)
        with ExitStack() as stack:
            nodes = stack.enter_context(Nodes.of(_split(node)))
            reading = reading_engine(database(mirror))
            stack.callback(reading.dispose)
            figures = Metrics(lambda: mirror_bytes(mirror, reading))
            if address is not None:
                port = stack.enter_context(serving(address, health, figures))
                logger().info("serving_health", host=address.host, port=port)
            line = stack.enter_context(closing(ProgressLine(sys.stderr)))
            last = keep(
                mirror,
                nodes,
                ledger,
                settings,
                Observers(health, figures, line, LogLines()),
                stop,
                on_wait=lambda holder: _standing_by(health, holder),
                on_turn=health.following,
            )
            health.stopping()
            line.close()
            logger().info("stopped", block=None if last is None else last.number)


@index.command()
def status(
    node: NodeOption = [NODE],  # noqa: B006 - typer reads it, nothing changes it
    mirror: MirrorOption = MIRROR,
    behind: Annotated[int, typer.Option(help="Exit with 1 when more blocks than this behind.", min=0)] = 10,
    json_: JsonOption = False,
) -> None:
    """Says how far the mirror is, what it holds, who writes it, and what each node answers.

    Exit code 0: well. 1: too far behind. 2: no node or no mirror.
    """
    with _refusals(always=2), ExitStack() as stack:
        reading = open_for_reading(mirror)
        stack.callback(reading.dispose)
        nodes = stack.enter_context(
            Nodes([Node(one.url, _STATUS_PATIENCE_S) for one in Nodes.of(_split(node)).all])
        )
        with database_errors(), reading.connect() as conn:
            state = states.status(conn)
        answers, writer = states.endpoints(nodes), holder(mirror)
        if json_:
            typer.echo(json.dumps(states.as_json(state, answers, writer), indent=2))
        else:
            typer.echo("\n".join(states.lines(state, answers, writer)))
        head = states.highest(answers)
        if head is None:
            raise typer.Exit(2)
        if head - state.as_of.number > behind:
            raise typer.Exit(1)


@index.command()
def rebuild(
    node: NodeOption = [NODE],  # noqa: B006 - typer reads it, nothing changes it
    deployment: DeploymentOption = DEPLOYMENT,
    mirror: MirrorOption = MIRROR,
    finality: FinalityOption = "instant",
    verify: VerifyOption = "full",
    consensus: ConsensusOption = "none",
    epoch: EpochOption = 30_000,
    from_genesis: Annotated[
        bool, typer.Option("--from-genesis", help="From block 0, not from the ledger's deployment.")
    ] = False,
    wait: WaitOption = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before the mirror is dropped.")
    ] = False,
    log: LogOption = "",
) -> None:
    """Drops the mirror and replays the chain up to the node's head.

    Readers see the old mirror until it is dropped, then one that grows, each answer beside its block. Killed at any
    time, the next `follow` or `rebuild` goes on. To spare readers that, follow into another database and name that
    one to them when it has caught up.

    Exit code 0: rebuilt. 1: stopped before, or failed in a way that trying again may help. 2: a setting is no use,
    another indexer writes the mirror, or somebody has to look.
    """
    with _refusals():
        configure(LogStyle.parse(log, sys.stderr), sys.stderr)
        settings = _settings(finality, verify, consensus, epoch)
        ledger = Deployment.load(deployment)
        _ask_first(mirror, yes)
        with Nodes.of(_split(node)) as nodes, closing(ProgressLine(sys.stderr)) as line:
            last = rebuilding.rebuild(
                mirror,
                nodes,
                ledger,
                settings,
                [line, LogLines()],
                _stopped_by_signals(),
                on_wait=_say_waiting if wait else refuse_to_wait(mirror),
                from_genesis=from_genesis,
            )
        if last is None:
            logger().warning("stopped_before_the_end")
            raise typer.Exit(1)
        logger().info("rebuilt", block=last.number, hash=last.hash)


@index.command()
def compare(
    node: NodeOption = [NODE],  # noqa: B006 - typer reads it, nothing changes it
    deployment: DeploymentOption = DEPLOYMENT,
    mirror: MirrorOption = MIRROR,
    against: Annotated[
        str,
        typer.Option(
            help="Compare with this mirror, e.g. another organisation's, instead of with a replay of the chain."
        ),
    ] = "",
    verify: VerifyOption = "full",
    consensus: ConsensusOption = "none",
    epoch: EpochOption = 30_000,
    json_: JsonOption = False,
    log: LogOption = "",
) -> None:
    """Replays the chain into a second database and compares it with the mirror, table by table (I11); then checks
    the mirror's invariants I1-I3, I7 and I10. The mirror may go on meanwhile.

    Exit code 0: all equal and true. 1: something differs or is broken; it is named. 2: it could not be done.
    """
    with _refusals(always=2), ExitStack() as stack:
        configure(LogStyle.parse(log, sys.stderr), sys.stderr)
        reading = open_for_reading(mirror)
        stack.callback(reading.dispose)
        if not against:
            settings = _settings("instant", verify, consensus, epoch)
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="amanat-compare-"))
            against = f"sqlite:///{folder}/replay.db"
            with database_errors(), reading.connect() as conn:
                number = as_of(conn).number
            nodes = stack.enter_context(Nodes.of(_split(node)))
            _replay_into(against, nodes, Deployment.load(deployment), settings, number)
        other = open_for_reading(against)
        stack.callback(other.dispose)
        with database_errors(), reading.connect() as ours, other.connect() as theirs:
            found = comparing.compare(ours, theirs)
        if json_:
            typer.echo(json.dumps(comparing.as_json(found), indent=2))
        else:
            typer.echo("\n".join(comparing.lines(found)))
        if not found.well:
            raise typer.Exit(1)


def _replay_into(url: str, nodes: Nodes, ledger: Deployment, settings: Settings, number: int) -> None:
    """Replays up to block `number` or a little beyond; raises Exit when stopped before."""
    engine = open_for_writing(url)
    try:
        with closing(ProgressLine(sys.stderr)) as line:
            observers: list[Observer] = [line, LogLines()]
            if replay(engine, nodes, ledger, settings, observers, _stopped_by_signals(), number) is None:
                typer.echo("stopped before the end: nothing was compared", err=True)
                raise typer.Exit(2)
    finally:
        engine.dispose()


def _settings(
    finality: str,
    verify: str,
    consensus: str,
    epoch: int,
    most_undone: int = MOST_UNDONE,
    poll_s: float = 0.2,
) -> Settings:
    """Raises BadSetting."""
    if consensus not in tuple(Consensus):
        raise BadSetting("consensus", consensus, "give none, clique or qbft")
    return Settings(
        finality=Finality.parse(finality),
        verify=Verify.parse(verify),
        consensus=Consensus(consensus),
        epoch=epoch,
        most_undone=most_undone,
        poll_s=poll_s,
    )


def _split(nodes: list[str]) -> list[str]:
    return [url for one in nodes for url in one.replace(",", " ").split()]


def _stopped_by_signals() -> threading.Event:
    """Set by Ctrl-C and by SIGTERM.

    By a thread: the handler interrupts the main thread, which may be inside this very event's lock, waiting on it.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    return stop


def _standing_by(health: Health, holder: str) -> None:
    health.standing_by(holder)
    _say_waiting(holder)


def _say_waiting(holder: str) -> None:
    logger().info("standing_by", holder=holder or "another indexer")


def _ask_first(mirror: str, yes: bool) -> None:
    """Asks a person at a terminal; raises Exit when the answer is no."""
    if yes or not sys.stdin.isatty():
        return
    try:
        reading = open_for_reading(mirror)
    except MirrorMissing:
        return
    try:
        with database_errors(), reading.connect() as conn:
            number = as_of(conn).number
    except MirrorMissing:
        return
    finally:
        reading.dispose()
    shown = without_secrets(mirror)
    typer.confirm(f"Drop {shown}, which is at block {number:,}, and replay the chain?", abort=True, err=True)


@contextmanager
def _refusals(always: int | None = None) -> Iterator[None]:
    """Errors as a line on stderr and an exit code: 1 when trying again may help, 2 otherwise, or `always`."""
    try:
        yield
    except (IndexerError, BadDeployment, DBAPIError) as error:
        typer.echo(without_secrets(str(error)), err=True)
        retry = isinstance(error, DBAPIError) or (isinstance(error, IndexerError) and error.retry)
        held = isinstance(error, MirrorInUse)  # only where waiting was refused
        raise typer.Exit(always or (1 if retry and not held else 2)) from None
