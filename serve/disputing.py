"""The part of the service that listens to holders: disputes, the carriers' side, the portal, the statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic_core import to_jsonable_python

from detector.pseudonym import Key, Pseudonymiser
from serve.deliveries import cloudevents
from serve.deliveries.dispatcher import Chore
from serve.deliveries.outbox import Subscribers, View
from serve.deliveries.sealing import Vault
from serve.delivering import derived
from serve.disputes.api import disputes_router
from serve.disputes.book import Dispute
from serve.disputes.desk import Cases, shown
from serve.disputes.holding import Disputes, Told
from serve.disputes.page import Published, statistics_router
from serve.disputes.schemas import answer
from serve.disputes.telling import Telling
from serve.noticing import Noticing
from serve.portal import proof
from serve.portal.wiring import Enrolling, portal
from serve.store.database import Connection, connect


@dataclass(frozen=True, slots=True)
class Disputing:
    """`telling` needs the desk before it can begin."""

    telling: Telling
    chores: tuple[Chore, ...]
    routers: tuple[APIRouter, ...]


def disputing(
    url: str,
    key: Key,
    door: Pseudonymiser,
    *,
    notices: Noticing | None,
    view: View,
    now: Callable[[], datetime],
) -> Disputing:
    """Put together over a store. Without the notifier's private key here, there is no portal here."""
    telling = Telling()
    cases = Cases(connect(url), changed=_news(view, now), now=now)
    routers = [disputes_router(cases), statistics_router(Published(connect(url), now))]
    chores: tuple[Chore, ...] = (telling,)
    if notices is not None and notices.watcher is not None:
        holding = Disputes(connect(url), changed=_news(view, now))
        vault = Vault(derived(key, "portal visits"))
        routers.append(portal(url, door, _enrolling(notices), holding, visits=vault, now=now))
        chores = (telling, proof.forget)
    return Disputing(telling, chores, tuple(routers))


def _news(view: View, now: Callable[[], datetime]) -> Told:
    """Tells subscribers of a case as its carrier would read it; one for each connection that writes."""
    subscribers = Subscribers(view, now=now)

    def changed(own: Connection, case: Dispute) -> None:
        at = now()
        seen: dict[str, object] = to_jsonable_python(
            answer(shown(own, case, at)), by_alias=True, exclude_none=True
        )
        subscribers.told(
            own,
            cloudevents.DISPUTE_CHANGED,
            case.carrier,
            seen,
            assessment=UUID(bytes=case.folio),
            at=at,
        )

    return changed


def _enrolling(notices: Noticing) -> Enrolling:
    return Enrolling(
        box=notices.box,
        register=notices.register,
        notifier=notices.notifier,
        contacts=notices.contacts,
        letters=notices.letters,
        sender=notices.sender,
        unsettled=notices.unsettled,
    )
