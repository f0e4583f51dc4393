"""The one place where a fault becomes an HTTP status, with CAMARA's body: `status`, `code`, `message`.

No message holds a value that somebody sent: fields are named, and only where their name cannot be a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from serve.admission import RawRefused
from serve.answers import Contradicted, Overloaded, Refused, Unavailable, Unknown
from serve.naming import CODE_PREFIX, TMF_BASE

BODY_TOO_LARGE = f"{CODE_PREFIX}.BODY_TOO_LARGE"
CODES: dict[int, tuple[str, str]] = {
    400: ("INVALID_ARGUMENT", "The request is not of the documented shape"),
    401: ("UNAUTHENTICATED", "A valid access token is needed"),
    403: ("PERMISSION_DENIED", "The client may not do this"),
    404: ("NOT_FOUND", "Nothing of this name is within the client's reach"),
    405: ("METHOD_NOT_ALLOWED", "This path does not take this method"),
    406: ("NOT_ACCEPTABLE", "Answers are application/json"),
    409: ("ALREADY_EXISTS", "This registration was asked about before, with another body"),
    413: (BODY_TOO_LARGE, "The body is too large"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "The body must be application/json in UTF-8"),
    429: ("TOO_MANY_REQUESTS", "More was asked than this client may; try again later"),
    500: ("INTERNAL", "Something failed on our side"),
    503: ("UNAVAILABLE", "No answer can be given now; try again later"),
}
WORDS = {
    "missing": "missing, and required",
    "extra_forbidden": "not a property of this body",
    "literal_error": "not one of the documented values",
    "json_invalid": "not JSON",
}
PROPERTY = re.compile(r"[a-z][A-Za-z]{0,39}")
FIELDS = {"msisdn": "phoneNumber"}  # where the API's word is not the contract's in camel case


class Fault(HTTPException):
    """What goes back instead of an answer."""

    def __init__(
        self, status: int, message: str = "", *, code: str = "", retry_after: int = 0
    ) -> None:
        own_code, own_message = CODES[status]
        self.code = code or own_code
        self.message = message or own_message
        super().__init__(status, self.message, _beside(status, retry_after))

    def body(self) -> dict[str, object]:
        """CAMARA's three fields."""
        return {"status": self.status_code, "code": self.code, "message": self.message}


def _beside(status: int, retry_after: int) -> dict[str, str]:
    """Headers that a client needs to do better."""
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(retry_after)} if retry_after else {}


def fault(error: Exception) -> Fault:
    """The fault that an exception stands for; INTERNAL for what nobody expected."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, Refused):
        return Fault(400, f"{api_word(error.field)}: {error.reason}")
    if isinstance(error, RawRefused):
        return Fault(400, str(error))
    if isinstance(error, Contradicted):
        return Fault(409)
    if isinstance(error, Unknown):
        return Fault(404)
    if isinstance(error, Overloaded):
        return Fault(503, "Too much is asked right now", retry_after=error.retry_after)
    if isinstance(error, Unavailable):
        return Fault(503, retry_after=error.retry_after)
    if isinstance(error, RequestValidationError | ValidationError):
        return Fault(400, _complaint(error.errors()))
    if isinstance(error, HTTPException):
        return Fault(error.status_code if error.status_code in CODES else 400)
    return Fault(500)


def api_word(field: str) -> str:
    """A column of the data contract in the API's words."""
    return FIELDS.get(field) or (to_camel(field) if "_" in field else field)


def response(error: Exception, path: str = "") -> Response:
    """The fault as an HTTP answer. TM Forum's clients also read `reason`."""
    found = fault(error)
    body = found.body()
    if path.startswith(TMF_BASE):
        body["reason"] = found.message
    return Response(
        json.dumps(body).encode(), found.status_code, found.headers, media_type="application/json"
    )


def install(app: FastAPI) -> None:
    """Make every expected exception an answer; the unexpected end in `serve.telemetry`."""
    expected: Sequence[type[Exception]] = (
        Refused,
        Contradicted,
        Unknown,
        Unavailable,
        RequestValidationError,
        ValidationError,
        HTTPException,
    )
    for kind in expected:
        app.add_exception_handler(kind, _handler())


def _handler() -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return response(error, request.url.path)

    return answer


def _complaint(errors: Sequence[Mapping[str, Any]]) -> str:
    """The first thing that is wrong, by field."""
    first = errors[0]
    where = [_place(part) for part in first["loc"] if part not in ("body", "path", "query")]
    field = ".".join(where) or "body"
    return f"{field}: {_reason(first['type'])}"[:512]


def _place(part: object) -> str:
    """A name that cannot be a value: letters as our properties have them, or a position."""
    if isinstance(part, int):
        return str(part)
    return str(part) if PROPERTY.fullmatch(str(part)) else "(unnamed)"


def _reason(kind: str) -> str:
    if kind in WORDS:
        return WORDS[kind]
    if kind.endswith("_type") or kind == "int_from_float":
        return "not of the documented type"
    return "not of the documented shape"
