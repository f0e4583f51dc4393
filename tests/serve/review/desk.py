"""The whole application over a bench: its API and its page, asked over HTTP by reviewers of the issuer."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from serve.app import create_app
from serve.desk import QueueDesk
from serve.issuer import DevClient, Issuer
from serve.naming import SCOPES as CARRIERS_SCOPES
from serve.reading import Reader
from serve.review.api import READ, SCOPES, review_router
from serve.review.page import Pages
from serve.review.session import Sessions
from serve.store.books import Books
from serve.store.database import connect
from tests.builders import pseudonymiser
from tests.serve import counter
from tests.serve.review.bench import Bench

PEOPLE = {
    "ana": DevClient(counter.HASH, ("alfa", "beta"), tuple(SCOPES)),
    "beto": DevClient(counter.HASH, ("alfa", "beta"), tuple(SCOPES)),
    "reader": DevClient(counter.HASH, ("alfa",), (READ,)),
    "stranger": DevClient(counter.HASH, ("beta",), tuple(SCOPES)),
    "carrier": DevClient(counter.HASH, ("alfa",), tuple(CARRIERS_SCOPES)),
}
FORM = re.compile(r'name="form" value="([0-9a-f]+)"')


@contextmanager
def application(bench: Bench) -> Iterator[FastAPI]:
    """The application at work."""
    reader = Reader(Books(connect(bench.standing.url)), pseudonymiser())
    desk = QueueDesk(bench.standing.engine, reader, health=dict)
    issuer = Issuer(counter.KEY, PEOPLE, name=counter.ISSUER, audience=counter.AUDIENCE)
    sessions = Sessions(b"f" * 32, issuer=issuer, secure=False)
    app = create_app(
        desk,
        counter.settings(),
        routers=(review_router(bench.room), Pages(bench.room, sessions).router()),
        development=issuer,
    )
    app.state.issuer = issuer
    desk.start()
    try:
        yield app
    finally:
        desk.stop()


class Person:
    """Somebody with a token for the API, or at the page."""

    def __init__(self, app: FastAPI, name: str = "", **headers: str) -> None:
        token = {"authorization": f"Bearer {app.state.issuer.token(name)}"} if name else {}
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False),
            base_url="http://review.test",
            headers=token | headers,
        )
        self._loop = asyncio.new_event_loop()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._loop.run_until_complete(self.http.request(method, path, **more))

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def send(self, path: str, at: str, **fields: str) -> httpx.Response:
        """A form of the page at a path."""
        found = FORM.search(self.get(at).text)
        mark = {"form": found[1]} if found else {}
        return self.ask("POST", path, data=mark | fields)

    def sign_in(self, name: str, secret: str = counter.SECRET) -> httpx.Response:
        return self.send("/review/sign-in", "/review/sign-in", client=name, secret=secret)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """On a port of this machine, for a browser."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def body(answer: httpx.Response) -> Mapping[str, Any]:
    found: Mapping[str, Any] = answer.json()
    return found
