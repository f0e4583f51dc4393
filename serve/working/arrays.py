"""Columns of numbers as bytes and back, between two processes of one machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SIZE = 4  # bytes that say how long the description is


def packed(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """A description of each column, then all of them."""
    said = json.dumps([(name, c.dtype.str, c.shape) for name, c in columns.items()]).encode()
    whole = (np.ascontiguousarray(column).tobytes() for column in columns.values())
    return b"".join((len(said).to_bytes(_SIZE, "big"), said, *whole))


def unpacked(content: bytes) -> dict[str, NDArray[Any]]:
    """The columns."""
    at = _SIZE + int.from_bytes(content[:_SIZE], "big")
    found = {}
    for name, kind, shape in json.loads(content[_SIZE:at]):
        column = np.frombuffer(content, kind, int(np.prod(shape)), at).reshape(shape)
        found[name] = column
        at += column.nbytes
    return found
