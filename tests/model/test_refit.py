"""Thresholds are set with one booster and used with another: how much louder the second speaks is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.context import Past
from detector.lifecycle import STAGES
from detector.model import refit
from detector.model.artefact import Model
from detector.model.boosting import Rows
from detector.model.calibrate import Calibration
from detector.model.dataset import FRAUD, TrainingTable, training_tables, verdicts
from detector.model.held_out import Judged, said
from detector.model.hindsight import NOTHING
from detector.model.material import Material
from detector.model.memory import halves
from detector.model.refit import Refit, higher
from detector.registration import NEVER
from tests import tiny

FIRST = STAGES[0]
SCORES = st.lists(st.floats(-20, 20), min_size=1, max_size=300).map(np.array)


@given(SCORES, st.floats(-5, 5))
def test_scores_that_all_rose_rose_by_as_much(scores: NDArray[np.float64], rise: float) -> None:
    assert higher(scores + rise, scores) == pytest.approx(rise, abs=1e-9)


@given(SCORES, st.floats(0, 5))
def test_only_where_decisions_are_made_counts(scores: NDArray[np.float64], fall: float) -> None:
    scores = np.repeat(np.sort(scores), 100)
    lower = scores - np.where(np.arange(len(scores)) < 0.9 * len(scores), fall, 0.0)

    assert higher(lower, scores) == pytest.approx(0.0, abs=1e-9)


@given(st.floats(0.1, 3), st.floats(-9, 3), st.floats(-3, 3), st.floats(-9, 9))
def test_what_stands_higher_by_its_rise_is_as_likely_as_before(
    slope: float, intercept: float, rise: float, raw: float
) -> None:
    known, scores = Calibration(slope, intercept, 1.0), np.array([raw])

    again = known.risen(rise).probability(scores + rise)

    assert again == pytest.approx(known.probability(scores))


class Speaks:
    """What `learned` makes instead: a booster that speaks louder than the first, and what it learned from."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, louder: float, least: int = 10) -> None:
        self.first, self.taught = tiny.trained().model.stages[FIRST], list[Rows]()
        self._louder = louder
        monkeypatch.setattr(refit, "learned", self._learned)
        monkeypatch.setattr(refit, "LEAST_ROWS", least)

    def _learned(self, parts: Sequence[Rows], *_: Any, **__: Any) -> Speaks:
        self.taught.extend(parts)
        return self

    def predict(self, vectors: NDArray[np.float32], **how: Any) -> Any:
        return self.first.booster.predict(vectors, **how) + self._louder

    def rise(self, table: TrainingTable) -> float:
        """By how much it is found to be louder."""
        heard = said(self.first.booster, self.first.novelty, table.vectors, tiny.recipe())
        own = tiny.folder().registrations
        asked = Refit(material(), own, tiny.recipe(), NOTHING, seed=1)
        return asked.rise(Judged(table, heard), self.first.novelty)


@cache
def material() -> Material:
    folder = tiny.folder()
    verdict = verdicts(folder.labels, len(folder.registrations))
    rng = np.random.default_rng(1)
    tables = training_tables(Past.of(folder), verdict, stages=STAGES, most=10**9, rng=rng)
    return Material(tables, {stage: [] for stage in STAGES}, mature=NEVER)


def later() -> TrainingTable:
    return material().parted(0.5)[1][FIRST]


@pytest.mark.parametrize("louder", [0.0, 0.7, -0.4])
def test_a_booster_that_speaks_louder_of_everybody_is_found_out(
    louder: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Speaks(monkeypatch, louder).rise(later()) == pytest.approx(louder, abs=1e-6)


def test_it_is_heard_about_people_that_it_did_not_learn_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    speaks, table = Speaks(monkeypatch, 0.0), later()

    speaks.rise(table)

    own = tiny.folder().registrations
    apart = halves(own.pos[table.row], own.identity[table.row], np.random.default_rng(1))
    everybody = len(material().parts(FIRST, tiny.recipe())[0].fraud)
    assert 0 < apart.sum() < len(table)
    assert len(speaks.taught[0].fraud) == everybody - apart.sum()


def test_of_too_few_nothing_is_concluded(monkeypatch: pytest.MonkeyPatch) -> None:
    speaks = Speaks(monkeypatch, 0.7, least=len(later()))

    assert speaks.rise(later()) == 0.0
    assert not speaks.taught, "and no time is spent on it"


def test_known_misuse_says_nothing_of_how_loud_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what a booster learned to speak louder of."""
    table = later()
    known = replace(table, verdict=np.full(len(table), FRAUD, np.int8))

    assert Speaks(monkeypatch, 5.0).rise(known) == 0.0


def test_the_model_in_use_has_the_scale_of_its_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    def learned(rise: float) -> Model:
        monkeypatch.setattr(Refit, "rise", lambda *_: rise)
        return tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border()).model

    level, risen, raw = learned(0.0), learned(0.5), np.linspace(-9, 5, 30)

    for stage in STAGES:
        before, now = (model.stages[stage].calibration for model in (level, risen))
        assert now.probability(raw + 0.5) == pytest.approx(before.probability(raw))
    assert risen.thresholds == level.thresholds
