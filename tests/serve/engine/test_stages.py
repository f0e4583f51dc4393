"""Later stages are answered when their time comes, once, whether or not somebody asks."""

from __future__ import annotations

import math

from serve.answers import Assessment
from serve.bounds import STAGES_WAIT
from serve.reading import Reader
from tests.builders import pseudonymiser
from tests.serve.engine.standing import Standing, later, micros, question, seen

EVERYTHING = ["activation", "first_attach", "day_1", "day_7"]


def latest(standing: Standing, told: Assessment) -> Assessment:
    return Reader(standing.books, pseudonymiser()).find(told.assessment_id.bytes)


def test_what_the_next_registration_reaches_is_answered_behind_it(standing: Standing) -> None:
    asked = question()
    standing.answered(asked)
    for moment in (later(hours=1), later(hours=23, minutes=59)):
        standing.answered(question(moment), at=moment)
        standing.quiet()
        assert standing.stages(asked) == ["activation"]

    standing.answered(question(later(days=1)), at=later(days=1))
    assert standing.stages(asked) == ["activation"], "its customer waits for nobody's stages"
    standing.quiet()
    assert standing.stages(asked) == ["activation", "day_1"]

    standing.answered(question(later(days=7)), at=later(days=7))
    standing.quiet()
    assert standing.stages(asked) == ["activation", "day_1", "day_7"]
    assert standing.differing() == []


def test_a_first_attach_is_answered_behind_the_next_registration(standing: Standing) -> None:
    asked = question()
    standing.answered(asked)
    standing.answered(seen(asked, later(minutes=5)), at=later(minutes=5))

    standing.answered(question(later(minutes=6)), at=later(minutes=6))
    standing.quiet()

    assert standing.stages(asked) == ["activation", "first_attach"]


def test_where_nobody_is_ever_quiet_registrations_bring_later_stages_along(
    standing: Standing,
) -> None:
    asked = [question(later(seconds=n)) for n in range(STAGES_WAIT)]
    standing.answered(*asked, at=later(seconds=STAGES_WAIT))

    almost = later(days=1, seconds=STAGES_WAIT - 2)
    standing.answered(question(almost), at=almost)
    assert {len(standing.stages(one)) for one in asked} == {1}

    standing.answered(question(later(days=1, seconds=STAGES_WAIT)), at=later(days=1, minutes=1))
    assert {len(standing.stages(one)) for one in asked} == {2}
    assert standing.differing() == []


def test_a_quiet_store_answers_what_is_due(standing: Standing) -> None:
    asked = question()
    standing.answered(asked)
    standing.answered(seen(asked, later(minutes=5)), at=later(minutes=5))

    assert standing.settle(later(minutes=5)) == 1
    assert standing.settle(later(hours=24)) == 1
    assert standing.settle(later(hours=168)) == 1

    assert standing.stages(asked) == EVERYTHING
    assert standing.differing() == []


def test_nothing_is_due_twice(standing: Standing) -> None:
    asked = question()
    standing.answered(asked)
    event = seen(asked, later(minutes=5))
    standing.answered(event, seen(asked, later(minutes=7)), event, at=later(minutes=9))
    standing.settle(later(days=8))

    standing.restart()
    standing.answered(question(later(days=9)), at=later(days=9))
    standing.settle(later(days=9))

    assert standing.stages(asked) == EVERYTHING
    assert standing.books.due(micros(later(days=9)), 10) == []


def test_more_than_one_transaction_holds_are_all_answered(standing: Standing) -> None:
    asked = [question(later(seconds=n)) for n in range(150)]
    standing.answered(*asked, at=later(seconds=150))

    assert standing.settle(later(days=8)) == 300
    assert standing.differing() == []


def test_a_registration_of_long_ago_has_no_stage_that_was_over_before_it_came(
    standing: Standing,
) -> None:
    standing.answered(question())
    old = question(later(days=-3), imported=True)
    standing.answered(old)

    standing.settle(later(days=8))

    assert standing.stages(old) == ["activation", "day_7"]


def test_where_nobody_reports_events_silence_says_nothing(standing: Standing) -> None:
    asked = [question(later(minutes=n), device_id="one") for n in range(3)]
    standing.answered(*asked, at=later(minutes=3))
    standing.settle(later(days=8))

    assert standing.stages(asked[0]) == ["activation", "day_1", "day_7"]
    assert all(math.isnan(standing.feature(asked[0], "after_attached", n)) for n in (1, 2))
    assert standing.differing() == []


def test_the_latest_stage_is_what_is_read(standing: Standing) -> None:
    asked = question()
    (told,) = standing.answered(asked)
    standing.settle(later(days=1))
    assert latest(standing, told).stage == "day_1"

    standing.answered(seen(asked, later(days=3)), at=later(days=3))
    standing.settle(later(days=3))
    assert latest(standing, told).stage == "first_attach"

    standing.settle(later(days=7))
    assert latest(standing, told).stage == "day_7"
