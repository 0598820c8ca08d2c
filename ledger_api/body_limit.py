"""No request body larger than any route reads, whether its length is announced or not."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger_api import problems
from ledger_api.problem_response import ProblemResponse

MAX_BODY_BYTES = 5 * 1024 * 1024
CONTENT_TOO_LARGE = 413

# Who is refused while still sending would see a reset connection instead of the reason, so some more is read
# and thrown away: so much, and for so long.
LINGER_BYTES = 16 * MAX_BODY_BYTES
LINGER_S = 5.0


class BodyTooLarge(HTTPException):
    """The body went on beyond the limit; FastAPI lets an HTTPException pass while it reads."""

    def __init__(self) -> None:
        super().__init__(CONTENT_TOO_LARGE, f"more than {MAX_BODY_BYTES} bytes", {"Connection": "close"})


def too_large(detail: str) -> problems.Problem:
    """The refusal of a body that is too large."""
    return problems.own("body-too-large", "body", f"{detail}; at most {MAX_BODY_BYTES}")


class BodyLimit:
    """ASGI middleware: refuses an announced length at once, and counts the bytes of every other body while it
    is
    read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > MAX_BODY_BYTES:
            if "expect" not in headers:  # who asked before sending has sent nothing yet
                await _throw_away(receive)
            response = ProblemResponse(too_large(f"{announced} bytes"), {"Connection": "close"})
            await response(scope, receive, send)
            return
        await self._app(scope, _counted(receive), send)


def _counted(receive: Receive) -> Receive:
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            if message.get("more_body", False):
                await _throw_away(receive)
            raise BodyTooLarge
        return message

    return counting


async def _throw_away(receive: Receive) -> None:
    left = LINGER_BYTES
    try:
        async with asyncio.timeout(LINGER_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
