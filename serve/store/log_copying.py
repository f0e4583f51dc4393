"""SQLite's log is copied into the database beside the answers, not by the commit that finds it long.

Such a commit takes ten times as long as the others, and everybody who waits for it too. A *passive* checkpoint
waits for nobody and stops nobody; where it never catches up with those who write, one that makes them wait
for the last few pages starts the log anew. A page that was written often since the last look is copied once,
which is why looks are rare.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

from serve.store.database import SQLITE, turns

TOO_MANY = 16_000  # pages in the log before those who write are asked to wait
EVERY = 2.0  # seconds between looks
PATIENCE = 0.5  # seconds for those who read to come to an end


class LogCopying:
    """A thread over a connection of its own. `start` before use and `stop` after it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-copying", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is in the log stays there."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path, timeout=PATIENCE)) as own:
            while not self._over.wait(EVERY):
                with contextlib.suppress(
                    sqlite3.OperationalError
                ):  # a full disk: the next look tells
                    self._look(own)

    def _look(self, own: sqlite3.Connection) -> None:
        if self._copied(own) >= TOO_MANY:
            self._copied(own)  # what was written meanwhile, so that those who write wait for little
            with turns(self._path):
                own.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    @staticmethod
    def _copied(own: sqlite3.Connection) -> int:
        """Copy what is in the log and nobody holds back; how many pages the log has."""
        _, pages, _ = own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(pages)


def log_copying(url: str) -> LogCopying | None:
    """For a store; None where its server does such things by itself."""
    return LogCopying(Path(url.removeprefix(SQLITE))) if url.startswith(SQLITE) else None
