"""The bytes of a request, within a limit, and what they say as strict JSON.

Python's reader takes a doubled key (the last wins), NaN and numbers beyond every bound; two readers
that disagree about one document are how checks are walked around. Here each of these is an error.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from serve.errors import Fault


async def raw(request: Request, limit: int) -> bytes:
    """The whole body. Raises Fault 413 as soon as more than `limit` bytes are announced or seen."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > limit:
        raise Fault(413)
    held, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise Fault(413)
            held.append(chunk)
    except ClientDisconnect:
        raise Fault(400, "body: not sent to its end") from None
    return held[0] if len(held) == 1 else b"".join(held)


def document(content: bytes) -> Any:
    """What a JSON body says. Raises Fault 400 for anything that two readers could read in two ways."""
    try:
        return json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except UnicodeDecodeError:
        raise Fault(400, "body: not UTF-8") from None
    except (ValueError, RecursionError):
        raise Fault(400, "body: missing, or not JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        raise Fault(400, "body: a property is given twice")
    return held


def _no_constant(_: str) -> None:
    raise Fault(400, "body: NaN and Infinity are not JSON")
