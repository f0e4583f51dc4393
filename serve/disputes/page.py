"""The public statistics: a page without a script, in Spanish and English, and the same as JSON. Open to all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse

from serve.disputes.statistics import SMALLEST, Cell, statistics
from serve.portal.pages import HEADERS, STYLE
from serve.portal.states import name as state_name
from serve.store.database import Connection
from serve.words import language

PATH = "/statistics"
LIFE = timedelta(minutes=10)
FRESH = {"Cache-Control": f"public, max-age={int(LIFE.total_seconds())}"}
WORDS = {
    "es": {
        "title": "Casos en números",
        "lead": "Cuántas veces alguien dijo que una línea a su nombre no era suya, y qué encontró la compañía. "
        "Los números menores que {0} no se publican, para que nadie pueda ser reconocido.",
        "month": "Mes",
        "state": "Estado",
        "carrier": "Compañía",
        "disputes": "Casos",
        "confirmed_misuse": "Mal uso confirmado",
        "overturned_flags": "Alertas retiradas",
        "none": "Todavía no hay números que se puedan publicar.",
        "few": "no se publica",
        "json": "Los mismos datos como JSON",
    },
    "en": {
        "title": "Cases in numbers",
        "lead": "How often somebody said that a line in their name was not theirs, and what the carrier found. "
        "Numbers below {0} are not published, so that nobody can be recognised.",
        "month": "Month",
        "state": "State",
        "carrier": "Carrier",
        "disputes": "Cases",
        "confirmed_misuse": "Misuse confirmed",
        "overturned_flags": "Flags withdrawn",
        "none": "There are no numbers yet that can be published.",
        "few": "not published",
        "json": "The same data as JSON",
    },
}
_TEMPLATES = Environment(
    loader=PackageLoader("serve.disputes"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["place"] = state_name


class Published:
    """The cells as they were within the last ten minutes, however often they are asked for."""

    def __init__(self, own: Connection, now: Callable[[], datetime]) -> None:
        self._own, self._now = own, now
        self._one = threading.Lock()
        self._held: tuple[datetime, list[Cell]] | None = None

    def cells(self) -> list[Cell]:
        """Read them, or remember."""
        with self._one:
            at = self._now()
            if self._held is None or at - self._held[0] > LIFE:
                self._held = at, statistics(self._own, at)
            return self._held[1]


def statistics_router(published: Published) -> APIRouter:
    """The page and the JSON."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def page(request: Request) -> HTMLResponse:
        """The page in the reader's language."""
        asked = (
            request.query_params.get("idioma")
            or language(request.headers.get("accept-language", ""))[:2]
        )
        spoken = asked if asked in WORDS else "es"
        cells = await asyncio.to_thread(published.cells)
        text = _TEMPLATES.get_template("statistics.html.j2").render(
            t=WORDS[spoken],
            spoken=spoken,
            other="en" if spoken == "es" else "es",
            cells=cells,
            smallest=SMALLEST,
            style=Markup(STYLE),  # noqa: S704 - our own file
        )
        return HTMLResponse(text, headers=HEADERS | FRESH)

    @router.get(f"{PATH}.json")
    async def data() -> JSONResponse:
        """Counts below the smallest are null."""
        cells = await asyncio.to_thread(published.cells)
        told = {"smallest": SMALLEST, "cells": [asdict(cell) for cell in cells]}
        return JSONResponse(told, headers=FRESH)

    return router
