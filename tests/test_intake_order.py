"""Registrations of a file together: repeats, time order and the order of commitment."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector import intake
from detector.intake import Intake
from tests.builders import pseudonymiser, registration, table

PSEUDONYMISER = pseudonymiser()
Row = dict[str, Any]
moments = st.integers(0, 5).map(lambda s: f"2026-03-01T12:00:0{s}Z")


def read(rows: list[Row]) -> Intake:
    return intake.read_registrations(table(rows), PSEUDONYMISER)


def folios(taken: Intake) -> list[str]:
    return taken.registrations.registration_id.to_pylist()


@given(
    st.lists(st.tuples(moments, st.sampled_from("ab"), st.integers(1, 99)), min_size=1, unique=True)
)
def test_rows_are_in_order_of_time_carrier_and_folio(parts: list[tuple[str, str, int]]) -> None:
    rows = [
        registration(registered_at=at, carrier_id=carrier, registration_id=f"{number}-{at[-2]}")
        for at, carrier, number in parts
    ]
    wanted = sorted((r["registered_at"], r["carrier_id"], r["registration_id"]) for r in rows)

    taken = read(rows)

    assert folios(taken) == [folio for _, _, folio in wanted]
    assert taken.registrations.sequence.tolist() == list(range(len(rows)))


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_in_the_file_means_nothing(shuffler: random.Random) -> None:
    rows = [registration(registered_at=f"2026-03-01T12:00:0{n % 3}Z") for n in range(9)]
    rows += [dict(rows[0]), rows[1] | {"plan": "postpaid"}]
    mixed = shuffler.sample(rows, len(rows))

    one, other = read(rows).registrations, read(mixed).registrations

    assert one.registration_id.equals(other.registration_id)
    assert np.array_equal(one.identity, other.identity)


def test_ties_in_time_go_by_sequence_where_it_is_given() -> None:
    first, second = registration(sequence=8), registration(sequence=3)

    taken = read([first, second])

    assert folios(taken) == [second["registration_id"], first["registration_id"]]
    assert taken.registrations.sequence.tolist() == [3, 8]


def test_a_late_row_keeps_its_place_in_time_and_its_sequence() -> None:
    late = registration(registered_at="2026-03-01T11:00:00Z", sequence=9)
    rows = [registration(sequence=n) for n in (4, 5)]

    assert read([*rows, late]).registrations.sequence.tolist() == [9, 4, 5]


def test_a_row_without_sequence_follows_the_one_before_it() -> None:
    given = [None, 5, None, 3]
    rows = [
        registration(registered_at=f"2026-03-01T12:00:0{n}Z", sequence=sequence)
        for n, sequence in enumerate(given)
    ]

    assert read(rows).registrations.sequence.tolist() == [0, 2, 3, 1]


def test_an_exact_repeat_collapses() -> None:
    row = registration()

    taken = read([row, registration(), dict(row)])

    assert len(taken.registrations) == 2
    assert taken.rejections == ()


@pytest.mark.parametrize("field", ["plan", "msisdn", "liveness_score", "sequence", "device_id"])
def test_repeats_that_differ_are_all_rejected(field: str) -> None:
    other = {"plan": "postpaid", "msisdn": "+525500000000", "liveness_score": None, "sequence": "4"}
    row = registration()

    taken = read([row, registration(), row | {field: other.get(field)}, dict(row)])

    assert len(taken.registrations) == 1
    assert [(r.row, r.field) for r in taken.rejections] == [
        (n, "registration_id") for n in (1, 3, 4)
    ]


def test_a_repeat_that_is_malformed_takes_the_other_with_it() -> None:
    row = registration()

    taken = read([row, row | {"plan": "free"}, registration()])

    assert len(taken.registrations) == 1
    assert [(r.row, r.field) for r in taken.rejections] == [(1, "registration_id"), (2, "plan")]


def test_the_same_folio_at_another_carrier_is_no_repeat() -> None:
    row = registration()

    taken = read([row, row | {"carrier_id": "beta"}])

    assert len(taken.registrations) == 2
    assert taken.registrations.carriers == ("alfa", "beta")


def test_carriers_of_rejected_rows_are_not_known() -> None:
    taken = read([registration(), registration(carrier_id="beta", plan="free")])

    assert taken.registrations.carriers == ("alfa",)
