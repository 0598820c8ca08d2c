"""A fault of ours is answered like any refusal, on a connection that stays open.

Starlette raises again after it has answered, and the server then closes a connection that the client believes
alive: its next request is met with a reset. So faults end here, and the log has them.
"""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger_api import problems
from ledger_api.problem_response import ProblemResponse

log = logging.getLogger("amanat.api")


class Faults:
    """ASGI middleware: an exception that nobody handles becomes the problem `internal-error`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises only when part of an answer has left already: then a broken connection is the only honest
        end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            # The route, not the path: a receipt's address is its secret.
            route = getattr(scope.get("route"), "path", "no route")
            log.exception("%s %s failed", scope["method"], route)
            if started:
                raise
            problem = problems.own("internal-error", "request", "this service failed")
            await ProblemResponse(problem)(scope, receive, send)
