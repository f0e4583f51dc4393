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

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
OF_THE_HOP = {b"connection", b"content-length", b"keep-alive", b"te", b"trailer", b"transfer-encoding",
              b"upgrade", b"proxy-authenticate", b"proxy-authorization", b"forwarded",
              b"x-forwarded-for", b"x-forwarded-proto"}  # fmt: skip


def forwarding(socket: Path, *, limit: int, within: float) -> Route:
    """The last route: everything else. `limit` is in bytes of a body, `within` in seconds."""
    client = httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=str(socket)),
        base_url="http://worker",
        timeout=within,
        follow_redirects=False,
    )

    async def forward(request: Request) -> Response:
        asked = client.build_request(
            request.method,
            httpx.URL(path=request.url.path, query=request.url.query.encode()),
            headers=_forwarded(request),
            content=await body.raw(request, limit),
        )
        try:
            told = await client.send(asked)
        except httpx.TransportError:
            raise Unavailable from None
        made = Response(told.content, told.status_code)
        made.raw_headers = [
            *((n.lower(), v) for n, v in told.headers.raw if _end_to_end(n.lower())),
            (b"content-length", str(len(told.content)).encode()),
        ]
        return made

    return Route("/{path:path}", forward, methods=METHODS, name="worker")


def _forwarded(request: Request) -> list[tuple[bytes, bytes]]:
    """Its headers, and from where it came instead of what it says itself."""
    kept = [(name, value) for name, value in request.headers.raw if _end_to_end(name.lower())]
    address = request.client.host if request.client else ""
    return [
        *kept,
        (b"x-forwarded-for", address.encode()),
        (b"x-forwarded-proto", request.url.scheme.encode()),
    ]


def _end_to_end(name: bytes) -> bool:
    return name not in OF_THE_HOP and name != b"content-encoding"
