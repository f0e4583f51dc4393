"""Silent rows that look like misuse a month later are not learned from as innocent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.lifecycle import STAGES
from detector.model import boosters, train
from detector.model.dataset import FRAUD, LEGITIMATE, UNLABELLED, TrainingTable, looked_back
from detector.model.hindsight import (
    HINDSIGHT,
    LEAST_FOUND,
    LEAST_KNOWN,
    LOOK_BACK,
    NOTHING,
    Hindsight,
    hindsight,
    suspected_share,
)
from detector.model.impressions import prepared
from detector.model.material import Material
from detector.model.memory import CARES, Care
from detector.model.recipe import Recipe
from detector.registration import NEVER
from detector.signals import features
from tests import tiny

LAST = STAGES[-1]
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


def by_number(_told: TrainingTable, asked: TrainingTable) -> np.ndarray:
    """The later the riskier."""
    return asked.vectors[:, 0].astype(np.float64)


def test_silent_rows_that_look_most_like_misuse_are_suspected_and_the_next_doubted() -> None:
    half, verdict = np.arange(N) % 2 == 0, spoken(1)
    verdict[[995, 998]] = LEGITIMATE, FRAUD

    found = hindsight(table(verdict), half, by_number, least=0.004, most=0.01)

    assert found.suspected.tolist() == [996, 997, 999], "a verdict is a verdict"
    assert found.doubted.tolist() == [988, 989, 990, 991, 992, 993, 994]


def test_each_half_is_looked_at_by_what_learned_from_the_other() -> None:
    half, asks = np.arange(N) < 300, []

    def scores(told: TrainingTable, asked: TrainingTable) -> np.ndarray:
        asks.append((len(told), len(asked), len(np.intersect1d(told.row, asked.row))))
        return by_number(told, asked)

    found = hindsight(table(spoken(1)), half, scores, least=0.01, most=0.01)

    assert asks == [(700, 300, 0), (300, 700, 0)]
    assert found.suspected.tolist() == [297, 298, 299, *range(993, 1_000)]


def test_one_half_may_be_empty() -> None:
    found = hindsight(table(spoken(1)), np.ones(N, bool), by_number, least=0.005, most=0.01)
    assert found.suspected.tolist() == [995, 996, 997, 998, 999]


def verdicts_at(before: int, added: int, elsewhere: int) -> np.ndarray:
    """Places of verdicts: in the first thousandth, in the second, and far from both."""
    return np.repeat([0.0005, 0.0015, 0.5], [before, added, elsewhere])


@pytest.mark.parametrize(
    ("place", "share", "why"),
    [
        (verdicts_at(10, 5, 30), 0.002, "half as dense"),
        (verdicts_at(10, 4, 30), 0.001, "what comes next is less often misuse"),
        (verdicts_at(LEAST_FOUND, 9, LEAST_KNOWN), 0.002, "enough to compare with"),
        (verdicts_at(LEAST_FOUND - 1, 9, LEAST_KNOWN), 0.001, "too few to compare with"),
        (verdicts_at(10, LEAST_KNOWN - 10, 0), 0.002, "just enough verdicts"),
        (verdicts_at(10, LEAST_KNOWN - 11, 0), 0.001, "too few verdicts"),
        (np.linspace(0, 0.003, 60), 0.003, "never more than the most"),
        (np.array([]), 0.001, "nobody spoke"),
    ],
)
def test_more_are_suspected_where_verdicts_lie_among_those_added(
    place: np.ndarray, share: float, why: str
) -> None:
    assert suspected_share(place, least=0.001, most=0.003) == share, why


@given(
    place=st.lists(st.floats(0, 1, exclude_max=True), max_size=60).map(np.array),
    least=st.floats(0, 0.01),
    more=st.floats(0, 0.01),
)
def test_the_share_lies_within_its_bounds_whatever_the_verdicts(
    place: np.ndarray, least: float, more: float
) -> None:
    assert least <= suspected_share(place, least=least, most=least + more) <= least + more


@pytest.mark.parametrize(
    ("frauds", "lessons", "can"),
    [(LEAST_KNOWN, 0, True), (LEAST_KNOWN - 1, 0, False), (0, 1, True)],
)
def test_only_verdicts_or_lessons_can_say_what_misuse_looks_like(
    frauds: int, lessons: int, can: bool
) -> None:
    own = {HINDSIGHT: table(spoken(frauds))}
    taught = {HINDSIGHT: [table(spoken(5))] * lessons}

    assert Material(own, taught, mature=0).can_look_back == can
    assert not Material({}, taught, mature=0).can_look_back, "nobody was looked at again"


def test_suspected_rows_are_learned_from_as_misuse_and_doubted_ones_not_at_all() -> None:
    verdict = np.array([FRAUD, LEGITIMATE, UNLABELLED, UNLABELLED, UNLABELLED, UNLABELLED])
    own = {STAGES[0]: table(verdict, STAGES[0])}
    material = Material(own, {STAGES[0]: []}, mature=3_000_000)
    recipe = replace(tiny.recipe(), suspected_weight=0.7)

    (rows,) = material.parts(STAGES[0], recipe, Hindsight(np.array([5]), np.array([2])))

    assert rows.vectors[:, 0].tolist() == [0, 1, 3, 5], (
        "4 is too young for its silence to say anything"
    )
    assert rows.fraud.tolist() == [1, 0, 0, 1]
    assert rows.weight.tolist() == [1.0, 1.0, recipe.unlabelled_weight, 0.7]


def test_nobody_is_looked_at_later_than_is_known() -> None:
    folder = tiny.folder()
    past, at = prepared(folder), folder.registrations.at
    end = int(folder.line_events.at.max())
    silent, rows = np.full(len(at), UNLABELLED, np.int8), np.arange(0, len(at), 50)

    month = looked_back(past, silent, rows, after=LOOK_BACK, until=NEVER)
    cut = looked_back(past, silent, rows[:12], after=LOOK_BACK, until=int(at[600]))

    assert (month.at == np.maximum(np.minimum(at[rows] + LOOK_BACK, end), at[rows])).all()
    assert at[rows[-1]] + LOOK_BACK > end, (
        "after the data end nothing is recorded, which is no silence"
    )
    assert cut.at.max() <= at[600]
    assert (cut.row == month.row[:12]).all()
    assert not np.array_equal(cut.vectors, month.vectors[:12], equal_nan=True), "a month shows more"


def test_long_work_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, list[float]] = {}

    def tested(
        scores: Callable[[Care, np.ndarray], np.ndarray], half: np.ndarray, *_: object, **__: object
    ) -> tuple[Care, str]:
        for shown in (half, ~half):  # as where cases are enough to tell
            scores(CARES[0], shown)
        return CARES[0], "said"

    monkeypatch.setattr(boosters, "bearable", tested)
    train.train(
        tiny.folder(),
        [tiny.lesson()],
        recipe=tiny.recipe(),
        policy=tiny.policy(),
        until=tiny.border(),
        seed=1,
        progress=lambda what, share: told.setdefault(what, []).append(share),
    )
    for title in (
        "Testing what it remembers",
        "Learning",
        "Learning from all",
        "Setting its scale",
    ):
        shares = told[title]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)
        assert len(set(shares)) > boosters.LOOKS, f"{title} stands still"


def test_every_booster_learns_from_what_hindsight_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny.folder()
    every = np.arange(0, len(folder.registrations), 5)

    def told(seen: Hindsight) -> list[str]:
        monkeypatch.setattr(boosters, "hindsight", lambda *_, **__: seen)
        stages = tiny.learned(folder, [tiny.lesson()], until=tiny.border()).model.stages
        return [stages[stage].booster.model_to_string() for stage in STAGES]

    blind = told(NOTHING)
    suspicious = told(Hindsight(every[:20], NOTHING.doubted))
    doubtful = told(Hindsight(NOTHING.suspected, every))
    for i, stage in enumerate(STAGES):
        assert len({blind[i], suspicious[i], doubtful[i]}) == 3, stage


def test_as_many_are_suspected_in_the_end_as_where_thresholds_were_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, share = [], 0.002

    def looked(*_: object, **bounds: float) -> Hindsight:
        asked.append((bounds["least"], bounds["most"]))
        return replace(NOTHING, share=share)

    monkeypatch.setattr(boosters, "hindsight", looked)
    found = tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border())

    recipe = tiny.recipe()
    assert set(asked[:-1]) == {(recipe.suspected_least, recipe.suspected_most)}
    assert asked[-1] == (share, share), "otherwise scores of the last booster lie elsewhere"
    assert found.parameters["suspected_share"] == share


def test_where_verdicts_have_to_weigh_less_what_they_led_to_does_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights, parts = [], Material.parts

    def told(material: Material, stage: str, recipe: Recipe, seen: Hindsight = NOTHING):
        weights.append((recipe.labelled_weight, recipe.suspected_weight))
        return parts(material, stage, recipe, seen)

    monkeypatch.setattr(boosters, "bearable", lambda *_, **__: (Care(0.25), "said"))
    monkeypatch.setattr(Material, "parts", told)
    tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border())

    recipe = tiny.recipe()
    assert set(weights) == {(recipe.labelled_weight / 4, recipe.suspected_weight / 4)}


def test_a_model_for_elsewhere_looks_back_at_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosters, "hindsight", lambda *_, **__: pytest.fail("looked back"))
    tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border(), elsewhere=True)


def test_the_booster_in_use_has_learned_from_what_thresholds_were_set_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned_from = []
    learned = boosters.learned

    def counted(parts, stage, **more):
        learned_from.append((stage, len(parts[0].fraud)))
        return learned(parts, stage, **more)

    monkeypatch.setattr(boosters, "learned", counted)
    found = tiny.learned(tiny.folder(), until=tiny.border())

    early, whole = (n for stage, n in learned_from if stage == STAGES[1])
    assert early < whole
    assert found.model.thresholds.table
