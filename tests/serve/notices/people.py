"""An institution, its people, and what is registered in their names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from serve.deliveries.sealing import Vault
from serve.notices.enrolment import Entry, Institution, Invitation, Register
from serve.notices.lockbox import Lockbox
from serve.notices.mail import open_mail
from serve.notices.notifier import Case, Notifier
from serve.store.database import Connection

AT = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # noon in Mexico City
BOX = Lockbox(b"r" * 32)
LETTERS = Vault(b"l" * 32)
REGISTER = Register(BOX, Vault(b"c" * 32))
CONGRESS = Institution("congreso", frozenset({"congreso.example"}), frozenset({"ana", "beto"}))
DANI = b"token-of-dani"
SENDER = "avisos@simvigia.example"


def entry(person: bytes = DANI, **changes: Any) -> Entry:
    plain: dict[str, Any] = {
        "person": person,
        "contact": "dani@congreso.example",
        "mark": b"mark-of-dani",
    }
    return Entry(**{**plain, **changes})


def case(number: int = 1, **changes: Any) -> Case:
    plain: dict[str, Any] = {
        "person": DANI,
        "assessment_id": UUID(int=number),
        "carrier": "alfa",
        "on": date(2026, 3, 2),
        "state": "09",
        "last_two": 42,
        "decision": "allow_notify",
        "line": b"new-line",
    }
    return Case(**{**plain, **changes})


def signed(
    own: Connection, *entries: Entry, at: datetime = AT, by: Sequence[str] = ("ana", "beto")
) -> list[Invitation]:
    """A batch that two people signed."""
    with own.writing():
        batch = REGISTER.propose(own, CONGRESS, entries, signer=by[0], at=at)
        return REGISTER.countersign(own, CONGRESS, entries, batch=batch, signer=by[1], at=at)


def accepted(own: Connection, *, at: datetime = AT, **changes: Any) -> None:
    """Dani is enrolled and said yes."""
    [invitation] = signed(own, entry(**changes), at=at)
    with own.writing():
        assert REGISTER.accept(own, DANI, invitation.code, at=at)


def notifier(*unsettled: bytes) -> Notifier:
    return Notifier(
        BOX,
        REGISTER,
        letters=LETTERS,
        sender=SENDER,
        unsettled=lambda _, mark: mark in unsettled,
    )


def consider(own: Connection, *cases: Case, at: datetime = AT, unsettled: bytes = b"") -> int:
    with own.writing():
        open_mail(own)
        made = notifier(unsettled)
        return made.write(own, made.prepared(own, cases, at), at)


def tell_due(own: Connection, at: datetime, unsettled: bytes = b"") -> int:
    with own.writing():
        return notifier(unsettled).tell_what_is_due(own, at)


def letters(own: Connection) -> list[str]:
    """What waits in the outbox, opened."""
    rows = own.rows("SELECT message, body FROM outbox ORDER BY id")
    return [LETTERS.open(bytes(body), name).decode() for name, body in rows]
