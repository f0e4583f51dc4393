"""An engine whose flags are reviewed, with a clock that a test sets and ears for what subscribers hear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from detector.decision import Thresholds
from detector.model import artefact
from detector.model.artefact import Model
from serve.answers import Assessment, Outcome
from serve.auth import Client
from serve.engine import Question
from serve.judge import Judge, Second
from serve.reading import Reader
from serve.review.api import SCOPES
from serve.review.clearing import Clearing, Marker
from serve.review.opening import Lapsing, Opening
from serve.review.policy import ReviewPolicy
from serve.review.room import Room
from serve.review.seconds import SecondReviewers
from serve.store.database import Connection, connect
from tests.builders import curp_of, pseudonymiser
from tests.serve.engine.standing import Standing, later, micros, question
from tests.tiny import MODELS

POLICY = ReviewPolicy(second_share=0.0)
ANA, BETO, CARLA = (
    Client(name, frozenset({"alfa", "beta"}), frozenset(SCOPES), 0.0, name)
    for name in ("ana", "beto", "carla")
)
STRANGER = Client("stranger", frozenset({"beta"}), frozenset(SCOPES), 0.0, "stranger")


@cache
def shipped() -> Model:
    return artefact.load(MODELS / "champion")


@cache
def holding() -> Model:
    """A model that holds every registration that may be held."""
    table = dict.fromkeys(shipped().thresholds.table, (0.0, 0.0, 0.0))
    return replace(shipped(), thresholds=Thresholds(table))


@cache
def asking() -> Model:
    """A model that asks everybody for one more proof."""
    table = dict.fromkeys(shipped().thresholds.table, (0.0, 0.0, 1.1))
    return replace(shipped(), thresholds=Thresholds(table))


class Bench:
    """A worker over a store, and the room in which its flags are reviewed."""

    def __init__(
        self,
        url: str,
        model: Callable[[], Model | None] = lambda: None,
        *,
        policy: ReviewPolicy = POLICY,
        seconds: Sequence[Second] = (),
    ) -> None:
        self.standing = Standing(url, model)
        self.heard: list[Assessment] = []
        self.own = connect(url)
        self.clearing = Clearing(Marker(b"m" * 32))
        self.standing.engine.judge = Judge(model, policy="p", seconds=(self.clearing, *seconds))
        self.standing.engine.changed = Opening(policy).changed
        self.lapsing = Lapsing(self.clock, self.hear)
        self.room = Room(
            self.own,
            policy=policy,
            clock=self.clock,
            changed=self.hear,
            clearing=self.clearing,
            marker=Marker(b"m" * 32),
            seconds=SecondReviewers(share=policy.second_share, key=b"s" * 32),
        )

    def clock(self) -> int:
        return micros(self.standing.now)

    def hear(self, _: Connection, assessments: Sequence[Assessment]) -> None:
        self.heard += assessments

    def close(self) -> None:
        self.own.close()
        self.standing.close()

    def asked_again(self, told: Assessment) -> Assessment:
        """The same question as the last one."""
        assert self.last.event["registration_id"] == told.registration_id
        return self.standing.answered(self.last)[0]

    def asked(self, hours: float = 0, **changes: Any) -> Assessment:
        """One registration."""
        at = later(hours=hours)
        self.last: Question = question(at, **changes)
        return self.standing.answered(self.last, at=at)[0]

    def over_the_cap(self, number: int = 31, **changes: Any) -> Assessment:
        """The last of so many lines in one name that a rule asks for more."""
        one = {"identity_value": curp_of(number)} | changes
        asked = [question(later(seconds=n), **one) for n in range(11)]
        told = self.standing.answered(*asked, at=later(seconds=20))
        assert told[-1].decision == "step_up"
        return told[-1]

    def waiting(self, who: Client = ANA, order: str = "risk") -> list[UUID]:
        found, _ = self.room.queue(who, order=order, page=1, most=100)
        return [UUID(bytes=case.folio) for case in found]

    def decide(self, who: Client, case: UUID, label: str) -> bool:
        """Claim and vote; where it was the last vote, what the API does with it."""
        self.room.claim(who, case)
        outcome = self.room.vote(who, case, label)
        if outcome is None:
            return False
        self.report(outcome)
        self.room.close(who, case, outcome)
        return True

    def report(self, outcome: Outcome) -> None:
        self.standing.answered(outcome)

    def stands(self, told: Assessment) -> Assessment:
        """A registration as who asks for it now reads it."""
        return Reader(self.standing.books, pseudonymiser()).find(told.assessment_id.bytes)
