"""So many requests from one caller, by a token bucket in memory: a guard against accidents and simple floods.

A caller is an address (IPv6: its network of 64 bits). A peer on this machine is either our own program, which
is not limited, or a proxy that names the caller in the last entry of `X-Forwarded-For`. An API key does not
make a caller: it is not checked here, so anyone could make up as many as they like.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ledger_api import problems
from ledger_api.problem_response import ProblemResponse

MAX_CALLERS = 10_000
"""Buckets kept; the one used longest ago is forgotten first, which only ever favours its caller."""
NETWORK_BITS = 64


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_s: float


class TokenBuckets:
    """A bucket of `burst` tokens for each caller, refilled with `rate_per_s` tokens a second."""

    def __init__(self, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate_per_s
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, caller: str) -> float:
        """Takes a token and returns 0, or returns the seconds until there is one."""
        now = self._clock()
        bucket = self._buckets.setdefault(caller, _Bucket(self._burst, now))
        self._buckets.move_to_end(caller)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.at_s) * self._rate)
        bucket.at_s = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._rate
        bucket.tokens -= 1
        return 0


class RateLimit:
    """ASGI middleware: too many requests get the problem `too-many-requests` and Retry-After."""

    def __init__(self, app: ASGIApp, buckets: TokenBuckets) -> None:
        self._app = app
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = caller_of(scope) if scope["type"] == "http" else None
        wait_s = self._buckets.wait_s(caller) if caller is not None else 0
        if not wait_s:
            await self._app(scope, receive, send)
            return
        seconds = math.ceil(wait_s)
        problem = problems.own("too-many-requests", "request", f"wait {seconds} seconds")
        await ProblemResponse(problem, {"Retry-After": str(seconds)})(scope, receive, send)


def caller_of(scope: Scope) -> str | None:
    """Who asks; None for a program on this machine that speaks for itself."""
    host = scope["client"][0] if scope.get("client") else ""
    peer = _address(host)
    if peer is None:
        return host or None
    if not peer.is_loopback:
        return _network(peer)
    forwarded = Headers(scope=scope).getlist("x-forwarded-for")
    if not forwarded:
        return None
    named = forwarded[-1].rpartition(",")[2].strip()
    address = _address(named)
    return named[:64] if address is None else _network(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    bits = NETWORK_BITS if address.version == 6 else address.max_prefixlen
    return str(ipaddress.ip_network((address, bits), strict=False))
