"""The model in force: verified before it is used, replaced without a restart when another is promoted."""

from __future__ import annotations

import threading
from pathlib import Path

import structlog

from detector.errors import BadInput, ModelMismatch
from detector.model.artefact import MANIFEST, Model
from serve.models import verified

LOOK_EVERY = 2.0  # seconds


class Champion:
    """Holds one model at a time. An answer takes it once, so none is made with two."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: Model | None = None
        self._seen: tuple[int, int] | None = None
        self._stop = threading.Event()
        self.fault = "not loaded yet"
        self.look()

    def __call__(self) -> Model | None:
        """The model in force, None where there is none."""
        return self._model

    def look(self) -> None:
        """Take up what is in the folder, if it is new and sound; else go on with what is in force."""
        seen = self._stamp()
        if seen is None or seen == self._seen:
            return
        self._seen = seen
        try:
            self._model = verified(self._folder)
        except (ModelMismatch, BadInput) as fault:
            self.fault = type(fault).__name__
            structlog.get_logger().error("model refused", fault=self.fault)
        else:
            self.fault = ""
            structlog.get_logger().info("model in force", version=self._model.version)

    def watch(self) -> None:
        """Look again and again, in a thread of its own, until `close`."""
        threading.Thread(target=self._watch, name="champion", daemon=True).start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            self.look()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            stat = (self._folder / MANIFEST).stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino
