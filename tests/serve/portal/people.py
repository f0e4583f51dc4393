"""The portal with somebody enrolled, lines in memory, a clock that a test sets, and a visitor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx
from fastapi import FastAPI

from detector.intake import identity
from detector.pseudonym import Pseudonymiser
from serve.answers import Unknown
from serve.deliveries.sealing import Vault
from serve.limits import Rate
from serve.notices.enrolment import Entry, Institution, Register
from serve.notices.lockbox import Lockbox
from serve.notices.mail import open_mail
from serve.notices.notifier import Case, Notifier
from serve.portal.acts import Act, kept
from serve.portal.holding import By, HeldLine, Said, Ticket
from serve.portal.locks import Locks
from serve.portal.proof import Prover, person
from serve.portal.routes import HANDLERS
from serve.portal.service import Guesses, Portal, router
from serve.portal.visits import Cookies
from serve.store.books import Books
from serve.store.database import Connection
from tests.builders import curp_of, pseudonymiser

AT = datetime(2026, 3, 20, 18, tzinfo=UTC)
DANI, EVE = curp_of(11), curp_of(12)
CONGRESS = Institution("Congreso", frozenset({"congreso.example"}), frozenset({"ana", "beto"}))
LETTERS, CONTACTS, BOX = Vault(b"l" * 32), Vault(b"c" * 32), Lockbox(b"r" * 32)
REGISTER = Register(BOX, CONTACTS)
MOVED: set[bytes] = set()  # marks of contacts whose number has a new SIM
NOTIFIER = Notifier(
    BOX, REGISTER, letters=LETTERS, sender="avisos@simvigia.example", unsettled=lambda *_: False
)
PROVER = Prover(
    BOX,
    REGISTER,
    NOTIFIER,
    contacts=CONTACTS,
    letters=LETTERS,
    sender="avisos@simvigia.example",
    unsettled=lambda _, mark: mark in MOVED,
)
SPACE = UUID(int=5)


def subject_of(value: str, door: Pseudonymiser | None = None) -> int:
    return identity("curp", value, door or pseudonymiser(), day=20_000)


def line(number: int, **changes: Any) -> HeldLine:
    made = HeldLine(
        assessment=uuid5(SPACE, str(number)),
        carrier="alfa",
        day=date(2026, 3, 1) + timedelta(days=number % 20),
        state=f"{number % 32 + 1:02d}",
        last_two=f"{number % 100:02d}",
        decision_open=False,
        ticket=None,
    )
    return replace(made, **changes)


@dataclass
class Lines:
    """Lines and answers in memory."""

    held: dict[int, list[HeldLine]] = field(default_factory=dict)
    said: list[tuple[UUID, Said, By]] = field(default_factory=list)
    looks: set[UUID] = field(default_factory=set)

    def lines(self, subject: int, at: datetime) -> Sequence[HeldLine]:
        return tuple(
            replace(one, look_asked=one.assessment in self.looks)
            for one in self.held.get(subject, ())
        )

    def asked(self, subject: int, at: datetime) -> Sequence[tuple[str, date]]:
        return tuple((one.carrier, one.day) for one in self.held.get(subject, ()))

    def ask_to_look(self, assessment: UUID, at: datetime) -> Ticket:
        self.looks.add(assessment)
        return self.answer(assessment, "not_sure", "folio", at)

    def answer(self, assessment: UUID, said: Said, by: By, at: datetime) -> Ticket:
        made = Ticket(
            uuid5(SPACE, f"t{assessment}"), at, (at + timedelta(days=5)).date(), "open", None
        )
        for held in self.held.values():
            for i, one in enumerate(held):
                if one.assessment == assessment:
                    self.said.append((assessment, said, by))
                    held[i] = replace(one, ticket=made)
                    return made
        raise Unknown


class World:
    """A store, a portal over it, and what is written."""

    def __init__(self, own: Connection, *, at: datetime = AT) -> None:
        self.own, self.at, self.holding = own, at, Lines()
        self.acts: list[Act] = []
        self.locks = Locks(BOX)
        self.portal = Portal(
            books=Books(own),
            door=pseudonymiser(),
            box=BOX,
            register=REGISTER,
            prover=PROVER,
            notifier=NOTIFIER,
            holding=self.holding,
            locks=self.locks,
            cookies=Cookies(Vault(b"v" * 32)),
            audit=self.audit,
            now=lambda: self.at,
            guesses=Guesses(Rate(1, 10_000), Rate(1, 10_000)),
        )

    def audit(self, own: Connection, act: Act) -> None:
        self.acts.append(act)
        kept(own, act)

    def enrol(
        self, value: str = DANI, *, contact: str = "dani@congreso.example", **more: Any
    ) -> str:
        """Enrolled and accepted ten days ago; the code of the invitation."""
        return enrolled(self.own, value, at=self.at - timedelta(days=10), contact=contact, **more)

    def app(self) -> FastAPI:
        made = FastAPI()
        made.include_router(router(self.portal, HANDLERS))
        return made

    def visitor(self, *, language: str = "es-MX", scheme: str = "https") -> Visitor:
        transport = httpx.ASGITransport(self.app(), raise_app_exceptions=False)
        headers = {"accept-language": language}
        return Visitor(
            httpx.AsyncClient(
                transport=transport,
                base_url=f"{scheme}://portal.test",
                headers=headers,
                follow_redirects=True,
            )
        )

    def letters(self, route: str = "mail") -> list[str]:
        """What waits in the outbox for a route, opened."""
        sql = "SELECT message, body FROM outbox WHERE route = ? ORDER BY id"
        return [
            LETTERS.open(bytes(body), name).decode() for name, body in self.own.rows(sql, [route])
        ]

    def code(self) -> str:
        """The code of the newest letter."""
        found = re.findall(r"\b\d{8}\b", self.letters()[-1].replace("=\r\n", ""))
        return found[-1]


def enrolled(
    own: Connection,
    value: str,
    *,
    at: datetime,
    contact: str,
    door: Pseudonymiser | None = None,
    accept: bool = True,
    register: Register = REGISTER,
    **more: Any,
) -> str:
    """A batch that two people signed; the code, which the person accepted unless told otherwise."""
    who = person(subject_of(value, door))
    entry = Entry(who, contact, b"mark-" + contact.encode(), **more)
    with own.writing():
        batch = register.propose(own, CONGRESS, [entry], signer="ana", at=at)
        [made] = register.countersign(own, CONGRESS, [entry], batch=batch, signer="beto", at=at)
        if accept:
            assert register.accept(own, who, made.code, at=at)
    return made.code


def told(world: World, assessment: UUID) -> str:
    """The folio of a notice to Dani about a registration."""
    made = Case(
        person(subject_of(DANI)), assessment, "alfa", world.at.date(), "09", 1, "hold", b"line"
    )
    with world.own.writing():
        open_mail(world.own)
        NOTIFIER.write(world.own, NOTIFIER.prepared(world.own, [made], world.at), world.at)
    found = re.findall(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}\b", world.letters()[-1])
    return str(found[-1])


class Visitor:
    """Somebody with a browser that has no script."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.page: httpx.Response

    async def open(self, path: str = "") -> httpx.Response:
        self.page = await self.http.get(f"/portal{path}")
        return self.page

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """Send the page's form with these fields."""
        found = re.search(r'name="token" value="([^"]+)"', self.page.text)
        token = fields.pop("token", found[1] if found else "")
        self.page = await self.http.post(f"/portal{path}", data={"token": token} | fields)
        return self.page

    async def claim(self, value: str = DANI, *, folio: str = "", **more: str) -> httpx.Response:
        """As far as the page after the identity."""
        await self.open()
        await self.send("/folio", **({"folio": folio} if folio else {"none": "1"}))
        return await self.send("/identidad", kind="curp", value=value, **more)

    async def enter(
        self, world: World, value: str = DANI, *, folio: str = "", **more: str
    ) -> httpx.Response:
        """Past the code."""
        await self.claim(value, folio=folio, **more)
        return await self.send("/clave", code=world.code())
