"""Answering without the worker's key: the same numbers, nothing that opens the log, and what is done without a
worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import numpy as np
import pytest

from detector import logbook
from detector.errors import KeyMissing
from serve.answers import Unavailable, Unknown
from tests.builders import curp_of
from tests.serve.engine.standing import SEEDS, START, Standing, later, question, seen
from tests.serve.engine.stream import Stream, reference
from tests.serve.working.apart import Apart


@pytest.fixture
def apart(store_url: str) -> Iterator[Apart]:
    made = Apart(store_url)
    yield made
    made.close()


def lived(standing: Standing, stream: Stream, events: int) -> None:
    for now, batch in stream.batches(events):
        for told in standing.take(*batch, at=now):
            assert not isinstance(told, Exception) or isinstance(told, Unknown), told


@pytest.mark.parametrize("following", [True, False], ids=["at-once", "later"])
@pytest.mark.parametrize("seed", SEEDS[:1])
def test_a_random_stream_is_answered_as_its_replay(
    apart: Apart, seed: int, following: bool, figure: Callable[[str], None]
) -> None:
    rng = np.random.default_rng(seed)
    stream = Stream(rng)
    apart.following = following
    lived(apart, stream, 60)
    apart.tell(reference(rng, apart.exported()))
    lived(apart, stream, 40)
    apart.go_down()
    apart.come_back()
    apart.answering()
    lived(apart, stream, 40)
    apart.settle(stream.now + timedelta(days=8))

    assert apart.differing() == []
    n = apart.books.last_sequence()
    answers = [a for found in apart.books.answers(range(1, n + 1)).values() for a in found]
    assert {a.stage for a in answers} == {0, 1, 2, 3}
    figure(f"apart, seed {seed}: {len(answers)} assessments are the same in the replay")


def test_whoever_answers_cannot_open_the_log(apart: Apart) -> None:
    one = question()
    apart.answered(one)
    apart.take(seen(one, START), at=later(minutes=1))

    for read in (
        lambda: apart.front_books.entries([1]),
        lambda: apart.front_books.journal(0),
        lambda: apart.front_books.events([1]),
        lambda: apart.front_books.folios([1]),
    ):
        with pytest.raises(KeyMissing):
            read()
    assert apart.books.entries([1])


def test_reports_are_for_the_worker(apart: Apart) -> None:
    apart.answered(question())

    assert isinstance(apart.front.take([seen(question(), START)])[0], Unavailable)


def test_without_a_worker_rules_answer_and_what_they_missed_is_caught_up_with(apart: Apart) -> None:
    shared = {"device_id": "one tablet"}
    apart.answered(question(later(seconds=1), **shared))
    apart.go_down()

    alone = apart.answered(question(later(seconds=2), **shared), at=later(seconds=3))[0]
    apart.come_back()
    apart.answering()
    third = question(later(seconds=4), **shared)
    whole = apart.answered(third, at=later(seconds=5))[0]

    assert (alone.degraded, alone.sources["rings"]) == (True, "unavailable")
    assert whole.sources["rings"] == "ok"
    assert apart.feature(third, "ring_registrations") == 2
    kept = apart.books.entries([1, 2, 3])
    page = logbook.read([kept[n] for n in (1, 2, 3)], apart.books.carriers())
    assert (page.impressions > 0).tolist() == [True, False, True]
    assert apart.differing() == []


def test_a_transaction_that_never_happened_is_forgotten_by_the_worker(apart: Apart) -> None:
    shared = {"device_id": "one tablet"}
    apart.answered(question(later(seconds=1), **shared))

    def broken(*_: object) -> None:
        raise Unavailable

    apart.front.changed = broken
    with pytest.raises(Unavailable):
        apart.front.take([question(later(seconds=2), **shared)])
    apart.front.changed = None
    last = question(later(seconds=3), **shared)
    apart.answered(last, at=later(seconds=4))

    assert apart.feature(last, "ring_registrations") == 1
    assert apart.differing() == []


def test_a_former_holder_is_read_with_what_the_worker_has_not_said_yet(apart: Apart) -> None:
    apart.following = False
    ana, beto = {"identity_value": curp_of(1)}, {"identity_value": curp_of(2)}
    apart.answered(question(later(seconds=1), msisdn="+525511110000", **ana))
    apart.answered(question(later(seconds=2), msisdn="+525511110000", **beto), at=later(seconds=2))
    again = question(later(hours=1), msisdn="+525511110001", **ana)
    apart.answered(again, at=later(hours=1))

    assert apart.books.some_taken()
    apart.engine.follow()
    assert not apart.books.some_taken()
    assert apart.differing() == []
