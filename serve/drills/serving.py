"""A service for a drill: in this process, and all that it writes in one folder that can be searched."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic.alias_generators import to_camel

from detector.pseudonym import Key
from serve import assembly, wiring
from serve.api.audit import audit_routers
from serve.api.oracle import oracle_router
from serve.app import create_app
from serve.drills.people import Event
from serve.issuer import DevClient, Issuer, secret_hash, signing_key
from serve.naming import SCOPES
from serve.schemas import CODED
from serve.settings import Settings
from serve.store.keys import ENGINE_FILE, ENGINE_NAME, WORKER_FILE, WORKER_NAME, rehearsed
from serve.witness import Witness

NAME, AUDIENCE = "http://issuer.drill", "registration-risk"
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service is kept, apart from its keys, and its store."""

    folder: Path
    service: Path
    url: str


@contextlib.contextmanager
def everything_into(folder: Path) -> Iterator[None]:
    """What is printed and what is put aside for a moment lies below the folder too."""
    before, scratch = tempfile.tempdir, folder / "tmp"
    scratch.mkdir()
    with (folder / "stdout.txt").open("w") as out, (folder / "stderr.txt").open("w") as err:
        tempfile.tempdir = str(scratch)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                yield
        finally:
            tempfile.tempdir = before


@contextlib.contextmanager
def keys_in(folder: Path) -> Iterator[None]:
    """Both stores' keys, apart from the service, and named by the environment as every part looks for them."""
    rehearsed(folder)
    named = {ENGINE_FILE: str(folder / ENGINE_NAME), WORKER_FILE: str(folder / WORKER_NAME)}
    before = {name: os.environ.get(name) for name in named}
    os.environ |= named
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


async def served(
    place: Place,
    model: Path,
    ask: Callable[[httpx.AsyncClient], Awaitable[Made]],
    *,
    carriers: tuple[str, ...] = ("alfa",),
    witness: type[Witness] = Witness,
) -> Made:
    """What comes of asking a whole service as a client that acts for some carriers."""
    key = place.folder / "key"
    if not key.exists():
        Key.generate(key)
    settings = Settings(
        issuer=NAME, jwks_url="https://issuer.drill/jwks", several_carriers=len(carriers) > 1
    )
    environment = {
        assembly.STORE: place.url,
        assembly.MODEL: str(model),
        "SIMVIGIA_KEY_FILE": str(key),
    }
    parts = wiring.parts(environment, settings=settings)
    client = DevClient(secret_hash("drill", b"salt" * 4), carriers, tuple(SCOPES))
    issuer = Issuer(signing_key(None), {"drill": client}, name=NAME, audience=AUDIENCE)
    with (place.service / "service.log").open("a") as log:
        app = create_app(
            parts.desk,
            settings,
            development=issuer,
            log=log,
            routers=(
                *parts.deliveries.routers,
                *audit_routers(parts.keeper),
                oracle_router(parts.watch),
            ),
            witness=witness(parts.keeper, parts.watch),
        )
        parts.start()
        try:
            async with _client(app, issuer.token("drill")) as http:
                return await ask(http)
        finally:
            parts.stop()


def _client(app: object, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),  # type: ignore[arg-type]
        base_url="http://api.drill",
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        timeout=60,
    )


def asked_as(event: Event) -> dict[str, object]:
    """A registration as the API takes it."""
    words = {"msisdn": "phoneNumber"}
    return {
        words.get(name) or to_camel(name): str(value).upper() if name in CODED else value
        for name, value in event.items()
    }
