"""Text columns made from matrices of ASCII codes, so that ten million identifiers take seconds.

A *matrix* is an array of `uint8` with one row per value; parts are joined side by side and become
an Arrow string column without passing through Python strings.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Matrix = NDArray[np.uint8]

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def digits(values: NDArray[np.integer], width: int) -> Matrix:
    """Decimal digits of non-negative integers, zero-padded on the left, one row each."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return ((values.astype(np.int64)[:, None] // powers) % 10 + 48).astype(np.uint8)


def hexadecimal(values: NDArray[np.integer], width: int) -> Matrix:
    """Lower-case hexadecimal digits of non-negative integers, zero-padded, one row each."""
    shifts = 4 * np.arange(width - 1, -1, -1, dtype=np.int64)
    letters: Matrix = _HEX[(values.astype(np.int64)[:, None] >> shifts) & 15]
    return letters


def constant(text: str, rows: int) -> Matrix:
    """The same text in every row."""
    return np.tile(np.frombuffer(text.encode(), np.uint8), (rows, 1))


def side_by_side(*parts: Matrix) -> Matrix:
    """Parts joined left to right."""
    return np.concatenate(parts, axis=1)


def words(codes: NDArray[np.integer], vocabulary: Sequence[str]) -> pa.Array:
    """The named word per code; a negative code is a missing value."""
    index = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(
        index, pa.array(vocabulary, pa.string())
    ).dictionary_decode()


def column(
    matrix: Matrix,
    *,
    lengths: NDArray[np.integer] | None = None,
    present: NDArray[np.bool_] | None = None,
) -> pa.Array:
    """An Arrow string column of the rows' first `lengths` letters (all, by default)."""
    rows, width = matrix.shape
    if lengths is None and present is None:
        offsets = np.arange(rows + 1, dtype=np.int32) * width
        return _strings(rows, offsets, np.ascontiguousarray(matrix).ravel(), present=None)
    sizes = np.full(rows, width, np.int32) if lengths is None else lengths.astype(np.int32)
    if present is not None:
        sizes = np.where(present, sizes, 0).astype(np.int32)
    offsets = np.zeros(rows + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    letters = matrix[np.arange(width) < sizes[:, None]]
    return _strings(rows, offsets, letters, present=present)


def _strings(
    rows: int, offsets: NDArray[np.int32], letters: Matrix, *, present: NDArray[np.bool_] | None
) -> pa.Array:
    validity = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
    buffers = [validity, pa.py_buffer(offsets), pa.py_buffer(letters)]
    return pa.Array.from_buffers(pa.string(), rows, buffers)


def luhn_digit(body: Matrix) -> Matrix:
    """The Luhn check digit of each row of decimal digits, as a one-column matrix."""
    values = body.astype(np.int16) - 48
    values[:, ::-1][:, ::2] *= 2
    values -= np.where(values > 9, 9, 0).astype(np.int16)
    check: Matrix = ((10 - values.sum(axis=1) % 10) % 10 + 48).astype(np.uint8)
    return check[:, None]


def scrambled(values: NDArray[np.integer], *, bits: int, salt: int) -> NDArray[np.int64]:
    """A permutation of the integers below 2**bits: numbers in order come out looking random."""
    mask = np.uint64((1 << bits) - 1)
    mixed = (values.astype(np.uint64) + np.uint64(salt)) & mask
    for factor in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        mixed = (mixed * np.uint64(factor)) & mask
        mixed ^= mixed >> np.uint64(bits // 2)
    return mixed.astype(np.int64)
