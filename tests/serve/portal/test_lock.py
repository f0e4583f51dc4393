"""A locked name in the engine: an ordinary step_up, at once, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from serve.ladder import LADDER, RUNGS, risk_score
from serve.portal.locks import Locks
from serve.words import families
from tests.builders import curp_of
from tests.serve.engine.standing import START, Standing, question
from tests.serve.portal.people import BOX, subject_of

DANI = curp_of(11)


@pytest.fixture
def locked(store_url: str) -> Iterator[Standing]:
    """A worker over a store in which Dani's name is locked."""
    standing, locks = Standing(store_url), Locks(BOX)
    standing.engine.locked = locks.locked
    own = standing.books.own
    with own.writing():
        locks.lock(own, subject_of(DANI), at=START)
    yield standing
    standing.close()


@pytest.mark.parametrize("operation", ["new_line", "link_existing", "port_in", "relink"])
def test_a_new_line_in_a_locked_name_is_stepped_up(locked: Standing, operation: str) -> None:
    [made] = locked.answered(question(identity_value=DANI, operation=operation))

    assert made.decision == "step_up"
    assert made.folio is not None
    assert families(made.reasons) == ["identity"]


def test_to_a_carrier_it_is_an_ordinary_step(locked: Standing) -> None:
    [made] = locked.answered(question(identity_value=DANI))

    assert risk_score(made.score, made.decision) == RUNGS["step_up"][0]
    assert risk_score(made.score, made.decision) in LADDER


def test_a_new_sim_of_a_line_opens_no_line(locked: Standing) -> None:
    [made] = locked.answered(question(identity_value=DANI, operation="sim_replacement"))

    assert made.decision == "allow"


def test_other_names_and_an_open_lock_change_nothing(locked: Standing) -> None:
    own = locked.books.own
    [other] = locked.answered(question(identity_value=curp_of(12)))
    with own.writing():
        Locks(BOX).unlock(own, subject_of(DANI))
    [after] = locked.answered(question(identity_value=DANI))

    assert [other.decision, after.decision] == ["allow", "allow"]


def test_answers_under_a_lock_are_proved_by_the_replay(locked: Standing) -> None:
    locked.answered(question(identity_value=DANI))

    assert locked.differing() == []


def test_where_nobody_is_locked_an_answer_is_what_it_was(store_url: str) -> None:
    plain = Standing(store_url)
    [before] = plain.answered(question())
    plain.engine.locked = Locks(BOX).locked
    [after] = plain.answered(question(START + timedelta(minutes=2)))
    plain.close()

    assert (
        replace(
            after,
            assessment_id=before.assessment_id,
            registration_id=before.registration_id,
            assessed_at=before.assessed_at,
        )
        == before
    )
