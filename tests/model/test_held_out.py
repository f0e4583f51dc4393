"""Thresholds for countries that nobody has seen are set on lessons of authors who were left out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from detector.decision import threshold
from detector.lifecycle import STAGES
from detector.model import held_out
from detector.model.calibrate import against_truth
from detector.model.card import card
from detector.model.train import Trained
from tests import tiny

SHARE = 0.001


@cache
def abroad() -> Trained:
    """A model for elsewhere, by lessons of two authors."""
    one = replace(tiny.lesson(), author="one")
    other = replace(tiny.lesson(), author="other")
    return tiny.learned(tiny.folder(), [one, other], until=tiny.border(), elsewhere=True)


def test_every_lesson_is_judged_by_what_learned_from_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned, calls = held_out.learned, []

    def counted(parts, stage, **more):
        calls.append([len(part.fraud) for part in parts])
        return learned(parts, stage, **more)

    monkeypatch.setattr(held_out, "learned", counted)
    lessons = [replace(tiny.lesson(), author=name) for name in ("one", "other", "one")]
    tiny.learned(tiny.folder(), lessons, until=tiny.border(), elsewhere=True)

    assert [len(parts) for parts in calls] == [1, 2] * len(STAGES)


def test_its_thresholds_are_of_no_carrier() -> None:
    assert {carrier for _, carrier, _ in abroad().model.thresholds.table} == {"*"}


def test_its_figures_are_against_the_truth_and_the_card_says_so() -> None:
    trained = abroad()
    frauds = trained.metrics["activation_later_frauds"]
    assert frauds == 2 * tiny.lesson().fraud.sum()
    told = card(trained, simulated=True, fingerprint="f")
    assert "lessons of authors left out in turn, against the truth" in told


def test_with_one_author_thresholds_come_from_the_data() -> None:
    alone = tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border(), elsewhere=True)
    assert "later data" in alone.parameters["measured_on"]


def test_of_honest_rows_each_counts_whole() -> None:
    scores = np.linspace(0, 1, 10_000)
    limit = threshold(scores, SHARE, honest=True)
    assert (scores >= limit).mean() <= SHARE
    assert threshold(scores, SHARE) < limit, "a doubtful row is not a whole false alarm"


def test_a_calibration_against_the_truth_expects_the_share_it_is_moved_to() -> None:
    rng = np.random.default_rng(1)
    raw = rng.normal(0, 2, 200_000)
    fraud = rng.random(len(raw)) < 1 / (1 + np.exp(4 - raw))
    found = against_truth(raw, fraud, fraud.mean() / 4)
    assert found.slope == pytest.approx(1, abs=0.05)
    odds = found.probability(np.array([0.0])) / (1 - found.probability(np.array([0.0])))
    assert odds == pytest.approx(np.exp(-4) / 4, rel=0.1)
