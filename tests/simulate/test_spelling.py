import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from detector.simulate.spelling import (
    column,
    constant,
    digits,
    hexadecimal,
    luhn_digit,
    scrambled,
    side_by_side,
    words,
)

numbers = st.lists(st.integers(0, 10**9 - 1), min_size=1, max_size=30)


@given(numbers)
def test_digits_are_the_number_zero_padded(values: list[int]) -> None:
    assert column(digits(np.array(values), 9)).to_pylist() == [f"{value:09d}" for value in values]


@given(numbers)
def test_hexadecimal_is_the_number_zero_padded(values: list[int]) -> None:
    assert column(hexadecimal(np.array(values), 8)).to_pylist() == [f"{v:08x}" for v in values]


@given(numbers)
def test_the_luhn_digit_is_the_one_that_stdnum_accepts(values: list[int]) -> None:
    body = digits(np.array(values), 9)

    assert all(
        luhn.is_valid(text) for text in column(side_by_side(body, luhn_digit(body))).to_pylist()
    )


@given(st.integers(2, 16), st.integers(0, 2**20))
def test_scrambling_is_a_permutation(bits: int, salt: int) -> None:
    everything = np.arange(1 << bits)

    assert sorted(scrambled(everything, bits=bits, salt=salt)) == everything.tolist()


def test_missing_values_and_short_ones_keep_their_place() -> None:
    letters = constant("abc", 3)
    present = np.array([True, False, True])

    assert column(letters, lengths=np.array([1, 2, 3]), present=present).to_pylist() == [
        "a",
        None,
        "abc",
    ]


def test_a_negative_code_is_a_missing_word() -> None:
    assert words(np.array([1, -1, 0]), ("no", "yes")).to_pylist() == ["yes", None, "no"]
