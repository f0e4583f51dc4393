"""The answers that the document promises beside the good one: CAMARA's errors, and the same answer again."""

from __future__ import annotations

from typing import Any

from serve.errors import CODES
from serve.schemas import AssessmentAnswer, ErrorInfo

ALWAYS = (401, 403, 406, 429, 500, 503)
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def responses(*statuses: int, again: str = "") -> dict[int | str, dict[str, Any]]:
    """What an operation may answer; `again` describes a 200 beside its 201."""
    found: dict[int | str, dict[str, Any]] = {
        status: {
            "description": f"{TITLES[status]}: {CODES[status][1].lower()}",
            "model": ErrorInfo,
        }
        for status in sorted({*statuses, *ALWAYS})
    }
    if again:
        found[200] = {"description": again, "model": AssessmentAnswer}
    return found
