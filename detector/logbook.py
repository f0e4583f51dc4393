"""Registrations as the event log keeps them: one packed row each, tokens only, with what was fixed then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.exposure import Exposure
from detector.flags import row_flags
from detector.registration import KEYS, NO_DATE, Registrations

Array = NDArray[Any]
LONGEST_ID = 64
_TYPES = {
    "at": "<i8",
    "sequence": "<i8",
    "carrier": "<i2",
    "operation": "i1",
    "channel": "i1",
    "plan": "i1",
    "identity_type": "i1",
    "document_type": "i1",
    "validation_result": "i1",
    "validation_attempts": "i1",
    "liveness": "<f4",
    "block_offset": "<i2",
    "last_two": "i1",
    "place": "<i4",
    "line_first_seen": "<i4",
    "rfc_since": "<i4",
    "notes": "<u4",
    **dict.fromkeys(KEYS, "<i8"),
}
_FIXED = {"flags": "u1", "impression": "u1"}
_EXPOSED = {"grade": "i1", "incidents": "<i2", "tier": "i1"}
ROW = np.dtype([*_TYPES.items(), *_FIXED.items(), *_EXPOSED.items()])
_BEGINNING = Struct("<qq")  # moment and sequence number


def filed(own: Registrations, exposed: Exposure, flags: Array, impressions: Array) -> list[bytes]:
    """Each row as the log keeps it, with its carrier's own id at the end."""
    rows = np.zeros(len(own), ROW)
    for name in _TYPES:
        rows[name] = getattr(own, name)
    for name in _EXPOSED:
        rows[name] = getattr(exposed, name)
    rows["flags"], rows["impression"] = flags, impressions
    ids = own.registration_id.to_pylist()
    return [rows[i].tobytes() + ids[i].encode() for i in range(len(own))]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of the log as tables."""

    registrations: Registrations
    exposure: Exposure
    flags: Array
    impressions: Array


def read(kept: Sequence[bytes], carriers: tuple[str, ...]) -> Page:
    """Rows of the log, in the order given."""
    rows = np.frombuffer(b"".join(row[: ROW.itemsize] for row in kept), ROW)
    ids = [row[ROW.itemsize :].decode() for row in kept]
    columns: dict[str, Array] = {name: np.ascontiguousarray(rows[name]) for name in _TYPES}
    own = Registrations(
        registration_id=pa.array(ids, pa.large_string()), carriers=carriers, **columns
    )
    exposed = Exposure(*(np.ascontiguousarray(rows[name]) for name in _EXPOSED))
    return Page(own, exposed, *(np.ascontiguousarray(rows[name]) for name in _FIXED))


def anonymous(page: Page) -> tuple[list[bytes], NDArray[np.int32]]:
    """Rows of which nothing is left but when, at which carrier and what was done; and their flags."""
    own, n = page.registrations, len(page.registrations)
    nobody = np.zeros(n, np.bool_)
    blank = replace(
        own,
        registration_id=pa.array([""] * n, pa.large_string()),
        block_offset=np.full(n, -1, np.int16),
        last_two=np.full(n, -1, np.int8),
        place=np.zeros(n, np.int32),
        line_first_seen=np.full(n, NO_DATE, np.int32),
        rfc_since=np.full(n, NO_DATE, np.int32),
        notes=np.zeros(n, np.uint32),
    )
    blank = replace(blank, **_nobodys(n))
    exposed = Exposure(np.zeros(n, np.int8), np.zeros(n, np.int16), np.zeros(n, np.int8))
    flags = row_flags(blank, exposed, repeated=nobody, shared=nobody)
    return filed(blank, exposed, flags, np.zeros(n, np.uint8)), flags


def _nobodys(n: int) -> dict[str, Any]:
    return {key: np.zeros(n, np.int64) for key in KEYS}


def registration_id(row: bytes) -> str:
    """The carrier's own id of a row of the log."""
    return row[ROW.itemsize :].decode()


def sequence(row: bytes) -> int:
    """The sequence number of a row of the log."""
    return int(_BEGINNING.unpack_from(row)[1])


def carrier(row: bytes) -> int:
    """The code of a row's carrier."""
    return int(np.frombuffer(row, ROW, 1)["carrier"][0])
