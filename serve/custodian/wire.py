"""The little of HTTP that the custodian and the edge need: bytes in, bytes out, one word where refused.

No framework, because frameworks put what was sent into their errors and logs.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

BYTES = b"application/octet-stream"
JSON = ((b"content-type", b"application/json"),)
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
        return Answer(self.status, json_bytes({"error": self.word}), (*JSON, *wait))


def json_bytes(content: object) -> bytes:
    """As JSON."""
    return json.dumps(content, separators=(",", ":")).encode()


def credential(scope: Scope) -> str:
    """The bearer credential of a request, empty where there is none."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value.startswith(b"Bearer "):
            return str(value[7:].decode("latin-1"))
    return ""


async def body(receive: Receive, most: int) -> bytes:
    """The whole body. Raises Refusal 413 as soon as it is longer than `most` bytes."""
    held = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "interrupted")
        held += message.get("body", b"")
        if len(held) > most:
            raise Refusal(413, "too_large")
        if not message.get("more_body", False):
            return bytes(held)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def serve(
    answer: Callable[[Scope, Receive], Awaitable[Answer]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """One ASGI call: the answer, or the word of the refusal; nothing may be kept by whoever is between."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    try:
        made = await answer(scope, receive)
    except Refusal as refusal:
        made = refusal.answer()
    length = (b"content-length", str(len(made.body)).encode())
    headers = [*made.headers, length, (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": made.status, "headers": headers})
    await send({"type": "http.response.body", "body": made.body})
