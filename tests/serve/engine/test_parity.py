"""What was answered live is what a replay of the same events says, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from detector import impression
from detector.lifecycle import STAGES
from detector.logbook import read
from detector.model import artefact
from detector.model.impressions import prepared
from detector.registration import NEVER, DataFolder, Officials
from detector.scoring import scores
from serve import engine
from serve.answers import Unknown
from tests.builders import curp_of
from tests.serve.engine.standing import SEEDS, START, Standing, bend, later, question
from tests.serve.engine.stream import Stream, reference

CHAMPION = Path(__file__).resolve().parents[3] / "models" / "champion"


def lived(standing: Standing, stream: Stream, events: int) -> None:
    """Everything of a stream is answered; a report may name what was not taken."""
    for now, batch in stream.batches(events):
        for told in standing.take(*batch, at=now):
            assert not isinstance(told, Exception) or isinstance(told, Unknown), told
        if len(batch) % 3 == 0:
            standing.quiet()


@pytest.fixture
def along(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registrations bring every later stage along."""
    monkeypatch.setattr(engine, "STAGES_WAIT", 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_stream_is_answered_as_its_replay(
    standing: Standing, seed: int, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    monkeypatch.setattr(engine, "STAGES_WAIT", 1 + 3 * (seed % 2))  # brought along, or mostly not
    rng = np.random.default_rng(seed)
    stream = Stream(rng)
    lived(standing, stream, 110)
    standing.tell(reference(rng, standing.exported()))
    lived(standing, stream, 70)
    standing.settle(stream.now + timedelta(hours=30))
    standing.restart()
    stream.now += timedelta(hours=31)
    lived(standing, stream, 80)
    standing.settle(stream.now + timedelta(days=8))

    assert standing.differing() == []
    stages = {stage for _, _, stage in held(standing)}
    assert stages == set(range(len(STAGES)))
    figure(f"parity, seed {seed}: {len(held(standing))} assessments are the same in the replay")


def held(standing: Standing) -> list[tuple[int, int, int]]:
    """Sequence, moment and stage of every assessment."""
    n = standing.books.last_sequence()
    found = standing.books.answers(range(1, n + 1))
    return [(a.sequence, a.moment, a.stage) for one in found.values() for a in one]


def test_more_registrations_of_one_key_than_it_remembers_are_answered_as_their_replay(
    standing: Standing,
) -> None:
    rng = np.random.default_rng(1)
    hot = {"device_id": "one", "agent_id": "one", "point_of_sale_id": "one", "ip": "203.0.113.9"}
    for start in range(0, 320, 40):
        behind = rng.integers(0, 60, 40) * (rng.random(40) < 0.2)
        batch = [
            question(later(minutes=start + i - int(behind[i])), identity_value=curp_of(7), **hot)
            for i in range(40)
        ]
        standing.answered(*batch, at=later(minutes=start + 60))

    assert standing.differing() == []
    assert standing.feature(batch[-1], "identity_registrations_day") >= 256 - 60


def test_breaches_and_officials_told_again_and_again_change_no_answer_given(
    standing: Standing,
) -> None:
    rng = np.random.default_rng(2)
    stream = Stream(rng, people=6)
    lived(standing, stream, 40)
    first = reference(rng, standing.exported())
    for told in (first, first, reference(rng, standing.exported()), first):
        standing.tell(told)
        lived(standing, stream, 25)

    assert standing.differing() == []


def test_who_is_official_no_more_was_one_until_it_was_told(standing: Standing) -> None:
    asked = [question(later(hours=n), identity_value=curp_of(3)) for n in range(5)]
    standing.answered(asked[0])
    folder = standing.exported()
    who, long_ago = folder.registrations.identity, np.zeros(1, np.int64)
    somebody = replace(
        folder, officials=Officials(who, np.ones(1, np.int8), long_ago, long_ago + NEVER)
    )
    for one, told in zip(asked[1:], (somebody, somebody, folder, somebody), strict=True):
        standing.tell(told)
        standing.answered(one, at=later(hours=5))

    kept = read([row.entry for row in standing.books.log(0, 9)], standing.books.carriers())
    assert kept.exposure.tier.tolist() == [0, 2, 2, 0, 2]
    assert len(standing.exported().officials) == 2
    assert standing.differing() == []


def test_a_breach_told_as_another_stays_what_it_was(standing: Standing) -> None:
    standing.answered(question())
    folder = reference(np.random.default_rng(1), standing.exported())
    other = replace(folder.breaches, fields_leaked=folder.breaches.fields_leaked + 1)
    for told in (folder, replace(folder, breaches=other)):
        standing.tell(told)

    kept = standing.exported().breaches
    assert kept.breach_id == folder.breaches.breach_id
    assert kept.fields_leaked.tolist() == folder.breaches.fields_leaked.tolist()


def test_scores_of_a_real_model_are_those_of_its_replay(tmp_path: Path, along: None) -> None:
    model = artefact.load(CHAMPION)
    standing = Standing(f"sqlite:///{tmp_path / 'store.db'}", lambda: model)
    lived(standing, Stream(np.random.default_rng(3)), 200)
    folder = standing.exported()
    replayed = pa.concat_tables(scores(folder, model)).to_pylist()
    filed = standing.books.folios(range(1, standing.books.last_sequence() + 1))
    answers = {
        (standing.books.named(filed[a.sequence])[1], STAGES[a.stage]): a
        for one in standing.books.answers(range(1, standing.books.last_sequence() + 1)).values()
        for a in one
    }
    live = {name: json.loads(a.answer) for name, a in answers.items()}
    as_of = {name: a.as_of for name, a in answers.items()}
    asked = in_time(folder)
    both = [
        row
        for row in replayed
        if live.get(name := (row["registration_id"], row["stage"])) and as_of[name] == asked[name]
    ]

    assert {row["stage"] for row in both} == set(STAGES)
    assert sum(row["stage"] == STAGES[0] for row in both) == len(folder.registrations)
    for row in both:
        answer = live[row["registration_id"], row["stage"]]
        assert (answer["score"], answer["decision"]) == (row["score"], row["decision"]), row
    assert len({row["score"] for row in both}) > 20
    standing.close()


def in_time(folder: DataFolder) -> dict[tuple[str, str], int]:
    """What each assessment of a folder does not see, had nobody waited: the first such sequence number."""
    past, ids = prepared(folder), folder.registrations.registration_id.to_pylist()
    asked = {stage: past.queries(stage) for stage in STAGES}
    return {
        (ids[row], stage): commit + 1
        for stage, queries in asked.items()
        for row, commit in zip(queries.rows.tolist(), queries.commits.tolist(), strict=True)
    }


def test_the_replay_finds_one_number_that_was_changed(standing: Standing) -> None:
    standing.answered(*(question(START, identity_value=curp_of(5)) for _ in range(4)))
    answers = standing.books.answers([2, 3])
    bend(standing.books, replace(answers[2][0], vector=answers[3][0].vector))

    (difference,) = standing.differing()

    assert difference.startswith("registration 2 at activation")


def test_an_impression_that_the_replay_does_not_make_is_told(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(standing, Stream(np.random.default_rng(5)), 20)
    assert standing.differing() == []

    monkeypatch.setattr(impression, "levels", lambda rows: np.full(len(rows), 7, np.uint8))

    assert any("impression was" in told for told in standing.differing())
