"""Moments: what is refused, what is late, and that what comes late changes no answer given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from serve.answers import Assessment, Refused
from tests.builders import curp_of
from tests.serve.engine.standing import START, Standing, later, question, seen

SOMEBODY = {"identity_value": curp_of(777)}


@pytest.mark.parametrize("imported", [False, True])
def test_a_registration_more_than_five_minutes_ahead_is_refused(
    standing: Standing, imported: bool
) -> None:
    bound, beyond = (
        question(later(minutes=5, microseconds=more), imported=imported) for more in (0, 1)
    )

    taken, refused = standing.take(bound, beyond)

    assert isinstance(taken, Assessment)
    assert isinstance(refused, Refused)
    assert refused.field == "registeredAt"
    assert standing.books.last_sequence() == 1


def test_a_registration_more_than_ten_minutes_behind_is_late(standing: Standing) -> None:
    bound, beyond = (question(later(minutes=-10, microseconds=-more)) for more in (0, 1))

    assert [one.late for one in standing.answered(bound, beyond)] == [False, True]


def test_a_late_answer_is_late_for_good(standing: Standing) -> None:
    asked = question(later(hours=-1))
    standing.answered(asked)

    assert [one.late for one in standing.answered(asked, at=later(hours=1))] == [True]


def test_an_imported_registration_may_be_of_any_age_and_is_not_late(standing: Standing) -> None:
    (told,) = standing.answered(question(later(days=-900), imported=True))

    assert not told.late


def test_a_late_row_changes_no_answer_given_and_counts_for_what_comes_after(
    standing: Standing,
) -> None:
    before = question(START, **SOMEBODY)
    (given,) = standing.answered(before)
    late = question(later(minutes=-50), **SOMEBODY)
    after = question(later(minutes=2), **SOMEBODY)

    standing.answered(late, after, at=later(minutes=3))

    earlier = "identity_registrations_hour"
    assert standing.feature(before, earlier) == 0
    assert standing.feature(late, earlier) == 0
    assert standing.feature(after, earlier) == 2
    (again,) = standing.answered(before)
    assert again.score == given.score
    assert standing.differing() == []


def test_a_line_event_dated_in_the_future_is_refused(standing: Standing) -> None:
    asked = question()
    standing.answered(asked)
    now = later(minutes=1)
    ahead = now + timedelta(minutes=5)

    taken, refused = standing.take(
        seen(asked, ahead), seen(asked, ahead + timedelta(microseconds=1)), at=now
    )

    assert isinstance(taken, Assessment)
    assert isinstance(refused, Refused)
    assert refused.field == "occurredAt"
    assert [event.occurred_at for event in standing.books.events([1])] == [
        int(ahead.timestamp() * 1e6)
    ]


def test_what_is_told_of_the_past_counts_from_when_it_was_told(standing: Standing) -> None:
    asked, other = question(**SOMEBODY), question(later(hours=3), **SOMEBODY)
    standing.answered(asked)
    standing.answered(other, at=later(hours=3))

    standing.answered(seen(asked, later(minutes=1), "unlinked"), at=later(hours=4))

    (event,) = standing.books.events([1])
    assert event.at > int(later(hours=3).timestamp() * 1e6) > event.occurred_at
    assert standing.differing() == []
