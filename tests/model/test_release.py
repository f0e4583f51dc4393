"""A release lets a drawn few pass, never whom it must not, and stores with what chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.decision import ALLOW, HOLD, NOTIFY, STEP_UP
from detector.errors import BadInput, KeyMissing
from detector.model.hearing import MOST, chance_of_hearing, outcome_weights
from detector.model.release import Release, Released, draw, released

KEY = bytes(range(32))
decisions = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=60)


def let_go(given: list[tuple[int, bool]], release: Release) -> Released:
    return released(
        release,
        np.array([d for d, _ in given], np.int8),
        carriers=["alfa"] * len(given),
        registrations=[f"r{i}" for i in range(len(given))],
        enrolled=np.array([e for _, e in given]),
    )


@given(rows=decisions)
def test_it_is_off_unless_switched_on(rows: list[tuple[int, bool]]) -> None:
    after = let_go(rows, Release())

    assert after.decision.tolist() == [d for d, _ in rows]
    assert not after.let_pass.any()


@given(rows=decisions, share=st.sampled_from([0.001, 0.05]))
def test_only_step_up_of_the_not_enrolled_becomes_allow_notify(
    rows: list[tuple[int, bool]], share: float
) -> None:
    after = let_go(rows, Release(share, KEY))

    for (before, enrolled), now, moved in zip(rows, after.decision, after.let_pass, strict=True):
        assert now == (NOTIFY if moved else before)
        assert not moved or (before == STEP_UP and not enrolled)


def test_a_hold_and_an_enrolled_person_are_never_let_pass() -> None:
    rows = [(HOLD, False)] * 2_000 + [(STEP_UP, True)] * 2_000

    assert not let_go(rows, Release(0.05, KEY)).let_pass.any()


def test_about_the_share_is_drawn_and_the_propensity_says_so() -> None:
    after = let_go([(STEP_UP, False)] * 20_000, Release(0.05, KEY))

    assert after.let_pass.mean() == pytest.approx(0.05, abs=0.006)
    assert set(after.propensity[after.let_pass]) == {0.05}
    assert set(after.propensity[~after.let_pass]) == {0.0}
    assert let_go([(ALLOW, False)], Release(0.05, KEY)).propensity.tolist() == [1.0]


def test_asking_again_draws_the_same_and_another_key_draws_others() -> None:
    rows = [(STEP_UP, False)] * 2_000
    one, again, other = (let_go(rows, Release(0.05, k)) for k in (KEY, KEY, KEY[::-1]))

    np.testing.assert_array_equal(one.let_pass, again.let_pass)
    assert not np.array_equal(one.let_pass, other.let_pass)


@given(a=st.text(max_size=9), b=st.text(max_size=9))
def test_a_draw_is_a_share_of_one(a: str, b: str) -> None:
    assert 0 <= draw(KEY, a, b) < 1


def test_more_than_a_few_is_refused() -> None:
    with pytest.raises(BadInput, match=r"between 0 and 0\.05"):
        Release(0.2, KEY)


def test_without_a_key_nothing_is_drawn() -> None:
    with pytest.raises(KeyMissing):
        Release(0.01)


def test_weights_undo_the_draw() -> None:
    """The weighted count of misuse among the released is that among all who would be stopped."""
    rng = np.random.default_rng(1)
    fraud = rng.random(40_000) < 0.4
    after = let_go([(STEP_UP, False)] * len(fraud), Release(0.05, KEY))

    weight = outcome_weights(after.propensity, spoken=np.zeros(len(fraud), bool))

    assert weight[fraud].sum() == pytest.approx(fraud.sum(), rel=0.1)


def test_silence_of_whom_nobody_asked_says_nothing_but_a_verdict_always_counts() -> None:
    heard = chance_of_hearing(np.array([True, True, False, False]))

    weight = outcome_weights(heard, spoken=np.array([True, False, True, False]))

    assert weight.tolist() == [1.0, 1.0, 1.0, 0.0]


def test_no_row_stands_for_too_many() -> None:
    assert outcome_weights(np.array([1e-6]), spoken=np.array([True])).tolist() == [MOST]
