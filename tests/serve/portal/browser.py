"""A real Chromium over a portal that listens, and the walk through all its pages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, Playwright

from serve.disputes.page import Published, Told, statistics_router
from serve.disputes.statistics import Cell
from serve.portal.locks import Locks
from serve.store.database import connect
from tests.builders import curp_of
from tests.serve.engine.standing import Standing, question
from tests.serve.portal.people import AT, BOX, DANI, EVE, World, enrolled, line, subject_of

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE, DESKTOP = (360, 740), (1280, 900)
PICTURES = (
    "SIMVIGIA_SCREENSHOTS"  # a folder: every page that a walk passes is kept there as a picture
)
ROSA = curp_of(21)
Look = Callable[[Page, str], None]


def chromium() -> str:
    """The system's browser, installed where it is missing; the test is skipped where that fails."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        script = Path(__file__).parents[3] / "scripts" / "system_package"
        subprocess.run(["sh", str(script), "chromium"], check=False, timeout=400)
        found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or pytest.skip("no Chromium here, and none could be installed")


def launched(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
    )


@dataclass(frozen=True)
class Place:
    """Where the portal listens, its world, and what there is to type."""

    url: str
    world: World
    folio: str  # of Rosa, who is not enrolled
    invitation: str  # of Eve


@contextmanager
def listening(folder: Path) -> Iterator[Place]:
    """A portal over a store in a folder: Dani enrolled, Eve invited, Rosa asked for another proof."""
    url = f"sqlite:///{folder / 'store.db'}"
    world = World(connect(url))
    world.enrol()
    held = [line(n) for n in range(1, 15)]
    world.holding.held[subject_of(DANI)] = held
    world.holding.answer(held[1].assessment, "not_mine", "holder", AT)
    ticket = held[1].ticket
    assert ticket is not None
    held[1] = replace(held[1], ticket=replace(ticket, state="resolved", outcome="confirmed_misuse"))
    held[0] = replace(held[0], decision_open=True)
    invitation = enrolled(world.own, EVE, at=AT, contact="eve@congreso.example", accept=False)
    folio = _handed(url, world)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(_application(world), port=port, log_level="error", loop="asyncio")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Place(f"http://127.0.0.1:{port}/portal", world, folio, invitation)
    server.should_exit = True
    thread.join()
    world.own.close()


def _application(world: World) -> FastAPI:
    """The portal, and public numbers of three months beside it."""
    made = world.app()
    made.include_router(statistics_router(Counted()))
    return made


class Counted(Published):
    """Numbers as a country would have them."""

    def __init__(self) -> None:
        """Nothing is read."""

    def told(self) -> Told:
        cells = [
            Cell(
                month,
                f"{state:02d}",
                carrier,
                5 + 7 * state,
                None if state % 4 else 9,
                state % 7 or None,
            )
            for month in ("2026-03", "2026-02", "2025-12")
            for state in range(1, 33)
            for carrier in ("alfa", "aurora", "bravo-movil", "compania-con-nombre-largo")
        ]
        return Told(cells, {"alfa": 12, "aurora": 5})


def _handed(url: str, world: World) -> str:
    standing, locks = Standing(url), Locks(BOX)
    standing.engine.locked = locks.locked
    with standing.books.own.writing():
        locks.lock(standing.books.own, subject_of(ROSA), at=AT)
    [made] = standing.answered(question(identity_value=ROSA))
    standing.close()
    world.holding.held[subject_of(ROSA)] = [line(3, assessment=made.assessment_id)]
    assert made.folio is not None
    return made.folio


def walked(page: Page, place: Place, look: Look) -> None:
    """Through every page, with what a person does on each; `look` is called on all of them."""

    def loaded(page: Page, name: str) -> None:
        # A click waits until the next page has begun, and no longer: it may still be empty.
        page.wait_for_load_state()
        look(page, name)

    _entered(page, place, loaded)
    _answered(page, loaded)
    _settled(page, place, loaded)
    _by_folio(page, place, loaded)
    _accepted(page, place, loaded)
    page.goto(place.url.replace("/portal", "/statistics"))
    loaded(page, "numeros")
    page.get_by_role("link", name="Diciembre de 2025").click()
    loaded(page, "numeros-mes")


def _entered(page: Page, place: Place, look: Look) -> None:
    page.goto(place.url)
    look(page, "inicio")
    page.get_by_label("Su folio").fill("abc")
    page.get_by_role("button", name="Continuar").click()
    look(page, "folio-mal")
    page.get_by_role("button", name="Estoy inscrito").click()
    look(page, "identidad")
    page.get_by_label("Clave o número").fill("XX")
    page.get_by_role("button", name="Continuar").click()
    look(page, "identidad-mal")
    page.get_by_label("Clave o número").fill(DANI)
    page.get_by_role("button", name="Continuar").click()
    look(page, "clave")
    page.get_by_label("Clave de 8 números").fill("00000000")
    page.get_by_role("button", name="Entrar").click()
    look(page, "clave-mal")
    page.get_by_label("Clave de 8 números").fill(place.world.code())
    page.get_by_role("button", name="Entrar").click()


def _answered(page: Page, look: Look) -> None:
    look(page, "lineas")
    page.get_by_role("button", name="No es mía", exact=True).first.click()
    assert page.get_by_role("status").is_visible()
    look(page, "respuesta")
    page.get_by_role("link", name="Siguientes").click()
    look(page, "lineas-2")


def _settled(page: Page, place: Place, look: Look) -> None:
    page.get_by_role("link", name="Candado").click()
    look(page, "candado")
    page.get_by_role("button", name="Poner el candado").click()
    look(page, "candado-puesto")
    page.get_by_role("link", name="Mis avisos").click()
    look(page, "avisos")
    page.get_by_role("link", name="Qué puedo hacer").click()
    look(page, "ayuda")
    page.goto(f"{place.url}/lineas")
    page.get_by_role("button", name="Salir").click()
    look(page, "salida")
    page.goto(f"{place.url}/lineas")
    look(page, "pasada")
    page.goto(f"{place.url}/nada")
    look(page, "nada")


def _by_folio(page: Page, place: Place, look: Look) -> None:
    page.goto(place.url)
    page.get_by_label("Su folio").fill(place.folio)
    page.get_by_role("button", name="Continuar").click()
    page.get_by_label("Clave o número").fill(DANI)
    page.get_by_role("button", name="Continuar").click()
    look(page, "folio-ajeno")
    page.get_by_label("Clave o número").fill(ROSA)
    page.get_by_role("button", name="Continuar").click()
    look(page, "registro")
    page.get_by_role("button", name="Pedir que lo revise").click()
    page.get_by_text("Cambiar mi respuesta").click()
    page.get_by_role("button", name="Es mía", exact=True).click()
    look(page, "registro-contestado")
    page.get_by_role("button", name="Salir").click()


def _accepted(page: Page, place: Place, look: Look) -> None:
    page.goto(place.url)
    page.get_by_role("link", name="Me llegó una clave").click()
    look(page, "aceptar")
    page.get_by_label("Clave o número").fill(EVE)
    page.get_by_label("Clave de inscripción").fill(place.invitation)
    page.get_by_role("button", name="Acepto recibir avisos").click()
    look(page, "aceptado")


def pictured(page: Page, name: str, *, folder: Path | None = None) -> None:
    """Keep a picture of a page, where somebody asked for pictures."""
    kept = folder or (Path(os.environ[PICTURES]) if os.environ.get(PICTURES) else None)
    if kept:
        width = (page.viewport_size or {"width": 0})["width"]
        page.screenshot(path=kept / f"{name}-{width}.png", full_page=True)
