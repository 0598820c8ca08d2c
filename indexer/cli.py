"""`amanat index`: keep the mirror, and see how far it is."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from contracts.deployment import BadDeployment, Deployment
from indexer.errors import IndexerError, NodeUnreachable
from indexer.fetch import head
from indexer.follow import Follower
from indexer.lock import only_follower
from indexer.mirror import open_for_reading, open_for_writing
from indexer.node import Node
from indexer.progress import ProgressLine
from indexer.status import status as status_of

index = typer.Typer(help="The mirror: what the chain says, as tables.", no_args_is_help=True)

NodeOption = Annotated[str, typer.Option("--node", envvar="AMANAT_NODE", help="The node's JSON-RPC address.")]
DeploymentOption = Annotated[
    Path, typer.Option("--deployment", envvar="AMANAT_DEPLOYMENT", help="The file that scripts/deploy wrote.")
]
MirrorOption = Annotated[
    str, typer.Option("--mirror", envvar="AMANAT_MIRROR", help="The mirror's database URL.")
]

NODE = "http://127.0.0.1:8545"
DEPLOYMENT = Path(".amanat/deployment.json")
MIRROR = "sqlite:///.amanat/mirror.db"


@index.command()
def follow(
    node: NodeOption = NODE,
    deployment: DeploymentOption = DEPLOYMENT,
    mirror: MirrorOption = MIRROR,
    poll: Annotated[
        float, typer.Option(help="Seconds between two looks at the node's head.", min=0.01)
    ] = 0.2,
) -> None:
    """Follows the chain into the mirror until stopped. May be killed at any time: it goes on where it
    stood."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO, stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        ledger = Deployment.load(deployment)
        with only_follower(mirror), Node(node) as client:
            engine = open_for_writing(mirror)
            follower = _started(client, engine, ledger, stop)
            if follower is not None:
                logging.info("following %s from block %d into %s", node, follower.position.number + 1, mirror)
                follower.run(stop, poll)
                logging.info("stopped at block %d", follower.position.number)
            engine.dispose()
    except (IndexerError, BadDeployment, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _started(node: Node, engine: Engine, ledger: Deployment, stop: threading.Event) -> Follower | None:
    """The follower once the node answers; None when stopped before."""
    said = False
    while not stop.is_set():
        try:
            return Follower(node, engine, ledger, on_progress=ProgressLine(sys.stderr))
        except NodeUnreachable as error:
            if not said:
                logging.warning("%s waiting for it", error)
            said = True
            stop.wait(0.5)
    return None


@index.command()
def status(
    node: NodeOption = NODE,
    mirror: MirrorOption = MIRROR,
    behind: Annotated[int, typer.Option(help="Exit with 1 when more blocks than this behind.", min=0)] = 10,
) -> None:
    """Says how far the mirror is and what it holds. Exit code 1: too far behind; 2: no node or no mirror."""
    try:
        with Node(node) as client, open_for_reading(mirror).connect() as conn:
            latest = head(client)
            state = status_of(conn)
    except (IndexerError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    lag = latest.number - state.as_of.number
    typer.echo(f"head     {latest.number:>12,}")
    typer.echo(f"indexed  {state.as_of.number:>12,}  0x{state.as_of.hash.hex()}")
    typer.echo(f"lag      {lag:>12,} blocks")
    for name, count in state.rows.items():
        typer.echo(f"  {name:<24} {count:>12,}")
    if lag > behind:
        raise typer.Exit(1)
