"""Which store, which model, which clock, which keys: the service put together from the environment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import FastAPI

from detector.decision import Policy
from detector.errors import BadInput
from detector.pseudonym import Key, Pseudonymiser
from serve.app import create_app
from serve.champion import Champion
from serve.clock import clock
from serve.desk import QueueDesk
from serve.engine import Engine, Reader
from serve.judge import Judge
from serve.settings import Settings
from serve.store.books import Books
from serve.store.database import connect
from serve.warm import warm

MODELS = Path(__file__).resolve().parent.parent / "models"
STORE, MODEL, CLOCK = "SIMVIGIA_STORE", "SIMVIGIA_MODEL", "SIMVIGIA_CLOCK"
DEFAULT_STORE = "sqlite:///simvigia.db"


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs behind the application."""

    desk: QueueDesk
    champion: Champion

    def start(self) -> None:
        """Begin to answer."""
        self.champion.watch()
        self.desk.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        self.desk.stop()
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
    engine = Engine(
        Books(connect(url)),
        pseudonymiser=door,
        body_key=body_key(key),
        judge=judge,
        clock=clock(environment.get(CLOCK, "")),
    )
    desk = QueueDesk(
        engine,
        Reader(Books(connect(url)), door),
        health=lambda: {"model": champion.fault or "ok"},
    )
    return Parts(desk, champion)


def body_key(key: Key) -> bytes:
    """What bodies are fingerprinted under."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"body").derive(key.secret)


def version(path: Path) -> str:
    """A hash of a file's content, short."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def application() -> FastAPI:
    """The application of one worker process, as the environment describes it."""
    behind = parts()
    app = create_app(behind.desk, Settings.load())

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
