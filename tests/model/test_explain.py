"""Reasons: given only where the score rests on them, and true when what they count is really taken away."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from detector.decision import ALLOW, DECISIONS
from detector.lifecycle import STAGES
from detector.model.dataset import Batch, Without, batches, without
from detector.model.explain import LEAST_DROP, MOST, reasons, strengths
from detector.model.impressions import prepared
from detector.registration import DataFolder
from detector.scoring import rule_hits
from detector.signals import REASONS, RULES, UNUSUAL, features
from tests import tiny

# Reasons that count other registrations, and the columns by which these are tied to one's own.
COUNTED = {code: r.counts for code, r in REASONS.items() if r.counts and r.family != "use"}
del COUNTED["HANDSET_CROWD"]  # counts attaches, which no registration has at activation
TOP = 150  # of the highest scores
SAMPLE = 12  # rows per reason; each costs a replay


@cache
def batch(stage: str) -> Batch:
    """The tiny country's vectors at a stage."""
    past = prepared(tiny.folder())
    queries = past.queries(stage)
    (made,) = batches(past, stage, queries, past.rings({stage: queries})[stage])
    return made


def suspicious(stage: str) -> tuple[np.ndarray, Without]:
    """The country's highest scores at a stage, and what would be known of them without others."""
    found = batch(stage)
    top = np.argsort(-tiny.model().evidence(stage, found.vectors), kind="stable")[:TOP]
    return found.vectors[top], without(prepared(tiny.folder()), stage, found, top)


@pytest.mark.parametrize("stage", STAGES)
def test_a_reason_is_given_only_where_the_score_drops_without_it(stage: str) -> None:
    model = tiny.model()
    vectors, again = suspicious(stage)
    whole = model.evidence(stage, vectors)
    told = reasons(model, stage, vectors, without=again, ruled=[()] * len(vectors))

    for code in {code for codes in told for code in codes} - {UNUSUAL.code}:
        mine = np.array([i for i, codes in enumerate(told) if code in codes], int)
        counts = REASONS[code].counts
        less = again([(counts, mine)])[0] if counts else neutral(stage, vectors, code)[mine]
        assert (model.evidence(stage, less) <= whole[mine] - LEAST_DROP + 1e-9).all(), code


def neutral(stage: str, vectors: np.ndarray, code: str) -> np.ndarray:
    """The vectors with a reason's features at what they read without evidence."""
    less = vectors.copy()
    for j, f in enumerate(features(stage)):
        if f.reason == code:
            less[~np.isnan(less[:, j]), j] = f.neutral
    return less


def test_the_strongest_reason_comes_first() -> None:
    model = tiny.model()
    vectors, again = suspicious("activation")
    codes, drops = strengths(model, "activation", vectors, without=again)
    everyone = reasons(model, "activation", vectors, without=again, ruled=[()] * len(vectors))

    for i, told in enumerate(everyone):
        found = [drops[i, codes.index(code)] for code in told if code in codes]
        assert found == sorted(found, reverse=True)


def test_at_most_a_few_known_reasons_are_told_and_never_one_twice() -> None:
    vectors, again = suspicious("activation")
    ruled = [("VALIDATION_DECEASED",)] * len(vectors)

    for told in reasons(tiny.model(), "activation", vectors, without=again, ruled=ruled):
        assert 0 < len(told) <= MOST
        assert len(set(told)) == len(told)
        assert set(told) <= set(REASONS)
        assert told[0] == "VALIDATION_DECEASED"


def test_a_registration_of_which_nothing_is_known_is_only_unusual() -> None:
    blank = np.full((1, len(features("activation"))), np.nan, np.float32)

    told = reasons(
        tiny.model(),
        "activation",
        blank,
        without=lambda asks: [blank[w] for _, w in asks],
        ruled=[()],
    )

    assert told == [[UNUSUAL.code]]


def test_each_rule_that_hit_is_among_the_reasons() -> None:
    found = batch("activation")
    _, hits = rule_hits("activation", found.vectors)
    hit = np.flatnonzero(np.logical_or.reduce(hits))
    ruled = [tuple(r.reason for r, h in zip(RULES, hits, strict=True) if h[i]) for i in hit]
    again = without(prepared(tiny.folder()), "activation", found, hit)
    told = reasons(tiny.model(), "activation", found.vectors[hit], without=again, ruled=ruled)

    assert len(hit)
    assert all(set(rules) <= set(codes) for rules, codes in zip(ruled, told, strict=True))


@cache
def flagged() -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Rows of the tiny country that are not let pass at activation, and why."""
    scores = tiny.all_scores()
    scores = scores[(scores["stage"] == "activation") & (scores["decision"] != DECISIONS[ALLOW])]
    place = {
        folio: i for i, folio in enumerate(tiny.folder().registrations.registration_id.to_pylist())
    }
    rows = zip(scores["registration_id"], scores["reasons"], strict=True)
    return tuple((place[folio], tuple(codes)) for folio, codes in rows)


@pytest.mark.parametrize("code", COUNTED)
def test_taking_away_what_a_reason_counts_lowers_the_score(code: str) -> None:
    rows = [row for row, codes in flagged() if code in codes][:SAMPLE]
    before = tiny.model().evidence("activation", batch("activation").vectors[rows])

    false = [
        row
        for row, whole in zip(rows, before, strict=True)
        if evidence_without(row, COUNTED[code]) >= whole
    ]

    assert false == []


def evidence_without(row: int, keys: tuple[str, ...]) -> float:
    """A row's evidence in a country in which nobody before it shares these keys with it."""
    data = tiny.folder()
    own = data.registrations
    sharing = np.zeros(len(own), bool)
    for key in keys:
        ids = getattr(own, key)
        sharing |= (ids == ids[row]) & (ids != 0)
    keep = ~sharing & (np.arange(len(own)) < row)
    keep[row] = True
    past = prepared(rows_of(data, keep))
    queries = past.queries("activation").pick(slice(len(past.registrations) - 1, None))
    rings = past.rings({"activation": queries})["activation"]
    (last,) = batches(past, "activation", queries, rings)
    return float(tiny.model().evidence("activation", last.vectors)[0])


def rows_of(data: DataFolder, keep: np.ndarray) -> DataFolder:
    """The folder with some of its registrations and all that belongs to them."""
    place = (np.cumsum(keep) - 1).astype(np.int32)
    events = data.line_events.take(keep[data.line_events.row])
    labels = data.labels.take(keep[data.labels.row])
    return replace(
        data,
        registrations=data.registrations.take(keep),
        line_events=replace(events, row=place[events.row]),
        labels=replace(labels, row=place[labels.row]),
    )
