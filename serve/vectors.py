"""A vector as it is kept beside its answer, and as the audit log commits to it.

Vectors are float32 and deflated (RFC 1951) against what most registrations have in them, so that deflate keeps
what differs: zeros, features that do not apply, whole memories. As they were kept before, with a header of
zlib's (RFC 1950), they are read too.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

_NAN, _SEASON, _YEAR = float("nan"), 90 * 86_400, 400 * 86_400  # two memories of keys, in seconds
_WAY = b"\x01"  # the first byte; zlib's is another
# What was packed stays readable only as long as this stays as it is.
_USUAL = np.array(
    [
        *[*range(12), *[0] * 8, *[_NAN] * 20, *[0] * 12],
        *[1, 1, 0, _SEASON, _NAN, 0, 1, 0, 0, _NAN, _NAN, 0, 0, 0, _YEAR, _NAN, _NAN],
        *[0, 0, 0, 1, 0, 0, 1, 0],
    ],
    "<f4",
).tobytes()


def packed(vector: NDArray[np.float32]) -> bytes:
    """One vector."""
    packer = zlib.compressobj(6, wbits=-15, zdict=_USUAL)
    return _WAY + packer.compress(vector.astype("<f4", copy=False).tobytes()) + packer.flush()


def unpacked(text: bytes) -> NDArray[np.float32]:
    """The vector again, bit for bit."""
    if not text.startswith(_WAY):
        return np.frombuffer(zlib.decompress(text), np.float32)
    return np.frombuffer(zlib.decompressobj(-15, zdict=_USUAL).decompress(text[1:]), "<f4")
