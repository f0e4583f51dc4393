"""The public statistics: a page without a script, in Spanish and English, and the same as JSON. Open to all."""

from __future__ import annotations

import asyncio
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import groupby
from math import ceil

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse

from serve.disputes import book
from serve.disputes.statistics import SMALLEST, Cell, statistics
from serve.portal.pages import HEADERS, LANGUAGES, STYLE, month_name
from serve.portal.states import name as state_name
from serve.store.database import Connection
from serve.words import language

PATH = "/statistics"
LIFE = timedelta(minutes=10)
MONTHS = 24  # that the page leads to
FRESH = {"Cache-Control": f"public, max-age={int(LIFE.total_seconds())}"}
ROWS = 200  # of a page, which stays below 60 KB
WORDS = {
    language: tomllib.loads((files("serve.disputes") / f"words.{language}.toml").read_text("utf-8"))
    for language in LANGUAGES
}
_TEMPLATES = Environment(
    loader=PackageLoader("serve.disputes"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["place"] = state_name


@dataclass(frozen=True, slots=True)
class Told:
    """What is published: cells, and cases past their day by carrier, where a count is large enough."""

    cells: list[Cell]
    overdue: dict[str, int]


class Published:
    """What was published within the last ten minutes, however often it is asked for."""

    def __init__(self, own: Connection, now: Callable[[], datetime]) -> None:
        self._own, self._now = own, now
        self._one = threading.Lock()
        self._held: tuple[datetime, Told] | None = None

    def told(self) -> Told:
        """Read it, or remember."""
        with self._one:
            at = self._now()
            if self._held is None or at - self._held[0] > LIFE:
                late = book.overdue(self._own, at)
                many = {name: count for name, count in sorted(late.items()) if count >= SMALLEST}
                self._held = at, Told(statistics(self._own, at), many)
            return self._held[1]


def statistics_router(published: Published) -> APIRouter:
    """The page and the JSON."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def page(request: Request) -> HTMLResponse:
        """The page in the reader's language."""
        asked = request.query_params.get("idioma", "")
        spoken = asked if asked in WORDS else language(request.headers.get("accept-language", ""))
        told = await asyncio.to_thread(published.told)
        text = _rendered(told, spoken[:2], request.query_params)
        return HTMLResponse(text, headers=HEADERS | FRESH)

    @router.get(f"{PATH}.json")
    async def data() -> JSONResponse:
        """Counts below the smallest are null, or missing."""
        found = await asyncio.to_thread(published.told)
        late = [{"carrier": name, "overdue": count} for name, count in found.overdue.items()]
        told = {"smallest": SMALLEST, "cells": [asdict(c) for c in found.cells], "overdue": late}
        return JSONResponse(told, headers=FRESH)

    return router


def _rendered(told: Told, spoken: str, query: Mapping[str, str]) -> str:
    """One month, its first rows or the next ones."""
    months = list(dict.fromkeys(cell.month for cell in told.cells))
    month = query.get("mes", "") if query.get("mes", "") in months else (months or [""])[0]
    rows = [cell for cell in told.cells if cell.month == month]
    pages = max(1, ceil(len(rows) / ROWS))
    typed = query.get("pagina", "1")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 1
    page = min(max(number, 1), pages)
    shown = rows[(page - 1) * ROWS : page * ROWS]
    return _TEMPLATES.get_template("statistics.html.j2").render(
        t=WORDS[spoken],
        spoken=spoken,
        months=[(each, month_name(each, spoken)) for each in months[:MONTHS]],
        month=month,
        title=month_name(month, spoken) if month else "",
        states=[(state, list(cells)) for state, cells in groupby(shown, lambda cell: cell.state)],
        overdue=told.overdue,
        page=page,
        pages=pages,
        smallest=SMALLEST,
        style=Markup(STYLE),  # noqa: S704 - our own file
    )
