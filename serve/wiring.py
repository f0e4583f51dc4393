"""Which store, which model, which clock, which keys: the service put together from the environment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI

from detector.decision import Policy
from detector.errors import BadInput
from detector.pseudonym import Key, Pseudonymiser
from serve.answers import Assessment
from serve.app import create_app
from serve.champion import Champion
from serve.clock import clock
from serve.deliveries.addresses import Reach
from serve.delivering import Delivering, delivering, derived, now
from serve.desk import QueueDesk
from serve.engine import Engine, Reader
from serve.judge import Judge
from serve.notices import answered
from serve.notices.keys import NoticeKeys
from serve.notices.outfit import KEY_FILE, outfit
from serve.noticing import Noticing, noticing, open_ways
from serve.settings import Settings
from serve.store.books import Books
from serve.store.database import Connection, connect
from serve.warm import warm

MODELS = Path(__file__).resolve().parent.parent / "models"
STORE, MODEL, CLOCK = "SIMVIGIA_STORE", "SIMVIGIA_MODEL", "SIMVIGIA_CLOCK"
REHEARSAL = "SIMVIGIA_REHEARSAL"  # on: events may go to this machine, without TLS
DEFAULT_STORE = "sqlite:///simvigia.db"


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs behind the application."""

    desk: QueueDesk
    champion: Champion
    deliveries: Delivering
    notices: Noticing | None
    routers: tuple[APIRouter, ...]

    def start(self) -> None:
        """Begin to answer."""
        self.champion.watch()
        self.deliveries.background.start()
        if self.notices and self.notices.watcher:
            self.notices.watcher.start()
        self.desk.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        self.desk.stop()
        if self.notices and self.notices.watcher:
            self.notices.watcher.stop()
        self.deliveries.background.stop()
        self.champion.close()


def parts(environment: Mapping[str, str] = os.environ) -> Parts:
    """Store, engine and model. Raises BadInput, KeyMissing and Unavailable."""
    key = Key.load(environment=environment)
    door = Pseudonymiser(key)
    url = environment.get(STORE) or DEFAULT_STORE
    champion = Champion(Path(environment.get(MODEL) or MODELS / "champion"))
    policy = MODELS / "policy.toml"
    Policy.load(policy)
    judge = Judge(champion, policy=version(policy))
    warm(door, judge)
    rehearsal = environment.get(REHEARSAL) == "on"
    time = clock(environment.get(CLOCK, ""))
    notices = noticing(url, environment, now=now, clock=time)
    deliveries = delivering(
        url,
        key,
        reach=Reach(http=rehearsal, private=rehearsal),
        others=notices.channels if notices else lambda *_: {},
    )
    if notices:
        open_ways(url, notices.outfit, deliveries.addresses)

    def changed(own: Connection, assessments: Sequence[Assessment]) -> None:
        deliveries.subscribers.changed(own, assessments)
        if notices:
            answered.note(own, assessments)

    engine = Engine(
        Books(connect(url)),
        pseudonymiser=door,
        body_key=derived(key, "body"),
        judge=judge,
        clock=time,
        changed=changed,
    )
    engine.take(())  # folds the journal before the first carrier asks
    desk = QueueDesk(
        engine,
        Reader(Books(connect(url)), door),
        health=lambda: {
            "model": champion.fault or "ok",
            "deliveries": "ok" if deliveries.background.alive() else "stopped",
            **(_health(notices) if notices else {}),
        },
    )
    enrolling = (notices.router(url, door, now),) if notices else ()
    return Parts(desk, champion, deliveries, notices, (*deliveries.routers, *enrolling))


def _health(notices: Noticing) -> dict[str, str]:
    watcher = notices.watcher
    return {"notices": "ok" if watcher is None or watcher.alive() else "stopped"}


def version(path: Path) -> str:
    """A hash of a file's content, short."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def application() -> FastAPI:
    """The application of one worker process, as the environment describes it."""
    behind = parts()
    app = create_app(behind.desk, Settings.load(), routers=behind.routers)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        behind.start()
        yield
        behind.stop()

    app.router.lifespan_context = lifespan
    return app


def checked(environment: Mapping[str, str]) -> None:
    """Raises BadInput where the environment is not enough to serve."""
    Settings.load(environment)
    Key.load(environment=environment)
    if environment.get(KEY_FILE):
        NoticeKeys.load(Path(environment[KEY_FILE]))
        outfit(environment)
    if not environment.get(STORE, DEFAULT_STORE):
        raise BadInput(f"{STORE} is empty")
