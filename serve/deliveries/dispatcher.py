"""Empties the outbox: claims, sends many at a time, writes down what became of them. At least once, never lost.

Any number may run over one store, in threads, processes or machines; the store's writer lock and the
leases keep two from taking the same message on purpose. Killed at any moment, it leaves messages that
the next one sends again under the same name.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Protocol, TypeVar

import structlog

from detector.errors import DetectorError
from serve.answers import Unavailable
from serve.deliveries import queue
from serve.deliveries.queue import Attempt, Message, NotSent, Pace
from serve.store.database import Connection, connect

Result = TypeVar("Result")
Chore = Callable[[Connection, datetime], None]
ALONE = 1  # messages of a channel that is not here, at a time
log = structlog.get_logger("deliveries")


class Channel(Protocol):
    """One way for messages to leave. `at_once` is how many of a route it takes at a time."""

    at_once: int

    async def send(self, message: Message) -> str:
        """Hand it over; what the other side said, in a word or two. Raises NotSent."""
        ...

    async def close(self) -> None:
        """No more will be sent."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is on its way at once; seconds between looks and chores, and for answers to come together."""

    at_once: int = 64
    look_every: float = 0.25
    gather: float = 0.02
    chores_every: float = 5.0
    after_fault: float = 1.0


class Dispatcher:
    """One loop over one store. `chores` are run now and then, each in transactions of its own."""

    def __init__(
        self,
        url: str,
        channels: Callable[[], Mapping[str, Channel]],
        *,
        now: Callable[[], datetime],
        chance: Random,
        pace: Pace | None = None,
        limits: Limits | None = None,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._url, self._make_channels = url, channels
        self._now, self._chance, self._chores = now, chance, chores
        self._pace, self._limits = pace or Pace(), limits or Limits()
        self._name = str(uuid.uuid4())
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._own: Connection | None = None
        self._done: list[Attempt] = []
        self._sending: dict[asyncio.Task[Attempt], Message] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, then finish what is on its way."""
        channels = self._make_channels()
        chores_at = 0.0
        clock = asyncio.get_running_loop().time
        try:
            while not stop.is_set():
                if clock() >= chores_at:
                    await self._with_store(self._do_chores)
                    chores_at = clock() + self._limits.chores_every
                await self._turn(channels, self._limits.at_once)
                await self._pause(stop)
            while self._sending or self._done:
                if self._sending:
                    await asyncio.wait(self._sending)
                await self._turn(channels, 0)
        finally:
            for channel in channels.values():
                await channel.close()
            self._thread.submit(self._leave_store)
            self._thread.shutdown()

    async def _turn(self, channels: Mapping[str, Channel], most: int) -> None:
        """Write down what is finished and take up what is due."""
        self._gather()
        finished, busy = tuple(self._done), Counter(m.route for m in self._sending.values())
        free = most - len(self._sending)
        room = {name: channel.at_once for name, channel in channels.items()}
        claimed = await self._with_store(
            lambda own: self._exchange(own, finished, busy, room, free=free)
        )
        if claimed is None:
            await asyncio.sleep(self._limits.after_fault)
            return
        self._done = []
        for message in claimed:
            self._sending[asyncio.create_task(_attempt(channels, message))] = message

    def _exchange(
        self,
        own: Connection,
        finished: Sequence[Attempt],
        busy: Counter[str],
        most: Mapping[str, int],
        *,
        free: int,
    ) -> list[Message]:
        """One transaction for both; none where there is nothing to do."""
        at, pace = self._now(), self._pace
        routes = queue.ready(own, at=at) if free > 0 else []
        if not finished and not routes:
            return []
        self._chance.shuffle(routes)
        room = {name: most.get(channel, ALONE) - busy[name] for name, channel, *_ in routes}
        with own.writing():
            queue.settle(own, finished, at=at, pace=pace, chance=self._chance)
            return queue.claim(
                own, routes, at=at, room=room, limit=free, lease=self._name, pace=pace
            )

    def _gather(self) -> None:
        for task in [task for task in self._sending if task.done()]:
            del self._sending[task]
            self._done.append(task.result())

    async def _pause(self, stop: asyncio.Event) -> None:
        """Until something is finished, with what follows at once, or the time has come to look again.

        Every writing down takes the store's one writer lock: what comes together is written together.
        """
        look = self._limits.look_every
        if self._sending:
            await asyncio.wait(self._sending, timeout=look, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(self._sending, timeout=self._limits.gather)
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), look)

    def _do_chores(self, own: Connection) -> None:
        for chore in self._chores:
            chore(own, self._now())

    async def _with_store(self, work: Callable[[Connection], Result]) -> Result | None:
        """Work on the store in the one thread that may; None where the store did not answer."""
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._in_thread, work
            )
        except Unavailable:
            log.warning("outbox.store_unavailable")
        except Exception as fault:  # noqa: BLE001 - what is in the outbox must not wait for a restart
            log.error("outbox.store_fault", fault=type(fault).__name__)
        return None

    def _in_thread(self, work: Callable[[Connection], Result]) -> Result:
        try:
            self._own = self._own or connect(self._url)
            return work(self._own)
        except Exception:
            self._leave_store()
            raise

    def _leave_store(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None


async def _attempt(channels: Mapping[str, Channel], message: Message) -> Attempt:
    channel = channels.get(message.channel)
    try:
        if channel is None:
            raise NotSent("no such channel here")
        return Attempt(message, answer=await channel.send(message))
    except NotSent as fault:
        log.info("outbox.not_sent", message=message.message, fault=fault.fault)
        return Attempt(message, fault=fault.fault or "fault", retry_after=fault.retry_after)
    except DetectorError as fault:
        return Attempt(message, fault=type(fault).__name__)
    except Exception as fault:  # noqa: BLE001 - one message must not stop the others; it is told and retried
        log.error("outbox.fault", message=message.message, fault=type(fault).__name__)
        return Attempt(message, fault=type(fault).__name__)


class Background:
    """A dispatcher in a thread with an event loop of its own, so that it never delays an answer."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._started.wait()

    def stop(self, timeout: float = 30.0) -> None:
        """Finish what is on its way, then end."""
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # it ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout)

    def alive(self) -> bool:
        """Whether it is at work, for readiness."""
        return self._thread.is_alive()

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._dispatcher.run(self._stop)
