"""The custodian as a process: a plain ASGI app that multiplies elements by its key and forgets them.

    GET  /v1/keys                       ids and public keys, newest last
    POST /v1/keys/{id}/evaluations      n elements of 32 bytes -> n elements
    POST /v1/keys/{id}/proofs           n elements, then their n evaluations -> one proof of 64 bytes

Bodies are bytes; an error is one word in JSON. No element is logged, stored or counted by content. A
batch with one bad element is refused whole. The client asks for a proof after it has the answer, so
that the custodian cannot know which batches will be looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from detector.errors import KeyMissing
from serve.custodian import group, oprf, proofs
from serve.custodian.clients import Budgets
from serve.custodian.group import ELEMENT_BYTES, BadElement
from serve.custodian.keyring import EpochKey, Ring

LARGEST_BATCH = 4_096  # elements: about 0.25 s of one core
BYTES = b"application/octet-stream"
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", BYTES),)


class Refusal(Exception):
    """Why a request is not answered, in one word."""

    def __init__(self, status: int, word: str, retry_after: int = 0) -> None:
        super().__init__(word)
        self.status, self.word, self.retry_after = status, word, retry_after

    def answer(self) -> Answer:
        """The word as JSON."""
        wait = ((b"retry-after", str(self.retry_after).encode()),) if self.retry_after else ()
        return Answer(self.status, _json({"error": self.word}), (*_JSON, *wait))


_JSON = ((b"content-type", b"application/json"),)


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def evaluations(key: EpochKey, body: bytes) -> bytes:
    """Every element times the key. Raises BadElement."""
    return b"".join(oprf.evaluated(key.secret, element) for element in group.elements(body))


def proof(key: EpochKey, body: bytes) -> bytes:
    """That the second half of the body is the first half times the key. Raises BadElement where not."""
    held = group.elements(body)
    asked, answered = held[: len(held) // 2], held[len(held) // 2 :]
    if [oprf.evaluated(key.secret, element) for element in asked] != answered:
        raise BadElement("what is to be proved is not what this key gives")
    return proofs.proof(key.secret, asked, answered, group.random_scalar())


WORK: Mapping[str, tuple[Callable[[EpochKey, bytes], bytes], int]] = {
    "evaluations": (evaluations, ELEMENT_BYTES),
    "proofs": (proof, 2 * ELEMENT_BYTES),
}


@dataclass(frozen=True)
class Custodian:
    """The ASGI application over a key ring. `at_once` requests are worked on, the rest are told to wait."""

    ring: Ring
    budgets: Budgets
    at_once: int = 8
    _inside: set[int] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        try:
            answer = await self._answer(scope, receive)
        except Refusal as refusal:
            answer = refusal.answer()
        headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
        headers.append((b"cache-control", b"no-store"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        match (scope["method"], scope["path"].strip("/").split("/")):
            case ("GET", ["v1", "keys"]):
                return Answer(200, _json({"keys": [_shown(key) for key in self.ring.keys]}), _JSON)
            case ("POST", ["v1", "keys", key_id, work]) if work in WORK:
                return await self._worked(key_id, work, scope, receive)
        raise Refusal(404, "unknown_path")

    async def _worked(self, key_id: str, work: str, scope: Scope, receive: Receive) -> Answer:
        function, width = WORK[work]
        client = self.budgets.client(_credential(scope))
        if client is None:
            raise Refusal(401, "unknown_client")
        key = self._key(key_id)
        body = await _body(receive, LARGEST_BATCH * width)
        count, rest = divmod(len(body), width)
        if rest or not count:
            raise Refusal(400, "wrong_length")
        if count > client.burst:
            raise Refusal(413, "too_many_elements")
        if wait := self.budgets.wait(client, count):
            raise Refusal(429, "too_much_asked", wait)
        return Answer(200, await self._apart(function, key, body))

    def _key(self, key_id: str) -> EpochKey:
        try:
            return self.ring[key_id]
        except KeyMissing:
            raise Refusal(404, "unknown_key") from None

    async def _apart(
        self, function: Callable[[EpochKey, bytes], bytes], key: EpochKey, body: bytes
    ) -> bytes:
        """In a thread: the library gives the interpreter free while it multiplies."""
        if len(self._inside) >= self.at_once:
            raise Refusal(503, "busy", 1)
        mark = id(body)
        self._inside.add(mark)
        try:
            return await asyncio.to_thread(function, key, body)
        except BadElement:
            raise Refusal(400, "bad_element") from None
        finally:
            self._inside.discard(mark)


def _shown(key: EpochKey) -> dict[str, str]:
    return {"id": key.id, "public": key.public.hex()}


def _credential(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization" and value.startswith(b"Bearer "):
            return str(value[7:].decode("latin-1"))
    return ""


async def _body(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "interrupted")
        body += message.get("body", b"")
        if len(body) > most:
            raise Refusal(413, "too_many_elements")
        if not message.get("more_body", False):
            return bytes(body)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
