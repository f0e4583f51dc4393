"""Columns of text as bytes and where each value lies in them: what the compiled checks work on.

A prefix of a value is the same bytes with a smaller length, so the structure that signals need
(the root of an identity, the block of a SIM) costs no copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.compiled import njit
from detector.registration import Bool, Int32, Int64

Bytes = NDArray[np.uint8]
ABSENT = -1  # the length of a missing value
FEW = 256  # values for which a call into Arrow costs more than the values


@dataclass(frozen=True, slots=True)
class Spans:
    """Values as `data[starts[i] : starts[i] + lengths[i]]`; a length of ABSENT is a missing value."""

    data: Bytes
    starts: Int64
    lengths: Int32

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def present(self) -> Bool:
        """Which values are there."""
        return self.lengths >= 0

    def prefix(self, lengths: Int32) -> Spans:
        """The first `lengths` bytes of each value, missing where a length is ABSENT."""
        return replace(self, lengths=lengths)

    def where(self, kept: Bool) -> Spans:
        """The same values, missing where `kept` does not hold."""
        return replace(self, lengths=np.where(kept, self.lengths, np.int32(ABSENT)))

    def take(self, rows: NDArray[np.integer[Any]]) -> Spans:
        """The values at these positions, over the same bytes."""
        return Spans(self.data, self.starts[rows], self.lengths[rows])

    def value(self, row: int) -> bytes:
        """One value, empty where it is missing."""
        start, length = int(self.starts[row]), max(0, int(self.lengths[row]))
        return self.data[start : start + length].tobytes()

    def values(self) -> list[bytes]:
        """All values, empty where one is missing: for a few rows."""
        held, starts, lengths = self.data.tobytes(), self.starts.tolist(), self.lengths.tolist()
        return [held[low : low + max(0, n)] for low, n in zip(starts, lengths, strict=True)]

    def arrow(self) -> pa.Array:
        """The values as Arrow text; whoever asks knows that they are UTF-8."""
        offsets, data = _gathered(self.data, self.starts, self.lengths)
        mask = pa.array(self.present).buffers()[1]
        buffers = [mask, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.large_string(), len(self), buffers)

    def coded(self) -> tuple[list[str], Int32]:
        """The distinct values and which of them each row has, -1 where it has none."""
        if len(self) <= FEW:
            return self._few_coded()
        coded = self.arrow().cast(pa.large_binary()).dictionary_encode()
        names = [name.decode(errors="replace") for name in coded.dictionary.to_pylist()]
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return names, codes.astype(np.int32)

    def _few_coded(self) -> tuple[list[str], Int32]:
        places: dict[bytes, int] = {}
        codes = [
            places.setdefault(value, len(places)) if there else -1
            for value, there in zip(self.values(), self.present.tolist(), strict=True)
        ]
        return [name.decode(errors="replace") for name in places], np.array(codes, np.int32)


def from_matrix(matrix: Bytes, lengths: Int32) -> Spans:
    """One value per row of a matrix of bytes, the first `lengths` of each row."""
    starts = np.arange(len(matrix), dtype=np.int64) * matrix.shape[1]
    return Spans(_read_only(matrix.reshape(-1)), starts, lengths)


def from_arrow(array: pa.Array) -> Spans:
    """The trimmed values of a text or binary array; what holds only blanks is missing."""
    wide = array if pa.types.is_large_binary(array.type) else array.cast(pa.large_binary())
    _, offsets, data = wide.buffers()
    count = len(wide)
    if count == 0:
        return absent(0)
    bounds = np.frombuffer(offsets, np.int64, count + 1, wide.offset * 8)
    held = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    valid = np.asarray(wide.is_valid())
    starts, lengths = _trimmed(_read_only(held), bounds, valid)
    return Spans(_read_only(held), starts, lengths)


def from_cells(cells: Sequence[bytes | None]) -> Spans:
    """The trimmed values of a few cells, as `from_arrow` has those of many."""
    return from_columns([cells])[0]


def from_columns(columns: Sequence[Sequence[bytes | None]]) -> list[Spans]:
    """The same of several columns of one length, whose values then lie in the same bytes."""
    cells = [cell for column in columns for cell in column]
    held = [cell or b"" for cell in cells]
    bounds = np.zeros(len(cells) + 1, np.int64)
    np.cumsum([len(cell) for cell in held], out=bounds[1:])
    valid = np.array([cell is not None for cell in cells], np.bool_)
    data = _read_only(np.frombuffer(b"".join(held), np.uint8))
    starts, lengths = _trimmed(data, _read_only(bounds), valid)
    ends = np.cumsum([len(column) for column in columns]).tolist()
    return [
        Spans(data, starts[low:high], lengths[low:high])
        for low, high in zip([0, *ends], ends, strict=False)
    ]


def absent(count: int) -> Spans:
    """A column in which every value is missing."""
    nothing = _read_only(np.zeros(0, np.uint8))
    return Spans(nothing, np.zeros(count, np.int64), np.full(count, ABSENT, np.int32))


def joined(left: Spans, right: Spans) -> Spans:
    """`left|right` per row; missing where either is."""
    offsets, data, lengths = _joined(
        left.data, left.starts, left.lengths, right.data, right.starts, right.lengths
    )
    return Spans(_read_only(data), offsets[:-1], lengths)


def merged(first: Spans, second: Spans) -> Spans:
    """Each row's value of `first`, and of `second` where that is present."""
    data = _read_only(np.concatenate([first.data, second.data]))
    starts = np.where(second.present, second.starts + len(first.data), first.starts)
    return Spans(data, starts, np.where(second.present, second.lengths, first.lengths))


def _read_only(data: NDArray[Any]) -> NDArray[Any]:
    """Numba compiles a kernel anew for a writable array: one kind of array, one compilation."""
    view = data.view()
    view.flags.writeable = False
    return view


@njit(nogil=True, cache=True)
def _trimmed(data: Bytes, bounds: Int64, valid: Bool) -> tuple[Int64, Int32]:
    count = len(valid)
    starts = np.zeros(count, np.int64)
    lengths = np.full(count, -1, np.int32)
    for i in range(count):
        low, high = bounds[i], bounds[i + 1]
        if not valid[i]:
            continue
        while low < high and is_blank(data[low]):
            low += 1
        while high > low and is_blank(data[high - 1]):
            high -= 1
        if high > low:
            starts[i], lengths[i] = low, high - low
    return starts, lengths


@njit(nogil=True, cache=True)
def is_blank(byte: int) -> bool:
    """Whether a byte is ASCII white space."""
    return byte == 32 or 9 <= byte <= 13


@njit(nogil=True, cache=True)
def _gathered(data: Bytes, starts: Int64, lengths: Int32) -> tuple[Int64, Bytes]:
    count = len(starts)
    offsets = np.zeros(count + 1, np.int64)
    for i in range(count):
        offsets[i + 1] = offsets[i] + max(0, lengths[i])
    out = np.empty(offsets[count], np.uint8)
    for i in range(count):
        for j in range(lengths[i]):
            out[offsets[i] + j] = data[starts[i] + j]
    return offsets, out


@njit(nogil=True, cache=True)
def _joined(
    a: Bytes, a_starts: Int64, a_lengths: Int32, b: Bytes, b_starts: Int64, b_lengths: Int32
) -> tuple[Int64, Bytes, Int32]:
    count = len(a_starts)
    offsets = np.zeros(count + 1, np.int64)
    lengths = np.full(count, -1, np.int32)
    for i in range(count):
        if a_lengths[i] >= 0 and b_lengths[i] >= 0:
            lengths[i] = a_lengths[i] + 1 + b_lengths[i]
        offsets[i + 1] = offsets[i] + max(0, lengths[i])
    out = np.empty(offsets[count], np.uint8)
    for i in range(count):
        if lengths[i] < 0:
            continue
        at = offsets[i]
        for j in range(a_lengths[i]):
            out[at + j] = a[a_starts[i] + j]
        at += a_lengths[i]
        out[at] = 124  # the bar, which no carrier's name holds
        for j in range(b_lengths[i]):
            out[at + 1 + j] = b[b_starts[i] + j]
    return offsets, out, lengths
