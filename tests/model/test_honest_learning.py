"""Only the enrolled are asked, so only officials answer: that must not make office a sign of misuse."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from detector.model.artefact import Model
from detector.model.dataset import as_known, batches
from detector.model.estimators import RiskClassifier
from detector.model.hearing import chance_of_hearing, outcome_weights
from detector.model.impressions import prepared
from detector.registration import NEVER, DataFolder, Labels
from tests import tiny

DAY = 86_400 * 1_000_000
BOUND = tiny.policy().official


@cache
def officials() -> np.ndarray:
    """Which registrations are in an official's name."""
    folder = tiny.folder()
    return np.isin(folder.registrations.identity, folder.officials.identity)


@cache
def only_officials_answer() -> DataFolder:
    """Every official answers, one in four says "not mine", and nothing but their office tells them apart."""
    row = np.flatnonzero(officials())
    fraud = np.random.default_rng(1).random(len(row)) < 0.25
    at = tiny.folder().registrations.at[row] + DAY
    nothing = np.zeros(len(row))
    labels = Labels(
        row.astype(np.int32),
        at,
        fraud,
        nothing.astype(np.int8),
        nothing.astype(np.float32),
        nothing.astype(np.bool_),
    )
    return replace(tiny.folder(), labels=labels)


@cache
def vectors() -> np.ndarray:
    """What the model sees of each registration."""
    past = prepared(as_known(tiny.folder(), NEVER))
    asked = past.queries("activation")
    rings = past.rings({"activation": asked})["activation"]
    return np.concatenate([b.vectors for b in batches(past, "activation", asked, rings)])


def gap(evidence: np.ndarray) -> float:
    """By how much the log-odds of honest officials lie above those of other honest people."""
    honest = ~tiny.fraud()
    return float(evidence[honest & officials()].mean() - evidence[honest & ~officials()].mean())


def model(heard: np.ndarray | None) -> Model:
    return tiny.train(
        only_officials_answer(),
        [tiny.lesson()],
        recipe=tiny.recipe(),
        policy=tiny.policy(),
        until=tiny.border(),
        seed=1,
        heard=heard,
    ).model


@pytest.mark.parametrize("modelled", [True, False])
def test_office_gains_no_weight_when_only_officials_answer(modelled: bool) -> None:
    heard = chance_of_hearing(officials()) if modelled else None

    assert gap(model(heard).evidence("activation", vectors())) < BOUND


def test_who_is_in_office_is_not_among_what_the_booster_sees() -> None:
    """The same registration scores the same whoever's name it is in, but for the policy's bound."""
    known, n = model(None), 50
    same = vectors()[:n]
    none, office = np.zeros(n), np.ones(n)

    plain, raised = (known.raw("activation", same, grade=none, tier=t) for t in (none, office))

    np.testing.assert_allclose(raised - plain, BOUND)


def with_office(weight: np.ndarray) -> float:
    """The gap of a booster that, unlike ours, is shown who is in office."""
    row, spoken = only_officials_answer().labels.row, np.zeros(len(vectors()), bool)
    y, weight = np.zeros(len(vectors()), int), weight * np.where(officials(), 5.0, 0.5)
    y[row], spoken[row] = only_officials_answer().labels.fraud, True
    table = np.column_stack((vectors(), officials()))
    fitted = RiskClassifier(num_iterations=30, min_data_in_leaf=20)
    return gap(fitted.fit(table, y, sample_weight=weight).decision_function(table))


def test_a_booster_shown_the_office_would_lean_on_it_unless_who_was_asked_is_modelled() -> None:
    heard = chance_of_hearing(officials())
    spoken = officials()

    assert with_office(np.ones(len(vectors()))) > 10 * BOUND
    assert abs(with_office(outcome_weights(heard, spoken))) < BOUND
