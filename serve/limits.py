"""How much one client may ask, and how much is looked at together before the rest is sent away early."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from serve.errors import Fault, response
from serve.naming import API_BASE, TMF_BASE

MOST_CLIENTS = 10_000
APART = f"{API_BASE}/imports"  # long-lived, and limited by their own number


class Rate:
    """A token bucket per client: `rate` registrations per second, saved up to `burst`.

    One process counts for itself: behind several workers a client has as many times the rate.
    """

    def __init__(
        self, rate: float, burst: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, float(burst), clock
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()  # left, when

    def take(self, client: str, registrations: int = 1) -> None:
        """Spend. Raises Fault 429, saying after how many seconds there will be enough."""
        now = self._clock()
        left, then = self._held.get(client, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        lacking = registrations - left
        self._held[client] = (left if lacking > 0 else -lacking, now)
        self._held.move_to_end(client)
        if len(self._held) > MOST_CLIENTS:
            self._held.popitem(last=False)
        if lacking > 0:
            raise Fault(429, retry_after=max(1, math.ceil(lacking / self._rate)))


class Places:
    """A few places for something that lasts."""

    def __init__(self, most: int) -> None:
        self._free = most

    def check(self) -> None:
        """Raises Fault 429 where none is free. To be asked before the answer begins."""
        if self._free <= 0:
            raise Fault(429, "As many imports as fit are running", retry_after=30)

    def __enter__(self) -> None:
        self._free -= 1

    def __exit__(self, *_: object) -> None:
        self._free += 1


class Shed:
    """ASGI middleware: with `most` questions in work the next is sent away at once, not made to wait."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        path: str = scope.get("path", "")
        if not path.startswith((API_BASE, TMF_BASE)) or path == APART:
            await self._app(scope, receive, send)
            return
        if self._inside >= self._most:
            full = Fault(503, "Too much is asked right now", retry_after=1)
            await response(full, path)(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
