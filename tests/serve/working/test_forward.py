"""What is handed on to the worker is what came, and nothing of one visitor goes with the next."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

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


def visitor(socket: Path) -> TestClient:
    """Of a process that does nothing itself."""
    app = FastAPI(openapi_url=None, middleware=[Middleware(Correlated)])
    errors.install(app)
    app.router.routes.append(forwarding(socket, limit=LIMIT, within=5.0))
    return TestClient(app)


def test_a_request_arrives_as_it_was_sent(socket: Path) -> None:
    headers = {"x-forwarded-for": "1.2.3.4", "cookie": "mine=1"}
    answer = visitor(socket).post("/a%2Fb/c?d=%C3%A9", content=b"words", headers=headers)

    assert answer.status_code == 202
    assert answer.json() == {
        "method": "POST",
        "path": "/a%2Fb/c",
        "query": "d=%C3%A9",
        "body": "words",
        "cookie": "mine=1",
        "from": "testclient",
        "host": "testserver",
    }
    assert len(answer.headers.get_list("set-cookie")) == 2


def test_nothing_of_one_visitor_goes_with_the_next(socket: Path) -> None:
    front = visitor(socket)
    front.get("/")
    front.cookies.clear()

    assert front.get("/").json()["cookie"] is None


def test_a_body_beyond_the_limit_is_refused_and_a_worker_that_is_away_is_503(
    socket: Path, tmp_path: Path
) -> None:
    assert visitor(socket).post("/", content=b"x" * (LIMIT + 1)).status_code == 413
    assert visitor(tmp_path / "nobody").get("/").status_code == 503
