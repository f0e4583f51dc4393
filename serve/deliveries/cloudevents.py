"""Events as CloudEvents 1.0 in JSON, with CAMARA's types: an assessment that changed, a subscription's life."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

MEDIA_TYPE = "application/cloudevents+json"
PREFIX = "org.camaraproject.registration-risk.v0."
ASSESSMENT_CHANGED = PREFIX + "assessment-changed"
DISPUTE_CHANGED = PREFIX + "dispute-changed"
STARTED = PREFIX + "subscription-started"
ENDED = PREFIX + "subscription-ended"
TYPES = (
    ASSESSMENT_CHANGED,
    DISPUTE_CHANGED,
)  # what can be subscribed to; the life cycle is told to everybody
SOURCE = "/registration-risk-subscriptions/vwip/subscriptions/"

EXPIRED, MAX_EVENTS = "SUBSCRIPTION_EXPIRED", "MAX_EVENTS_REACHED"
TOKEN_EXPIRED, DELETED = "ACCESS_TOKEN_EXPIRED", "SUBSCRIPTION_DELETED"
END_REASONS = (EXPIRED, MAX_EVENTS, TOKEN_EXPIRED, DELETED, "NETWORK_TERMINATED")
_WORDS = {
    EXPIRED: "The subscription came to its time",
    MAX_EVENTS: "As many events as were asked for have been sent",
    TOKEN_EXPIRED: "The access token for the sink is about to expire",
    DELETED: "The subscription was deleted by its client",
}


def rfc3339(at: datetime) -> str:
    """A moment in UTC as the API writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(
    name: str, kind: str, subscription: str, *, at: datetime, data: Mapping[str, object]
) -> bytes:
    """One event's bytes. `name` is its id for ever; `at` is when what it tells happened."""
    told = {
        "specversion": "1.0",
        "id": name,
        "source": SOURCE + subscription,
        "type": kind,
        "time": rfc3339(at),
        "datacontenttype": "application/json",
        "data": {"subscriptionId": subscription, **data},
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def started(name: str, subscription: str, *, at: datetime) -> bytes:
    """The subscription is active."""
    data = {
        "initiationReason": "SUBSCRIPTION_CREATED",
        "initiationDescription": "The subscription was created by its client",
    }
    return event(name, STARTED, subscription, at=at, data=data)


def ended(name: str, subscription: str, *, at: datetime, reason: str) -> bytes:
    """The subscription is over, and why."""
    data = {"terminationReason": reason, "terminationDescription": _WORDS[reason]}
    return event(name, ENDED, subscription, at=at, data=data)
