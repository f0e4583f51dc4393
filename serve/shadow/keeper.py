"""Starts the shadow's process when a challenger is in the shadow, from a thread that nobody waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import structlog

from serve.answers import Unavailable
from serve.clock import system
from serve.shadow import ledger
from serve.shadow.worker import LOWEST, STORE
from serve.store.database import Connection, connect

LOOK_EVERY = 5.0  # seconds
AFTER_DEATH = 60.0  # seconds before a process that died is started again
CHILD = (
    f"import os; os.nice({LOWEST}); from serve.shadow.worker import main; raise SystemExit(main())"
)
FAREWELL = 10.0  # seconds to end by itself


class Keeper:
    """Looks whether a shadow is under way and keeps one process at work on it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._own: Connection | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the process and stop looking."""
        self._stop.set()
        self._thread.join(FAREWELL)

    def working(self) -> bool:
        """Whether a challenger is at work."""
        return self._child is not None and self._child.poll() is None

    def look(self) -> None:
        """Start a process where there should be one; drop results that were kept long enough."""
        self._own = self._own or connect(self._url)
        if self._child is not None and not self.working():
            self._bury(self._child.returncode)
        if (
            self._child is None
            and time.monotonic() >= self._not_before
            and ledger.active(self._own)
        ):
            self._child = subprocess.Popen(
                [sys.executable, "-c", CHILD],
                stdin=subprocess.PIPE,
                env={**os.environ, STORE: self._url, "OMP_WAIT_POLICY": "passive"},
            )
        ledger.forget(self._own, system())

    def _bury(self, code: int) -> None:
        self._child = None
        if code:
            structlog.get_logger().error("shadow process died", code=code)
            self._not_before = time.monotonic() + AFTER_DEATH

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Unavailable:
                self._leave()
            except Exception as fault:  # noqa: BLE001 - a shadow's trouble is never the service's
                structlog.get_logger().error("shadow fault", fault=type(fault).__name__)
                self._leave()
            if self._stop.wait(LOOK_EVERY):
                break
        self._leave()
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()
            try:
                self._child.wait(FAREWELL / 2)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()  # it has ended when `stop` has

    def _leave(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None
