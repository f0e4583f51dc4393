"""Laws of time: no future, exact parity of one event and many, bounded histories, any token key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.history import SPECS, activations, commit_ranks
from detector.lifecycle import STAGES
from detector.model.impressions import prepared
from detector.registration import KEYS, DataFolder
from detector.signals import features, vectors
from detector.windows import FLAGS, MARKS
from tests.streams import random_folder

seeds = st.integers(0, 2**32 - 1)


def vectors_of(folder: DataFolder, stage: str = "activation") -> tuple[np.ndarray, np.ndarray]:
    """Rows that reach the stage, and their vectors."""
    past = prepared(folder)
    queries = past.queries(stage)
    rings = past.rings({stage: queries})[stage]
    return queries.rows, vectors(past.context(stage, queries, rings))


def keep_rows(folder: DataFolder, keep: np.ndarray) -> DataFolder:
    """The folder with some of its registrations and all that belongs to them."""
    place = np.cumsum(keep) - 1

    def moved(table):
        kept = table.take(keep[table.row])
        return replace(kept, row=place[kept.row].astype(np.int32))

    return replace(
        folder,
        registrations=folder.registrations.take(keep),
        line_events=moved(folder.line_events),
        labels=moved(folder.labels),
    )


def known_by(folder: DataFolder, moment: int) -> DataFolder:
    """Without line events and labels later than the moment."""
    return replace(
        folder,
        line_events=folder.line_events.take(folder.line_events.at <= moment),
        labels=folder.labels.take(folder.labels.at <= moment),
    )


def assert_same(found: np.ndarray, expected: np.ndarray, stage: str = "activation") -> None:
    """Bit for bit, and the first feature that differs by name."""
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    names = [f.name for f in features(stage)]
    assert same.all(), sorted({names[j] for j in np.nonzero(~same)[1]})


@given(seed=seeds, late=st.booleans())
def test_a_vector_computed_when_the_event_arrives_equals_the_replay(seed: int, late: bool) -> None:
    rng = np.random.default_rng(seed)
    folder = random_folder(rng, 160, late=late)
    _, whole = vectors_of(folder)
    commits = commit_ranks(folder.registrations)
    for row in rng.integers(0, 160, 3):
        moment = folder.registrations.at[row]
        arrived = commits <= commits[row]
        live = known_by(keep_rows(folder, arrived), int(moment))
        _, now = vectors_of(live)
        assert_same(now[[arrived[:row].sum()]], whole[[row]])


@given(seed=seeds, late=st.booleans(), stage=st.sampled_from(STAGES))
def test_dropping_everything_after_a_moment_changes_no_vector_before_it(
    seed: int, late: bool, stage: str
) -> None:
    rng = np.random.default_rng(seed)
    folder = random_folder(rng, 200, late=late)
    cut = int(rng.integers(folder.registrations.at[0], folder.registrations.at[-1]))
    past = prepared(folder)
    moments = past.queries(stage).moments
    rows, whole = vectors_of(folder, stage)
    first_after = int(np.searchsorted(folder.registrations.at, cut))
    commits = commit_ranks(folder.registrations)
    unseen = commits[first_after:].min(initial=len(commits))
    keep = (np.arange(200) < first_after) & (commits < unseen)
    again, shorter = vectors_of(known_by(keep_rows(folder, keep), cut), stage)
    again = np.flatnonzero(keep)[again]
    told = keep[rows] & (moments < cut) & np.isin(rows, again)
    assert told.sum() == len(again)
    assert_same(shorter, whole[told], stage)


@given(seed=seeds)
def test_a_vector_needs_only_the_bounded_history_of_its_keys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder = random_folder(rng, 400)
    past = prepared(folder)
    row = int(rng.integers(200, 400))
    needed = np.zeros(400, bool)
    needed[row] = True
    for spec in SPECS:
        group = past.groups[spec.name]
        mine = np.flatnonzero((group.codes == group.codes[row]) & (group.codes >= 0))
        needed[mine[mine < row][-spec.k :]] = True
    lines = past.groups["line"].codes
    needed[:row] |= np.isin(lines, lines[needed & (lines >= 0)])[:row]  # who took a line over
    small = prepared(keep_rows(folder, needed))
    fixed = [MARKS.index("flags"), MARKS.index("impression")]  # at each row's own moment
    small.entries.marks[:, fixed] = past.entries.marks[needed][:, fixed]
    small = replace(small, wave=past.wave)
    at = int(needed[:row].sum())
    query = activations(small.registrations, small.commits).pick(slice(at, at + 1))
    queries = past.queries("activation")
    rings = past.rings({"activation": queries})["activation"]
    whole = vectors(past.context("activation", queries, rings))
    one = replace(rings, numbers=rings.numbers[[row]], ring=rings.ring[[row]])
    assert_same(vectors(small.context("activation", query, one)), whole[[row]])


@given(seed=seeds, stage=st.sampled_from(STAGES))
def test_vectors_are_the_same_under_any_token_key(seed: int, stage: str) -> None:
    folder = random_folder(np.random.default_rng(seed), 150, late=True)
    own = folder.registrations

    def other(ids: np.ndarray) -> np.ndarray:
        return np.where(ids == 0, 0, ids ^ 0x5BD1E995A7C3)

    order = np.argsort(other(folder.breach_members.identity), kind="stable")
    offices = np.argsort(other(folder.officials.identity), kind="stable")
    members, officials = folder.breach_members.take(order), folder.officials.take(offices)
    renamed = replace(
        folder,
        registrations=replace(own, **{key: other(getattr(own, key)) for key in KEYS}),
        line_events=replace(folder.line_events, handset=other(folder.line_events.handset)),
        breach_members=replace(members, identity=other(members.identity)),
        officials=replace(officials, identity=other(officials.identity)),
    )
    assert_same(vectors_of(renamed, stage)[1], vectors_of(folder, stage)[1], stage)


def test_an_excess_is_the_one_of_its_flag_bit_for_bit() -> None:
    past = prepared(random_folder(np.random.default_rng(5), 300))
    queries = past.queries(STAGES[0])
    context = past.context(STAGES[0], queries, past.rings({STAGES[0]: queries})[STAGES[0]])

    for key, view in context.views.items():
        for place, flag in enumerate(FLAGS):
            usual = np.minimum(context.usual[:, place], 0.9)
            expected = view.count() * usual
            spread = np.sqrt(expected * (1 - usual) + 0.25)
            alone = ((view.flagged(flag) - expected) / spread).astype(np.float32)
            assert context.excess(context.on(key), flag).tobytes() == alone.tobytes(), (key, flag)


def test_a_registration_without_a_key_gets_no_number_from_it() -> None:
    folder = random_folder(np.random.default_rng(1), 50)
    own = folder.registrations
    folder = replace(folder, registrations=replace(own, device=np.zeros(50, np.int64)))
    _, found = vectors_of(folder)
    names = [f.name for f in features("activation")]
    assert np.isnan(found[:, names.index("device_gap")]).all()


@pytest.mark.parametrize("stage", STAGES)
def test_an_empty_country_has_no_vectors(stage: str) -> None:
    folder = keep_rows(random_folder(np.random.default_rng(1), 20), np.zeros(20, bool))
    assert vectors_of(folder, stage)[1].shape[0] == 0


def test_the_worst_excess_is_the_greatest_of_the_keys_that_a_row_has() -> None:
    folder = random_folder(np.random.default_rng(3), 200)
    past = prepared(folder)
    queries = past.queries("activation")
    rings = past.rings({"activation": queries})["activation"]
    context = past.context("activation", queries, rings)
    keys = ("device", "handset")

    for flag in FLAGS:
        each = np.stack([context.excess(context.on(key), flag) for key in keys])
        none = np.isnan(each).all(axis=0)
        expected = np.where(none, np.nan, np.where(np.isnan(each), -np.inf, each).max(axis=0))
        np.testing.assert_array_equal(context.worst_excess(keys, flag), expected.astype(np.float32))
    assert none.any()


def test_all_registrations_in_their_order_are_taken_without_a_copy() -> None:
    own = random_folder(np.random.default_rng(4), 9).registrations

    assert own.take(np.arange(9)) is own
    assert own.take(np.arange(9)[::-1]).at.tolist() == own.at.tolist()[::-1]
    assert own.take(np.arange(8)).at.tolist() == own.at.tolist()[:8]
    assert own.take(np.ones(9, np.bool_)).registration_id.equals(own.registration_id)
