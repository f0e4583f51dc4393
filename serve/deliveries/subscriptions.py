"""Subscriptions as the store keeps them. A client sees its own; everybody else's do not exist for it."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from serve.answers import Unknown
from serve.deliveries import cloudevents
from serve.deliveries.queue import Draft, enqueue, micros, moment, open_route
from serve.deliveries.sealing import Vault
from serve.deliveries.webhook import Target
from serve.store.database import Connection, Row

CHANNEL = "webhook"
MOST_PER_CLIENT = 100
LONGEST = timedelta(days=366)  # a grant that was taken back must not tell for ever
TOKEN_MARGIN = timedelta(minutes=2)  # the last event still needs the token
_COLUMNS = (
    "id, client, sink, type, carriers, assessment, initial, credential_until, starts_at, expires_at, "
    "max_events, events, ended_at, ended_by"
)


class Exists(Exception):
    """The client has this very subscription already."""


class TooMany(Exception):
    """The client has as many subscriptions as it may."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asked for. `token` is for its sink and is never shown again."""

    client: str
    sink: str
    type: str
    carriers: frozenset[str]
    assessment_id: UUID | None = None
    initial_event: bool = False
    expires_at: datetime | None = None
    max_events: int | None = None
    token: str = ""
    token_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription. `expires_at` is what was asked for or the longest there is."""

    subscription_id: str
    client: str
    sink: str
    type: str
    carriers: frozenset[str]
    assessment_id: UUID | None
    initial_event: bool
    token_until: datetime | None
    starts_at: datetime
    expires_at: datetime
    max_events: int | None
    events: int
    ended_at: datetime | None
    ended_by: str | None


def add(own: Connection, wish: Wish, *, vault: Vault, at: datetime) -> Subscription:
    """Begin a subscription, inside `own.writing()`. Raises Exists and TooMany."""
    active = _chosen(own, "WHERE client = ? AND ended_at IS NULL", [wish.client])
    if any(_same(held, wish) for held in active):
        raise Exists
    if len(active) >= MOST_PER_CLIENT:
        raise TooMany
    made = _made(wish, at)
    own.run(f"INSERT INTO subscriptions ({_COLUMNS}) VALUES ({_marks(14)})", _row(made))  # noqa: S608
    target = Target(wish.sink, signed_for=wish.client, token=wish.token)
    name = made.subscription_id
    open_route(own, name, channel=CHANNEL, address=target.sealed(vault, name))
    message = str(uuid.uuid4())
    body = cloudevents.started(message, name, at=at)
    enqueue(own, [Draft(message, name, cloudevents.STARTED, body)], at=at, due=at)
    _renew_version(own)
    return made


def find(own: Connection, subscription_id: str, client: str) -> Subscription:
    """One of the client's own, active or ended of itself. Raises Unknown."""
    found = _chosen(
        own,
        "WHERE id = ? AND client = ? AND (ended_by IS NULL OR ended_by <> ?)",
        [subscription_id, client, cloudevents.DELETED],
    )
    if not found:
        raise Unknown
    return found[0]


def listed(
    own: Connection, client: str, *, page: int, per_page: int
) -> tuple[list[Subscription], int]:
    """A page (from 1) of the client's own, oldest first, and how many there are in all."""
    where = "WHERE client = ? AND (ended_by IS NULL OR ended_by <> ?)"
    chosen = [client, cloudevents.DELETED]
    [(total,)] = own.rows(f"SELECT COUNT(*) FROM subscriptions {where}", chosen)  # noqa: S608
    places = [*chosen, per_page, (page - 1) * per_page]
    return _chosen(own, f"{where} ORDER BY starts_at, id LIMIT ? OFFSET ?", places), int(total)


def active(own: Connection) -> list[Subscription]:
    """Everybody's that have not ended."""
    return _chosen(own, "WHERE ended_at IS NULL ORDER BY id", [])


def version(own: Connection) -> int:
    """A number that is another one whenever the list of active subscriptions may be another.

    It is drawn, not counted: a count that is rolled back could come again for another list.
    """
    [(number,)] = own.rows("SELECT version FROM subscription_version")
    return int(number)


def delete(own: Connection, subscription_id: str, client: str, *, at: datetime) -> None:
    """End one on its client's word, inside `own.writing()`; what is not sent yet stays unsent.

    Raises Unknown.
    """
    found = find(own, subscription_id, client)
    own.run("DELETE FROM outbox WHERE route = ? AND kind = ?", [found.subscription_id, found.type])
    if found.ended_at is None:
        end(own, found, cloudevents.DELETED, at=at)
    else:
        sql = "UPDATE subscriptions SET ended_by = ? WHERE id = ?"
        own.run(sql, [cloudevents.DELETED, found.subscription_id])


def end(own: Connection, subscription: Subscription, reason: str, *, at: datetime) -> None:
    """End a subscription and tell its sink why, inside `own.writing()`; once, however often called."""
    name, message = subscription.subscription_id, str(uuid.uuid4())
    over = own.rows(
        "UPDATE subscriptions SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL "
        "RETURNING id",
        [micros(at), reason, name],
    )
    if not over:
        return
    body = cloudevents.ended(message, name, at=at, reason=reason)
    enqueue(own, [Draft(message, name, cloudevents.ENDED, body)], at=at, due=at)
    _renew_version(own)


def end_what_is_over(own: Connection, at: datetime) -> None:
    """End what has come to its time, and what could soon not be told any more for want of a token."""
    now, soon = micros(at), micros(at + TOKEN_MARGIN)
    where = "WHERE ended_at IS NULL AND (expires_at <= ? OR credential_until <= ?)"
    if not _chosen(own, where, [now, soon]):
        return
    with own.writing():
        for over in _chosen(own, where, [now, soon]):
            timed = over.expires_at <= at
            reason = cloudevents.EXPIRED if timed else cloudevents.TOKEN_EXPIRED
            end(own, over, reason, at=at)


def _same(held: Subscription, wish: Wish) -> bool:
    return (held.sink, held.type, held.carriers, held.assessment_id) == (
        wish.sink,
        wish.type,
        wish.carriers,
        wish.assessment_id,
    )


def _made(wish: Wish, at: datetime) -> Subscription:
    return Subscription(
        str(uuid.uuid4()),
        wish.client,
        wish.sink,
        wish.type,
        wish.carriers,
        wish.assessment_id,
        wish.initial_event,
        wish.token_until,
        at,
        min(wish.expires_at or at + LONGEST, at + LONGEST),
        wish.max_events,
        0,
        None,
        None,
    )


def _chosen(own: Connection, where: str, parameters: Sequence[object]) -> list[Subscription]:
    sql = f"SELECT {_COLUMNS} FROM subscriptions {where}"  # noqa: S608 - no value is in it
    return [_read(row) for row in own.rows(sql, parameters)]


def _row(s: Subscription) -> list[object]:
    return [
        s.subscription_id,
        s.client,
        s.sink,
        s.type,
        json.dumps(sorted(s.carriers)),
        str(s.assessment_id) if s.assessment_id else None,
        int(s.initial_event),
        micros(s.token_until) if s.token_until else None,
        micros(s.starts_at),
        micros(s.expires_at),
        s.max_events,
        s.events,
        None,
        None,
    ]


def _read(row: Row) -> Subscription:
    name, client, sink, kind, carriers, assessment, initial, token_until, *times = row
    starts_at, expires_at, max_events, events, ended_at, ended_by = times
    return Subscription(
        name,
        client,
        sink,
        kind,
        frozenset(json.loads(carriers)),
        UUID(assessment) if assessment else None,
        bool(initial),
        moment(token_until) if token_until is not None else None,
        moment(starts_at),
        moment(expires_at),
        max_events,
        events,
        moment(ended_at) if ended_at is not None else None,
        ended_by,
    )


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _renew_version(own: Connection) -> None:
    own.run("UPDATE subscription_version SET version = ?", [secrets.randbits(62)])
