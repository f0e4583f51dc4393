"""An engine with a line in Dani's name, and the disputes over its store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from serve.answers import Assessment, Outcome
from serve.disputes import book
from serve.disputes.book import Dispute
from serve.disputes.desk import Cases
from serve.disputes.holding import Disputes
from serve.disputes.telling import Telling
from serve.store.database import Connection, connect
from tests.builders import curp_of
from tests.serve.engine.standing import START, Standing, question
from tests.serve.portal.people import subject_of
from tests.serve.stores import postgres, store_url

__all__ = ["postgres", "store_url"]

DANI = curp_of(900_011)  # far from those that builders count up to
MINE = subject_of(DANI)
ALFA = frozenset({"alfa"})


class EngineDesk:
    """Takes outcomes as the service's desk does, at once."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing

    async def report_outcome(self, outcome: Outcome) -> Assessment:
        return self.standing.answered(outcome)[0]


@dataclass
class Court:
    """Everybody who has to do with a dispute."""

    standing: Standing
    own: Connection
    at: datetime = START.astimezone(UTC) + timedelta(hours=1)
    heard: list[Dispute] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.holder = Disputes(connect(self.standing.url), changed=self.hear)
        self.carrier = Cases(connect(self.standing.url), changed=self.hear, now=lambda: self.at)
        self.telling = Telling()
        self.telling.desk = EngineDesk(self.standing)  # type: ignore[assignment]

    def hear(self, _: Connection, case: Dispute) -> None:
        self.heard.append(case)

    def line(self, number: int = 0) -> UUID:
        return self.holder.lines(MINE, self.at)[number].assessment

    def labels(self) -> list[tuple[str, str, float | None]]:
        """What the engine is told of now."""
        owed = [(one.label, one.source, one.confidence) for _, _, one in book.owed(self.own)]
        self.telling(self.own, self.at)
        return owed


@pytest.fixture
def court(store_url: str) -> Iterator[Court]:
    standing = Standing(store_url)
    standing.answered(question(identity_value=DANI), question())
    made = Court(standing, connect(store_url))
    yield made
    standing.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
