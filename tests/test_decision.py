"""From score to decision: budgets are kept, nothing is harsher than the moment permits, no bad policy."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detector.decision import (
    ALLOW,
    ANY,
    DECISIONS,
    HOLD,
    LEAST_DOUBT,
    STEP_UP,
    Policy,
    Thresholds,
    decide,
    threshold,
    thresholds,
)
from detector.errors import BadInput
from detector.lifecycle import STAGES
from detector.registration import OPERATIONS
from tests import tiny

SHIPPED = tiny.MODELS / "policy.toml"
LIMITS = np.array([0.2, 0.5, 0.8])
probabilities = arrays.arrays(np.float64, st.integers(1, 400), elements=st.floats(0, 1))
scores = st.floats(0, 1)
floors = st.integers(ALLOW, HOLD)
stages = st.sampled_from(STAGES)
operations = st.sampled_from(OPERATIONS)


def decided(score: float, *, floor: int = ALLOW, stage: str, operation: str) -> int:
    found = decide(
        np.array([score]),
        np.array([floor], np.int8),
        limits=LIMITS[None],
        stage=stage,
        operations=np.array([OPERATIONS.index(operation)]),
    )
    return int(found[0])


def test_every_operation_of_the_shipped_policy_has_ordered_budgets() -> None:
    policy = Policy.load(SHIPPED)

    assert set(policy.budgets) == {*OPERATIONS, "default"}
    for notify, step_up, hold in policy.budgets.values():
        assert 0 < hold <= step_up <= notify < 0.05


def test_ones_own_status_can_move_the_odds_by_a_third_at_most() -> None:
    policy = Policy.load(SHIPPED)

    assert 0 <= np.exp(policy.official) < 4 / 3
    assert 0 <= np.exp(policy.breached) < 4 / 3


def test_every_budget_says_why() -> None:
    text = SHIPPED.read_text("utf-8")
    wanted = {name for part in tomllib.loads(text)["budget"].values() for name in part}
    lines = [line for line in text.splitlines() if line.split(" = ")[0] in wanted]

    assert lines
    assert [line for line in lines if "#" not in line] == []


@given(score=probabilities, budget=st.floats(0, 1))
def test_expected_false_alarms_stay_within_the_budget(score: np.ndarray, budget: float) -> None:
    flagged = score >= threshold(score, budget)

    assert (1 - score[flagged]).sum() <= budget * len(score) + 1e-9


@given(score=probabilities, budget=st.floats(0, 1))
def test_a_calibration_that_is_too_sure_flags_four_times_the_budget_at_most(
    score: np.ndarray, budget: float
) -> None:
    flagged = score >= threshold(score, budget)

    assert flagged.sum() <= 4 * budget * len(score) + 1e-9


@given(score=probabilities, budget=st.floats(0, 1))
def test_the_budget_is_used_up_as_far_as_whole_ties_allow(score: np.ndarray, budget: float) -> None:
    limit, alarm = threshold(score, budget), np.maximum(1 - score, LEAST_DOUBT)
    left = score < limit
    flagged = alarm[~left].sum()
    next_tie = alarm[left & (score == score[left].max())].sum() if left.any() else np.inf

    assert flagged + next_tie > budget * len(score) - 1e-9


def test_where_nothing_was_scored_nothing_but_certainty_is_flagged() -> None:
    assert threshold(np.empty(0), 0.5) == 1.0


@given(score=scores, stage=stages, operation=operations)
def test_a_hold_exists_only_at_activation_and_never_for_linking_a_line_in_use(
    score: float, stage: str, operation: str
) -> None:
    found = decided(score, floor=HOLD, stage=stage, operation=operation)

    may_hold = stage == "activation" and operation != "link_existing"
    assert found == (HOLD if may_hold else STEP_UP)


@given(score=scores, more=scores, stage=stages, operation=operations)
def test_a_higher_score_never_gives_a_milder_decision(
    score: float, more: float, stage: str, operation: str
) -> None:
    low, high = sorted((score, more))
    where = {"stage": stage, "operation": operation}

    assert decided(low, **where) <= decided(high, **where)


@given(score=scores, floor=floors, extra=floors, stage=stages, operation=operations)
def test_an_extra_rule_hit_never_lowers_a_decision(
    score: float, floor: int, extra: int, stage: str, operation: str
) -> None:
    where = {"stage": stage, "operation": operation}

    assert decided(score, floor=max(floor, extra), **where) >= decided(score, floor=floor, **where)


@pytest.mark.parametrize(
    ("score", "decision"), [(0.19, "allow"), (0.2, "allow_notify"), (0.5, "step_up"), (0.8, "hold")]
)
def test_a_score_at_the_threshold_is_flagged(score: float, decision: str) -> None:
    assert DECISIONS[decided(score, stage="activation", operation="new_line")] == decision


def made_thresholds(rows: dict[str, int], *, least: int) -> Thresholds:
    """Thresholds from so many new lines of each carrier, with scores of its own level."""
    rng = np.random.default_rng(1)
    carrier = np.repeat(np.arange(len(rows)), list(rows.values()))
    score = {"activation": rng.random(len(carrier)) * 0.1 * (carrier + 1)}
    policy = Policy(dict.fromkeys((*OPERATIONS, "default"), (0.05, 0.02, 0.01)), 0, 0, least)
    return thresholds(
        score,
        carriers={"activation": carrier},
        operations={"activation": np.zeros(len(carrier), int)},
        names=tuple(rows),
        policy=policy,
    )


def test_a_carrier_with_enough_rows_has_its_own_thresholds_and_others_borrow() -> None:
    table = made_thresholds({"big": 900, "small": 90}, least=500).table

    assert ("activation", "big", "new_line") in table
    assert ("activation", "small", "new_line") not in table
    assert table["activation", ANY, "port_in"][0] > table["activation", "big", "new_line"][0]


def test_thresholds_are_ordered_and_survive_being_written() -> None:
    made = made_thresholds({"big": 900, "small": 90}, least=50)

    assert all(notify <= step <= hold for notify, step, hold in made.table.values())
    assert Thresholds.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text + "\n[[",
        lambda text: text.replace("hold = 0.0001", "hold = 0.5"),
        lambda text: text.replace("hold = 0.0001", "hold = -1"),
        lambda text: text.replace("hold = 0.0001", 'hold = "few"'),
        lambda text: text.replace("[own_status]", "[other]"),
        lambda text: text.replace("least_rows", "rows"),
        lambda text: text.replace("[budget.default]", "[budget.usual]"),
    ],
    ids=["empty", "no toml", "order", "negative", "words", "no status", "no least", "no default"],
)
def test_a_bad_policy_is_one_clear_line(spoil, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(spoil(SHIPPED.read_text("utf-8")), "utf-8")

    with pytest.raises(BadInput, match=r"^policy policy\.toml cannot be used[^\n]+$"):
        Policy.load(path)


def test_a_policy_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^policy nowhere\.toml cannot be used[^\n]+$"):
        Policy.load(tmp_path / "nowhere.toml")
