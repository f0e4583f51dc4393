"""The model in force: verified before it is used, replaced without a restart when another is promoted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from detector.errors import BadInput, ModelMismatch
from detector.model.artefact import MANIFEST, Model
from serve.models import verified

LOOK_EVERY = 2.0  # seconds
Source = Callable[[], tuple[Path, str]]


class Champion:
    """Holds one model at a time. An answer takes it once, so none is made with two.

    `source` is a folder, or says which folder it is now and which version must be in it, if that matters.
    """

    def __init__(self, source: Path | Source) -> None:
        self._source: Source = _folder(source) if isinstance(source, Path) else source
        self._model: Model | None = None
        self._seen: tuple[Path, int, int] | None = None
        self._stop = threading.Event()
        self.fault = "not loaded yet"
        self.look()

    def __call__(self) -> Model | None:
        """The model in force, None where there is none."""
        return self._model

    @property
    def state(self) -> str:
        """`ok`; `degraded` where a newer model was refused and this one serves on; or why there is none."""
        return "degraded" if self.fault and self._model else self.fault or "ok"

    def look(self) -> None:
        """Take up what is in the folder, if it is new and sound; else go on with what is in force."""
        folder, version = self._source()
        seen = _stamp(folder)
        if seen is None or seen == self._seen:
            return
        self._seen = seen
        try:
            found = verified(folder)
            if version and found.version != version:
                raise ModelMismatch("the folder holds another model than the one that was promoted")
        except (ModelMismatch, BadInput) as fault:
            self.fault = type(fault).__name__
            structlog.get_logger().error("model refused", fault=self.fault)
        else:
            self._model, self.fault = found, ""
            structlog.get_logger().info("model in force", version=found.version)

    def watch(self) -> None:
        """Look again and again, in a thread of its own, until `close`."""
        threading.Thread(target=self._watch, name="champion", daemon=True).start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            self.look()


def _folder(path: Path) -> Source:
    return lambda: (path, "")


def _stamp(folder: Path) -> tuple[Path, int, int] | None:
    try:
        stat = (folder / MANIFEST).stat()
    except OSError:
        return None
    return folder, stat.st_mtime_ns, stat.st_ino
