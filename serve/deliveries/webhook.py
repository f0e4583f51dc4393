"""The channel of webhooks: one signed POST, an answer in the 200s within the time, or it was not sent."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import httpcore

from serve.deliveries import signing
from serve.deliveries.addresses import Pinned, Reach
from serve.deliveries.queue import Message, NotSent
from serve.deliveries.sealing import Vault

DEADLINE, CONNECT = 15.0, 5.0  # seconds: for everything, and for the connection
LONGEST_ANSWER = 65_536  # bytes; nothing in it is used
AGENT = "simvigia-webhooks/1"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a route's webhooks go. `signed_for` is the client whose keys sign, or `secret` signs alone."""

    sink: str
    signed_for: str = ""
    token: str = ""
    secret: str = ""
    media_type: str = "application/cloudevents+json"

    def sealed(self, vault: Vault, route: str) -> bytes:
        """As the route's address is stored."""
        return vault.seal(json.dumps(asdict(self)).encode(), route)


class Webhooks:
    """Sends claimed messages. Lives in one event loop."""

    at_once = 8

    def __init__(
        self,
        keyring: signing.Keyring,
        vault: Vault,
        *,
        reach: Reach,
        now: Callable[[], datetime],
        deadline: float = DEADLINE,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._keyring, self._vault, self._reach = keyring, vault, reach
        self._now, self._deadline = now, deadline
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=200,
            max_keepalive_connections=50,
            keepalive_expiry=20.0,
            network_backend=Pinned(reach),
        )

    async def send(self, message: Message) -> str:
        """POST it; what the other side said. Raises NotSent."""
        target = Target(**json.loads(self._vault.open(message.address, message.route)))
        if objection := self._reach.objection(target.sink):
            raise NotSent(objection)
        try:
            async with asyncio.timeout(self._deadline):
                return await self._post(target, message)
        except (TimeoutError, httpcore.TimeoutException):
            raise NotSent("timeout") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as fault:
            raise NotSent(type(fault).__name__) from None

    async def close(self) -> None:
        """Close idle connections."""
        await self._pool.aclose()

    async def _post(self, target: Target, message: Message) -> str:
        sending = self._pool.stream(
            "POST",
            target.sink,
            headers=self._headers(target, message),
            content=message.body,
            extensions={"timeout": {"connect": CONNECT, "pool": CONNECT}},
        )
        async with sending as answer:
            _check(answer)
            await _drain(answer)
            return f"HTTP {answer.status}"

    def _headers(self, target: Target, message: Message) -> list[tuple[str, str]]:
        own = signing.shared_secret(target.secret) if target.secret else None
        keys = [own] if own else self._keyring.of_client(target.signed_for)
        signed = signing.headers(message.message, message.body, at=self._now(), keys=keys)
        signed |= {"content-type": target.media_type, "user-agent": AGENT}
        if target.token:
            signed["authorization"] = f"Bearer {target.token}"
        return list(signed.items())


def _check(answer: httpcore.Response) -> None:
    if not 200 <= answer.status < 300:
        given = dict(answer.headers).get(b"retry-after", b"")
        raise NotSent(f"HTTP {answer.status}", float(given) if given.isdigit() else 0.0)


async def _drain(answer: httpcore.Response) -> None:
    """Read to the end, so that the connection can serve again; an endless answer is cut off."""
    size = 0
    async for chunk in answer.aiter_stream():
        size += len(chunk)
        if size > LONGEST_ANSWER:
            return
