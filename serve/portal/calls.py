"""A request as the portal's pages take it, and what they reply: forms read strictly, faults as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from serve import words
from serve.portal.pages import HEADERS, LANGUAGES, WORDS, page
from serve.portal.visits import MEMBER, Visit

LONGEST_FORM = 4_096  # bytes
LANGUAGE_COOKIE, LANGUAGE_DAYS = "idioma", 180
FORM = "application/x-www-form-urlencoded"
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"


class Trouble(Exception):
    """A page instead of the one that was asked for: the name of its sentence in WORDS."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


def stale() -> Trouble:
    """The visit is over, or the form is of another one."""
    return Trouble("stale", 403)


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `visit` is there once somebody has opened a first page, and not for long."""

    visit: Visit | None
    form: Mapping[str, str]
    query: Mapping[str, str]
    language: str
    address: str
    at: datetime

    def word(self, section: str, name: str) -> str:
        """A sentence in the language of the call."""
        found: str = WORDS[self.language][section][name]
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    """A page, or where to go; the visit goes on as `visit`, or ends where it is None."""

    body: str
    visit: Visit | None
    location: str = ""
    status: int = 200


def shown(call: Call, name: str, visit: Visit, **values: object) -> Reply:
    """A page of a visit; its one-time sentence is told and gone."""
    always: dict[str, object] = {
        "flash": call.word("flash", visit.said) if visit.said else "",
        "member": visit.proved == MEMBER and visit.by == "holder",
        "inside": bool(visit.proved),
    }
    body = page(name, call.language, token=visit.token, **(always | values))
    return Reply(body, replace(visit, said=""))


def led(path: str, visit: Visit) -> Reply:
    """On to another page, so that reloading it sends nothing twice."""
    return Reply("", visit, location=f"/portal{path}", status=303)


def troubled(language: str, trouble: Trouble) -> Reply:
    """The page of a trouble."""
    texts = WORDS[language]["problem"]
    title, text = texts[trouble.sentence], texts[f"{trouble.sentence}_text"]
    body = page("word", language, token="", title=title, text=text)
    return Reply(body, None, status=trouble.status)


def language_of(request: Request) -> str:
    """The language chosen, else the one that the browser asks for, else Spanish."""
    chosen = request.query_params.get("idioma") or request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return words.language(request.headers.get("accept-language", ""))[:2]


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form. Raises Trouble for what no page of ours sends."""
    if request.method != "POST":
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise stale()
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > LONGEST_FORM:
            raise stale()
    try:
        return dict(parse_qsl(held.decode(), max_num_fields=16, keep_blank_values=True))
    except ValueError:
        raise stale() from None


def response(request: Request, reply: Reply, cookie: str) -> Response:
    """What goes out. `cookie` is the visit, sealed; empty ends it."""
    made = Response(reply.body, reply.status, HEADERS, media_type="text/html; charset=utf-8")
    secure = request.url.scheme == "https"
    if reply.location:
        made.headers["Location"] = reply.location
    if secure:
        made.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    name = cookie_name(request)
    if cookie:
        made.set_cookie(name, cookie, path="/", secure=secure, httponly=True, samesite="strict")
    elif name in request.cookies:
        made.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
    if request.query_params.get("idioma") in LANGUAGES:
        made.set_cookie(
            LANGUAGE_COOKIE,
            request.query_params["idioma"],
            max_age=LANGUAGE_DAYS * 86_400,
            path="/portal",
            secure=secure,
            httponly=True,
            samesite="lax",
        )
    return made


def cookie_name(request: Request) -> str:
    """Over TLS a name that no other host of the domain can set."""
    return "__Host-visit" if request.url.scheme == "https" else "visit"
