"""Where questions wait for the engine: many that arrive together share one transaction and one fsync.

The engine works in a thread of its own; the event loop goes on reading requests meanwhile. What is
waiting is bounded, and nobody waits longer than a stated time: whatever became of the store or the
engine, there is an answer by then, or the word that there is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import structlog

from serve.admission import Admission
from serve.answers import (
    Assessment,
    LineEvent,
    Outcome,
    Overloaded,
    Refused,
    Unavailable,
    Unknown,
)
from serve.engine import Asked, Engine, Question, Told
from serve.forwarding import Forwarding
from serve.reading import Reader
from serve.roots import Roots

TOGETHER = 128  # questions in one transaction: larger ones cost less each, and hold up the next
WAITING = 2_000  # questions that may wait
WITHIN = (
    60.0  # seconds: an answer, or that there is none; what is served says less (serve.settings)
)
MANY = 10  # times as long for many at once
PATIENCE = 0.1  # seconds for which a report lets registrations go before it
LINGER = 0.01  # seconds at most for others to join a transaction
LOOK_EVERY = 2.0  # seconds between looks at whether it is quiet
SETTLE_EVERY = 600.0  # seconds without a registration after which later stages are looked for


@dataclass(slots=True)
class _Waiting:
    asked: Asked
    since: float
    until: float
    answer: asyncio.Future[Told]


class QueueDesk:
    """The `Desk` over one engine. `start` before use and `stop` after it."""

    look_every = LOOK_EVERY

    def __init__(
        self,
        engine: Engine,
        reader: Reader,
        *,
        health: Callable[[], Mapping[str, str]],
        admission: Admission | None = None,
        forwarding: Forwarding | None = None,
        within: float = WITHIN,
        roots: Roots | None = None,
        disagreed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._within = within
        self._admission, self._forwarding = admission, forwarding
        self._roots, self._disagreed = roots, disagreed
        self._reader = reader
        self._reading = ThreadPoolExecutor(1, "reader")
        self._health = health
        self._queue: deque[_Waiting] = deque()
        self._work = threading.Condition()
        self._wanted = 1  # questions to wait for before a transaction
        self._linger = 0.0  # seconds to wait for them
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._broken = ""
        self._more = False  # whether there was more to do than was done while nobody asked
        self._registered = time.monotonic()

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what waits, then end."""
        with self._work:
            self._stopping = True
            self._work.notify()
        self._thread.join()

    async def assess(
        self, event: Mapping[str, object], *, imported: bool = False, notify: bool = True
    ) -> Assessment:
        """Assess one registration."""
        return await self._ask(Question(dict(event), imported, notify))

    async def assess_all(
        self, events: Sequence[Mapping[str, object]], *, imported: bool = False, notify: bool = True
    ) -> list[Assessment | Exception]:
        """Assess many, in order."""
        questions = [Question(dict(event), imported, notify) for event in events]
        waiting = self._wait([*questions], MANY * self._within)
        with _in_time():
            async with asyncio.timeout(MANY * self._within):
                return list(await asyncio.gather(*(one.answer for one in waiting)))

    async def retrieve(self, assessment_id: UUID, carriers: frozenset[str]) -> Assessment:
        """The latest stage of one's own."""
        found = await self._read(self._reader.find, assessment_id.bytes)
        if found.carrier_id not in carriers:
            raise Unknown
        return found

    async def find(self, carrier_id: str, registration_id: str) -> Assessment:
        """The latest stage of a carrier's registration."""
        return await self._read(self._reader.named, carrier_id, registration_id)

    async def report_event(self, event: LineEvent) -> Assessment:
        """Take a line event."""
        return await self._ask(event)

    async def report_outcome(self, outcome: Outcome) -> Assessment:
        """Take a verdict."""
        return await self._ask(outcome)

    def ready(self) -> Mapping[str, str]:
        """Each part and whether it works."""
        engine = "ok" if self._thread.is_alive() and not self._broken else self._broken or "stopped"
        return {**self._health(), "engine": engine}

    async def _read(self, look: Callable[..., Assessment], *args: object) -> Assessment:
        loop = asyncio.get_running_loop()
        with _in_time():
            async with asyncio.timeout(self._within):
                return await loop.run_in_executor(self._reading, look, *args)

    async def _ask(self, asked: Asked) -> Assessment:
        [waiting] = self._wait([asked], self._within)
        with _in_time():
            async with asyncio.timeout(self._within):
                return _or_raise(await waiting.answer)

    def _wait(self, asked: Sequence[Asked], within: float) -> list[_Waiting]:
        if len(self._queue) + len(asked) > WAITING:
            raise Overloaded
        loop, now = asyncio.get_running_loop(), time.monotonic()
        waiting = [_Waiting(one, now, now + within, loop.create_future()) for one in asked]
        with self._work:
            self._queue.extend(one for one in waiting if self._admitted(one))
            if len(self._queue) >= self._wanted:
                self._work.notify()
        return waiting

    def _admitted(self, one: _Waiting) -> bool:
        """Whether the engine may see it; if not it is answered."""
        try:
            if self._admission:
                self._admission.check(one.asked)
        except (Refused, Unavailable) as fault:
            one.answer.set_result(fault)
            return False
        return True

    # In the engine's thread

    def _run(self) -> None:
        while True:
            batch = self._next()
            if not batch and self._stopping:
                return
            if batch:
                began = time.monotonic()
                self._answer(batch)
                self._linger = min(LINGER, time.monotonic() - began)
                self._wanted = min(TOGETHER, len(batch) + len(self._queue))
            elif self._broken:
                self._taken(())  # whoever asks for readiness learns that the store is back
            if any(isinstance(waiting.asked, Question) for waiting in batch):
                self._registered = time.monotonic()
            self._more = self._between()

    def _between(self) -> bool:
        """What is due and nobody waits for, while nobody asks; whether there may be more of it."""
        if time.monotonic() - self._registered >= SETTLE_EVERY:
            self._registered = time.monotonic()
            while self._settled(lambda: self._engine.settle(self._engine.clock())):
                pass
        return not self._queue and self._settled(self._engine.catch_up) > 0

    def _next(self) -> list[_Waiting]:
        """The next questions to take together; none after a while in which nobody asked.

        A transaction costs much the same for one question as for sixteen. So those who were answered last
        may ask again first: as many as waited then are waited for, no longer than their transaction took.
        And those who wait together have no order among them: registrations come first, whose customers wait,
        and reports after them, or with them once one has waited for a while.
        """
        with self._work:
            if len(self._queue) < self._wanted and not self._stopping:
                self._work.wait(self._linger)
            self._wanted = 1
            if not self._queue and not self._stopping and not self._more:
                self._work.wait(self.look_every)
            taken = [self._queue.popleft() for _ in range(min(TOGETHER, len(self._queue)))]
            asking = [waiting for waiting in taken if isinstance(waiting.asked, Question)]
            reports = [waiting for waiting in taken if not isinstance(waiting.asked, Question)]
            if asking and reports and reports[0].since > time.monotonic() - PATIENCE:
                self._queue.extendleft(reversed(reports))
                return asking
        return asking + reports

    def _answer(self, batch: Sequence[_Waiting]) -> None:
        """Questions whose time is over are not looked at: who asked has gone, and may ask again."""
        now = time.monotonic()
        live = [waiting for waiting in batch if waiting.until > now]
        if live:
            answers = self._taken([waiting.asked for waiting in live])
            _tell(list(zip([waiting.answer for waiting in live], answers, strict=True)))

    def _taken(self, asked: Sequence[Asked]) -> list[Told]:
        """Answers; where one question brings the engine down, only that one goes without."""
        try:
            led = self._forwarding.lead(asked) if self._forwarding else asked
            for carrier in self._roots.disagreeing(led) if self._roots else ():
                self._disagreed(carrier)
            answers = self._engine.take(led)
        except Unavailable as fault:
            self._broken = "unavailable"
            return [fault] * len(asked)
        except Exception as fault:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            if len(asked) > 1:
                return [told for one in asked for told in self._taken([one])]
            structlog.get_logger().error("engine fault", fault=type(fault).__name__)
            return [fault]
        self._broken = ""
        return answers

    @staticmethod
    def _settled(some: Callable[[], int]) -> int:
        """How many later stages were answered; none where that failed, of which the next question tells."""
        try:
            return some()
        except Unavailable:
            return 0
        except Exception as fault:  # noqa: BLE001 - the thread goes on answering registrations
            structlog.get_logger().error("engine fault", fault=type(fault).__name__)
            return 0


def _tell(answered: Sequence[tuple[asyncio.Future[Told], Told]]) -> None:
    """Hand answers over to those who wait: once per event loop, which there is mostly one of."""
    loops = {future.get_loop() for future, _ in answered}
    for loop in loops:
        with contextlib.suppress(RuntimeError):  # the loop has ended, nobody waits
            loop.call_soon_threadsafe(_set, loop, answered)


def _set(
    loop: asyncio.AbstractEventLoop, answered: Sequence[tuple[asyncio.Future[Told], Told]]
) -> None:
    for future, answer in answered:
        if future.get_loop() is loop and not future.done():
            future.set_result(answer)


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    """Whoever waited to the end of the time hears that there is no answer now."""
    try:
        yield
    except TimeoutError:
        raise Unavailable from None


def _or_raise(told: Told) -> Assessment:
    if isinstance(told, Exception):
        raise told
    return told
