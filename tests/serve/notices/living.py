"""An engine whose answers are noted, somebody enrolled under real keys, and an office that tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from detector.intake import identity
from serve.answers import Assessment
from serve.notices.answered import note
from serve.notices.cases import person
from serve.notices.enrolment import Entry, Register
from serve.notices.keys import NoticeKeys
from serve.notices.mail import open_mail
from serve.notices.notifier import Notifier
from serve.notices.settled import moved_lately
from serve.notices.watcher import Office
from serve.store.database import Connection
from tests.builders import curp_of, pseudonymiser
from tests.serve.engine.standing import Standing, micros
from tests.serve.notices.people import CONGRESS, SENDER

NOON = datetime(2026, 3, 1, 18, tzinfo=UTC)  # in Mexico City
KEYS = NoticeKeys.fresh()
DANI = curp_of(700)


class Living(Standing):
    """One worker that notes what it answers."""

    def restart(self) -> None:
        """As a new process would."""
        super().restart()
        self.engine.changed = self._changed

    def _changed(self, own: Connection, assessments: Sequence[Assessment]) -> None:
        note(own, assessments)


def subject(value: str = DANI) -> bytes:
    """The token of a CURP."""
    return person(identity("curp", value, pseudonymiser(), day=20_000))


def enrol(own: Connection, keys: NoticeKeys, value: str = DANI, **changes: Any) -> Register:
    """Somebody who said yes; the register."""
    register = Register(keys.box(), keys.contacts())
    plain = {"contact": "dani@congreso.example", "mark": b"mark-of-dani"}
    entry = Entry(subject(value), **{**plain, **changes})
    with own.writing():
        batch = register.propose(own, CONGRESS, [entry], signer="ana", at=NOON)
        [made] = register.countersign(own, CONGRESS, [entry], batch=batch, signer="beto", at=NOON)
        assert register.accept(own, entry.person, made.code, at=NOON)
        open_mail(own)
    return register


def office(keys: NoticeKeys, *, at: datetime = NOON, clock: datetime | None = None) -> Office:
    """Who tells, at a moment of our clock and of the service's."""
    register = Register(keys.box(), keys.contacts())
    told = moved_lately(lambda: micros(clock or at))
    notifier = Notifier(keys.box(), register, letters=keys.vault(), sender=SENDER, unsettled=told)
    return Office(register, notifier, lambda: at, lambda: micros(clock or at))


def waiting(own: Connection, keys: NoticeKeys) -> list[str]:
    """What waits in the outbox, opened."""
    rows = own.rows("SELECT message, body FROM outbox ORDER BY id")
    return [keys.vault().open(bytes(body), name).decode() for name, body in rows]


def ago(**time: float) -> datetime:
    """So long before NOON."""
    return NOON - timedelta(**time)
