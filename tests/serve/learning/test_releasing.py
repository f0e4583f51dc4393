"""A small release on the live engine: off unless asked for, whom it may let pass, and what is kept of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from detector.errors import BadInput
from detector.model.hearing import outcome_weights
from detector.model.release import Release
from detector.registration import Bool, Registrations
from detector.workbench import models, opened
from serve.answers import Assessment
from serve.learning.source import propensities
from serve.releasing import Releasing, anybody_enrolled, release
from serve.store.database import connect
from tests.builders import KEY
from tests.serve.engine.standing import later, question
from tests.serve.review.bench import Bench, asking, holding

SHARE, MANY = 0.05, 240


def nobody(rows: Registrations) -> Bool:
    return np.zeros(len(rows), np.bool_)


def everybody(rows: Registrations) -> Bool:
    return np.ones(len(rows), np.bool_)


@pytest.fixture
def small(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def released(url: str, *, enrolled: object = nobody, share: float = SHARE) -> Bench:
    drawn = Releasing(Release(share, b"k" * 32), enrolled=enrolled)  # type: ignore[arg-type]
    return Bench(url, asking, seconds=(drawn,))


def many(bench: Bench, **changes: object) -> list[Assessment]:
    asked = [
        question(later(seconds=n), registration_id=f"drawn-{n}", **changes) for n in range(MANY)
    ]
    return bench.standing.answered(*asked, at=later(minutes=5))


def test_a_few_pass_and_the_chance_is_kept_with_the_answer(small: str) -> None:
    bench = released(small)
    told = many(bench)
    chance = propensities(bench.standing.books)
    passed = np.array([one.decision == "allow_notify" for one in told])
    bench.close()

    assert {one.decision for one in told} == {"allow_notify", "step_up"}
    assert 1 <= passed.sum() <= 0.1 * MANY
    assert set(chance[passed]) == {SHARE}
    assert set(chance[~passed]) == {0.0}


def test_the_draw_is_the_same_again(small: str, tmp_path: Path) -> None:
    first, second = released(small), released(f"sqlite:///{tmp_path / 'other.db'}")
    decisions = [[one.decision for one in many(bench)] for bench in (first, second)]
    first.close()
    second.close()

    assert decisions[0] == decisions[1]


def test_off_it_changes_nothing_and_keeps_nothing(small: str) -> None:
    bench = released(small, share=0.0)
    told = many(bench)
    (answer,) = bench.standing.books.answers([1])[1]
    bench.close()

    assert {one.decision for one in told} == {"step_up"}
    assert "propensity" not in json.loads(answer.answer)
    assert release({}, KEY).share == 0


def test_an_enrolled_person_a_hold_and_what_is_imported_never_pass(
    small: str, tmp_path: Path
) -> None:
    protected = released(small, enrolled=everybody)
    told = many(protected)
    protected.standing.engine.judge._model = holding
    held = protected.standing.answered(
        *(question(later(minutes=9), registration_id=f"held-{n}") for n in range(MANY))
    )
    protected.close()
    old = released(f"sqlite:///{tmp_path / 'other.db'}")
    asked = [question(later(days=-30), imported=True) for _ in range(MANY)]
    imported = old.standing.answered(*asked)
    chance = propensities(old.standing.books)
    old.close()

    assert {one.decision for one in told} == {"step_up"}
    assert {one.decision for one in held} == {"hold"}
    assert {one.decision for one in imported} == {"step_up"}
    assert set(chance) == {1.0}  # nobody was stopped


def test_once_anybody_is_enrolled_nobody_is_drawn_unless_the_register_can_say_who(
    small: str,
) -> None:
    bench = released(small, enrolled=anybody_enrolled(connect(small)))
    before = many(bench)
    bench.own.run("INSERT INTO enrolments (id, content) VALUES (?, ?)", [b"row", b"sealed"])
    after = bench.standing.answered(
        *(question(later(minutes=9), registration_id=f"later-{n}") for n in range(MANY))
    )
    bench.close()

    assert "allow_notify" in {one.decision for one in before}
    assert {one.decision for one in after} == {"step_up"}


def test_a_share_beyond_five_in_a_hundred_is_refused() -> None:
    for said in ("0.06", "much", "-1"):
        with pytest.raises(BadInput):
            release({"SIMVIGIA_RELEASE_SHARE": said}, KEY)


def test_a_hold_that_lapsed_could_be_heard_of(small: str) -> None:
    bench = Bench(small, holding)
    bench.asked()
    assert propensities(bench.standing.books).tolist() == [0.0]

    bench.standing.now = later(hours=25)
    bench.lapsing(bench.own, bench.standing.now)

    assert propensities(bench.standing.books).tolist() == [1.0]
    bench.close()


def test_training_takes_the_kept_chances_as_weights(
    small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = released(small)
    many(bench)
    bench.close()
    country = opened(small)
    given: dict[str, object] = {}

    def trained(*_: object, **named: object) -> None:
        given.update(named)
        raise InterruptedError

    monkeypatch.setattr(models, "train", trained)
    with pytest.raises(InterruptedError):
        models.challenge(country, country.last, recipe=models.suited(country))

    heard = np.asarray(given["heard"])
    weight = outcome_weights(heard, np.zeros(len(heard), np.bool_))
    assert set(heard) == {0.0, SHARE}
    assert set(weight) == {0.0, 20.0}  # a released row stands for twenty, a stopped one for none
