"""The rows of all batches, in one array per column.

Batches are short-lived on purpose: a million small arrays that live until the end leave holes in the
heap that the system never gets back (measured: twice the memory at six million rows).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.intake.registrations import Part
from detector.registration import Int16, Int64, Rejection


class Gathering:
    """Grows by whole batches. `expected` rows have room from the start; memory is taken as it fills."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._columns: dict[str, NDArray[Any]] = {}
        self._carriers: dict[str, int] = {}
        self._ids: list[pa.Array] = []
        self._lost: list[Int64] = []
        self._size = 0
        self.rejections: list[Rejection] = []

    def __len__(self) -> int:
        return self._size

    def add(self, part: Part) -> None:
        """Takes over the rows of a batch."""
        codes = [self._carriers.setdefault(name, len(self._carriers)) for name in part.carriers]
        held = part.columns | {"folio": part.folio, "number": part.rows}
        held["carrier"] = np.array(codes or [0], np.int16)[held["carrier"]]
        for name, column in held.items():
            self._append(name, column)
        self._size += len(part.folio)
        self._ids.append(part.registration_id)
        self._lost.append(part.rejected_folios)
        self.rejections += part.rejections

    def _append(self, name: str, column: NDArray[Any]) -> None:
        end = self._size + len(column)
        room = self._columns.get(name)
        if room is None or len(room) < end:
            wider = np.empty(max(end, self._expected, 2 * self._size), column.dtype)
            if room is not None:
                wider[: self._size] = room[: self._size]
            self._columns[name] = room = wider
        room[self._size : end] = column

    def column(self, name: str) -> NDArray[Any]:
        """All rows of a column, in file order."""
        return self._columns[name][: self._size]

    def names(self) -> tuple[str, ...]:
        """The columns that are still here."""
        return tuple(self._columns)

    def pop(self, name: str) -> NDArray[Any]:
        """A column that nobody needs here any more."""
        return self._columns.pop(name)[: self._size]

    def carriers(self) -> tuple[tuple[str, ...], Int16]:
        """Carriers by name, and which of them each row is of."""
        names = tuple(sorted(self._carriers))
        position = np.zeros(max(1, len(names)), np.int16)
        for rank, name in enumerate(names):
            position[self._carriers[name]] = rank
        return names, position[self.column("carrier")]

    def registration_ids(self) -> pa.Array:
        """All ids, in file order."""
        return pa.chunked_array(self._ids, pa.large_string()).combine_chunks()

    def rejected_folios(self) -> Int64:
        """Folios of rows that were rejected."""
        return np.concatenate(self._lost)
