"""A clerk's client of the API over HTTP: what it cannot do says which field, what is wrong and the remedy."""

from __future__ import annotations

from typing import Any

import httpx

TIMEOUT_S = 120
SERVICE_FAILURES = frozenset({429, 500, 502, 503, 504})
"""Statuses that speak of the service, not of what was sent: the same again may succeed later."""


class ClerkError(Exception):
    """A command cannot be carried out. `retry`: the same command may succeed later, nothing changed."""

    def __init__(
        self,
        field: str,
        what: str,
        remedy: str,
        *,
        retry: bool = False,
        problem: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{field}: {what}; {remedy}")
        self.field = field
        self.what = what
        self.remedy = remedy
        self.retry = retry
        self.problem = problem or {}
        """The API's problem (RFC 9457), when it was the API that refused."""


class Api:
    """One caller of one API; `key` is a staff API key, or empty for what anyone may do."""

    def __init__(self, url: str, key: str = "") -> None:
        """Raises ClerkError when the address is none."""
        self._url = url
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S)
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise ClerkError("api", "the address or the key cannot be used", "correct it") from None

    def get(self, path: str, **query: str) -> Any:
        """Asks; raises ClerkError."""
        return self._send("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Sends a JSON body; raises ClerkError."""
        return self._send("POST", path, json=body)

    def upload(self, path: str, data: bytes, media_type: str, query: list[tuple[str, str]]) -> Any:
        """Sends a file; raises ClerkError."""
        return self._send("POST", path, content=data, headers={"Content-Type": media_type}, params=query)

    def _send(self, method: str, path: str, **parts: Any) -> Any:
        try:
            response = self._http.request(method, path, **parts)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise ClerkError(
                "api", f"{self._url} is no address", "give one like http://127.0.0.1:8000"
            ) from None
        except httpx.TransportError as error:
            what = f"no answer from {self._url} ({type(error).__name__})"
            raise ClerkError("api", what, "send again later: it is safe", retry=True) from None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.is_success and answer is not None:
            return answer
        raise _refusal(response.status_code, answer)


def _refusal(status: int, answer: Any) -> ClerkError:
    retry = status in SERVICE_FAILURES
    if not isinstance(answer, dict) or "remedy" not in answer:
        what = f"an answer of status {status} that is not the API's"
        return ClerkError("api", what, "check the address, or send again later", retry=retry)
    title, detail = str(answer.get("title", "")).rstrip("."), str(answer.get("detail", ""))
    what = title if detail in ("", title, f"{title}.") else f"{title} ({detail})"
    return ClerkError(str(answer.get("field")), what, str(answer["remedy"]), retry=retry, problem=answer)
