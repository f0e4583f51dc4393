"""Thresholds are set with one booster and used with another: how much louder the second speaks is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.lifecycle import STAGES
from detector.model import refit
from detector.model.boosting import Rows
from detector.model.calibrate import Calibration
from detector.model.card import card
from detector.model.dataset import FRAUD, TrainingTable, training_tables, verdicts
from detector.model.held_out import Judged, said
from detector.model.hindsight import NOTHING, Hindsight
from detector.model.impressions import prepared
from detector.model.material import Material
from detector.model.refit import TOP, Refit, top
from detector.model.train import Trained
from detector.registration import NEVER
from tests import tiny

FIRST = STAGES[0]
SCORES = st.lists(st.floats(-20, 20), min_size=1, max_size=300).map(np.array)


@given(SCORES, st.floats(-5, 5))
def test_the_top_of_scores_that_all_rose_rose_by_as_much(
    scores: NDArray[np.float64], rise: float
) -> None:
    assert top(scores + rise) - top(scores) == pytest.approx(rise, abs=1e-9)


@given(SCORES, st.floats(0, 5))
def test_only_where_decisions_are_made_counts(scores: NDArray[np.float64], fall: float) -> None:
    scores = np.repeat(np.sort(scores), 100)
    lower = scores - np.where(np.arange(len(scores)) < 0.9 * len(scores), fall, 0.0)

    assert top(lower) == pytest.approx(top(scores), abs=1e-9)


@given(st.floats(0.1, 3), st.floats(-9, 3), st.floats(-3, 3), st.floats(-9, 9))
def test_what_stands_higher_by_its_rise_is_as_likely_as_before(
    slope: float, intercept: float, rise: float, raw: float
) -> None:
    known, scores = Calibration(slope, intercept, 1.0), np.array([raw])

    again = known.risen(rise).probability(scores + rise)

    assert again == pytest.approx(known.probability(scores))


class Speaks:
    """What `learned` makes instead: a booster that speaks louder than the first of whom it did not learn from.

    Of those it learned from it says that they are innocent, as a booster would.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, louder: float, least: float = 1) -> None:
        self.first = tiny.trained().model.stages[FIRST]
        self.taught, self.fraud = set[bytes](), 0
        self._louder = louder
        monkeypatch.setattr(refit, "learned", self._learned)
        monkeypatch.setattr(refit, "LEAST_TOP", least)

    def _learned(self, parts: Sequence[Rows], *_: Any, **__: Any) -> Speaks:
        for part in parts:
            self.taught |= {vector.tobytes() for vector in part.vectors}
            self.fraud += int(part.fraud.sum())
        return self

    def predict(self, vectors: NDArray[np.float32], **how: Any) -> Any:
        knows = np.array([vector.tobytes() in self.taught for vector in vectors])
        return np.where(knows, -20.0, self.first.booster.predict(vectors, **how) + self._louder)

    def rise(self, table: TrainingTable, seen: Hindsight = NOTHING) -> float:
        """By how much it is found to be louder."""
        heard = said(self.first.booster, self.first.novelty, table.vectors, tiny.recipe())
        asked = Refit(material(), tiny.folder().registrations, tiny.recipe(), seen, seed=1)
        return asked.rise(Judged(table, heard), self.first.novelty)


@cache
def material() -> Material:
    folder = tiny.folder()
    verdict = verdicts(folder.labels, len(folder.registrations))
    rng = np.random.default_rng(1)
    tables = training_tables(prepared(folder), verdict, stages=STAGES, most=10**9, rng=rng)
    return Material(tables, {stage: [] for stage in STAGES}, mature=NEVER)


def later() -> TrainingTable:
    return material().parted(0.5)[1][FIRST]


def test_a_booster_is_asked_about_people_it_did_not_learn_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the others it would say that they are innocent, and be found to speak less loud."""
    speaks = Speaks(monkeypatch, 0.7)

    assert speaks.rise(later()) == pytest.approx(0.7, abs=1e-6)
    known = np.array([vector.tobytes() in speaks.taught for vector in later().vectors])
    assert 0.3 < known.mean() < 0.7, "half of the later people are learned from"


def test_where_it_speaks_less_loud_nobody_is_bothered_for_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Speaks(monkeypatch, -0.4).rise(later()) == 0.0


def test_of_too_few_nothing_is_concluded(monkeypatch: pytest.MonkeyPatch) -> None:
    speaks = Speaks(monkeypatch, 0.7, least=TOP * len(later()))

    assert speaks.rise(later()) == 0.0
    assert not speaks.taught, "and no time is spent on it"


@pytest.mark.parametrize("how", ["known", "suspected"])
def test_misuse_says_nothing_of_how_loud_it_is(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what a booster learned to speak louder of."""
    table, seen = later(), NOTHING
    if how == "known":
        table = replace(table, verdict=np.full(len(table), FRAUD, np.int8))
    else:
        seen = Hindsight(table.row, NOTHING.doubted)

    assert Speaks(monkeypatch, 5.0).rise(table, seen) == 0.0


def test_it_learns_from_what_hindsight_saw_as_the_last_one_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain, suspicious = Speaks(monkeypatch, 0.0), material().own[FIRST].row[:50]
    plain.rise(later())
    told = Speaks(monkeypatch, 0.0)
    told.rise(later(), Hindsight(suspicious, NOTHING.doubted))

    assert told.fraud > plain.fraud


def test_the_model_in_use_has_the_scale_of_its_thresholds_at_every_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def learned(rise: Callable[[Judged], float]) -> Trained:
        monkeypatch.setattr(Refit, "rise", lambda _, judged, __: rise(judged))
        return tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border())

    level = learned(lambda _: 0.0)
    risen = learned(lambda judged: 0.1 + STAGES.index(judged.table.stage))

    raw = np.linspace(-9, 5, 30)
    for i, stage in enumerate(STAGES):
        before, now = (each.model.stages[stage].calibration for each in (level, risen))
        assert now.probability(raw + 0.1 + i) == pytest.approx(before.probability(raw))
        assert risen.metrics[f"{stage}_rise"] == 0.1 + i
    assert risen.model.thresholds == level.model.thresholds
    assert "by 0.10, 1.10, 2.10, 3.10 log-odds" in card(risen, simulated=True, fingerprint="f")


def test_a_training_measures_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refit, "LEAST_TOP", 1)
    asked: list[str] = []
    learned = refit.learned

    def counted(parts: Sequence[Rows], stage: str, **more: Any) -> Any:
        asked.append(stage)
        return learned(parts, stage, **more)

    monkeypatch.setattr(refit, "learned", counted)
    found = tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border())

    assert asked == list(STAGES)
    assert all(0 <= found.metrics[f"{stage}_rise"] < 5 for stage in STAGES)
