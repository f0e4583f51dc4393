"""The kernels of time against a plain oracle that asks each question with a loop over the past."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.context import Past
from detector.history import BY_NAME, KeyView
from detector.windows import BAD, DAY, FLAGS, HOUR, LATER_FLAGS, MARKS, VALUES, WEEK
from tests.streams import random_folder

WINDOW_SECONDS = {"hour": HOUR, "day": DAY, "week": WEEK}


class Oracle:
    """What one row's key remembers, told entry by entry."""

    def __init__(
        self, past: Past, key: str, row: int, moment: int, order: int, commit: int
    ) -> None:
        spec = BY_NAME[key]
        codes = past.groups[key].codes
        seen = [j for j in range(len(codes)) if codes[j] == codes[row] and past.commits[j] < commit]
        self.past, self.row, self.moment = past, row, moment
        self.second = self.value(row, "second")
        self.entries = [
            j
            for j in seen[-spec.k :]
            if j < order and j != row and self.distance(j) <= spec.memory * DAY
        ]

    def value(self, row: int, column: str) -> int:
        return int(self.past.entries.values[row, VALUES.index(column)])

    def distance(self, row: int) -> int:
        return abs(self.value(row, "second") - self.second)

    def within(self, window: str) -> list[int]:
        reach = WINDOW_SECONDS.get(window, 10**12)
        return [j for j in self.entries if self.distance(j) <= reach]

    def distinct(self, column: str, window: str) -> int:
        return len({self.value(j, column) for j in self.within(window)} - {0})

    def same(self, column: str, window: str) -> int:
        own = self.value(self.row, column)
        return sum(own != 0 and self.value(j, column) == own for j in self.within(window))

    def flagged(self, flag: str, window: str) -> int:
        return sum(self.has(j, flag) for j in self.within(window))

    def impression(self, row: int) -> int:
        return int(self.past.entries.marks[row, MARKS.index("impression")])

    def has(self, row: int, flag: str) -> bool:
        ledger = self.past.entries
        own_status = flag in ("exposed", "grave", "official")
        if own_status and self.value(row, "identity") == self.value(self.row, "identity"):
            return False  # one's own status says nothing about one's company
        if flag == "disowned":
            turns = ledger.toggles[ledger.labels[row] : ledger.labels[row + 1]]
            return int((turns <= self.moment).sum()) % 2 == 1
        if flag in LATER_FLAGS:
            return int(ledger.marks[row, MARKS.index(flag)]) <= self.moment
        return bool((ledger.marks[row, MARKS.index("flags")] >> FLAGS.index(flag)) & 1)


@given(
    seed=st.integers(0, 2**32 - 1),
    late=st.booleans(),
    stage=st.sampled_from(("activation", "day_7")),
)
def test_every_kernel_says_what_a_loop_over_the_past_says(
    seed: int, late: bool, stage: str
) -> None:
    rng = np.random.default_rng(seed)
    past = Past.of(random_folder(rng, 500, late=late))
    past.entries.marks[:, MARKS.index("impression")] = rng.integers(0, 4, 500) * 40
    queries = past.queries(stage)
    context = past.context(stage, queries, past.rings({stage: queries})[stage])
    key = str(rng.choice(list(BY_NAME)))
    view = context.on(key)
    asked = np.flatnonzero(past.groups[key].codes[queries.rows] >= 0)
    for q in rng.choice(asked, 5) if len(asked) else ():
        row, moment = int(queries.rows[q]), int(queries.seconds[q])
        oracle = Oracle(past, key, row, moment, int(queries.orders[q]), int(queries.commits[q]))
        assert_view_agrees(view, int(q), oracle)


def assert_view_agrees(view: KeyView, q: int, oracle: Oracle) -> None:
    """All numbers of one query."""
    for window in ("hour", "day", "week", "memory"):
        assert view.count(window)[q] == len(oracle.within(window))
        for column in view.spec.distinct:
            assert view.distinct(column, window)[q] == oracle.distinct(column, window)
        for column in view.spec.same:
            assert view.same(column, window)[q] == oracle.same(column, window)
        for flag in FLAGS:
            assert view.flagged(flag, window)[q] == oracle.flagged(flag, window)
    distances = [oracle.distance(j) for j in oracle.entries]
    assert view.gap[q] == min(distances, default=view.spec.memory * DAY)
    assert view.reach[q] == max(distances, default=0)
    made = [level for j in oracle.entries if (level := oracle.impression(j))]
    if not made:
        assert np.isnan(
            [view.impression[q], view.worst_impression[q], view.bad_impressions[q]]
        ).all()
        return
    assert view.impression[q] == np.float32(np.mean(made))
    assert view.worst_impression[q] == max(made)
    assert view.bad_impressions[q] == np.float32(np.mean(np.array(made) >= BAD))


def open_lines_of(past: Past, row: int) -> set[int]:
    """Other lines of the row's identity that are open at its moment, told from the rows themselves."""
    oracle = Oracle(past, "identity", row, int(past.queries("activation").seconds[row]), row, 10**9)
    closed, result = MARKS.index("closed"), set()
    for j in oracle.entries:
        line = oracle.value(j, "line")
        if line == 0 or past.entries.marks[j, closed] <= oracle.moment:
            continue
        taken = [
            i
            for i in range(j + 1, row)
            if oracle.value(i, "line") == line
            and oracle.value(i, "identity") != oracle.value(j, "identity")
            and oracle.value(i, "second") < oracle.moment  # known from the next second on
        ]
        if not taken and line != oracle.value(row, "line"):
            result.add(line)
    return result


@given(seed=st.integers(0, 2**32 - 1))
def test_open_lines_are_those_not_unlinked_abandoned_or_put_in_another_name(seed: int) -> None:
    rng = np.random.default_rng(seed)
    past = Past.of(random_folder(rng, 300))
    queries = past.queries("activation")
    rings = past.rings({"activation": queries})["activation"]
    found = past.context("activation", queries, rings).on("identity").more[:, 0]
    for row in rng.integers(0, 300, 10):
        if past.groups["identity"].codes[row] >= 0:
            assert found[row] == len(open_lines_of(past, int(row)))


@given(seed=st.integers(0, 2**32 - 1))
def test_a_run_of_neighbouring_sims_is_counted_over_other_identities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    past = Past.of(random_folder(rng, 300))
    queries = past.queries("activation")
    rings = past.rings({"activation": queries})["activation"]
    more = past.context("activation", queries, rings).on("block").more
    offsets = past.registrations.block_offset
    for row in rng.integers(0, 300, 10):
        if past.groups["block"].codes[row] < 0 or offsets[row] < 0:
            continue
        oracle = Oracle(past, "block", int(row), 0, int(row), 10**9)
        own = oracle.value(int(row), "identity")
        others = [
            j for j in oracle.entries if offsets[j] >= 0 and oracle.value(j, "identity") != own
        ]
        near = [j for j in others if abs(int(offsets[j]) - int(offsets[row])) <= 5]
        assert more[row, 0] == len(near)
        assert more[row, 1] == len({oracle.value(j, "identity") for j in near})
        taken, run = {int(offsets[j]) for j in others}, 0
        for step in (-1, 1):
            at = int(offsets[row]) + step
            while at in taken:
                run, at = run + 1, at + step
        assert more[row, 3] == run
