"""Laws of the records in which histories are kept between events."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.context import Past
from detector.history import SPECS
from detector.laid import laid_out
from detector.live import own_values
from detector.model.impressions import prepared
from detector.records import (
    ENTRY,
    KNOWN_LATER,
    SIZE,
    TOKENS,
    bounded,
    changed,
    entries,
    fingerprints,
    impressed,
    inserted,
    lately,
)
from detector.registration import NEVER, Registrations
from detector.windows import MARKS, NOT_YET, VALUES
from tests.streams import random_folder

moments = st.lists(st.integers(0, 5), max_size=12)
seeds = st.integers(0, 2**32 - 1)
tokens = st.integers(-(2**63), 2**63 - 1)


def entry(at: int, sequence: int, identity: int = 1) -> bytes:
    made = np.zeros(1, ENTRY)
    made["at"], made["sequence"] = at, sequence
    made["tokens"][0, TOKENS.index("identity")] = list(identity.to_bytes(6, "little"))
    for name in (*KNOWN_LATER, "verdicts"):
        made[name] = NOT_YET
    return made.tobytes()


def record(times: list[int]) -> bytes:
    held = b""
    for number, at in enumerate(times, 1):
        held = inserted(held, entry(at, number))
    return held


def rows(held: bytes) -> list[tuple[int, int]]:
    found = np.frombuffer(held, ENTRY)
    return list(zip(found["at"].tolist(), found["sequence"].tolist(), strict=True))


@given(moments)
def test_entries_lie_in_time_order_and_those_of_one_moment_as_they_came(times: list[int]) -> None:
    assert rows(record(times)) == sorted((at, number) for number, at in enumerate(times, 1))


@given(moments, st.integers(1, 14))
def test_a_bounded_record_has_the_last_k(times: list[int], k: int) -> None:
    assert rows(bounded(record(times), k)) == rows(record(times))[-k:]


@given(moments, st.integers(0, 13), st.integers(1, 1_000))
def test_a_fact_touches_the_entry_of_its_registration_only(
    times: list[int], sequence: int, second: int
) -> None:
    before = record(times)

    after = changed(before, sequence, {"closed": second, "verdict": second, "spoke": 1})

    places = [i for i in range(len(times)) if before[i * SIZE :][:SIZE] != after[i * SIZE :][:SIZE]]
    assert len(after) == len(before)
    assert [rows(before)[i][1] for i in places] == [s for s in [sequence] if 0 < s <= len(times)]


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=6))
def test_of_a_fact_told_again_the_earliest_stays(seconds: list[int]) -> None:
    held = record([1])
    for second in seconds:
        held = changed(held, 1, {"reported": second})

    assert np.frombuffer(held, ENTRY)["reported"].tolist() == [min(seconds)]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=9, unique=True))
def test_a_verdict_stands_as_it_was_turned_last_however_often(times: list[int]) -> None:
    held = record([1])
    for second in sorted(times):
        held = changed(held, 1, {"verdict": second})

    turns = np.frombuffer(held, ENTRY)["verdicts"][0]
    kept = [int(turn) for turn in turns if turn != NOT_YET]
    assert len(kept) % 2 == len(times) % 2
    assert kept == sorted(kept)
    assert kept[0] == min(times)
    assert kept[-1] == max(times)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), max_size=12), st.integers(0, 9))
def test_a_newcomer_sees_the_last_entries_up_to_its_moment(
    held: list[tuple[int, int]], at: int
) -> None:
    made = b""
    for number, (then, who) in enumerate(held, 1):
        made = inserted(made, entry(then, number, who))

    found = lately(made, at, k=256, most=3)

    ordered = [pair for _, pair in sorted(enumerate(held), key=lambda one: (one[1][0], one[0]))]
    assert found == [pair for pair in ordered if pair[0] <= at][::-1][:3]


@given(st.lists(tokens, min_size=1, max_size=8))
def test_a_fingerprint_is_zero_only_where_there_is_no_token(made: list[int]) -> None:
    found = fingerprints(np.array(made, np.int64))

    assert [bool(f) for f in found] == [bool(token) for token in made]
    assert found.min() >= 0
    assert found.max() < 2**48


@given(seeds)
def test_unpacked_columns_say_what_the_ledger_of_a_folder_says(seed: int) -> None:
    folder = random_folder(np.random.default_rng(seed), 60)
    own, past = folder.registrations, prepared(folder)

    laid = laid_out([packed(own, past)], observed=by_carrier(own, past), base=1 << 60)

    assert laid.at.tolist() == own.at.tolist()
    assert laid.sequence.tolist() == own.sequence.tolist()
    for name in (*KNOWN_LATER, "flags", "offset", "silent"):
        column = MARKS.index(name)
        assert laid.entries.marks[:, column].tolist() == past.entries.marks[:, column].tolist(), (
            name
        )
    for name in VALUES:
        if name in {"second", "place", "state", "carrier"}:
            column = VALUES.index(name)
            assert (
                laid.entries.values[:, column].tolist() == past.entries.values[:, column].tolist()
            )
        elif name in TOKENS:
            assert_same_groups(laid.entries.values, past.entries.values, VALUES.index(name))


def assert_same_groups(mine: np.ndarray, codes: np.ndarray, column: int) -> None:
    """Two rows agree in one table where they agree in the other, and nothing is nothing in both."""
    pairs = set(zip(mine[:, column].tolist(), codes[:, column].tolist(), strict=True))
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    assert all((one == 0) == (other == 0) for one, other in pairs)


def packed(own: Registrations, past: Past) -> bytes:
    """All rows of a folder as one record, with the facts that became known of them."""
    columns = {name: getattr(own, name) for name in ("at", "sequence", "place", "carrier")}
    places = [VALUES.index(name) for name in TOKENS]
    marks = {name: past.entries.marks[:, MARKS.index(name)] for name in MARKS}
    held = b"".join(
        row.tobytes()
        for row in entries(
            columns
            | {
                "tokens": own_values(own)[:, places],
                "flags": marks["flags"],
                "offset": marks["offset"],
            },
            len(own),
        )
    )
    quiet = marks["silent"] != NOT_YET
    for i, number in enumerate(own.sequence.tolist()):
        facts = {n: int(marks[n][i]) for n in KNOWN_LATER if marks[n][i] != NOT_YET}
        held = changed(held, number, facts | ({} if quiet[i] else {"spoke": 1}))
    return held


def by_carrier(own: Registrations, past: Past) -> np.ndarray:
    observed = np.full(len(own.carriers), NEVER, np.int64)
    observed[own.carrier] = past.observed
    return observed


def test_every_key_that_is_compared_has_a_fingerprint() -> None:
    compared = {column for spec in SPECS for column in (*spec.distinct, *spec.same)}

    assert compared - set(TOKENS) <= {"carrier", "state", "place"}
    assert set(TOKENS) <= {field.name for field in fields(Registrations)}


@given(moments, st.dictionaries(st.integers(1, 14), st.integers(1, 255), max_size=4))
def test_an_impression_is_entered_where_its_registration_is_remembered(
    times: list[int], made: dict[int, int]
) -> None:
    held = record(times)

    found = np.frombuffer(impressed(held, made), ENTRY)

    assert found["impression"].tolist() == [made.get(s, 0) for s in found["sequence"].tolist()]
    plain = found.copy()
    plain["impression"] = 0
    assert plain.tobytes() == held
