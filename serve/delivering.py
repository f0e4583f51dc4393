"""The part of the service that tells others: subscriptions, the outbox and who empties it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import SystemRandom

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import APIRouter

from detector.pseudonym import Key
from serve.api.subscriptions import keys_router, subscriptions_router, view
from serve.deliveries import subscriptions
from serve.deliveries.addresses import Reach
from serve.deliveries.book import Book
from serve.deliveries.dispatcher import Background, Channel, Chore, Dispatcher
from serve.deliveries.outbox import Subscribers
from serve.deliveries.queue import Pace, Retention, prune
from serve.deliveries.sealing import Vault
from serve.deliveries.signing import Asymmetric, Keyring
from serve.deliveries.webhook import Webhooks
from serve.store.database import Connection, connect


@dataclass(frozen=True, slots=True)
class Delivering:
    """What the engine tells of changes, what clients subscribe through, and the dispatcher."""

    subscribers: Subscribers
    routers: tuple[APIRouter, ...]
    background: Background
    addresses: Vault  # what closes the addresses of routes


Channels = Callable[[Webhooks, Vault], Mapping[str, Channel]]


def delivering(
    url: str,
    key: Key,
    *,
    reach: Reach,
    others: Channels = lambda *_: {},
    chores: Sequence[Chore] = (),
) -> Delivering:
    """Put together over a store; the secrets are derived from the engine's key.

    `others` are channels beside the subscribers', made where they are used, over the same webhooks.
    `chores` are others' own.
    """
    vault = Vault(derived(key, "deliveries"))
    signer = Ed25519PrivateKey.from_private_bytes(derived(key, "webhook signature"))
    keyring = Keyring((Asymmetric(signer),), (derived(key, "webhook secrets"),))
    book = Book(connect(url), vault=vault, view=view, now=now)

    def channels() -> dict[str, Channel]:
        webhooks = Webhooks(keyring, vault, reach=reach, now=now)
        return {subscriptions.CHANNEL: webhooks, **others(webhooks, vault)}

    dispatcher = Dispatcher(
        url,
        channels,
        now=now,
        chance=SystemRandom(),
        chores=(subscriptions.end_what_is_over, _forget, *chores),
    )
    routers = subscriptions_router(book, reach=reach), keys_router(keyring)
    return Delivering(Subscribers(view, now=now), routers, Background(dispatcher), vault)


def derived(key: Key, purpose: str) -> bytes:
    """A key of its own for each purpose (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key.secret)


def _forget(own: Connection, at: datetime) -> None:
    prune(own, at=at, pace=Pace(), retention=Retention())


def now() -> datetime:
    """The machine's time: messages go out by it whatever clock a rehearsal has."""
    return datetime.now(UTC)
