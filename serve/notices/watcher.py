"""Looks at what was answered and makes the notices that it calls for, beside the engine and after it.

A thread with a connection of its own: an answer never waits for it but for the writer lock, and that it
holds for a few notices at a time. What it cannot do now it does later; nothing is lost.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from detector.errors import DetectorError
from serve.answers import Unavailable
from serve.notices.answered import Noted, noted, put_off, struck
from serve.notices.cases import cases
from serve.notices.enrolment import Register
from serve.notices.notifier import Case, Notifier
from serve.store.books import Books
from serve.store.database import Connection, connect

LOOK_EVERY, AFTER_FAULT = 1.0, 2.0  # seconds: every look writes, and answers wait for who writes
DUE_EVERY = 5.0  # seconds between looks at what had to wait
AT_ONCE, TOLD_AT_ONCE = 512, 128  # answers looked at together; in one transaction
PUT_OFF = timedelta(minutes=1)  # after a notice that could not be made
log = structlog.get_logger("notices")


@dataclass(frozen=True, slots=True)
class Office:
    """Who makes notices, and by which clocks: `now` is ours, `clock` the service's in microseconds."""

    register: Register
    notifier: Notifier
    now: Callable[[], datetime]
    clock: Callable[[], int]


class Watcher:
    """The thread. Any number may run over one store."""

    def __init__(self, url: str, office: Office) -> None:
        self._url, self._office = url, office
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Finish what is in hand, then end."""
        self._stop.set()
        self._thread.join(timeout)

    def alive(self) -> bool:
        """Whether it is at work, for readiness."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch()
            except Unavailable:
                log.warning("notices.store_unavailable")
            except Exception as fault:  # noqa: BLE001 - what waits must not wait for a restart
                log.error("notices.fault", fault=type(fault).__name__)
            self._stop.wait(AFTER_FAULT)

    def _watch(self) -> None:
        own = connect(self._url)
        try:
            rounds = 0
            while not self._stop.is_set():
                if rounds % int(DUE_EVERY / LOOK_EVERY) == 0:
                    tell_due(own, self._office)
                rounds += 1
                if look(own, self._office) < AT_ONCE:
                    self._stop.wait(LOOK_EVERY)
        finally:
            own.close()


def look(own: Connection, office: Office) -> int:
    """Look at the oldest answers once; how many. Nobody's and everybody's cost the same here."""
    answers = noted(own, AT_ONCE, at=office.now())
    found = cases(Books(own), answers, now=office.clock()) if answers else {}
    for first in range(0, len(answers), TOLD_AT_ONCE):
        _tell(own, office, answers[first : first + TOLD_AT_ONCE], found)
    return len(answers)


def _tell(
    own: Connection, office: Office, answers: Sequence[Noted], found: Mapping[int, Case]
) -> None:
    """One transaction; where one of them cannot be told, the others are."""
    at, news = office.now(), [one.number for one in answers if one.number in found]
    try:
        made = office.notifier.prepared(own, [found[number] for number in news], at)
        prepared = dict(zip(news, made, strict=True))
        with own.writing():
            mine = struck(own, [one.number for one in answers])
            office.notifier.write(own, [prepared.get(number) for number in sorted(mine)], at)
    except (DetectorError, ValueError) as fault:
        if len(answers) > 1:
            for one in answers:
                _tell(own, office, [one], found)
            return
        log.error("notices.put_off", fault=type(fault).__name__)
        with own.writing():
            put_off(own, answers[0].number, until=office.now() + PUT_OFF)


def tell_due(own: Connection, office: Office) -> int:
    """Tell what had to wait and has; how many messages. Looks first, so that an idle store is not locked."""
    at = office.now()
    if not office.notifier.due(own, at):
        return 0
    with own.writing():
        return office.notifier.tell_what_is_due(own, at)
