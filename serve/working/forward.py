"""What this process does not do itself is handed to the worker as it came, over its own socket.

The worker is a whole service: it checks the token itself, and answers 404 to what nobody does.
"""

from __future__ import annotations

from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serve import body
from serve.answers import Unavailable
from serve.correlator import HEADER

CORRELATOR = HEADER.encode()
WORKER = httpx.URL("http://worker")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
OF_THE_HOP = {b"connection", b"content-length", b"keep-alive", b"te", b"trailer", b"transfer-encoding",
              b"upgrade", b"proxy-authenticate", b"proxy-authorization", b"forwarded",
              b"x-forwarded-for", b"x-forwarded-proto", CORRELATOR}  # fmt: skip


def forwarding(socket: Path, *, limit: int, within: float) -> Route:
    """The last route: everything else. `limit` is in bytes of a body, `within` in seconds."""
    # the transport alone: a client would keep one visitor's cookies and send them with the next one's requests
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    extensions = {"timeout": httpx.Timeout(within).as_dict()}

    async def forward(request: Request) -> Response:
        asked = httpx.Request(
            request.method,
            WORKER.copy_with(raw_path=_path(request)),
            headers=_forwarded(request),
            content=await body.raw(request, limit),
            extensions=extensions,
        )
        try:
            told = await transport.handle_async_request(asked)
            content = await told.aread()
            await told.aclose()
        except httpx.TransportError:
            raise Unavailable from None
        made = Response(content, told.status_code)
        made.raw_headers = [
            *((n.lower(), v) for n, v in told.headers.raw if _end_to_end(n.lower())),
            (b"content-length", str(len(content)).encode()),
        ]
        return made

    return Route("/{path:path}", forward, methods=METHODS, name="worker")


def _path(request: Request) -> bytes:
    """Path and query as they were sent."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return path + b"?" + query if query else path


def _forwarded(request: Request) -> list[tuple[bytes, bytes]]:
    """Its headers, and from where it came instead of what it says itself."""
    kept = [(name, value) for name, value in request.headers.raw if _end_to_end(name.lower())]
    address = request.client.host if request.client else ""
    told = {
        b"x-forwarded-for": address,
        b"x-forwarded-proto": request.url.scheme,
        CORRELATOR: request.scope["state"]["correlator"],
    }
    return [*kept, *((name, value.encode()) for name, value in told.items())]


def _end_to_end(name: bytes) -> bool:
    return name not in OF_THE_HOP and name != b"content-encoding"
