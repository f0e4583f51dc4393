"""The portal in the service's own application: beside the API, in its log by name only."""

from __future__ import annotations

from io import StringIO

import httpx
import pytest

from serve.app import create_app
from serve.deliveries.sealing import Vault
from serve.portal.wiring import Enrolling, portal
from tests.builders import pseudonymiser
from tests.serve.counter import FakeDesk, code, issuer, settings
from tests.serve.portal.people import (
    BOX,
    CONTACTS,
    DANI,
    LETTERS,
    NOTIFIER,
    REGISTER,
    Visitor,
    World,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def log() -> StringIO:
    return StringIO()


@pytest.fixture
def http(world: World, store_url: str, log: StringIO) -> httpx.AsyncClient:
    enrolling = Enrolling(
        BOX, REGISTER, NOTIFIER, CONTACTS, LETTERS, "avisos@simvigia.example", lambda *_: False
    )
    made = portal(
        store_url,
        pseudonymiser(),
        enrolling,
        world.holding,
        visits=Vault(b"v" * 32),
        now=lambda: world.at,
    )
    app = create_app(FakeDesk(), settings(), routers=(made,), development=issuer(), log=log)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(
        transport=transport, base_url="https://portal.test", follow_redirects=True
    )


async def test_the_whole_path_is_there(world: World, http: httpx.AsyncClient) -> None:
    page = await Visitor(http).enter(world)

    assert page.url.path == "/portal/lineas"
    assert world.own.rows("SELECT act FROM portal_acts ORDER BY id") == [
        ("code_asked",),
        ("code_right",),
    ]


async def test_the_log_names_pages_and_nobody(
    world: World, http: httpx.AsyncClient, log: StringIO
) -> None:
    await Visitor(http).claim(folio="K7PM-4TQX-9RHD")

    assert "portal_identity" in log.getvalue()
    assert DANI[:10] not in log.getvalue()
    assert "K7PM" not in log.getvalue()


async def test_the_api_goes_on_answering_in_json(http: httpx.AsyncClient) -> None:
    assert code(await http.get("/portals")) == (404, "NOT_FOUND")


async def test_no_page_is_in_the_published_document(http: httpx.AsyncClient) -> None:
    app = http._transport.app  # type: ignore[attr-defined]

    assert not any(path.startswith("/portal") for path in app.openapi()["paths"])
