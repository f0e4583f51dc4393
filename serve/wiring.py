"""Which store, which model, which clock, which keys: the service put together from the environment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from detector.decision import Policy
from detector.errors import BadInput
from detector.pseudonym import Key, Pseudonymiser
from serve.api.audit import audit_routers
from serve.app import create_app
from serve.audit.keeper import Keeper
from serve.champion import Champion
from serve.clock import clock
from serve.deliveries.addresses import Reach
from serve.delivering import Delivering, delivering, derived, now
from serve.desk import QueueDesk
from serve.engine import Engine, Reader
from serve.judge import Judge
from serve.settings import Settings
from serve.store.books import Books
from serve.store.database import connect
from serve.warm import warm
from serve.witness import Witness

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
    keeper: Keeper

    def start(self) -> None:
        """Begin to answer."""
        self.champion.watch()
        self.deliveries.background.start()
        self.keeper.start()
        self.desk.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        self.desk.stop()
        self.deliveries.background.stop()
        self.keeper.stop()
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
    deliveries = delivering(url, key, reach=Reach(http=rehearsal, private=rehearsal))
    engine = Engine(
        Books(connect(url)),
        pseudonymiser=door,
        body_key=derived(key, "body"),
        judge=judge,
        clock=clock(environment.get(CLOCK, "")),
        changed=deliveries.subscribers.changed,
    )
    engine.take(())  # folds the journal before the first carrier asks
    keeper = Keeper(
        lambda: Books(connect(url)),
        signer=Ed25519PrivateKey.from_private_bytes(derived(key, "audit checkpoints")),
        now=now,
        key_id=derived(key, "id")[:8].hex(),
        model=lambda: model.version if (model := champion()) else "",
    )
    desk = QueueDesk(
        engine,
        Reader(Books(connect(url)), door),
        health=lambda: {
            "model": champion.fault or "ok",
            "deliveries": "ok" if deliveries.background.alive() else "stopped",
            "audit": "ok" if keeper.alive() else "stopped",
        },
    )
    return Parts(desk, champion, deliveries, keeper)


def version(path: Path) -> str:
    """A hash of a file's content, short."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def application() -> FastAPI:
    """The application of one worker process, as the environment describes it."""
    behind = parts()
    app = create_app(
        behind.desk,
        Settings.load(),
        routers=(*behind.deliveries.routers, *audit_routers(behind.keeper)),
        witness=Witness(behind.keeper),
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
    if not environment.get(STORE, DEFAULT_STORE):
        raise BadInput(f"{STORE} is empty")
