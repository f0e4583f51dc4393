"""The service put together from the environment: one process that does everything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI

from detector.errors import KeyMissing
from serve import assembly
from serve.api.subscriptions import view
from serve.app import built_in
from serve.assembly import (
    REHEARSAL,
    Ground,
    admission_of,
    app_of,
    deliveries_of,
    health_of,
    keeper_of,
    opened,
    retention_of,
    rules_of,
    watch_of,
)
from serve.audit.keeper import Keeper
from serve.champion import Champion
from serve.deliveries.dispatcher import Chore
from serve.delivering import Delivering, now
from serve.desk import QueueDesk
from serve.disputing import disputing
from serve.noticing import Noticing
from serve.oracle.watch import Watch
from serve.promoted import Promoted
from serve.reviewing import Reviewing
from serve.settings import Settings
from serve.shadow.keeper import Keeper as Shadow
from serve.store.keys import WORKER_FILE
from serve.store.log_copying import LogCopying, log_copying
from serve.world import World


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs behind the application."""

    desk: QueueDesk
    champion: Champion
    deliveries: Delivering
    reviews: Reviewing
    shadow: Shadow
    keeper: Keeper
    watch: Watch
    routers: tuple[APIRouter, ...]
    copying: LogCopying | None = None
    promoted: Promoted | None = None
    notices: Noticing | None = None

    def start(self) -> None:
        """Begin to answer."""
        if self.promoted:
            self.promoted.watch()
        self.champion.watch()
        self.deliveries.background.start()
        if self.notices and self.notices.watcher:
            self.notices.watcher.start()
        self.keeper.start()
        if self.copying:
            self.copying.start()
        self.desk.start()
        self.shadow.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        self.desk.stop()
        self.shadow.stop()
        if self.notices and self.notices.watcher:
            self.notices.watcher.stop()
        self.deliveries.background.stop()
        self.keeper.stop()
        if self.copying:
            self.copying.stop()
        self.champion.close()
        if self.promoted:
            self.promoted.close()


def parts(
    environment: Mapping[str, str] = os.environ,
    *,
    settings: Settings | None = None,
    desk: type[QueueDesk] = QueueDesk,
) -> Parts:
    """Store, engine and model, and the watch over askers as the settings say.

    Raises BadInput, KeyMissing and Unavailable.
    """
    ground = Ground.of(environment, settings)
    key, url, notices = ground.key, ground.url, ground.notices
    champion, promoted, reviews = ground.champion, ground.promoted, ground.reviews
    disputes = disputing(url, key, ground.enrolling_door, notices=notices, view=view, now=now)
    chores: list[Chore] = [*reviews.chores, *disputes.chores]
    chores.append(retention_of(environment, ground.time))
    deliveries = deliveries_of(environment, url, key, notices=notices, chores=chores)
    own, tables = opened(url, environment, key)
    engine = ground.engine(World(own, tables), own, deliveries)
    watch, writer = watch_of(url, key, rules_of(ground.settings))
    keeper = keeper_of(url, key, champion, chores=(writer,))
    admission = admission_of(ground.settings, url)
    made = desk(
        engine,
        ground.reader(),
        health=lambda: {
            "model": champion.state,
            "tokens": admission.state,
            "tables": tables.state,
            "deliveries": "ok" if deliveries.background.alive() else "stopped",
            **health_of(promoted, notices),
            "audit": "ok" if keeper.alive() else "stopped",
        },
        **ground.desk_parts(watch, admission),
    )
    disputes.telling.desk = made
    enrolling = (notices.router(url, ground.enrolling_door, now),) if notices else ()
    return Parts(
        made,
        champion,
        deliveries,
        reviews,
        Shadow(url),
        keeper,
        watch,
        (*deliveries.routers, *disputes.routers, *enrolling),
        log_copying(url),
        promoted,
        notices,
    )


def application() -> FastAPI:
    """The application of one process, as the environment describes it."""
    settings = Settings.load()
    return app_over(parts(settings=settings), settings)


def app_over(behind: Parts, settings: Settings) -> FastAPI:
    """The whole application."""
    issuer = built_in(settings)
    reviewing = behind.reviews.routers(issuer, secure=os.environ.get(REHEARSAL) != "on")
    return app_of(behind, settings, issuer, (*behind.routers, *reviewing))


def checked(environment: Mapping[str, str]) -> None:
    """Raises BadInput and KeyMissing where the environment is not enough to serve."""
    if assembly.checked(environment).worker is None:
        raise KeyMissing(f"set {WORKER_FILE}: this service reads its own log")
