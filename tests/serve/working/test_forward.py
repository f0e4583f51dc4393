"""What is handed on to the worker is what came, and nothing of one visitor goes with the next."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from serve import errors
from serve.correlator import Correlated
from serve.working.forward import METHODS, forwarding

LIMIT = 1_000


async def echo(request: Request) -> Response:
    """What a worker sees of a request; every visitor gets a cookie."""
    seen = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "body": (await request.body()).decode(),
        "cookie": request.headers.get("cookie"),
        "from": request.headers.get("x-forwarded-for"),
        "host": request.headers.get("host"),
    }
    made = JSONResponse(seen, 202)
    made.set_cookie("visit", "secret")
    made.set_cookie("form", "other")
    return made


@pytest.fixture
def socket() -> Iterator[Path]:
    """Of a worker that says what it sees."""
    worker = Starlette(routes=[Route("/{path:path}", echo, methods=METHODS)])
    with tempfile.TemporaryDirectory(prefix="hand") as folder:
        path = Path(folder) / "http"
        server = uvicorn.Server(uvicorn.Config(worker, uds=str(path), log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield path
        server.should_exit = True
        thread.join()


class Visitor:
    """Of a process that does nothing itself."""

    def __init__(self, socket: Path) -> None:
        app = FastAPI(openapi_url=None, middleware=[Middleware(Correlated)])
        errors.install(app)
        app.router.routes.append(forwarding(socket, limit=LIMIT, within=5.0))
        self._app = app

    def asks(self, method: str, *paths: str, **more: Any) -> list[httpx.Response]:
        """Each path, one after another, by somebody who keeps no cookies."""

        async def all_() -> list[httpx.Response]:
            found = []
            for path in paths:
                way = httpx.ASGITransport(self._app)
                async with httpx.AsyncClient(transport=way, base_url="http://front") as one:
                    found.append(await one.request(method, path, **more))
            return found

        return asyncio.run(all_())


def test_a_request_arrives_as_it_was_sent(socket: Path) -> None:
    headers = {"x-forwarded-for": "1.2.3.4", "cookie": "mine=1"}
    (answer,) = Visitor(socket).asks("POST", "/a%2Fb/c?d=%C3%A9", content=b"words", headers=headers)

    assert answer.status_code == 202
    assert answer.json() == {
        "method": "POST",
        "path": "/a%2Fb/c",
        "query": "d=%C3%A9",
        "body": "words",
        "cookie": "mine=1",
        "from": "127.0.0.1",
        "host": "front",
    }
    assert len(answer.headers.get_list("set-cookie")) == 2


def test_nothing_of_one_visitor_goes_with_the_next(socket: Path) -> None:
    _, second = Visitor(socket).asks("GET", "/", "/")

    assert second.json()["cookie"] is None


def test_a_body_beyond_the_limit_is_refused_and_a_worker_that_is_away_is_503(
    socket: Path, tmp_path: Path
) -> None:
    (large,) = Visitor(socket).asks("POST", "/", content=b"x" * (LIMIT + 1))
    (away,) = Visitor(tmp_path / "nobody").asks("GET", "/")

    assert (large.status_code, away.status_code) == (413, 503)
