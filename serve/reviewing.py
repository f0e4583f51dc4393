"""The part of the service that people review in: cases, lapses, allow-notes, their API and their page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter

from detector.pseudonym import Key
from serve.clock import Clock
from serve.deliveries.dispatcher import Chore
from serve.delivering import derived
from serve.issuer import Issuer
from serve.review.api import review_router
from serve.review.clearing import Clearing, Marker
from serve.review.opening import Changed, Lapsing, Opening
from serve.review.page import Pages
from serve.review.policy import ReviewPolicy
from serve.review.room import Room
from serve.review.seconds import SecondReviewers
from serve.review.session import Sessions
from serve.store.database import connect


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What the engine tells of flags and asks about cleared patterns, the chores, and the room."""

    opening: Opening
    clearing: Clearing
    chores: tuple[Chore, ...]
    room: Room
    form_key: bytes

    def routers(self, issuer: Issuer | None, *, secure: bool) -> tuple[APIRouter, ...]:
        """The API and the page. `issuer` signs reviewers in where this process is one itself."""
        sessions = Sessions(self.form_key, issuer=issuer, secure=secure)
        return review_router(self.room), Pages(self.room, sessions).router()


def reviewing(
    url: str, key: Key, *, policy: Path, clock: Clock, changed: Sequence[Changed]
) -> Reviewing:
    """Put together over a store. `changed` hear of rulings, in turn: one for the room, one for the chores."""
    rules, own = ReviewPolicy.load(policy), connect(url)
    marker = Marker(derived(key, "allow-notes"))
    clearing = Clearing(marker)
    clearing.look(own, clock())
    room = Room(
        own,
        policy=rules,
        clock=clock,
        changed=changed[0],
        clearing=clearing,
        marker=marker,
        seconds=SecondReviewers(share=rules.second_share, key=derived(key, "second reviewers")),
    )
    return Reviewing(
        Opening(rules),
        clearing,
        (Lapsing(clock, changed[1]), lambda own, _: clearing.look(own, clock())),
        room,
        derived(key, "review forms"),
    )
