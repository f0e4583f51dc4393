"""The enrolment API over a store, called as one client or another."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx

from serve.api.enrolment import BASE, SIGN, VOUCH, enrolment_router
from serve.app import create_app
from serve.issuer import DevClient, Issuer
from serve.notices.enrolment import Institution, Register
from serve.notices.enrolments import Enrolments
from serve.notices.mail import open_mail
from serve.notices.sms import open_nowhere
from serve.store.database import Connection
from tests.builders import pseudonymiser
from tests.serve import counter
from tests.serve.notices.living import DANI, KEYS, NOON, office, waiting
from tests.serve.notices.people import CONGRESS

CLIENTS = {
    "ana": DevClient(counter.HASH, (), (SIGN,)),
    "beto": DevClient(counter.HASH, (), (SIGN,)),
    "mallory": DevClient(counter.HASH, (), (SIGN,)),
    "carla": DevClient(counter.HASH, ("alfa",), (SIGN, VOUCH)),
    "carlos": DevClient(counter.HASH, ("alfa",), (SIGN,)),
}
ALFA = Institution("Alfa", frozenset(), frozenset({"carla", "carlos"}), "alfa")
ENTRY = {"identityType": "CURP", "identityValue": DANI, "contact": "dani@congreso.example"}


class Enrolling:
    """One application, at noon."""

    def __init__(self, own: Connection) -> None:
        self.own, self.register = own, Register(KEYS.box(), KEYS.contacts())
        self.issuer = Issuer(counter.KEY, CLIENTS, name=counter.ISSUER, audience=counter.AUDIENCE)
        with own.writing():
            open_mail(own)
            open_nowhere(own)
        enrolments = Enrolments(
            own,
            pseudonymiser(),
            box=KEYS.box(),
            register=self.register,
            notifier=office(KEYS).notifier,
            institutions={CONGRESS.name: CONGRESS, ALFA.name: ALFA},
            now=lambda: NOON,
        )
        self.app = create_app(
            counter.FakeDesk(),
            counter.settings(),
            routers=[enrolment_router(enrolments)],
            development=self.issuer,
        )

    def __call__(
        self, place: str, body: object, *, client: str = "ana", method: str = "POST"
    ) -> httpx.Response:
        return asyncio.run(self._call(method, place, body, client))

    async def _call(self, method: str, place: str, body: object, client: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.issuer.token(client)}"}
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
            return await http.request(method, BASE + place, json=body, headers=headers)

    def propose(
        self, *, client: str = "ana", house: str = "congreso", **changes: Any
    ) -> httpx.Response:
        body = {"institution": house, "entries": [ENTRY | changes]}
        return self("/batches", body, client=client)

    def sign(
        self, batch: str, *, client: str = "beto", house: str = "congreso", **changes: Any
    ) -> httpx.Response:
        body = {"institution": house, "entries": [ENTRY | changes], "batchId": batch}
        return self("/signatures", body, client=client)

    def enrolled(self, **changes: Any) -> str:
        """Signed twice and accepted; the code that was sent."""
        batch = self.propose(**changes).json()["batchId"]
        assert self.sign(batch, **changes).status_code == 201
        return re.findall(r"\b\d{8}\b", waiting(self.own, KEYS)[-1])[-1]
