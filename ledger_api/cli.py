"""Commands of the office: `amanat serve`, `amanat relay`."""

from __future__ import annotations

import logging
import sys
import time

import typer
import uvicorn
from sqlalchemy import Engine

from contracts.deployment import BadDeployment
from indexer.errors import MirrorMissing
from indexer.mirror import open_for_reading
from ledger_api.app import make_app
from ledger_api.keyring import KeyringError
from ledger_api.office import open_office
from ledger_api.relay import AlreadyRelaying, Relay, only_relay
from ledger_api.settings import BadSettings, Settings

CANNOT_START = 2
MIRROR_TIMEOUT_S = 30
LOG_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"
EXPECTED = (BadDeployment, BadSettings, MirrorMissing, KeyringError, AlreadyRelaying)


def _start(error: Exception) -> typer.Exit:
    print(f"error: {error}", file=sys.stderr)
    return typer.Exit(CANNOT_START)


def _wait_for_mirror(url: str) -> Engine:
    """The mirror, which the indexer may be making at this moment; raises MirrorMissing when it does not
    appear."""
    end = time.monotonic() + MIRROR_TIMEOUT_S
    while True:
        try:
            return open_for_reading(url)
        except MirrorMissing:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)


def serve(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the API and the public pages. Settings come from the environment (see README)."""
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)
    try:
        settings = Settings.from_environment()
        _wait_for_mirror(settings.mirror_url).dispose()
        app = make_app(settings)
    except EXPECTED as error:
        raise _start(error) from None
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False, proxy_headers=False)


def relay() -> None:
    """Send queued acts to the chain until stopped. Settings come from the environment (see README)."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT)
    try:
        settings = Settings.from_environment()
        with only_relay(settings):
            Relay(settings, open_office(settings.office_url), _wait_for_mirror(settings.mirror_url)).run()
    except EXPECTED as error:
        raise _start(error) from None
    except KeyboardInterrupt:
        return
