"""The process that answers carriers where the worker is another one: it has no key that opens the log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI

from detector.errors import BadInput
from serve import assembly
from serve.app import built_in
from serve.assembly import (
    DEFAULT_STORE,
    STORE,
    Ground,
    admission_of,
    app_of,
    deliveries_of,
    health_of,
    keeper_of,
    opened,
    rules_of,
    watch_of,
)
from serve.audit.keeper import Keeper
from serve.champion import Champion
from serve.delivering import now
from serve.oracle.watch import Watch
from serve.promoted import Promoted
from serve.settings import Settings
from serve.store.keys import WORKER, WORKER_FILE, WORKER_NAME, beside
from serve.working.country import Afar
from serve.working.desks import ApartDesk
from serve.working.forward import forwarding
from serve.working.line import Line

HTTP, LINE = "http", "line"  # the worker's sockets, in its folder
PATIENCE = 1.0  # seconds for the worker to say how the country stands: a customer waits


@dataclass(frozen=True, slots=True)
class Answering:
    """What runs behind the application of a process that only answers."""

    desk: ApartDesk
    champion: Champion
    keeper: Keeper
    watch: Watch
    routers: tuple[APIRouter, ...]
    lines: tuple[Line, ...]
    promoted: Promoted | None = None

    def start(self) -> None:
        """Begin to answer."""
        if self.promoted:
            self.promoted.watch()
        self.champion.watch()
        self.keeper.start()
        self.desk.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        self.desk.stop()
        self.keeper.stop()
        self.champion.close()
        for line in self.lines:
            line.close()
        if self.promoted:
            self.promoted.close()


def parts(environment: Mapping[str, str], settings: Settings) -> Answering:
    """Put together as the settings say. Raises BadInput, KeyMissing and Unavailable."""
    ground, folder = Ground.of(environment, settings), Path(environment[WORKER])
    key, url, champion = ground.key, ground.url, ground.champion
    deliveries = deliveries_of(environment, url, key, notices=ground.notices, chores=())
    own, tables = opened(url, environment, key)
    lines = [Line(folder / LINE, timeout=t) for t in (PATIENCE, settings.answer_within)]
    engine = ground.engine(Afar(own, tables, lines[0]), own, deliveries)
    watch, writer = watch_of(url, key, rules_of(settings))
    clearing, time = ground.reviews.clearing, ground.time
    keeper = keeper_of(
        url,
        key,
        champion,
        chores=(writer, lambda own, _: clearing.look(own, time())),
        sources={},
    )
    admission = admission_of(settings, url)
    desk = ApartDesk(
        engine,
        ground.reader(),
        line=lines[1],
        health=lambda: {
            "model": champion.state,
            "tokens": admission.state,
            "tables": tables.state,
            **health_of(ground.promoted, None),
            "audit": "ok" if keeper.alive() else "stopped",
        },
        **ground.desk_parts(watch, admission),
    )
    enrolling = (ground.notices.router(url, ground.enrolling_door, now),) if ground.notices else ()
    routers = (*deliveries.routers, *enrolling)
    return Answering(desk, champion, keeper, watch, routers, tuple(lines), ground.promoted)


def application() -> FastAPI:
    """The application: what it cannot do is handed to the worker."""
    settings = Settings.load()
    behind = parts(os.environ, settings)
    app = app_of(behind, settings, built_in(settings), behind.routers)
    socket = Path(os.environ[WORKER]) / HTTP
    app.router.routes.append(
        forwarding(socket, limit=settings.body_limit, within=settings.answer_within)
    )
    return app


def checked(environment: Mapping[str, str]) -> None:
    """Raises BadInput and KeyMissing where the environment is not enough to serve, or is too much."""
    key = beside(environment.get(STORE) or DEFAULT_STORE, WORKER_NAME)
    if environment.get(WORKER_FILE) or (key is not None and key.exists()):
        raise BadInput(
            f"{WORKER} says that the worker is another process, but its key is here too: take"
            f" {WORKER_FILE} out of the environment and {WORKER_NAME} away from the store"
        )
    assembly.checked(environment)
