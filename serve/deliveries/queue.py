"""The outbox as a queue: claimed by lease, retried with backoff over days, dead in the end; with proof.

Every function but `ready` and the readings expects to be called inside `own.writing()`. A message is
taken for a while only (its lease): whoever dies with it leaves it to the next. It keeps its name over
all attempts, so a receiver can tell a copy from news.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from serve.store.coarse import hour, minute
from serve.store.database import Connection, Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """A moment as the store holds it: microseconds since 1970 UTC."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(stored: int) -> datetime:
    """A stored moment as an aware time."""
    return EPOCH + timedelta(microseconds=stored)


@dataclass(frozen=True, slots=True)
class Pace:
    """How patiently is tried, in seconds.

    A message waits `first`, then `factor` times longer each time up to `longest`, give or take a
    `spread` of it, until it is `lifetime` old. A route that failed `trips` times in a row rests, up to
    `longest_rest`, and is then tried with one message.
    """

    first: float = 5.0
    factor: float = 4.0
    longest: float = 86_400.0
    spread: float = 0.25
    lifetime: float = 4 * 86_400.0
    lease: float = 60.0
    trips: int = 3
    longest_rest: float = 3_600.0

    def wait(self, attempts: int, chance: Random) -> float:
        """Seconds after the attempt of this number."""
        steps = min(attempts - 1, 32)
        plain = min(self.first * self.factor**steps, self.longest)
        return plain * (1 + self.spread * (2 * chance.random() - 1))

    def rest(self, failures: int) -> float:
        """Seconds for which a route is left alone after so many failures in a row."""
        over = failures - self.trips
        return (
            min(self.first * self.factor ** min(over, 32), self.longest_rest) if over >= 0 else 0.0
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be sent, named once and for all. `body` is exactly what will be signed or sealed."""

    message: str
    route: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed message with the address of its route, as stored (sealed)."""

    number: int
    message: str
    route: str
    channel: str
    kind: str
    address: bytes
    body: bytes
    attempts: int
    created_at: datetime
    lease: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a claimed message: the other side's `answer`, or a `fault` in a word or two."""

    message: Message
    answer: str = ""
    fault: str = ""
    retry_after: float = 0.0


class NotSent(Exception):
    """The message was not taken. `fault` is a word or two and never what the other side said."""

    def __init__(self, fault: str, retry_after: float = 0.0) -> None:
        super().__init__(fault)
        self.fault = fault[:64]
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that nobody will try again unless it is revived."""

    message: str
    route: str
    kind: str
    created_at: datetime
    dead_at: datetime
    attempts: int
    fault: str


def open_route(own: Connection, name: str, *, channel: str, address: bytes) -> None:
    """Give messages a place to go; a route of that name gets the new address."""
    own.run(
        "INSERT INTO routes (name, channel, address, failures, resume_at) VALUES (?, ?, ?, 0, 0) "
        "ON CONFLICT (name) DO UPDATE SET address = excluded.address, failures = 0, resume_at = 0",
        [name, channel, address],
    )


def enqueue(own: Connection, drafts: Sequence[Draft], *, at: datetime, due: datetime) -> None:
    """Put messages into the outbox, to leave from `due` on. One that is there already stays as it is."""
    own.run_many(
        "INSERT INTO outbox (message, route, kind, body, created_at, due_at, attempts) "
        "VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (message) DO NOTHING",
        [
            (d.message, d.route, d.kind, d.body, minute(micros(at)), _waits_until(at, due))
            for d in drafts
        ],
    )


def _waits_until(at: datetime, due: datetime) -> int:
    """What may leave now is due since the beginning of the minute: its own moment is somebody's."""
    return micros(due) if due > at else minute(micros(at))


def ready(own: Connection, *, at: datetime) -> list[Row]:
    """Routes (name, channel, address, failures) that are not resting and have something due."""
    now = micros(at)
    return own.rows(
        "SELECT name, channel, address, failures FROM routes WHERE resume_at <= ? AND EXISTS "
        "(SELECT 1 FROM outbox WHERE outbox.route = routes.name AND outbox.due_at <= ?)",
        [now, now],
    )


def claim(
    own: Connection,
    routes: Sequence[Row],
    *,
    at: datetime,
    room: Mapping[str, int],
    limit: int,
    lease: str,
    pace: Pace,
) -> list[Message]:
    """Take due messages, at most `limit`, at most `room` of a route, and one of a route that failed."""
    claimed: list[Message] = []
    share = max(1, limit // max(1, len(routes)))
    until = micros(at + timedelta(seconds=pace.lease))
    for name, channel, address, failures in routes:
        most = min(1 if failures >= pace.trips else share, room[name], limit - len(claimed))
        if most <= 0:
            continue
        rows = own.rows(
            "SELECT id, message, kind, body, attempts, created_at FROM outbox "
            "WHERE route = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?",
            [name, micros(at), most],
        )
        claimed.extend(
            Message(
                number, message, name, channel, kind, address, body, attempts, moment(made), lease
            )
            for number, message, kind, body, attempts, made in rows
        )
    own.run_many(
        "UPDATE outbox SET lease = ?, due_at = ? WHERE id = ?",
        [(lease, until, m.number) for m in claimed],
    )
    return claimed


def settle(
    own: Connection, attempts: Sequence[Attempt], *, at: datetime, pace: Pace, chance: Random
) -> None:
    """Write down what became of claimed messages.

    What was taken by the other side is gone for good, even if the lease had ended; what failed is
    put back only by whoever still holds it.
    """
    taken = [a for a in attempts if not a.fault]
    own.run_many("DELETE FROM outbox WHERE id = ?", [(a.message.number,) for a in taken])
    own.run_many(
        "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message) DO NOTHING",
        [_proof(a, at) for a in taken],
    )
    for attempt in attempts:
        if attempt.fault:
            _put_back(own, attempt, at=at, wait=_wait(attempt, pace, chance), pace=pace)
    _judge_routes(own, attempts, at=at, pace=pace)


def _proof(attempt: Attempt, at: datetime) -> tuple[object, ...]:
    m = attempt.message
    digest = hashlib.sha256(m.body).digest()
    made, sent = hour(micros(m.created_at)), hour(micros(at))
    return m.message, m.route, m.kind, digest, made, sent, m.attempts + 1, attempt.answer[:64]


def _wait(attempt: Attempt, pace: Pace, chance: Random) -> float:
    asked = min(attempt.retry_after, pace.longest)
    return max(pace.wait(attempt.message.attempts + 1, chance), asked)


def _put_back(own: Connection, attempt: Attempt, *, at: datetime, wait: float, pace: Pace) -> None:
    again = at + timedelta(seconds=wait)
    over = again > attempt.message.created_at + timedelta(seconds=pace.lifetime)
    due, dead = (None, hour(micros(at))) if over else (micros(again), None)
    own.run(
        "UPDATE outbox SET attempts = attempts + 1, lease = NULL, fault = ?, due_at = ?, dead_at = ? "
        "WHERE id = ? AND lease = ?",
        [attempt.fault[:64], due, dead, attempt.message.number, attempt.message.lease],
    )


def _judge_routes(
    own: Connection, attempts: Sequence[Attempt], *, at: datetime, pace: Pace
) -> None:
    """A route that took anything is well; one that took nothing is a failure nearer to its rest."""
    well = {a.message.route for a in attempts if not a.fault}
    own.run_many(
        "UPDATE routes SET failures = 0, resume_at = 0 WHERE name = ? AND failures > 0",
        [(name,) for name in sorted(well)],
    )
    for name in sorted({a.message.route for a in attempts} - well):
        sql = "UPDATE routes SET failures = failures + 1 WHERE name = ? RETURNING failures"
        for (failures,) in own.rows(sql, [name]):
            resume = at + timedelta(seconds=pace.rest(failures))
            own.run("UPDATE routes SET resume_at = ? WHERE name = ?", [micros(resume), name])


def waiting(own: Connection) -> int:
    """How many messages are still to be sent, claimed ones too."""
    [(count,)] = own.rows("SELECT COUNT(*) FROM outbox WHERE due_at IS NOT NULL")
    return int(count)


def dead_letters(own: Connection, limit: int = 100) -> list[DeadLetter]:
    """What was given up, the latest first."""
    rows = own.rows(
        "SELECT message, route, kind, created_at, dead_at, attempts, fault FROM outbox "
        "WHERE dead_at IS NOT NULL ORDER BY dead_at DESC, id DESC LIMIT ?",
        [limit],
    )
    return [
        DeadLetter(message, route, kind, moment(made), moment(died), attempts, fault or "")
        for message, route, kind, made, died, attempts, fault in rows
    ]


def revive(own: Connection, message: str, *, at: datetime) -> bool:
    """Give a dead letter a new life under its old name; False where there is none of that name."""
    rows = own.rows(
        "UPDATE outbox SET due_at = ?, created_at = ?, attempts = 0, dead_at = NULL, fault = NULL "
        "WHERE message = ? AND dead_at IS NOT NULL RETURNING id",
        [minute(micros(at)), minute(micros(at)), message],
    )
    return bool(rows)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long is kept: proof of sending, dead letters, subscriptions that ended."""

    proof: timedelta = timedelta(days=365)
    dead: timedelta = timedelta(days=30)
    ended: timedelta = timedelta(days=30)


def prune(own: Connection, *, at: datetime, pace: Pace, retention: Retention) -> None:
    """Give up what is too old to be of use, and forget what was kept long enough."""
    now, old = micros(at), micros(at - timedelta(seconds=pace.lifetime))
    with own.writing():
        own.run(
            "UPDATE outbox SET due_at = NULL, dead_at = ?, fault = COALESCE(fault, 'too old') "
            "WHERE created_at < ? AND due_at <= ?",
            [hour(now), old, now],
        )
        own.run("DELETE FROM outbox WHERE dead_at < ?", [micros(at - retention.dead)])
        own.run("DELETE FROM deliveries WHERE sent_at < ?", [micros(at - retention.proof)])
        own.run("DELETE FROM subscriptions WHERE ended_at < ?", [micros(at - retention.ended)])
        own.run(
            "DELETE FROM routes WHERE channel = 'webhook' AND NOT EXISTS "
            "(SELECT 1 FROM subscriptions WHERE subscriptions.id = routes.name) AND NOT EXISTS "
            "(SELECT 1 FROM outbox WHERE outbox.route = routes.name)"
        )
