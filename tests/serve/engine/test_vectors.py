"""Laws of vectors as they are kept: the same bits again, also from stores of before."""

from __future__ import annotations

import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from serve.vectors import packed, unpacked

VECTOR = np.array([0, 1, 7, 0.25, np.nan, 34_560_000, -0.0], np.float32)
WHOLE = "0143b041e1d36007d603d6cfd00000"  # of 2026-11-30
ROUNDED = np.array([0, 1, 7, 0.25, np.nan, 34_603_008, -0.0], np.float32)
SHORT = "0203d9f5c0a10198be597c181a00"  # of 2026-11-30


@given(st.lists(st.integers(0, 2**32 - 1), max_size=40))
def test_every_number_is_the_same_again_bit_for_bit(bits: list[int]) -> None:
    vector = np.array(bits, np.uint32).view(np.float32)

    assert unpacked(packed(vector)).tobytes() == vector.tobytes()


def test_what_was_kept_is_read() -> None:
    for text in (bytes.fromhex(WHOLE), zlib.compress(VECTOR.tobytes(), 6)):
        assert unpacked(text).tobytes() == VECTOR.tobytes()
    assert unpacked(bytes.fromhex(SHORT)).tobytes() == ROUNDED.tobytes()


@given(st.lists(st.integers(0, 2**16 - 1), max_size=40))
def test_a_vector_of_short_numbers_is_the_same_again(halves: list[int]) -> None:
    vector = (np.array(halves, np.uint32) << 16).view(np.float32)

    assert unpacked(packed(vector)).tobytes() == vector.tobytes()
    assert packed(vector)[0] == packed(ROUNDED)[0]


def test_a_newcomer_s_vector_is_short() -> None:
    newcomer = np.array([0] * 60 + [np.nan] * 80 + [0] * 40, np.float32)

    assert len(packed(newcomer)) < 20
    assert len(packed(newcomer)) < len(zlib.compress(newcomer.tobytes(), 6))
