"""What impression a registration makes: a level that a fixed booster says, and that all models share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector import impression, practice
from detector.context import Past
from detector.errors import BadInput
from detector.model import impressions as making
from detector.model.impressions import acquainted, prepared
from detector.pseudonym import Key, Pseudonymiser
from detector.signals import fingerprint, plain, plain_vectors, vectors
from detector.windows import MARKS
from tests import tiny
from tests.streams import random_folder

ANOTHER = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx={last}
objective=binary sigmoid:1
feature_names={names}
feature_infos={infos}
tree_sizes=

end of trees
"""


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """A booster without a tree, which says nothing of anybody."""
    names = [f.name for f in plain()]
    path = tmp_path / "another.txt"
    infos = " ".join(["none"] * len(names))
    path.write_text(ANOTHER.format(last=len(names) - 1, names=" ".join(names), infos=infos))
    return path


def test_the_booster_was_made_for_the_plain_features() -> None:
    """If not: `python -m detector.making_impressions`, and all models anew."""
    assert impression.booster(impression.FILE).feature_name() == [f.name for f in plain()]


def test_levels_are_log_odds_in_eighths_and_never_nothing() -> None:
    past = prepared(tiny.folder())
    asked = past.queries("activation")
    rings = past.rings({"activation": asked})["activation"]
    plains = plain_vectors(past.context("activation", asked, rings))

    levels = impression.levels(plains)

    said = impression.booster(impression.FILE).predict(plains, raw_score=True)
    assert levels.min() >= impression.LEAST
    np.testing.assert_allclose(impression.log_odds(levels.astype("f4")), said, atol=1 / 16 + 1e-6)
    assert not impression.levels(plains[:0]).size


def impressions(past: Past) -> np.ndarray:
    return past.entries.marks[:, MARKS.index("impression")]


def test_another_booster_has_other_impressions(another: Path) -> None:
    folder = random_folder(np.random.default_rng(3), 200)

    with impression.in_force(another):
        assert (impressions(prepared(folder)) == impression.ZERO).all()
    assert len(set(impressions(prepared(folder)).tolist())) > 10


@given(seed=st.integers(0, 2**32 - 1), late=st.booleans(), since=st.integers(0, 200))
def test_who_makes_impressions_on_the_way_tells_what_is_told_afterwards(
    seed: int, late: bool, since: int
) -> None:
    folder = random_folder(np.random.default_rng(seed), 200, late=late)
    whole, past = prepared(folder), Past.of(folder)
    asked = past.queries("activation")
    rings = past.rings({"activation": asked})["activation"]

    with mock.patch.object(making, "PIECE", 64):
        found = list(acquainted(past, asked, rings, since=since))

    told = vectors(whole.context("activation", asked, rings))[since:]
    np.testing.assert_array_equal(np.concatenate([told[:0], *(b.vectors for b in found)]), told)
    np.testing.assert_array_equal(impressions(past), impressions(whole))


def test_who_begins_with_the_plain_columns_has_the_same_vectors() -> None:
    past = prepared(random_folder(np.random.default_rng(4), 200))
    asked = past.queries("activation")
    context = past.context("activation", asked, past.rings({"activation": asked})["activation"])

    begun = plain_vectors(context)

    np.testing.assert_array_equal(vectors(context), vectors(context, begun=begun))
    np.testing.assert_array_equal(vectors(context)[:, : begun.shape[1]], begun)


def test_what_is_left_out_is_left_out_of_impressions_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Collection[str]] = []
    practised, before = practice.lessons, impression.version()

    def lessons(*given: Any, without: Collection[str], **more: Any) -> Any:
        asked.append(without)
        return practised(*given, without=without, **more)

    monkeypatch.setattr(practice, "lessons", lessons)
    quick = replace(tiny.recipe(), countries=1)
    with practice.other_impressions(quick, Pseudonymiser(Key.fresh()), without=("kiosk_blend",)):
        assert impression.version() != before

    assert asked == [("kiosk_blend",)]
    assert impression.version() == before


def test_a_model_for_other_impressions_is_for_other_features(another: Path) -> None:
    before = fingerprint()

    with impression.in_force(another):
        assert fingerprint() != before
    assert fingerprint() == before


@pytest.mark.parametrize("text", [None, "no booster"])
def test_a_file_that_is_no_booster_is_one_clear_line(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "some.txt"
    if text is not None:
        path.write_text(text)

    with pytest.raises(BadInput, match=r"^some\.txt, which says what impressions are made"):
        impression.booster(path)
