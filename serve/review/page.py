"""One plain page for reviewers, made on the server: a queue, a case, forms. It needs no JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from serve import body, words
from serve.answers import Refused, Unavailable, Unknown
from serve.auth import Client
from serve.errors import Fault, fault
from serve.gate import Service
from serve.review import shown
from serve.review.api import ALLOW, DECIDE, READ, acting, decided
from serve.review.clearing import KINDS
from serve.review.page_words import WORDS
from serve.review.room import Room
from serve.review.session import FIELD, PATH, Sessions

HERE = ZoneInfo("America/Mexico_City")
PER_PAGE = 50
LARGEST_FORM = 8_192
Form = dict[str, str]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
STYLE = files("serve.review").joinpath("review.css").read_text("utf-8")
_TEMPLATES = Environment(
    loader=PackageLoader("serve.review"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _when(at: datetime) -> str:
    return f"{at.astimezone(HERE):%Y-%m-%d %H:%M}"


def _risk(score: float) -> str:
    return f"{score:.0%}".replace("%", " %") if score else "–"  # rules alone give no score


_TEMPLATES.filters |= {"when": _when, "risk": _risk}


class Paged(APIRoute):
    """A route whose faults are pages; who is not signed in goes to sign in."""

    def get_route_handler(self) -> Handler:
        """The operation, and a page for what goes wrong in it."""
        usual = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await usual(request)
            except (HTTPException, Refused, Unknown, Unavailable) as error:
                return _fault(request, fault(error))

        return handle


def _fault(request: Request, found: Fault) -> Response:
    if found.status_code == 401:
        return RedirectResponse(f"{PATH}/sign-in", 303, HEADERS)
    said = WORDS[_language(request)]
    message = said.get(f"status_{found.status_code}", said["status_400"])
    return _page(request, "fault", status=found.status_code, message=message, detail=found.message)


def _language(request: Request) -> str:
    return words.language(request.headers.get("accept-language", ""))


def _page(request: Request, name: str, *, status: int = 200, **given: Any) -> Response:
    language = _language(request)
    text = _TEMPLATES.get_template(f"{name}.html.j2").render(
        {"who": "", "form": "", "language": language[:2], "t": WORDS[language], "base": PATH}
        | given
    )
    return Response(text, status, HEADERS, media_type="text/html")


async def _form(request: Request) -> Form:
    """The fields of a form, the first of each. Raises Fault 413 for one that is too large."""
    request._body = await body.raw(request, LARGEST_FORM)  # where Starlette keeps it
    async with request.form(max_files=0, max_fields=20) as given:
        return {name: value for name, value in given.items() if isinstance(value, str)}


class Pages:
    """The page over one room."""

    def __init__(self, room: Room, sessions: Sessions) -> None:
        self._room, self._sessions = room, sessions

    def router(self) -> APIRouter:
        """Its routes."""
        routes = APIRouter(prefix=PATH, route_class=Paged, include_in_schema=False)
        routes.add_api_route("", self.queue, methods=["GET"])
        routes.add_api_route("/review.css", self.style, methods=["GET"])
        routes.add_api_route("/sign-in", self.sign_in, methods=["GET", "POST"])
        routes.add_api_route("/sign-out", self.sign_out, methods=["POST"])
        routes.add_api_route("/cases/{case_id}", self.case, methods=["GET"])
        routes.add_api_route("/cases/{case_id}", self.act, methods=["POST"])
        routes.add_api_route("/allowed", self.allowed, methods=["GET", "POST"])
        return routes

    async def style(self, request: Request) -> Response:
        """How it looks."""
        kept = HEADERS | {"Cache-Control": "max-age=3600"}
        return Response(STYLE, 200, kept, media_type="text/css")

    async def sign_in(self, request: Request) -> Response:
        """Asks who it is, where this process can tell."""
        if request.method == "GET":
            return self._ask_who(request)
        given = await _form(request)
        self._sessions.check(request, given.get(FIELD, ""), "")
        token = await self._sessions.sign_in(given.get("client", ""), given.get("secret", ""))
        if token is None:
            return self._ask_who(request, wrong=True)
        answer = RedirectResponse(PATH, 303, HEADERS)
        self._sessions.begin(answer, token)
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Ends the session."""
        who = await self._who(request, READ)
        self._sessions.check(request, (await _form(request)).get(FIELD, ""), who.person)
        answer = RedirectResponse(f"{PATH}/sign-in", 303, HEADERS)
        self._sessions.end(answer)
        return answer

    async def queue(self, request: Request) -> Response:
        """The cases that wait, and how it goes."""
        who = await self._who(request, READ)
        order = "age" if request.query_params.get("order") == "age" else "risk"
        page = _number(request.query_params.get("page", "1"))
        found, total = await acting(self._room.queue, who, order=order, page=page, most=PER_PAGE)
        now = self._room.clock()
        return self._shown(
            request, who, "queue",
            cases=[shown.line(case, now) for case in found],
            summary=shown.summary(await acting(self._room.summary, who)),
            order=order, page=page, more=page * PER_PAGE < total, total=total,
        )  # fmt: skip

    async def case(self, request: Request, case_id: UUID) -> Response:
        """One case."""
        who = await self._who(request, READ)
        found = await acting(self._room.look, who, case_id)
        return self._shown(
            request, who, "case",
            case=shown.whole(found, self._room.clock()),
            mine=found.case.held_by(self._room.clock()) == who.person,
            may_decide=DECIDE in who.scopes, may_allow=ALLOW in who.scopes,
            done=request.query_params.get("done", ""),
        )  # fmt: skip

    async def act(self, request: Request, case_id: UUID) -> Response:
        """What the forms of a case ask for."""
        who = await self._who(request, READ)
        given = await _form(request)
        self._sessions.check(request, given.get(FIELD, ""), who.person)
        done = await self._done(request, who, case_id, given)
        return RedirectResponse(f"{PATH}/cases/{case_id}?done={done}", 303, HEADERS)

    async def _done(self, request: Request, who: Client, case_id: UUID, given: Form) -> str:
        act, room = given.get("act", ""), self._room
        who.require(ALLOW if act == "allow" else DECIDE)
        if act == "claim":
            await acting(room.claim, who, case_id)
        elif act == "release":
            await acting(room.let_go, who, case_id)
        elif act == "note":
            await acting(room.note, who, case_id, given.get("text", ""))
        elif act in {"fraud", "legitimate"}:
            desk = _service(request).desk
            last = await decided(room, desk, who, case_id=case_id, label=act)
            return "done" if last else "done_second"
        elif act == "allow" and given.get("kind") in KINDS:
            days, why = float(_number(given.get("days", ""))), given.get("why", "")
            await acting(room.allow, who, case_id, given["kind"], days=days, why=why)
        else:
            raise Fault(400)
        return "done"

    async def allowed(self, request: Request) -> Response:
        """The patterns that are cleared now; withdraws one."""
        who = await self._who(request, READ)
        if request.method == "POST":
            given = await _form(request)
            self._sessions.check(request, given.get(FIELD, ""), who.person)
            who.require(ALLOW)
            await acting(self._room.withdraw, who, _uuid(given.get("note", "")))
            return RedirectResponse(f"{PATH}/allowed", 303, HEADERS)
        found = [shown.allowed(note) for note in await acting(self._room.allowed, who)]
        may = ALLOW in who.scopes
        return self._shown(request, who, "allowed", notes=found, may_allow=may)

    async def _who(self, request: Request, scope: str) -> Client:
        service = _service(request)
        who = await self._sessions.visitor(request, service.verifier)
        who.require(scope)
        service.rate.take(who.client_id)
        request.scope.setdefault("state", {})["client"] = who.client_id
        return who

    def _shown(self, request: Request, who: Client, name: str, **given: Any) -> Response:
        nonce = self._sessions.nonce(request)
        mark = self._sessions.mark(nonce, who.person)
        answer = _page(request, name, who=who.person, form=mark, **given)
        self._sessions.remember(answer, nonce)
        issuer = self._sessions.issuer
        if issuer and not request.headers.get("authorization"):
            self._sessions.begin(answer, issuer.token(who.client_id))  # while somebody is at work
        return answer

    def _ask_who(self, request: Request, *, wrong: bool = False) -> Response:
        nonce = self._sessions.nonce(request)
        answer = _page(
            request, "sign_in", form=self._sessions.mark(nonce, ""), wrong=wrong,
            here=self._sessions.issuer is not None, status=403 if wrong else 200,
        )  # fmt: skip
        self._sessions.remember(answer, nonce)
        return answer


def _service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


def _number(text: str) -> int:
    """A small whole number of at least 1; 1 for anything else."""
    return max(int(text), 1) if text.isdecimal() and len(text) < 7 else 1


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Fault(404) from None
