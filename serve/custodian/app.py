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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from detector.errors import KeyMissing
from serve.custodian import group, oprf, proofs, wire
from serve.custodian.clients import Budgets
from serve.custodian.group import ELEMENT_BYTES, BadElement
from serve.custodian.keyring import EpochKey, Ring
from serve.custodian.wire import Answer, Receive, Refusal, Scope, Send

LARGEST_BATCH = 4_096  # elements: about 0.25 s of one core


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
    """The ASGI application over a key ring: one request is worked on, `waiting` wait, the rest come again."""

    ring: Ring
    budgets: Budgets
    waiting: int = 16
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _inside: list[None] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await wire.serve(self._answer, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        match (scope["method"], scope["path"].strip("/").split("/")):
            case ("GET", ["v1", "keys"]):
                return Answer(
                    200,
                    wire.json_bytes({"keys": [_shown(key) for key in self.ring.keys]}),
                    wire.JSON,
                )
            case ("POST", ["v1", "keys", key_id, work]) if work in WORK:
                return await self._worked(key_id, work, scope, receive)
        raise Refusal(404, "unknown_path")

    async def _worked(self, key_id: str, work: str, scope: Scope, receive: Receive) -> Answer:
        function, width = WORK[work]
        client = self.budgets.client(wire.credential(scope))
        if client is None:
            raise Refusal(401, "unknown_client")
        key = self._key(key_id)
        body = await wire.body(receive, LARGEST_BATCH * width)
        count, rest = divmod(len(body), width)
        if rest or not count:
            raise Refusal(400, "wrong_length")
        if count > client.burst:
            raise Refusal(413, "too_large")
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
        """In a thread, one at a time: more would only take the interpreter from one another."""
        if len(self._inside) > self.waiting:
            raise Refusal(503, "busy", 1)
        self._inside.append(None)
        try:
            async with self._turn:
                return await asyncio.to_thread(function, key, body)
        except BadElement:
            raise Refusal(400, "bad_element") from None
        finally:
            self._inside.pop()


def _shown(key: EpochKey) -> dict[str, str]:
    return {"id": key.id, "public": key.public.hex()}
