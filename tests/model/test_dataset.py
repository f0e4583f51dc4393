"""The training table holds what was known at a date, and says unlabelled where nobody has spoken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.lifecycle import STAGES
from detector.model.dataset import (
    FRAUD,
    LEGITIMATE,
    UNLABELLED,
    TrainingTable,
    as_known,
    training_tables,
    verdicts,
)
from detector.model.impressions import prepared
from detector.registration import DataFolder, Labels
from tests.streams import SECOND, random_folder

seeds = st.integers(0, 2**32 - 1)


def labels(*told: tuple[int, int, bool | None]) -> Labels:
    """Verdicts as (row, second, fraud), in their order; None takes back what was said."""
    row, at, fraud = (np.array(column) for column in zip(*told, strict=True))
    nothing = np.zeros(len(told))
    return Labels(
        row.astype(np.int32),
        at,
        fraud.astype(np.bool_),
        nothing.astype(np.int8),
        nothing.astype(np.float32),
        np.array([said is None for said in fraud]),
    )


def cut(seed: int, *, late: bool = False) -> tuple[DataFolder, int]:
    """A random folder and a moment somewhere in it."""
    rng = np.random.default_rng(seed)
    folder = random_folder(rng, 200, late=late)
    at = folder.registrations.at
    return folder, int(rng.integers(at[0], at[-1]))


@given(seed=seeds)
def test_nothing_later_than_the_date_is_known(seed: int) -> None:
    folder, until = cut(seed)

    known = as_known(folder, until)

    assert (known.registrations.at < until).all()
    assert (known.line_events.at <= until).all()
    assert (known.labels.at <= until).all()


@given(seed=seeds)
def test_everything_earlier_is_kept_and_still_belongs_to_its_row(seed: int) -> None:
    folder, until = cut(seed)
    ids = folder.registrations.registration_id

    known = as_known(folder, until)

    early = folder.registrations.at < until
    assert len(known.registrations) == early.sum()
    for table, before in ((known.labels, folder.labels), (known.line_events, folder.line_events)):
        kept = (before.at <= until) & early[before.row]
        assert len(table) == kept.sum()
        mine = known.registrations.registration_id.take(table.row)
        assert mine.to_pylist() == ids.take(before.row[kept]).to_pylist()


@given(seed=seeds, late=st.booleans())
def test_what_happens_after_the_date_changes_no_training_row(seed: int, late: bool) -> None:
    folder, until = cut(seed, late=late)
    later = folder.labels.at > until
    labels = folder.labels
    other = replace(
        folder, labels=replace(labels, fraud=np.where(later, ~labels.fraud, labels.fraud))
    )

    one, two = (tables_of(as_known(data, until)) for data in (folder, other))

    for stage in STAGES:
        np.testing.assert_array_equal(one[stage].vectors, two[stage].vectors)
        np.testing.assert_array_equal(one[stage].verdict, two[stage].verdict)


def test_a_later_verdict_replaces_an_earlier_one() -> None:
    told = labels((0, 1, True), (0, 2, False), (1, 1, False), (1, 5, True))

    assert verdicts(told, 2).tolist() == [LEGITIMATE, FRAUD]


def test_a_row_whose_verdict_was_taken_back_is_unlabelled() -> None:
    told = labels((0, 1, True), (0, 2, None), (1, 1, True), (1, 2, None), (1, 3, False))
    assert verdicts(told, 2).tolist() == [UNLABELLED, LEGITIMATE]


def test_a_row_nobody_has_spoken_about_is_not_legitimate() -> None:
    found = verdicts(labels((1, 1, False)), 3)

    assert found.tolist() == [UNLABELLED, LEGITIMATE, UNLABELLED]


def tables_of(folder: DataFolder, *, most: int = 10**6, seed: int = 1) -> dict[str, TrainingTable]:
    return training_tables(
        prepared(folder),
        verdicts(folder.labels, len(folder.registrations)),
        stages=STAGES,
        most=most,
        rng=np.random.default_rng(seed),
    )


def test_every_stage_has_its_own_moments() -> None:
    folder = random_folder(np.random.default_rng(4), 300)

    made = tables_of(folder)

    assert len(made["activation"]) == 300
    np.testing.assert_array_equal(made["activation"].at, folder.registrations.at)
    assert 0 < len(made["first_attach"]) < 300
    week = made["day_7"].at - 7 * 86_400 * SECOND
    assert np.isin(week, folder.registrations.at).all()


@pytest.mark.parametrize("most", [0, 20])
def test_of_many_unlabelled_rows_some_are_drawn_and_every_verdict_is_kept(most: int) -> None:
    folder = random_folder(np.random.default_rng(4), 300)
    whole = tables_of(folder)["activation"]

    drawn = tables_of(folder, most=most)["activation"]

    assert (drawn.verdict == UNLABELLED).sum() == most
    assert (drawn.verdict == FRAUD).sum() == (whole.verdict == FRAUD).sum()
    assert (np.diff(drawn.at) >= 0).all()


def test_the_same_seed_draws_the_same_rows() -> None:
    folder = random_folder(np.random.default_rng(4), 300)
    first, again, other = (tables_of(folder, most=20, seed=s)["activation"].at for s in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_row_keeps_its_vector_when_others_are_not_drawn() -> None:
    folder = random_folder(np.random.default_rng(4), 300)
    whole, drawn = tables_of(folder)["activation"], tables_of(folder, most=0)["activation"]

    np.testing.assert_array_equal(drawn.vectors, whole.vectors[whole.verdict != UNLABELLED])


def test_a_country_without_line_events_has_only_activations() -> None:
    folder = random_folder(np.random.default_rng(4), 100)
    silent = replace(folder, line_events=folder.line_events.take(np.zeros(0, np.int64)))

    made = tables_of(silent)

    assert {stage: len(table) for stage, table in made.items()} == {
        "activation": 100,
        "first_attach": 0,
        "day_1": 0,
        "day_7": 0,
    }
