"""Line events and verdicts on their way to the worker, and the assessment on its way back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import TypeAdapter

from serve.answers import Assessment, Desk, LineEvent, Outcome
from serve.working.line import EVENT, OUTCOME, Handler, Line

_EVENTS, _OUTCOMES = TypeAdapter(LineEvent), TypeAdapter(Outcome)
_ASSESSMENTS = TypeAdapter(Assessment)
AT_ONCE = 8  # reports that are with the worker together


def taking(desk: Desk) -> Mapping[int, Handler]:
    """How the worker takes reports, from threads that are not its desk's."""
    return {
        EVENT: lambda told: _said(desk.report_event(_EVENTS.validate_json(told))),
        OUTCOME: lambda told: _said(desk.report_outcome(_OUTCOMES.validate_json(told))),
    }


def _said(answer: Coroutine[Any, Any, Assessment]) -> bytes:
    return _ASSESSMENTS.dump_json(asyncio.run(answer))


class Reports:
    """Hands reports to the worker. Raises Unavailable where it does not take them, Unknown and Refused."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._threads = ThreadPoolExecutor(AT_ONCE, "reports")

    async def event(self, event: LineEvent) -> Assessment:
        """A line event; the assessment as it stands then."""
        return await self._ask(EVENT, _EVENTS.dump_json(event))

    async def outcome(self, outcome: Outcome) -> Assessment:
        """A verdict; the assessment as it stands then."""
        return await self._ask(OUTCOME, _OUTCOMES.dump_json(outcome))

    async def _ask(self, kind: int, content: bytes) -> Assessment:
        loop = asyncio.get_running_loop()
        told = await loop.run_in_executor(self._threads, self._line.ask, kind, content)
        return _ASSESSMENTS.validate_json(told)
