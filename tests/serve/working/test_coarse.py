"""What lies in the open beside a folio tells little of when, and nothing of who is in office."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serve.disputes import book
from serve.store.coarse import HOUR, percent
from serve.store.database import Connection, connect
from serve.store.journal import MINUTE
from tests.architecture.source import ROOT
from tests.serve.engine.standing import Standing, later, question
from tests.serve.review.bench import ANA, Bench, asking
from tests.serve.stores import postgres, store_url

__all__ = ["postgres", "store_url"]

COARSE = ROOT / "serve" / "store" / "migrations" / "0019_coarse_messages.sql"
TIMES = {"at", "opened_at", "ended_at", "acknowledged_at", "resolved_at"}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def bench(url: str) -> Iterator[Bench]:
    made = Bench(url, asking)
    asked = (question(later(seconds=n)) for n in range(7, 17))
    made.standing.answered(*asked, at=later(seconds=97))
    yield made
    made.close()


def test_cases_and_words_about_them_are_kept_by_the_hour(bench: Bench) -> None:
    case = bench.waiting()[0]
    bench.decide(ANA, case, "legitimate")
    own = bench.own
    with own.writing():
        made = book.opened(own, case.bytes, "alfa", later(minutes=7))
        book.say(own, made.folio, "holder", "not_mine", at=later(minutes=8))

    for table in ("cases", "case_votes", "rulings", "disputes", "dispute_words"):
        held = times(own, table)
        assert held, table
        assert {time % HOUR for time in held} == {0}, table


def test_a_case_beside_its_folio_has_a_score_to_the_percent_and_a_claim_by_the_minute(
    bench: Bench,
) -> None:
    bench.room.claim(ANA, bench.waiting()[0])

    held = bench.own.rows("SELECT score, claimed_until FROM cases")
    assert {score for score, _ in held} == {round(score, 2) for score, _ in held}
    assert {until % MINUTE for _, until in held if until} == {0}


def test_a_small_score_is_not_told_as_none() -> None:
    assert [percent(score) for score in (0.0, 0.003, 0.456, 0.999)] == [0.0, 0.01, 0.46, 1.0]


def test_what_was_kept_too_exactly_before_is_made_coarse(store_url: str) -> None:
    own, exact = connect(store_url), 1_767_225_723_456_789
    with own.writing():
        own.run(
            "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ["sent", "mail", "k", b"d", exact, exact, 1, "250"],
        )
        own.run(
            "INSERT INTO outbox (message, route, kind, body, created_at, due_at, attempts)"
            " VALUES (?, ?, ?, ?, ?, ?, 0)",
            ["waits", "mail", "k", b"b", exact, exact],
        )
        for folio, score in ((b"f", 0.4567), (b"g", 0.003)):
            own.run(
                "INSERT INTO cases (folio, carrier, stage, decision, score, opened_at, due_at,"
                " claimed_until) VALUES (?, 'alfa', 0, 2, ?, 0, 0, ?)",
                [folio, score, exact],
            )
        for statement in COARSE.read_text("utf-8").split(";")[:-1]:
            own.run(statement)

    assert own.rows("SELECT created_at % ?, sent_at % ? FROM deliveries", [HOUR, HOUR]) == [(0, 0)]
    assert own.rows("SELECT created_at % ?, due_at % ? FROM outbox", [MINUTE, MINUTE]) == [(0, 0)]
    held = own.rows("SELECT score, claimed_until % ? FROM cases ORDER BY folio", [MINUTE])
    assert held == [(0.46, 0), (0.01, 0)]
    own.close()


def test_cases_tell_no_office_and_no_place_in_the_order(bench: Bench) -> None:
    assert not {"needs", "sequence"} & names(bench.own, "cases")


def test_stages_to_come_lie_open_by_the_minute_and_are_asked_about_their_moment(
    url: str,
) -> None:
    standing = Standing(url)
    one = question(later(seconds=7.25))
    standing.answered(one, at=later(seconds=8))
    open_ = standing.books.own.rows("SELECT moment FROM due")
    standing.settle(later(hours=24, seconds=7.2))
    early = standing.stages(one)
    standing.settle(later(hours=24, seconds=7.3))

    assert {moment % MINUTE for (moment,) in open_} == {0}
    assert (early, standing.stages(one)) == (["activation"], ["activation", "day_1"])
    answer = standing.books.answers([1])[1][1]
    assert answer.moment - standing.books.answers([1])[1][0].moment == 24 * HOUR
    standing.close()


def times(own: Connection, table: str) -> list[int]:
    """All times of a table but by when a carrier has to look, which is the end of a day."""
    wanted = sorted(names(own, table) & TIMES)
    rows = own.rows(f"SELECT {', '.join(wanted)} FROM {table}")
    return [value for row in rows for value in row if value is not None]


def names(own: Connection, table: str) -> set[str]:
    """A table's columns."""
    return {name for (name,) in own.rows("SELECT name FROM pragma_table_info(?)", [table])}
