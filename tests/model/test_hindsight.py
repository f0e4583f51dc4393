"""Silent rows that look like misuse a week later are not learned from as innocent."""

from __future__ import annotations

import numpy as np
import pytest

from detector.lifecycle import STAGES
from detector.model import train
from detector.model.dataset import FRAUD, LEGITIMATE, UNLABELLED, TrainingTable
from detector.model.hindsight import LEAST_KNOWN, NOTHING, doubted
from detector.model.material import Material
from detector.signals import features
from tests import tiny

LAST = STAGES[-1]
SHARE = 0.01
N = 1_000


def table(verdict: np.ndarray, stage: str = LAST) -> TrainingTable:
    """Registrations one second apart; the first feature is their number."""
    n = len(verdict)
    vectors = np.zeros((n, len(features(stage))), np.float32)
    vectors[:, 0] = np.arange(n)
    code = np.zeros(n, np.int8)
    at = np.arange(n, dtype=np.int64) * 1_000_000
    carrier = code.astype(np.int16)
    return TrainingTable(
        stage, vectors, verdict.astype(np.int8), at, carrier, code, code, code, np.arange(n)
    )


def spoken(frauds: int) -> np.ndarray:
    """As many verdicts of misuse, on the first rows; nobody spoke of the others."""
    return np.where(np.arange(N) < frauds, FRAUD, UNLABELLED)


def by_number(_shown: TrainingTable, asked: TrainingTable) -> np.ndarray:
    """The later the riskier."""
    return asked.vectors[:, 0].astype(np.float64)


def test_the_silent_rows_that_rank_highest_in_their_half_are_doubted() -> None:
    half, verdict = np.arange(N) % 2 == 0, spoken(LEAST_KNOWN)
    verdict[[995, 998]] = LEGITIMATE, FRAUD

    found = doubted(table(verdict), half, by_number, share=SHARE)

    assert found.tolist() == [990, 991, 992, 993, 994, 996, 997, 999], "a verdict is a verdict"


def test_each_half_is_looked_at_by_what_learned_from_the_other() -> None:
    half, seen = np.arange(N) < 300, []

    def scores(shown: TrainingTable, asked: TrainingTable) -> np.ndarray:
        seen.append((len(shown), len(asked), len(np.intersect1d(shown.row, asked.row))))
        return by_number(shown, asked)

    doubted(table(spoken(LEAST_KNOWN)), half, scores, share=SHARE)

    assert seen == [(700, 300, 0), (300, 700, 0)]


def test_where_hardly_anybody_has_spoken_nothing_is_looked_back_at() -> None:
    few = table(spoken(LEAST_KNOWN - 1))
    assert doubted(few, np.arange(N) < 500, by_number, share=SHARE) is NOTHING


def test_doubted_rows_are_not_learned_from() -> None:
    verdict = np.array([FRAUD, LEGITIMATE, UNLABELLED, UNLABELLED, UNLABELLED])
    own = {STAGES[0]: table(verdict, STAGES[0])}
    material = Material(own, {STAGES[0]: []}, mature=3_000_000)

    (rows,) = material.parts(STAGES[0], tiny.recipe(), np.array([2]))

    assert rows.vectors[:, 0].tolist() == [0, 1, 3], "the last is too young to say anything"
    assert rows.fraud.tolist() == [1, 0, 0]
    assert rows.weight.tolist() == [1.0, 1.0, tiny.recipe().unlabelled_weight]


@pytest.mark.parametrize("stage", STAGES)
def test_boosters_before_the_last_stage_leave_out_what_hindsight_doubts(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny.folder()
    blind = tiny.learned(folder, until=tiny.border()).model.stages[stage].booster
    some = np.arange(0, len(folder.registrations), 5)
    monkeypatch.setattr(train, "doubted", lambda *_, **__: some)
    seeing = tiny.learned(folder, until=tiny.border()).model.stages[stage].booster

    same = seeing.model_to_string() == blind.model_to_string()
    assert same == (stage == LAST)


def test_the_booster_in_use_has_learned_from_what_thresholds_were_set_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned_from = []
    learned = train.learned

    def counted(parts, stage, **more):
        learned_from.append((stage, len(parts[0].fraud)))
        return learned(parts, stage, **more)

    monkeypatch.setattr(train, "learned", counted)
    found = tiny.learned(tiny.folder(), until=tiny.border())

    early, whole = (n for stage, n in learned_from if stage == STAGES[1])
    assert early < whole
    assert found.model.thresholds.table
