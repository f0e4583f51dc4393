"""Whoever asks has an answer, or the word that there is none, within a stated time."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from serve import desk as desks
from serve.answers import Assessment, Unavailable, Unknown
from serve.desk import QueueDesk
from serve.engine import Question
from serve.reading import Reader
from serve.store.books import Books
from serve.store.database import connect
from serve.working.desks import ApartDesk, FollowingDesk
from tests.builders import pseudonymiser
from tests.serve import counter
from tests.serve.engine.standing import START, Standing, micros, question, seen

WITHIN, SLACK = 0.5, 3.0  # seconds; slack for a busy machine


@contextmanager
def working(url: str, within: float = WITHIN) -> Iterator[QueueDesk]:
    standing = Standing(url)
    standing.answered(question())  # compiles
    reader = Reader(Books(connect(url)), pseudonymiser())
    made = QueueDesk(standing.engine, reader, health=dict, within=within)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        standing.close()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else holds the store's writer lock and does not let go."""
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(desks, "MANY", 1)
    monkeypatch.setattr(desks, "LOOK_EVERY", 0.1)
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_a_store_that_hangs_is_unavailable_within_the_stated_time(url: str) -> None:
    asked = question()

    async def ask(desk: QueueDesk) -> None:
        with pytest.raises(Unavailable):
            await desk.assess(asked.event)
        with pytest.raises(Unavailable):
            await desk.assess_all([asked.event])

    with working(url) as desk:
        with locked(url):
            since = time.monotonic()
            asyncio.run(ask(desk))
            assert time.monotonic() - since < 2 * WITHIN + SLACK
        first = asyncio.run(again(desk, asked.event))
        assert asyncio.run(again(desk, asked.event)).repeated
        assert first.assessment_id


async def again(desk: QueueDesk, event: dict[str, object]) -> Assessment:
    """As a client does: the same question until there is an answer."""
    while True:
        try:
            return await desk.assess(event)
        except Unavailable:
            await asyncio.sleep(0.05)


def test_a_question_whose_time_was_over_is_not_looked_at(url: str) -> None:
    late, next_one = question(), question()

    async def ask(desk: QueueDesk) -> None:
        desk._wait([late], -1.0)
        await desk.assess(next_one.event)
        with pytest.raises(Unknown):
            await desk.find("alfa", str(late.event["registration_id"]))

    with working(url, within=60.0) as desk:
        asyncio.run(ask(desk))


def taken(url: str) -> list[list[bool]]:
    """Whether each asked is a registration, in the transactions in which a mixed queue would be taken."""

    async def ask(desk: QueueDesk) -> list[list[bool]]:
        first = question()
        desk._wait([seen(first, START), first, seen(first, START), question()], 60.0)
        batches = []
        while desk._queue:
            batches.append([isinstance(one.asked, Question) for one in desk._next()])
        return batches

    standing = Standing(url)
    reader = Reader(Books(connect(url)), pseudonymiser())
    found = asyncio.run(ask(QueueDesk(standing.engine, reader, health=dict)))
    standing.close()
    return found


def test_registrations_go_before_reports_that_came_with_them(url: str) -> None:
    assert taken(url) == [[True, True], [False, False]]


def test_a_report_that_waited_for_a_while_is_taken_along(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "PATIENCE", 0.0)
    assert taken(url) == [[True, True, False, False]]


def test_later_stages_are_answered_as_soon_as_nobody_asks(url: str) -> None:
    old, new = question(START), question(START + timedelta(days=8))

    async def ask(desk: QueueDesk) -> None:
        await desk.assess(old.event, imported=True)
        await desk.assess(new.event, imported=True)
        until = time.monotonic() + 60
        name = "alfa", str(old.event["registration_id"])
        while (await desk.find(*name)).stage != "day_7":
            assert time.monotonic() < until
            await asyncio.sleep(0.01)

    with working(url, within=60.0) as desk:
        desk._engine.clock = lambda: micros(START + timedelta(days=8))
        asyncio.run(ask(desk))


@pytest.mark.parametrize("kind", [QueueDesk, partial(ApartDesk, line=None), FollowingDesk])
def test_a_desk_that_nobody_asks_rests(url: str, kind: Callable[..., QueueDesk]) -> None:
    standing = Standing(url)
    standing.answered(question())
    made = kind(standing.engine, Reader(Books(connect(url)), pseudonymiser()), health=dict)
    made.look_every, turns, taken = 0.1, [], made._next
    made._next = lambda: turns.append(1) or taken()  # type: ignore[method-assign]
    made.start()
    time.sleep(1.0)
    made.stop()
    standing.close()
    looks = len(turns)
    assert 1 <= looks <= 15, "one look in a tenth of a second, not as fast as it can"


def test_readiness_returns_with_the_store_though_nobody_asks(url: str) -> None:
    async def ask(desk: QueueDesk) -> None:
        with pytest.raises(Unavailable):
            await desk.assess(question().event)

    with working(url) as desk:
        with locked(url):
            asyncio.run(ask(desk))
            desk._broken = "unavailable"  # as soon as the lock's own time is over
        until = time.monotonic() + 120
        while desk.ready()["engine"] != "ok" and time.monotonic() < until:
            time.sleep(0.05)
        assert desk.ready()["engine"] == "ok"


def test_over_http_it_is_camaras_503_with_retry_after(url: str) -> None:
    with working(url) as desk:
        app = counter.create_app(desk, counter.settings(), development=counter.issuer())
        with locked(url):
            since = time.monotonic()
            asked = counter.question(registeredAt=START.isoformat())
            answer = asyncio.run(counter.Caller(app).post("/assessments", asked))
            assert time.monotonic() - since < WITHIN + SLACK
        assert counter.code(answer) == (503, "UNAVAILABLE")
        assert answer.headers["retry-after"] == "1"
