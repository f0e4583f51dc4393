"""Rows that were not taken, and facts noted about rows that were: where, which field, why."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

from detector.errors import BadInput
from detector.intake.columns import Cells
from detector.registration import NOTES, Bool, Int64, Rejection, UInt32
from detector.spans import Spans

MISSING = "missing, and required"
SHAPE = "not of the contract's shape"


class RowRejected(BadInput):
    """The one row that was offered breaks the contract; `rejection` says which field and why."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(f"{rejection.field}: {rejection.reason}")
        self.rejection = rejection


class Faults:
    """The first fault of each row of a batch."""

    def __init__(self, size: int) -> None:
        self._codes = np.zeros(size, np.int16)
        self._words: list[tuple[str, str]] = [("", "")]

    def reject(self, wrong: Bool, field: str, reason: str) -> None:
        """Marks rows, where they have no fault yet."""
        if wrong.any():
            self._words.append((field, reason))
            self._codes[wrong & (self._codes == 0)] = len(self._words) - 1

    def require(self, cells: Cells | Spans, field: str, reason: str = SHAPE) -> None:
        """Marks rows where a required cell is missing or makes no sense."""
        self.reject(~cells.present, field, MISSING)
        if isinstance(cells, Cells):
            self.reject(cells.malformed, field, reason)

    @property
    def fine(self) -> Bool:
        """Rows without a fault."""
        fine: Bool = self._codes == 0
        return fine

    def rejections(self, table: str, rows: Int64) -> list[Rejection]:
        """One per faulty row; `rows` are the numbers of the batch's rows in the file."""
        wrong = np.flatnonzero(self._codes)
        return [
            Rejection(table, row, *self._words[code])
            for row, code in zip(rows[wrong].tolist(), self._codes[wrong].tolist(), strict=True)
        ]


class Notes:
    """Bits of NOTES per row of a batch."""

    def __init__(self, size: int) -> None:
        self.bits: UInt32 = np.zeros(size, np.uint32)

    def note(self, rows: Bool, name: str) -> None:
        """Notes a fact about these rows."""
        self.bits[rows] |= np.uint32(1 << NOTES.index(name))

    def malformed(self, rows: Bool) -> None:
        """Notes that an optional value was not of its shape."""
        self.note(rows, "malformed_optional")


def write_rejections(
    rejections: Iterable[Rejection], beside: Path, data: Path | None = None
) -> tuple[Path, ...]:
    """Writes `<table>.rejected.<ext>` beside an output, per table that lost rows; the files written.

    The extension is that of the table's own file in the folder `data`, else that of `beside`.
    """
    by_table: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        by_table.setdefault(rejection.table, []).append(rejection)
    written = []
    for table, rows in by_table.items():
        path = beside.parent / f"{table}.rejected{_ending(table, beside, data)}"
        _write(
            pa.table({n: [getattr(r, n) for r in rows] for n in ("row", "field", "reason")}), path
        )
        written.append(path)
    return tuple(written)


def _ending(table: str, beside: Path, data: Path | None) -> str:
    if data is not None:
        return ".csv" if (data / f"{table}.csv").exists() else ".parquet"
    return ".csv" if beside.suffix == ".csv" else ".parquet"


def _write(table: pa.Table, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial")
    (pv.write_csv if path.suffix == ".csv" else pq.write_table)(table, partial)
    partial.replace(path)
