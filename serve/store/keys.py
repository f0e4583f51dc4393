"""Where a store's keys are: files named by the environment, or beside a SQLite store in a rehearsal."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from detector.errors import KeyMissing
from serve.auditkeys import AUDIT_NAME, AuditKeys
from serve.enginekeys import EngineKeys, WorkerKeys, fresh

ENGINE_FILE, WORKER_FILE = "SIMVIGIA_ENGINE_KEY_FILE", "SIMVIGIA_WORKER_KEY_FILE"
ENGINE_NAME, WORKER_NAME = "engine.key", "worker.key"
WORKER = "SIMVIGIA_WORKER"  # the folder of a worker's sockets: this process is not to have its key
LOOK_EVERY = 1.0  # seconds between looks at whether the files changed


@dataclass(slots=True)
class StoreKeys:
    """Both rings as they are now; files that change are read anew while the service runs.

    Without a worker's ring what is in the log cannot be read, only added to.
    """

    engine: EngineKeys
    worker: WorkerKeys | None
    files: tuple[Path, Path | None] | None = None
    _looked: float = field(default=0.0, repr=False)
    _marks: tuple[int, int] = field(default=(0, 0), repr=False)

    @classmethod
    def fresh(cls) -> StoreKeys:
        """Random ones that no file holds."""
        return cls(*fresh())

    @classmethod
    def of(cls, engine: Path, worker: Path | None) -> StoreKeys:
        """From files. Raises KeyMissing."""
        keys = cls(EngineKeys.load(engine), None, (engine, worker))
        keys._read()
        return keys

    @classmethod
    def generate(cls, folder: Path) -> StoreKeys:
        """New rings as files of a folder, which must hold none yet. Raises KeyMissing."""
        paths = folder / ENGINE_NAME, folder / WORKER_NAME
        if any(path.exists() for path in paths):
            raise KeyMissing(f"{folder.name} holds keys already: they are never written over")
        engine, worker = fresh()
        engine.save(paths[0])
        worker.save(paths[1])
        return cls.of(*paths)

    def refresh(self, epoch: int = 0) -> None:
        """Read files again that changed, looking once a second, or at once for an epoch that is not here.

        Raises KeyMissing, also where the epoch is a newer one than the files know.
        """
        now, behind = time.monotonic(), epoch > self.engine.newest.epoch
        if self.files is not None and (behind or now - self._looked >= LOOK_EVERY):
            self._looked = now
            if self._marks != self._stamps():
                self._read()
        if epoch > self.engine.newest.epoch:
            raise KeyMissing("the key ring is older than the store: the newest key is missing")

    def _read(self) -> None:
        assert self.files is not None
        stamps, (engine, worker) = self._stamps(), self.files
        self.engine = EngineKeys.load(engine)
        self.worker = None if worker is None else WorkerKeys.load(worker)
        self._marks = stamps

    def _stamps(self) -> tuple[int, int]:
        assert self.files is not None
        engine, worker = (
            path.stat().st_mtime_ns if path and path.exists() else 0 for path in self.files
        )
        return engine, worker


def rehearsed(folder: Path) -> StoreKeys:
    """New rings, and an audit's key beside them, as only a rehearsal has them. Raises KeyMissing."""
    keys, audit = StoreKeys.generate(folder), AuditKeys(()).with_fresh()
    audit.save(folder / AUDIT_NAME)
    begin_audit(keys, audit.public)
    return keys


def begin_audit(keys: StoreKeys, public: bytes) -> None:
    """Seal groups to the audit's public key from now on; a running service does so within a second.

    Raises KeyMissing where the engine's ring is in no file.
    """
    if keys.files is None:
        raise KeyMissing("the engine's ring is in no file")
    keys.engine.audited_by(public).save(keys.files[0])
    keys.refresh(keys.engine.newest.epoch)


def found(url: str, environment: Mapping[str, str] = os.environ) -> StoreKeys | None:
    """The keys of a store: as the environment names them, else beside a SQLite file; None where there are none.

    With SIMVIGIA_WORKER only the engine's. Raises KeyMissing where a named file is not there or none of ours.
    """
    engine, worker = (
        Path(name) if (name := environment.get(variable)) else beside(url, default)
        for variable, default in ((ENGINE_FILE, ENGINE_NAME), (WORKER_FILE, WORKER_NAME))
    )
    if engine is None or (ENGINE_FILE not in environment and not engine.exists()):
        return None
    if environment.get(WORKER):
        return StoreKeys.of(engine, None)
    named = WORKER_FILE in environment or (worker is not None and worker.exists())
    return StoreKeys.of(engine, worker if named else None)


def beside(url: str, name: str) -> Path | None:
    """A file beside a SQLite store; None for another kind of store."""
    if not url.startswith("sqlite:///"):
        return None
    return Path(url.removeprefix("sqlite:///")).parent / name
