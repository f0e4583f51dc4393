"""`x-correlator`: checked, echoed on every answer, made where the client sent none."""

from __future__ import annotations

import re
import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.errors import Fault, response

HEADER = "x-correlator"
PATTERN = r"^[a-zA-Z0-9-_:;.\/<>{}]{0,256}$"
_NAME = HEADER.encode()
_FINE = re.compile(rb"[a-zA-Z0-9\-_:;./<>{}]{1,256}")


class Correlated:
    """ASGI middleware; it puts `correlator` into the request's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _NAME), b"")
        fine = not given or _FINE.fullmatch(given)
        correlator = given if given and fine else str(uuid.uuid4()).encode()
        scope.setdefault("state", {})["correlator"] = correlator.decode("ascii")

        async def echo(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (_NAME, correlator)]
            await send(message)

        if fine:
            await self._app(scope, receive, echo)
        else:
            refusal = Fault(400, f"{HEADER}: not of the documented shape")
            await response(refusal, scope["path"])(scope, receive, echo)
