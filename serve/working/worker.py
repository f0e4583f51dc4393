"""The worker's process: a whole service, but for its own machine's socket, with the key that opens the log."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from serve.assembly import DEFAULT_STORE, STORE
from serve.settings import Settings
from serve.store.books import Books
from serve.store.database import connect
from serve.wiring import app_over, parts
from serve.working.answering import LINE
from serve.working.country import Told
from serve.working.desks import FollowingDesk
from serve.working.line import STAND, Answering
from serve.working.reports import taking

AT = "SIMVIGIA_WORKER_AT"


def application() -> FastAPI:
    """The application, and beside it the line that answering processes ask on."""
    settings = Settings.load()
    behind = parts(settings=settings, desk=FollowingDesk)
    app = app_over(behind, settings)
    told = Told(Books(connect(os.environ.get(STORE) or DEFAULT_STORE)))
    told.catch_up()
    line = Answering(Path(os.environ[AT]) / LINE, {STAND: told, **taking(behind.desk)})
    usual = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(of: FastAPI) -> AsyncIterator[None]:
        async with usual(of):
            line.start()
            yield
            line.stop()

    app.router.lifespan_context = lifespan
    return app
