"""A desk in memory for tests of the HTTP side, an issuer with known clients, and applications over them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import httpx
from fastapi import FastAPI

from serve.answers import (
    SOURCES,
    Assessment,
    Contradicted,
    LineEvent,
    Outcome,
    Refused,
    Unknown,
)
from serve.app import create_app
from serve.issuer import DevClient, Issuer, secret_hash, signing_key
from serve.naming import API_BASE, SCOPES
from serve.settings import Settings

ISSUER, AUDIENCE, SECRET = "http://issuer.test", "registration-risk", "not-so-secret"
SPACE = UUID(int=7)
AT = datetime(2026, 3, 1, 18, tzinfo=UTC)
HASH = secret_hash(SECRET, b"salt" * 4)
KEY = signing_key(None)
CLIENTS = {
    "alfa-client": DevClient(HASH, ("alfa",), tuple(SCOPES)),
    "beta-client": DevClient(HASH, ("beta", "gama"), tuple(SCOPES)),
    "reader": DevClient(HASH, ("alfa",), ("registration-risk:assessments:read",)),
}
_numbers = count(1)


class FakeDesk:
    """Answers from memory; what it raises next and how it answers can be set."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], tuple[dict[str, object], Assessment]] = {}
        self.parts = {"store": "ok", "model": "ok", "engine": "ok"}
        self.failing: list[Exception] = []
        self.answering: dict[str, Any] = {}
        self.imports: list[tuple[int, bool, bool]] = []
        self.told: list[LineEvent | Outcome] = []

    async def assess(
        self, event: Mapping[str, object], *, imported: bool = False, notify: bool = True
    ) -> Assessment:
        if self.failing:
            raise self.failing.pop(0)
        self._check(event)
        name = str(event["carrier_id"]), str(event["registration_id"])
        if name in self.held:
            asked, given = self.held[name]
            if asked != dict(event):
                raise Contradicted
            return replace(given, repeated=True)
        made = assessment(*name, **self.answering)
        self.held[name] = dict(event), made
        return made

    def _check(self, event: Mapping[str, object]) -> None:
        try:
            datetime.fromisoformat(str(event["registered_at"]).upper())
        except ValueError:
            raise Refused("registered_at", "no such moment") from None

    async def assess_all(
        self, events: Sequence[Mapping[str, object]], *, imported: bool = False, notify: bool = True
    ) -> list[Assessment | Exception]:
        self.imports.append((len(events), imported, notify))
        found: list[Assessment | Exception] = []
        for event in events:
            try:
                found.append(await self.assess(event, imported=imported, notify=notify))
            except Exception as error:  # noqa: BLE001
                found.append(error)
        return found

    async def retrieve(self, assessment_id: UUID, carriers: frozenset[str]) -> Assessment:
        for _, made in self.held.values():
            if made.assessment_id == assessment_id and made.carrier_id in carriers:
                return made
        raise Unknown

    async def find(self, carrier_id: str, registration_id: str) -> Assessment:
        if (carrier_id, registration_id) not in self.held:
            raise Unknown
        return self.held[carrier_id, registration_id][1]

    async def report_event(self, event: LineEvent) -> Assessment:
        self.told.append(event)
        return await self.find(event.carrier_id, event.registration_id)

    async def report_outcome(self, outcome: Outcome) -> Assessment:
        self.told.append(outcome)
        return await self.find(outcome.carrier_id, outcome.registration_id)

    def ready(self) -> Mapping[str, str]:
        return self.parts


def assessment(carrier_id: str, registration_id: str, **changes: Any) -> Assessment:
    made = Assessment(
        assessment_id=uuid5(SPACE, f"{carrier_id}/{registration_id}"),
        carrier_id=carrier_id,
        registration_id=registration_id,
        stage="activation",
        assessed_at=AT,
        score=0.001234,
        decision="allow",
        reasons=(),
        folio=None,
        model_version="m1",
        policy_version="p1",
        feature_version="f1",
        sources=dict.fromkeys(SOURCES, "ok"),
    )
    return replace(made, **changes)


def question(**changes: Any) -> dict[str, Any]:
    """A registration as a client sends it; None leaves a property out."""
    n = next(_numbers)
    body = {
        "registrationId": f"r{n:06d}",
        "carrierId": "alfa",
        "registeredAt": "2026-03-01T12:00:00-06:00",
        "operation": "NEW_LINE",
        "channel": "APP",
        "plan": "PREPAID",
        "identityType": "CURP",
        "identityValue": "XEXX010101HNEXXXA4",
        "phoneNumber": f"+5255{n:08d}",
        "imei": "356938035643809",
        "place": "09015",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def issuer() -> Issuer:
    return Issuer(KEY, CLIENTS, name=ISSUER, audience=AUDIENCE)


def settings(**changes: Any) -> Settings:
    given: dict[str, Any] = {"issuer": ISSUER, "jwks_url": "https://issuer.test/jwks"}
    return Settings(**(given | changes))


def application(
    desk: FakeDesk | None = None, *, log: StringIO | None = None, **changes: Any
) -> FastAPI:
    return create_app(
        desk or FakeDesk(),
        settings(**changes),
        development=issuer(),
        log=log if log is not None else StringIO(),
    )


class Caller:
    """Calls an application as one client."""

    def __init__(self, app: FastAPI, client: str = "alfa-client", **headers: str) -> None:
        own = {"authorization": f"Bearer {issuer().token(client)}"} if client else {}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(
            transport=transport, base_url="http://api.test", headers=own | headers
        )

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.http.post(API_BASE + path, **({"json": body} | more))

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(API_BASE + path, **more)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, which has CAMARA's three fields and no other."""
    body = json.loads(answer.content)
    assert set(body) == {"status", "code", "message"}, body
    assert body["status"] == answer.status_code
    return body["status"], body["code"]
