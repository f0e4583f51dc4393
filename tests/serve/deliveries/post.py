"""What the tests of deliveries are made of: assessments, subscriptions, a dispatcher in a hurry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from serve.answers import Assessment
from serve.deliveries import cloudevents, subscriptions
from serve.deliveries.addresses import Reach
from serve.deliveries.dispatcher import Background, Channel, Chore, Dispatcher, Limits
from serve.deliveries.outbox import Subscribers
from serve.deliveries.queue import Pace
from serve.deliveries.sealing import Vault
from serve.deliveries.signing import Asymmetric, Keyring
from serve.deliveries.subscriptions import Subscription, Wish
from serve.deliveries.webhook import Webhooks
from serve.store.database import Connection

AT = datetime(2026, 3, 1, 18, 0, tzinfo=UTC)
VAULT = Vault(b"k" * 32)
PRIVATE = Asymmetric(Ed25519PrivateKey.from_private_bytes(b"p" * 32))
KEYRING = Keyring((PRIVATE,), (b"master" * 6,))
HURRY = Pace(first=0.05, factor=1.5, longest=0.2, lease=1.0, longest_rest=0.1)


def now() -> datetime:
    return datetime.now(UTC)


def view(assessment: Assessment) -> dict[str, object]:
    return {"registrationId": assessment.registration_id, "stage": assessment.stage}


def assessment(number: int = 1, **changes: Any) -> Assessment:
    plain: dict[str, Any] = {
        "assessment_id": UUID(int=number),
        "carrier_id": "alfa",
        "registration_id": f"F-{number}",
        "stage": "activation",
        "assessed_at": AT,
        "score": 0.5,
        "decision": "allow_notify",
        "reasons": (),
        "folio": None,
        "model_version": "m",
        "policy_version": "p",
        "feature_version": "f",
        "sources": {},
    }
    return Assessment(**{**plain, **changes})


def subscribed(own: Connection, sink: str, *, at: datetime = AT, **changes: Any) -> Subscription:
    wish: dict[str, Any] = {
        "client": "ana",
        "sink": sink,
        "type": cloudevents.ASSESSMENT_CHANGED,
        "carriers": frozenset({"alfa"}),
    }
    with own.writing():
        return subscriptions.add(own, Wish(**{**wish, **changes}), vault=VAULT, at=at)


def tell(own: Connection, *told: Assessment, at: datetime = AT) -> None:
    """What the engine does inside its transaction."""
    with own.writing():
        Subscribers(view, now=lambda: at).changed(own, told)


def bodies(own: Connection, kind: str = cloudevents.ASSESSMENT_CHANGED) -> list[bytes]:
    sql = "SELECT body FROM outbox WHERE kind = ? ORDER BY id"
    return [bytes(body) for (body,) in own.rows(sql, [kind])]


def channels(deadline: float = 0.5, reach: Reach | None = None) -> dict[str, Channel]:
    near = reach or Reach(http=True, private=True)
    return {"webhook": Webhooks(KEYRING, VAULT, reach=near, now=now, deadline=deadline)}


def dispatcher(url: str, *, pace: Pace = HURRY, chores: tuple[Chore, ...] = ()) -> Dispatcher:
    limits = Limits(look_every=0.02, chores_every=0.1, after_fault=0.1)
    return Dispatcher(
        url, channels, now=now, chance=Random(1), pace=pace, limits=limits, chores=chores
    )


@contextmanager
def dispatching(url: str, **options: Any) -> Iterator[None]:
    """A dispatcher at work in a thread."""
    working = Background(dispatcher(url, **options))
    working.start()
    try:
        yield
    finally:
        working.stop()
