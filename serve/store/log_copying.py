"""SQLite's log is copied into the database beside the answers, not by the commit that finds it long.

Such a commit takes ten times as long as the others, and everybody who waits for it too. A *passive* checkpoint
waits for nobody and stops nobody; where it never catches up with those who write, one that makes them wait
for the last few pages starts the log anew. A page that was written often since the last look is copied once,
which is why looks are rare. On Linux, where a thread has a niceness of its own (setpriority(2)), those who
answer come before it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import threading
from pathlib import Path

from serve.store.database import CHECKPOINT, SQLITE, turns
from serve.store.writeback import begin_to_write

TOO_MANY = 16_000  # pages in the log before those who write are asked to wait
FEW = 3_000  # pages that they may wait for
ROUNDS = 8  # of copying what was written during the round before, until it is few
EVERY = 2.0  # seconds between looks
NICE = 6  # of 19: a fifth of a core that others want too
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
        _come_behind()
        with contextlib.closing(sqlite3.connect(self._path, timeout=PATIENCE)) as own:
            while not self._over.wait(EVERY):
                with contextlib.suppress(
                    sqlite3.OperationalError
                ):  # a full disk: the next look tells
                    self._look(own)

    def _look(self, own: sqlite3.Connection) -> None:
        pages, copied = self._copied(own)
        if pages < TOO_MANY:
            return
        for _ in range(ROUNDS):
            before = copied
            pages, copied = self._copied(own)
            if max(copied - before, pages - copied) < FEW:
                break
        behind = pages - copied >= FEW  # mostly as somebody still reads the older ones
        if not behind or pages > CHECKPOINT // 2:
            with turns(self._path):
                own.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _copied(self, own: sqlite3.Connection) -> tuple[int, int]:
        """Copy what is in the log and nobody holds back; how many pages it has, and how many are copied."""
        _, pages, copied = own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        begin_to_write(self._path)
        return int(pages), int(copied)


def _come_behind() -> None:
    """Let this thread come behind the others, where the system knows of threads. Nobody may come forward."""
    if sys.platform == "linux":
        own = threading.get_native_id()
        nice = max(NICE, os.getpriority(os.PRIO_PROCESS, own))
        with contextlib.suppress(
            PermissionError
        ):  # a sandbox that lets nobody: then beside the others
            os.setpriority(os.PRIO_PROCESS, own, nice)


def log_copying(url: str) -> LogCopying | None:
    """For a store; None where its server does such things by itself."""
    return LogCopying(Path(url.removeprefix(SQLITE))) if url.startswith(SQLITE) else None
