"""The portal put together: its parts, the door for what is typed, and its routes in the application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from detector.intake import identity
from detector.pseudonym import Pseudonymiser
from detector.registration import IDENTITY_TYPES
from serve.answers import Unavailable, Unknown
from serve.deliveries.queue import EPOCH
from serve.errors import Fault
from serve.limits import Rate
from serve.notices.enrolment import Register
from serve.notices.lockbox import Lockbox
from serve.notices.notifier import Notifier
from serve.portal.acts import Act, Audit
from serve.portal.calls import (
    Call,
    Reply,
    Trouble,
    cookie_name,
    form_of,
    language_of,
    response,
    stale,
    troubled,
)
from serve.portal.holding import Holding
from serve.portal.locks import Locks
from serve.portal.proof import Prover
from serve.portal.visits import Cookies, Visit
from serve.store.books import Books

WAITING = 64  # requests that may wait for the portal's one thread
GUESSES = 1 / 20, 30  # tries at a proof a second and address, saved up to
ALL_GUESSES = 10.0, 300  # the same over all addresses


@dataclass(frozen=True, slots=True)
class Guesses:
    """How often may be tried. One process counts for itself."""

    per_address: Rate = field(default_factory=lambda: Rate(*GUESSES))
    together: Rate = field(default_factory=lambda: Rate(*ALL_GUESSES))

    def take(self, address: str) -> None:
        """One try. Raises Trouble where it is one too many."""
        try:
            self.per_address.take(_network(address))
            self.together.take("")
        except Fault:
            raise Trouble("busy", 429) from None


def _plain(kind: str, typed: str) -> str:
    """What was typed in the contract's form. No token gets through: knowing one proves nothing."""
    letters = "".join(c for c in typed.upper() if c.isalnum() or c == "&")
    if kind != "passport":
        return letters
    country, number = letters[:3], letters[3:]
    return f"{country}:{number}" if country.isalpha() else f"MEX:{letters}"


def _network(address: str) -> str:
    """An IPv6 customer has a whole /64; an IPv4 address stands for itself."""
    return ":".join(address.split(":")[:4])


@dataclass(frozen=True, slots=True)
class Portal:
    """What the pages work with. Its store is used by one thread at a time."""

    books: Books
    door: Pseudonymiser
    box: Lockbox
    register: Register
    prover: Prover
    notifier: Notifier
    holding: Holding
    locks: Locks
    cookies: Cookies
    audit: Audit
    now: Callable[[], datetime]
    guesses: Guesses = field(default_factory=Guesses)

    def subject(self, call: Call) -> int:
        """The token of the identity that was typed, which goes no further; 0 where it is malformed."""
        kind, value = call.form.get("kind", ""), call.form.get("value", "")
        if kind not in IDENTITY_TYPES or not 0 < len(value) <= 40:
            return 0
        return identity(kind, _plain(kind, value), self.door, day=(call.at - EPOCH).days)

    @contextmanager
    def writing(self, call: Call, act: str, *, subject: int, detail: str = "") -> Iterator[None]:
        """A transaction that does something and says so to the audit log."""
        with self.books.own.writing():
            yield
            self.note(call, act, subject=subject, detail=detail)

    def note(self, call: Call, act: str, *, subject: int, detail: str = "") -> None:
        """Tell the audit log, inside a transaction."""
        about = self.box.mark("act", str(subject))
        self.audit(self.books.own, Act(act, call.at, about, detail))


Handler = Callable[[Portal, Call], Reply]


class Pages:
    """Runs handlers in one thread and answers with pages, whatever happens."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._thread = ThreadPoolExecutor(1, "portal")
        self._inside = 0

    async def answer(self, request: Request, handler: Handler) -> Response:
        """One request."""
        language = language_of(request)
        try:
            call = await self._call(request, language)
            reply = await self._handled(handler, call)
        except Trouble as trouble:
            reply = troubled(language, trouble)
        except Unknown:
            reply = troubled(language, Trouble("unknown", 404))
        except Unavailable:
            reply = troubled(language, Trouble("busy", 503))
        except Exception as fault:  # noqa: BLE001 - a person gets a sentence, the operator the type
            structlog.get_logger().error("portal fault", fault=type(fault).__name__)
            reply = troubled(language, Trouble("broken", 500))
        keep = reply.visit or (self._visit(request) if reply.status >= 404 else None)
        return response(request, reply, self._portal.cookies.closed(keep) if keep else "")

    def _visit(self, request: Request) -> Visit | None:
        held = request.cookies.get(cookie_name(request), "")
        return self._portal.cookies.opened(held, at=self._portal.now())

    async def _call(self, request: Request, language: str) -> Call:
        visit, form = self._visit(request), await form_of(request)
        if request.method == "POST" and not (visit and visit.carries(form.get("token", ""))):
            raise stale()
        address = request.client.host if request.client else ""
        return Call(visit, form, request.query_params, language, address, self._portal.now())

    async def _handled(self, handler: Handler, call: Call) -> Reply:
        if self._inside >= WAITING:
            raise Trouble("busy", 503)
        self._inside += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, handler, self._portal, call)
        finally:
            self._inside -= 1


def router(portal: Portal, handlers: dict[tuple[str, str], Handler]) -> APIRouter:
    """The portal's routes. `handlers` are by method and path below /portal."""
    pages, made = Pages(portal), APIRouter(default_response_class=HTMLResponse)
    for (method, path), handler in handlers.items():
        methods = ["GET", "HEAD"] if method == "GET" else [method]
        _add(made, f"/portal{path}", methods, _endpoint(pages, handler), handler.__name__)
    other = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    _add(made, "/portal", other, _endpoint(pages, _missing), "missing")
    _add(made, "/portal/{rest:path}", other, _endpoint(pages, _missing), "missing")
    return made


def _add(
    made: APIRouter, path: str, methods: list[str], endpoint: Callable[..., object], name: str
) -> None:
    made.add_api_route(
        path, endpoint, methods=methods, include_in_schema=False, name=f"portal_{name}"
    )


def _endpoint(pages: Pages, handler: Handler) -> Callable[..., object]:
    async def endpoint(request: Request) -> Response:
        return await pages.answer(request, handler)

    return endpoint


def _missing(_: Portal, __: Call) -> Reply:
    raise Trouble("missing", 404)
