"""Cells read one by one, as a few that arrive are, say what a whole column of Arrow's says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from detector import spans
from detector.intake import columns
from detector.registration import CHANNELS

BLANKS = st.sampled_from([b"", b" ", b"\t", b" \n"])
SPELT = st.one_of(
    st.sampled_from(
        [b"09015", b"3", b"1e3", b"1e", b"-.5", b"+2.", b"nan", b"inf", b"0x1", b"1_0"]
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda n: repr(n).encode()),
    st.integers(-(10**12), 10**12).map(lambda n: str(n).encode()),
    st.text(max_size=8).map(lambda text: text.encode()),
)
WORDS = st.sampled_from([word.encode() for word in CHANNELS] + [b"WEB", b"Dealer", b"other", b""])


def cells(values: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes | None]]:
    """A few cells, some missing, some between blanks."""
    padded = st.tuples(BLANKS, values, BLANKS).map(b"".join)
    return st.lists(st.none() | padded, max_size=6)


def whole(held: list[bytes | None]) -> pa.Array:
    return pa.array(held, pa.large_binary())


def same(few: columns.Cells, many: columns.Cells) -> None:
    assert few.present.tolist() == many.present.tolist()
    assert few.fine.tolist() == many.fine.tolist()
    np.testing.assert_array_equal(few.values[few.fine], many.values[many.fine])


@given(cells(SPELT))
def test_texts(held: list[bytes | None]) -> None:
    few, many = spans.from_cells(held), columns.texts(whole(held))

    assert few.lengths.tolist() == many.lengths.tolist()
    assert few.values() == [many.value(row) for row in range(len(held))]


@given(cells(WORDS))
def test_codes(held: list[bytes | None]) -> None:
    same(columns.codes(spans.from_cells(held), CHANNELS), columns.codes(whole(held), CHANNELS))


@given(cells(SPELT))
def test_numbers(held: list[bytes | None]) -> None:
    same(columns.numbers(spans.from_cells(held)), columns.numbers(whole(held)))


@given(st.lists(st.tuples(st.none() | SPELT, st.none() | WORDS), max_size=6))
def test_columns_together(held: list[tuple[bytes | None, bytes | None]]) -> None:
    each = [[row[i] for row in held] for i in (0, 1)]

    together = spans.from_columns(each)

    assert [one.values() for one in together] == [spans.from_cells(one).values() for one in each]
    assert [one.lengths.tolist() for one in together] == [
        spans.from_cells(one).lengths.tolist() for one in each
    ]


@given(cells(WORDS))
def test_distinct_values(held: list[bytes | None]) -> None:
    few = spans.from_cells(held)
    many = spans.from_cells([*held, *[None] * spans.FEW])

    names, codes = few.coded()

    assert many.coded()[0] == names
    assert many.coded()[1].tolist() == codes.tolist() + [-1] * spans.FEW
