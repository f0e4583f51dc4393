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
from serve.api.oracle import oracle_router
from serve.app import create_app
from serve.audit.keeper import Keeper
from serve.champion import Champion
from serve.clock import clock
from serve.deliveries.addresses import Reach
from serve.deliveries.sealing import Vault
from serve.delivering import Delivering, delivering, derived, now
from serve.desk import QueueDesk
from serve.engine import Engine, Reader
from serve.judge import Judge
from serve.oracle.keeping import Writer, load
from serve.oracle.rules import Rules
from serve.oracle.watch import Watch
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
    watch: Watch

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


def parts(
    environment: Mapping[str, str] = os.environ, *, settings: Settings | None = None
) -> Parts:
    """Store, engine and model, and the watch over askers as the settings say.

    Raises BadInput, KeyMissing and Unavailable.
    """
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
    watch, writer = _watch(url, key, _rules(settings))
    keeper = Keeper(
        lambda: Books(connect(url)),
        signer=Ed25519PrivateKey.from_private_bytes(derived(key, "audit checkpoints")),
        now=now,
        key_id=derived(key, "id")[:8].hex(),
        model=lambda: model.version if (model := champion()) else "",
        chores=(writer,),
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
    return Parts(desk, champion, deliveries, keeper, watch)


def _rules(settings: Settings | None) -> Rules:
    if settings is None:
        return Rules()
    return Rules(
        agent=settings.agent_budget,
        point_of_sale=settings.point_of_sale_budget,
        client=settings.client_budget,
        refuse=settings.refuse_askers,
    )


def _watch(url: str, key: Key, rules: Rules) -> tuple[Watch, Writer]:
    """Over askers, with what it knew before this process, and who writes that down."""
    watch = Watch(derived(key, "oracle"), rules, now=now)
    vault = Vault(derived(key, "oracle state"))
    own = connect(url)
    load(own, watch, vault)
    own.close()
    return watch, Writer(watch, vault)


def version(path: Path) -> str:
    """A hash of a file's content, short."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def application() -> FastAPI:
    """The application of one worker process, as the environment describes it."""
    settings = Settings.load()
    behind = parts(settings=settings)
    app = create_app(
        behind.desk,
        settings,
        routers=(
            *behind.deliveries.routers,
            *audit_routers(behind.keeper),
            oracle_router(behind.watch),
        ),
        witness=Witness(behind.keeper, behind.watch),
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
