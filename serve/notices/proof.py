"""What became of messages to people: waiting, sent with proof, or given up. Never what they say or to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from serve.answers import Unknown
from serve.deliveries.queue import DeadLetter, moment, revive
from serve.notices import mail, sms
from serve.store.database import Connection

ROUTES = (mail.ROUTE, sms.ROUTE)


@dataclass(frozen=True, slots=True)
class Fate:
    """Of one message. `proof` is the SHA-256 of the sealed bytes that were sent, in hexadecimal."""

    message: str
    route: str
    kind: str
    state: str
    made: datetime
    attempts: int
    fault: str = ""
    sent: datetime | None = None
    answer: str = ""
    proof: str = ""


def dead(own: Connection, limit: int = 1_000) -> list[DeadLetter]:
    """What was given up, the latest first."""
    rows = own.rows(
        "SELECT message, route, kind, created_at, dead_at, attempts, fault FROM outbox "
        "WHERE dead_at IS NOT NULL AND route IN (?, ?) ORDER BY dead_at DESC, id DESC LIMIT ?",
        [*ROUTES, limit],
    )
    return [
        DeadLetter(message, route, kind, moment(made), moment(died), attempts, fault or "")
        for message, route, kind, made, died, attempts, fault in rows
    ]


def retried(own: Connection, messages: Sequence[str], *, at: datetime) -> int:
    """Try given-up messages again under their old names; how many there were. Raises Unknown for one alone."""
    known = {letter.message for letter in dead(own)}
    with own.writing():
        done = sum(revive(own, message, at=at) for message in messages if message in known)
    if len(messages) == 1 and not done:
        raise Unknown
    return done


def fate(own: Connection, message: str) -> Fate:
    """What became of one message. Raises Unknown."""
    sent = own.rows(
        "SELECT route, kind, created_at, attempts, sent_at, answer, digest FROM deliveries "
        "WHERE message = ? AND route IN (?, ?)",
        [message, *ROUTES],
    )
    for route, kind, made, attempts, at, answer, digest in sent:
        return Fate(
            message,
            route,
            kind,
            "sent",
            moment(made),
            attempts,
            sent=moment(at),
            answer=answer,
            proof=bytes(digest).hex(),
        )
    held = own.rows(
        "SELECT route, kind, created_at, attempts, fault, dead_at FROM outbox "
        "WHERE message = ? AND route IN (?, ?)",
        [message, *ROUTES],
    )
    for route, kind, made, attempts, fault, dead_at in held:
        state = "waiting" if dead_at is None else "dead"
        return Fate(message, route, kind, state, moment(made), attempts, fault or "")
    raise Unknown
