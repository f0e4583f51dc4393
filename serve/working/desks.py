"""The two desks of a service in two processes: one answers carriers, the other does what needs the log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from serve.answers import Assessment, LineEvent, Outcome, Unavailable
from serve.desk import SETTLE_EVERY, QueueDesk
from serve.engine import Engine
from serve.working.line import Line
from serve.working.reports import Reports

FOLLOW_EVERY = 0.25  # seconds between looks at what others answered


class ApartDesk(QueueDesk):
    """Answers registrations; reports go to the worker. `line` is another one than the engine's."""

    def __init__(self, engine: Engine, *given: Any, line: Line, **more: Any) -> None:
        super().__init__(engine, *given, **more)
        self._line, self._reports = line, Reports(line)

    async def report_event(self, event: LineEvent) -> Assessment:
        """Have the worker take a line event."""
        return await self._reports.event(event)

    async def report_outcome(self, outcome: Outcome) -> Assessment:
        """Have the worker take a verdict."""
        return await self._reports.outcome(outcome)

    def ready(self) -> Mapping[str, str]:
        """Each part and whether it works; without a worker answers are by rules, so traffic may stay."""
        worker = "ok" if self._line.reachable() else "degraded"
        return {**super().ready(), "worker": worker}

    def _between(self) -> bool:
        """Nothing: later stages are the worker's."""
        return False


class FollowingDesk(QueueDesk):
    """The worker's: between reports it does what others' answers left to do."""

    look_every = FOLLOW_EVERY

    def __init__(self, engine: Engine, *given: Any, **more: Any) -> None:
        super().__init__(engine, *given, **more)
        self._journal = -1

    def _between(self) -> bool:
        try:
            journal = self._engine.books.last_journal()
        except Unavailable:
            return False  # the next question tells
        if journal != self._journal:
            while self._settled(self._engine.follow):
                pass
            self._journal = self._engine.books.last_journal()
            self._registered = time.monotonic()
        elif time.monotonic() - self._registered >= SETTLE_EVERY:
            return super()._between()
        return False
