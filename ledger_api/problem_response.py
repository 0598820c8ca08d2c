"""A problem as an HTTP answer (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from ledger_api.problems import Problem

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
"""What a caller is told to wait when nothing better is known."""


class ProblemResponse(Response):
    """The problem's body and status, with the headers that its status asks for."""

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem, headers: dict[str, str] | None = None) -> None:
        super().__init__(problem.body(), problem.status, _headers(problem) | (headers or {}))

    def render(self, content: Any) -> bytes:
        # ASCII only: a caller's own field names are echoed, and half a surrogate pair has no UTF-8.
        return json.dumps(content, separators=(",", ":")).encode()


def _headers(problem: Problem) -> dict[str, str]:
    match problem.status:
        case 401:
            return {"WWW-Authenticate": "Bearer"}
        case 429 | 503:
            return {"Retry-After": str(RETRY_AFTER_S)}
        case _:
            return {}
