"""Changed assessments into the outbox, in the transaction that changes them: told if and only if it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from serve.answers import Assessment
from serve.deliveries import cloudevents, subscriptions
from serve.deliveries.queue import Draft, enqueue
from serve.deliveries.subscriptions import Subscription
from serve.store.database import Connection

View = Callable[[Assessment], Mapping[str, object]]


class Subscribers:
    """Who wants to hear of which assessments. One per connection that writes; not for several threads.

    `view` is how a carrier sees an assessment. With nobody subscribed, a call costs one read of one row.
    """

    def __init__(self, view: View, *, now: Callable[[], datetime]) -> None:
        self._view, self._now = view, now
        self._version = -1
        self._by_carrier: dict[str, list[Subscription]] = {}

    def changed(self, own: Connection, assessments: Sequence[Assessment]) -> None:
        """Tell of assessments that are new at a stage or another than they were.

        To be called inside `own.writing()`. The same assessment told twice is one event.
        """
        self._refresh(own)
        if not self._by_carrier:
            return
        at = self._now()
        free: list[Draft] = []
        for assessment in assessments:
            for one in self._by_carrier.get(assessment.carrier_id, ()):
                if not _wants(one, assessment, at):
                    continue
                draft = self._draft(one, assessment)
                if one.max_events is None:
                    free.append(draft)
                else:
                    _enqueue_counted(own, one, draft, at=at)
        enqueue(own, free, at=at, due=at)

    def told(
        self,
        own: Connection,
        kind: str,
        carrier: str,
        data: Mapping[str, object],
        *,
        assessment: UUID,
        at: datetime,
    ) -> None:
        """Tell of something beside an assessment that happened at a moment, inside `own.writing()`.

        The same data told twice is one event.
        """
        self._refresh(own)
        now = self._now()
        for one in self._by_carrier.get(carrier, ()):
            if not _about(one, kind, assessment, now):
                continue
            name = str(uuid5(UUID(one.subscription_id), json.dumps(data, sort_keys=True)))
            body = cloudevents.event(name, kind, one.subscription_id, at=at, data=data)
            _enqueue(own, one, Draft(name, one.subscription_id, kind, body), at=now)

    def tell_first(self, own: Connection, one: Subscription, assessment: Assessment) -> None:
        """The event that a subscription to one assessment begins with, inside `own.writing()`."""
        _enqueue(own, one, self._draft(one, assessment), at=self._now())

    def _refresh(self, own: Connection) -> None:
        present = subscriptions.version(own)
        if present == self._version:
            return
        self._by_carrier = {}
        for one in subscriptions.active(own):
            for carrier in sorted(one.carriers):
                self._by_carrier.setdefault(carrier, []).append(one)
        self._version = present

    def _draft(self, one: Subscription, assessment: Assessment) -> Draft:
        name = event_name(one.subscription_id, assessment)
        body = cloudevents.event(
            name,
            cloudevents.ASSESSMENT_CHANGED,
            one.subscription_id,
            at=assessment.assessed_at,
            data=self._view(assessment),
        )
        return Draft(name, one.subscription_id, cloudevents.ASSESSMENT_CHANGED, body)


def event_name(subscription_id: str, assessment: Assessment) -> str:
    """The event's id and webhook-id: the same for the same news to the same subscription."""
    news = (
        str(assessment.assessment_id),
        assessment.stage,
        assessment.assessed_at.isoformat(),
        assessment.score.hex(),
        assessment.decision,
        assessment.reasons,
    )
    return str(uuid5(UUID(subscription_id), json.dumps(news)))


def _wants(one: Subscription, assessment: Assessment, at: datetime) -> bool:
    return _about(one, cloudevents.ASSESSMENT_CHANGED, assessment.assessment_id, at)


def _about(one: Subscription, kind: str, assessment: UUID, at: datetime) -> bool:
    return one.type == kind and one.assessment_id in (None, assessment) and at < one.expires_at


def _enqueue(own: Connection, one: Subscription, draft: Draft, *, at: datetime) -> None:
    if one.max_events is None:
        enqueue(own, [draft], at=at, due=at)
    else:
        _enqueue_counted(own, one, draft, at=at)


def _enqueue_counted(own: Connection, one: Subscription, draft: Draft, *, at: datetime) -> None:
    """Enqueue while the subscription has events left; the last one ends it."""
    name = one.subscription_id
    if own.rows("SELECT 1 FROM outbox WHERE message = ?", [draft.message]):
        return
    counted = own.rows(
        "UPDATE subscriptions SET events = events + 1 "
        "WHERE id = ? AND ended_at IS NULL AND events < max_events RETURNING events",
        [name],
    )
    for (events,) in counted:
        enqueue(own, [draft], at=at, due=at)
        if events == one.max_events:
            subscriptions.end(own, one, cloudevents.MAX_EVENTS, at=at)
