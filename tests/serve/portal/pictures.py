"""The pictures in docs/, taken from today's portal: `python -m tests.serve.portal.pictures docs/images`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from serve.store.keys import StoreKeys
from tests.serve.portal.browser import DESKTOP, PHONE, Look, Place, launched, listening, walked

# By width: the page of a walk, the picture's name, and how far down the page it reaches.
WANTED = {
    PHONE: {
        "inicio": ("portal-inicio", 940),
        "clave": ("portal-clave", 1050),
        "lineas": ("portal-lineas", 1090),
        "respuesta": ("portal-respuesta", 1310),
        "candado": ("portal-candado", 740),
        "avisos": ("portal-avisos", 1290),
        "registro": ("portal-registro", 1270),
        "aceptar": ("portal-aceptar", 1300),
    },
    DESKTOP: {"lineas": ("portal-lineas-pc", 820)},
}


def looker(size: tuple[int, int], folder: Path) -> Look:
    """Keeps the pages that are wanted in a width."""

    def look(page: Page, name: str) -> None:
        if name in WANTED[size]:
            picture, height = WANTED[size][name]
            clip = {"x": 0, "y": 0, "width": size[0], "height": height}
            page.screenshot(path=folder / f"{picture}.png", full_page=True, clip=clip)  # type: ignore[arg-type]

    return look


@contextmanager
def _listening(folder: Path) -> Iterator[Place]:
    StoreKeys.generate(folder)
    with listening(folder) as place:
        yield place


def taken(browser: Browser, folder: Path) -> None:
    """One walk in each width."""
    for size in WANTED:
        with TemporaryDirectory() as name, _listening(Path(name)) as place:
            page = browser.new_page(
                viewport={"width": size[0], "height": size[1]},
                locale="es-MX",
                java_script_enabled=False,
            )
            walked(page, place, looker(size, folder))
            page.close()


if __name__ == "__main__":
    with sync_playwright() as playwright:
        taken(launched(playwright), Path(sys.argv[1]))
