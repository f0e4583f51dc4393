"""The same question gets the first answer and counts once; another under its name is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from serve.answers import Assessment, Contradicted, LineEvent, Outcome, Refused
from serve.engine import Question
from tests.builders import curp_of
from tests.serve.engine.standing import START, Standing, later, question

SOMEBODY = {"identity_value": curp_of(4_321)}


def test_the_same_question_gets_the_first_answer_again(standing: Standing) -> None:
    asked = question()
    (first,) = standing.answered(asked)

    (again,) = standing.answered(asked, at=later(days=3))

    assert again == replace(first, repeated=True)


def test_the_same_question_after_a_restart_gets_the_first_answer_again(standing: Standing) -> None:
    asked = question()
    (first,) = standing.answered(asked)
    standing.restart()

    assert standing.answered(asked) == [replace(first, repeated=True)]


def test_a_repetition_gets_the_first_answer_although_later_stages_have_others(
    standing: Standing,
) -> None:
    asked = question()
    (first,) = standing.answered(asked)
    assert standing.settle(later(days=8)) == 2

    assert standing.answered(asked) == [replace(first, repeated=True)]


def test_a_question_asked_three_times_counts_once(standing: Standing) -> None:
    asked = question(**SOMEBODY)
    standing.answered(asked, asked)
    standing.answered(asked)
    after = question(later(minutes=1), **SOMEBODY)

    standing.answered(after)

    assert standing.feature(after, "identity_registrations_hour") == 1
    assert standing.books.last_sequence() == 2


def test_of_two_same_questions_in_one_batch_the_second_is_a_repetition(standing: Standing) -> None:
    asked = question()

    first, second = standing.answered(asked, asked)

    assert not first.repeated
    assert second == replace(first, repeated=True)


def test_the_order_of_fields_does_not_matter(standing: Standing) -> None:
    asked = question()
    standing.answered(asked)

    (again,) = standing.answered(Question(dict(reversed(asked.event.items()))))

    assert again.repeated


@pytest.mark.parametrize(
    "other",
    [{"place": "09016"}, {"plan": "postpaid"}, {"registered_at": later(seconds=1).isoformat()}],
)
def test_another_body_under_the_same_name_contradicts(
    standing: Standing, other: dict[str, object]
) -> None:
    asked = question()
    (first,) = standing.answered(asked)

    (told,) = standing.take(Question(asked.event | other))

    assert isinstance(told, Contradicted)
    assert standing.answered(asked) == [replace(first, repeated=True)]
    assert standing.books.last_sequence() == 1


def test_of_two_bodies_under_one_name_in_one_batch_the_first_counts(standing: Standing) -> None:
    asked = question()

    first, other = standing.take(asked, Question(asked.event | {"place": "09016"}))

    assert isinstance(first, Assessment)
    assert isinstance(other, Contradicted)


def test_the_same_name_at_another_carrier_is_another_registration(standing: Standing) -> None:
    asked = question()

    first, other = standing.answered(asked, Question(asked.event | {"carrier_id": "beta"}))

    assert not other.repeated
    assert first.assessment_id != other.assessment_id


def test_a_refused_question_may_be_asked_again_in_good_form(standing: Standing) -> None:
    good = question()
    bad = Question(good.event | {"operation": "teleport"})

    refused, answered = standing.take(bad, good)

    assert isinstance(refused, Refused)
    assert isinstance(answered, Assessment)
    assert not answered.repeated


def test_the_same_line_event_counts_once(standing: Standing) -> None:
    asked = question()
    standing.answered(asked)
    names = str(asked.event["carrier_id"]), str(asked.event["registration_id"])
    event = LineEvent(*names, START + timedelta(minutes=1), "attach", None, "14001")

    standing.answered(event, event, at=later(minutes=2))
    standing.answered(event, at=later(minutes=9))

    assert len(standing.books.events([1])) == 1


def test_a_verdict_and_its_reversal_are_both_kept(standing: Standing) -> None:
    asked = question()
    standing.answered(asked)
    names = str(asked.event["carrier_id"]), str(asked.event["registration_id"])

    standing.answered(Outcome(*names, "fraud", "holder"), at=later(minutes=1))
    standing.answered(Outcome(*names, "legitimate", "holder"), at=later(minutes=2))

    assert [verdict.fraud for verdict in standing.books.verdicts([1])] == [True, False]
