"""Laws of rounded features: near what they were, in the same order, and whole numbers of people exact."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.signals.features import BITS, shorten

numbers = st.floats(-(2.0**99), 2.0**99, width=32, allow_subnormal=False)


def shortened(values: list[float]) -> np.ndarray:
    table = np.array([values], np.float32)
    shorten(table)
    return table[0]


@given(st.lists(numbers, min_size=1))
def test_values_stay_near_and_in_order(values: list[float]) -> None:
    values = sorted(values)
    short = shortened(values)

    np.testing.assert_allclose(short, np.array(values, np.float32), rtol=2.0**-BITS, atol=0)
    assert (np.diff(short) >= 0).all()


@given(st.lists(numbers))
def test_rounding_again_changes_nothing_and_half_of_each_is_zero(values: list[float]) -> None:
    short = shortened(values)

    assert shortened(short.tolist()).tobytes() == short.tobytes()
    assert not (short.view(np.uint32) & 0xFFFF).any()


def test_counts_are_exact_and_what_is_unknown_stays_so() -> None:
    counts = [float(n) for n in range(257)]

    assert shortened(counts).tolist() == counts
    assert np.isnan(shortened([np.nan, 257.0])).tolist() == [True, False]
    assert shortened([257.0]).tolist() == [258.0]


def test_part_of_a_table_is_rounded_in_its_place() -> None:
    table = np.full((2, 3), 86_400, np.float32)
    shorten(table[:, 1:])

    assert table.tolist() == [[86_400, 86_528, 86_528]] * 2
