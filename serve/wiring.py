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
from detector.model.signing import Seal
from detector.pseudonym import Key, Pseudonymiser
from serve.answers import Assessment
from serve.api.subscriptions import view
from serve.app import built_in, create_app
from serve.champion import Champion
from serve.clock import clock
from serve.deliveries.addresses import Reach
from serve.deliveries.outbox import Subscribers
from serve.delivering import Delivering, delivering, derived, now
from serve.desk import QueueDesk
from serve.disputing import disputing
from serve.engine import Engine, Reader
from serve.judge import Judge
from serve.notices import answered
from serve.notices.keys import NoticeKeys
from serve.notices.outfit import KEY_FILE, outfit
from serve.noticing import Noticing, noticing, open_ways
from serve.promoted import Promoted, patient
from serve.releasing import Releasing, anybody_enrolled, release
from serve.reviewing import Reviewing, reviewing
from serve.settings import Settings
from serve.shadow.keeper import Keeper
from serve.store.books import Books
from serve.store.database import Connection, connect
from serve.warm import warm

MODELS = Path(__file__).resolve().parent.parent / "models"
STORE, MODEL, CLOCK = "SIMVIGIA_STORE", "SIMVIGIA_MODEL", "SIMVIGIA_CLOCK"
REGISTRY, SEAL, PROMOTED = "SIMVIGIA_REGISTRY", "SIMVIGIA_SEAL", "SIMVIGIA_PROMOTED"
REHEARSAL = "SIMVIGIA_REHEARSAL"  # on: events may go to this machine, without TLS
DEFAULT_STORE = "sqlite:///simvigia.db"


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs behind the application."""

    desk: QueueDesk
    champion: Champion
    deliveries: Delivering
    reviews: Reviewing
    shadow: Keeper
    routers: tuple[APIRouter, ...]
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
        self.desk.start()
        self.shadow.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        self.desk.stop()
        self.shadow.stop()
        if self.notices and self.notices.watcher:
            self.notices.watcher.stop()
        self.deliveries.background.stop()
        self.champion.close()
        if self.promoted:
            self.promoted.close()


def parts(environment: Mapping[str, str] = os.environ) -> Parts:
    """Store, engine and model. Raises BadInput, KeyMissing and Unavailable."""
    key = Key.load(environment=environment)
    door = Pseudonymiser(key)
    url = environment.get(STORE) or DEFAULT_STORE
    promoted = promotions(environment)
    champion = Champion(promoted or shipped(environment))
    policy = MODELS / "policy.toml"
    Policy.load(policy)
    time = clock(environment.get(CLOCK, ""))
    reviews = reviewing(
        url,
        key,
        policy=policy,
        clock=time,
        changed=[Subscribers(view, now=now).changed for _ in range(2)],
    )
    releasing = Releasing(release(environment, key), enrolled=anybody_enrolled(connect(url)))
    judge = Judge(champion, policy=version(policy), seconds=(reviews.clearing, releasing))
    warm(door, judge)
    rehearsal = environment.get(REHEARSAL) == "on"
    reach = Reach(http=rehearsal, private=rehearsal)
    notices = noticing(url, environment, now=now, clock=time)
    disputes = disputing(url, key, door, notices=notices, view=view, now=now)
    deliveries = delivering(
        url,
        key,
        reach=reach,
        others=notices.channels if notices else lambda *_: {},
        chores=(*reviews.chores, *disputes.chores),
    )
    if notices:
        open_ways(url, notices.outfit, deliveries.addresses)

    def changed(own: Connection, assessments: Sequence[Assessment]) -> None:
        deliveries.subscribers.changed(own, assessments)
        reviews.opening.changed(own, assessments)
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
            "model": champion.state,
            "deliveries": "ok" if deliveries.background.alive() else "stopped",
            **({"registry": promoted.state()} if promoted else {}),
            **(_health(notices) if notices else {}),
        },
    )
    disputes.telling.desk = desk
    enrolling = (notices.router(url, door, now),) if notices else ()
    return Parts(
        desk,
        champion,
        deliveries,
        reviews,
        Keeper(url),
        (*deliveries.routers, *disputes.routers, *enrolling),
        promoted,
        notices,
    )


def shipped(environment: Mapping[str, str]) -> Path:
    """The folder that answers where nothing was promoted."""
    return Path(environment.get(MODEL) or MODELS / "champion")


def promotions(environment: Mapping[str, str]) -> Promoted | None:
    """Where promotions come from; none where no registry is configured. Raises BadInput and KeyMissing."""
    registry = environment.get(REGISTRY, "")
    if not registry:
        return None
    if not environment.get(SEAL):
        raise BadInput(f"{REGISTRY} is set without {SEAL}: whose promotions are to be believed?")
    patient()
    folder = kept(environment)
    if folder is None:
        raise BadInput(f"{REGISTRY} is set without {PROMOTED}: where are promoted models kept?")
    return Promoted(registry, Seal.of(environment[SEAL]), shipped=shipped(environment), kept=folder)


def kept(environment: Mapping[str, str]) -> Path | None:
    """Where promoted models are kept: beside a SQLite store unless the environment says."""
    named, url = environment.get(PROMOTED, ""), environment.get(STORE) or DEFAULT_STORE
    if named or not url.startswith("sqlite:///"):
        return Path(named) if named else None
    return Path(url.removeprefix("sqlite:///")).parent / "promoted"


def _health(notices: Noticing) -> dict[str, str]:
    watcher = notices.watcher
    return {"notices": "ok" if watcher is None or watcher.alive() else "stopped"}


def version(path: Path) -> str:
    """A hash of a file's content, short."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def application() -> FastAPI:
    """The application of one worker process, as the environment describes it."""
    behind, settings = parts(), Settings.load()
    issuer = built_in(settings)
    routers = behind.reviews.routers(issuer, secure=os.environ.get(REHEARSAL) != "on")
    app = create_app(
        behind.desk,
        settings,
        routers=(*behind.routers, *routers),
        development=issuer,
    )

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
    promotions(environment)
    if environment.get(KEY_FILE):
        NoticeKeys.load(Path(environment[KEY_FILE]))
        outfit(environment)
    if not environment.get(STORE, DEFAULT_STORE):
        raise BadInput(f"{STORE} is empty")
