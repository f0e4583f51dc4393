"""Rings planted among a country's own registrations: nothing but what a ring shares tells them apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.lifecycle import STAGES
from detector.model import train
from detector.model.calibrate import Calibration
from detector.model.held_out import Judged
from detector.model.planted import CHANGED, EXISTING, NEW, TOOLS, planted, with_rings
from detector.registration import DataFolder, Registrations
from detector.signals import features
from tests import tiny

seeds = st.integers(0, 2**32 - 1)
ROWS = 60


@pytest.fixture(scope="module")
def folder() -> DataFolder:
    return tiny.folder()


def plant(
    own: Registrations, seed: int, free: np.ndarray | None = None
) -> tuple[Registrations, np.ndarray]:
    free = np.ones(len(own), np.bool_) if free is None else free
    return with_rings(own, free, rows=ROWS, rng=np.random.default_rng(seed))


@given(seeds)
def test_others_and_whatever_a_ring_does_not_share_stay_as_they_were(
    folder: DataFolder, seed: int
) -> None:
    own = folder.registrations
    crowd, member = plant(own, seed)

    assert member.sum() >= ROWS
    for name in own.__match_args__:
        before, after = getattr(own, name), getattr(crowd, name)
        if name in CHANGED:
            assert (before == after)[~member].all(), name
        elif isinstance(before, np.ndarray):
            assert np.array_equal(before, after, equal_nan=before.dtype.kind == "f"), name
        else:
            assert before == after


@given(seeds)
def test_what_nobody_recorded_is_not_made_up(folder: DataFolder, seed: int) -> None:
    own = folder.registrations
    bare = replace(own, device=np.zeros_like(own.device), block=np.zeros_like(own.block),
                   block_offset=np.full_like(own.block_offset, -1))  # fmt: skip
    crowd, _ = plant(bare, seed)

    for name in CHANGED:
        before, after = getattr(bare, name), getattr(crowd, name)
        if name != "block_offset":
            assert ((before == 0) == (after == 0)).all(), name
    assert (crowd.block_offset == -1).all()


@given(seeds)
def test_tools_are_in_common_and_new_to_the_country(folder: DataFolder, seed: int) -> None:
    own = folder.registrations
    crowd, member = plant(own, seed)

    shared = 0
    for tool in (t for t in TOOLS if t != "pack"):
        before, after = getattr(own, tool), getattr(crowd, tool)
        new = member & (before != after)
        assert not np.isin(after[new], before).any()
        _, uses = np.unique(after[new], return_counts=True)
        shared += int((uses > 1).sum())
    pack = member & (own.sim != crowd.sim)
    assert (crowd.block_offset[pack] >= 0).all()
    assert (crowd.block_offset[pack] < 1_000).all()
    assert shared or pack.any()


@given(seeds)
def test_known_misuse_takeovers_and_whoever_is_not_free_are_no_disguise(
    folder: DataFolder, seed: int
) -> None:
    own = folder.registrations
    free = np.random.default_rng(seed).random(len(own)) < 0.7

    _, member = plant(own, seed, free)

    assert free[member].all()
    assert np.isin(own.operation[member], (NEW, EXISTING)).all()


def test_where_there_is_no_crowd_nobody_is_planted(folder: DataFolder) -> None:
    own = folder.registrations
    nobody = np.zeros(len(own), np.bool_)

    crowd, member = plant(own, 1, nobody)

    assert not member.any()
    assert np.array_equal(crowd.identity, own.identity)


def test_known_misuse_is_no_disguise_where_vectors_are_made(folder: DataFolder) -> None:
    n = len(folder.registrations)
    known = replace(
        folder.labels.take(np.zeros(n, np.int64)),
        row=np.arange(n, dtype=np.int32),
        fraud=np.ones(n, np.bool_),
        withdrawn=np.zeros(n, np.bool_),
    )

    assert len(planted(replace(folder, labels=known), rows=50, seed=1)) == 0


def test_nothing_is_planted_from_when_thresholds_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    last, first = [], {}
    plants, tells = train.planted, train.figures

    def planting(folder: DataFolder, **how: int) -> np.ndarray:
        last.append(max(folder.registrations.at.max(), folder.labels.at.max()))
        return plants(folder, **how)

    def telling(stage: str, judged: Judged, known: Calibration) -> dict[str, float]:
        first[stage] = judged.table.at.min()
        return tells(stage, judged, known)

    monkeypatch.setattr(train, "planted", planting)
    monkeypatch.setattr(train, "figures", telling)
    tiny.learned(tiny.folder(), [tiny.lesson()], until=tiny.border())

    assert len(last) == 1
    assert last[0] < first[STAGES[0]]  # the only stage that planting teaches


def test_vectors_are_those_of_the_planted_and_the_same_for_a_seed(folder: DataFolder) -> None:
    found = [planted(folder, rows=50, seed=seed) for seed in (1, 1, 2)]

    assert found[0].shape[1] == len(features(STAGES[0]))
    assert len(found[0]) >= 50
    assert np.array_equal(found[0], found[1], equal_nan=True)
    assert found[0].shape != found[2].shape or not np.array_equal(
        found[0], found[2], equal_nan=True
    )
    assert planted(folder, rows=0, seed=1).shape == (0, found[0].shape[1])
