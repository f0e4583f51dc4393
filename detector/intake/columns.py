"""From the cells of a column, however they were written, to numbers: codes, moments, days, amounts.

Columns of a file are Arrow's. Texts that arrive a few rows at a time are spans from the start, and are read one
by one: for a handful of values a call into Arrow costs more than the values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from detector import dates, spans
from detector.intake.schema import is_text
from detector.registration import MISSING, Bool, Int8
from detector.spans import Spans

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_NUMBER = re.compile(NUMBER.encode())
LONGEST_TEXT = 256  # bytes of a free text that is a key
Column: TypeAlias = "pa.Array | Spans"


@dataclass(frozen=True, slots=True)
class Cells:
    """What a column says: values, where there is a cell, and where it makes sense."""

    values: NDArray[Any]
    present: Bool
    fine: Bool

    @property
    def malformed(self) -> Bool:
        """Cells that hold something else."""
        return self.present & ~self.fine

    def where_fine(self, otherwise: float) -> NDArray[Any]:
        """The values, and `otherwise` where there is none."""
        return np.where(self.fine, self.values, np.asarray(otherwise, self.values.dtype))


def texts(column: Column) -> Spans:
    """Trimmed text; whole numbers as their digits."""
    if isinstance(column, Spans):
        return column
    if is_text(column.type):
        return spans.from_arrow(column)
    if pt.is_null(column.type):
        return spans.absent(len(column))
    return spans.from_arrow(column.cast(pa.string()))


def codes(column: Column, words: Sequence[str]) -> Cells:
    """Positions among `words`, MISSING for anything else. Case is no difference."""
    if isinstance(column, Spans):
        return _few_codes(column, tuple(words))
    if not is_text(column.type):
        column = texts(column).arrow()
    plain = column.cast(pa.large_binary())
    found = pc.index_in(plain, value_set=_encoded(tuple(words))).fill_null(MISSING)
    values: Int8 = found.to_numpy(zero_copy_only=False).astype(np.int8)
    present = np.asarray(plain.is_valid())
    odd = np.flatnonzero(present & (values == MISSING))
    if len(odd):
        values, present = values.copy(), present.copy()
        folded = [(cell or b"").strip().lower() for cell in plain.take(pa.array(odd)).to_pylist()]
        position = _positions(tuple(words))
        values[odd] = [position.get(cell, MISSING) for cell in folded]
        present[odd] = [bool(cell) for cell in folded]
    return Cells(values, present, values != MISSING)


def _few_codes(text: Spans, words: tuple[str, ...]) -> Cells:
    present = text.present
    values = np.full(len(text), MISSING, np.int8)
    if present.any():
        position = _positions(words)
        values[:] = [position.get(cell.lower(), MISSING) for cell in text.values()]
    return Cells(values, present, values != MISSING)


@cache
def _positions(words: tuple[str, ...]) -> Mapping[bytes, int]:
    return {word.encode(): code for code, word in enumerate(words)}


@cache
def _encoded(words: tuple[str, ...]) -> pa.Array:
    return pa.array([word.encode() for word in words], pa.large_binary())


def moments(column: Column) -> Cells:
    """Microseconds since 1970 UTC. A timestamp column without a zone is UTC; a text needs an offset."""
    if not isinstance(column, Spans) and pt.is_timestamp(column.type):
        return _typed(column.cast(pa.timestamp("us", column.type.tz), safe=False), pa.int64())
    text = texts(column)
    values, fine = dates.moments(text.data, text.starts, text.lengths)
    return Cells(values, text.present, fine)


def days(column: Column) -> Cells:
    """Days since 1970, of a date, of a timestamp or of `YYYY-MM-DD` text."""
    if not isinstance(column, Spans) and (pt.is_timestamp(column.type) or pt.is_date(column.type)):
        return _typed(column.cast(pa.date32(), safe=False), pa.int32())
    text = texts(column)
    values, fine = dates.dates(text.data, text.starts, text.lengths)
    return Cells(values.astype(np.int32), text.present, fine)


def moments_or_days(column: Column) -> Cells:
    """Microseconds since 1970 UTC of moments, and of dates the moment when the day begins."""
    if not isinstance(column, Spans) and pt.is_date(column.type):
        column = column.cast(pa.timestamp("us"))
    moment = moments(column)
    if not moment.malformed.any():  # nor is any of a column of timestamps
        return moment
    day = days(column)
    values = np.where(moment.fine, moment.values, day.values.astype(np.int64) * dates.DAY)
    return Cells(values, moment.present, moment.fine | day.fine)


def numbers(column: Column) -> Cells:
    """Finite decimal numbers."""
    if isinstance(column, Spans):
        return _few_numbers(column)
    if pt.is_null(column.type):
        nothing = np.zeros(len(column), np.bool_)
        return Cells(np.zeros(len(column)), nothing, nothing)
    if not is_text(column.type):
        numeric = column.cast(pa.float64(), safe=False)
        values = numeric.fill_null(0).to_numpy(zero_copy_only=False)
        present = np.asarray(numeric.is_valid()) & ~np.isnan(values)
        return Cells(values, present, present & np.isfinite(values))
    text = texts(column)
    if not text.present.any():
        return Cells(np.zeros(len(text)), text.present, text.present)
    held = text.arrow()
    spelt = pc.match_substring_regex(held, NUMBER)
    parsed = pc.if_else(spelt, held, pa.scalar(None, held.type)).cast(pa.float64())
    values = parsed.fill_null(0).to_numpy(zero_copy_only=False)
    fine = np.asarray(spelt.fill_null(False)) & np.isfinite(values)
    return Cells(values, text.present, fine)


def _few_numbers(text: Spans) -> Cells:
    present = text.present
    if not present.any():
        return Cells(np.zeros(len(text)), present, present)
    values = np.array([float(v) if _NUMBER.fullmatch(v) else np.nan for v in text.values()])
    fine = np.isfinite(values)
    return Cells(np.where(fine, values, 0), present, fine)


def whole_numbers(column: Column, lowest: int, highest: int) -> Cells:
    """Integers in a range, `highest` included."""
    cells = numbers(column)
    if not cells.present.any():
        return Cells(np.zeros(len(cells.fine), np.int64), cells.present, cells.fine)
    fine = cells.fine & (cells.values >= lowest) & (cells.values <= highest)
    fine &= cells.values == np.floor(cells.values)
    return Cells(np.where(fine, cells.values, 0).astype(np.int64), cells.present, fine)


def _typed(column: pa.Array, type_: pa.DataType) -> Cells:
    values = column.cast(type_).fill_null(0).to_numpy(zero_copy_only=False)
    present = np.asarray(column.is_valid())
    return Cells(values, present, present)
