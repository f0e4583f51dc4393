"""Custodians for tests: the real application, reached without a network, and ones that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from serve.custodian import group
from serve.custodian.app import Custodian
from serve.custodian.client import CustodianTokens, Half, RemoteHalf
from serve.custodian.clients import Budgets, Client, credential_hash
from serve.custodian.keyring import EpochKey, Ring

KEY = EpochKey("2026q4", group.reduced(bytes(range(64))))
ONE, OTHER = KEY.halves()
CREDENTIAL = "alfa's random credential"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def application(*keys: EpochKey, burst: int = 10_000, clock: Clock | None = None) -> Custodian:
    client = Client("alfa", credential_hash(CREDENTIAL), 100.0, burst)
    return Custodian(Ring(keys or (KEY,)), Budgets((client,), clock or Clock()))


class Wire(httpx.BaseTransport):
    """Runs an ASGI application for each request of a synchronous client."""

    def __init__(self, app: Custodian) -> None:
        self._inner = httpx.ASGITransport(app)  # type: ignore[arg-type]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._asked(request))

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read()
        )
        answer = await self._inner.handle_async_request(asked)
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=await answer.aread()
        )


def remote(app: Custodian, credential: str = CREDENTIAL) -> RemoteHalf:
    http = httpx.Client(transport=Wire(app), base_url="http://custodian")
    return RemoteHalf(http, credential)


def tokens(*halves: Half, pins: Sequence[bytes] = (KEY.public,), **options: Any) -> CustodianTokens:
    return CustodianTokens("2026q4", halves or (remote(application()),), pins, **options)


@dataclass(frozen=True)
class Bent:
    """A custodian whose answers are bent on the way."""

    half: Half
    bend: Any

    def evaluations(self, key_id: str, asked: Sequence[bytes]) -> list[bytes]:
        return list(self.bend(self.half.evaluations(key_id, asked)))

    def proof(self, key_id: str, asked: Sequence[bytes], answered: Sequence[bytes]) -> bytes:
        return self.half.proof(key_id, asked, answered)
