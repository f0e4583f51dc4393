"""A vector as it is kept beside its answer, and as the audit log commits to it.

Features have few bits (`detector.signals.features.BITS`), so half of each float32 is zero and is left out. The
rest is deflated (RFC 1951) against two vectors of a simulated country, so that deflate keeps what differs. As
vectors were kept before, whole and with or without a header of zlib's (RFC 1950), they are read too.
"""

from __future__ import annotations

import base64
import zlib

import numpy as np
from numpy.typing import NDArray

_NAN, _SEASON, _YEAR = float("nan"), 90 * 86_400, 400 * 86_400  # two memories of keys, in seconds
_WHOLE, _SHORT = b"\x01", b"\x02"  # the first byte; zlib's is another
# What was packed stays readable only as long as these stay as they are.
_USUAL = np.array(
    [
        *[*range(12), *[0] * 8, *[_NAN] * 20, *[0] * 12],
        *[1, 1, 0, _SEASON, _NAN, 0, 1, 0, 0, _NAN, _NAN, 0, 0, 0, _YEAR, _NAN, _NAN],
        *[0, 0, 0, 1, 0, 0, 1, 0],
    ],
    "<f4",
).tobytes()
_LIKE = zlib.decompress(
    base64.b85decode(
        "c-oy(Jxc>Y5WT`uRIsrUiA9u15QH>(I~QUhqP>M8;x90N;11FRA!=o1lZb)@QrMZjot-9yy%02(DMUzPDJbsUy53!sNb-"
        "g~cIW2f?VGh6D>M&`wF{Qzf%WaT6v!RkhRrKO3Bo)l=wD>yYBq{XzRODN$bJY<ag1%5Y!7rtgD_9|icn`OEcq{qTfCMZc#"
        "p5FA)0t7tB}GnG(-vq^Bos=xF~B>6U#I~7fe7+%wS8{GWV02g_g+SE}xc7Jird`@H6#QO&!h8D0ECw-"
        "5a&9(@xAYMZt=zxo?wOUGw0PMfcX)EEIIa`)b8*v%njfK5eg?Snrpf2EEPyW;p7rNLC2pI8e8PYKGTe)7^vkEzNYv&9HeG"
        "G~H3zb;X7}m1(Eq`z(!5YzZp<mH71E*d#_T7Ws=Wo0phHDNcBg&ti|qb=7gtl&pPD{hm45&orZEM|rJEq!#6qQD3Ypppg"
    )
)


def packed(vector: NDArray[np.float32]) -> bytes:
    """One vector."""
    bits = vector.astype("<f4", copy=False).view("<u4")
    if (bits & 0xFFFF).any():
        return _WHOLE + _deflated(bits.tobytes(), _USUAL)
    return _SHORT + _deflated((bits >> 16).astype("<u2").tobytes(), _LIKE)


def unpacked(text: bytes) -> NDArray[np.float32]:
    """The vector again, bit for bit."""
    if text.startswith(_SHORT):
        halves = np.frombuffer(_inflated(text[1:], _LIKE), "<u2")
        return (halves.astype("<u4") << 16).view("<f4")
    if text.startswith(_WHOLE):
        return np.frombuffer(_inflated(text[1:], _USUAL), "<f4")
    return np.frombuffer(zlib.decompress(text), np.float32)


def _deflated(text: bytes, usual: bytes) -> bytes:
    packer = zlib.compressobj(6, wbits=-15, zdict=usual)
    return packer.compress(text) + packer.flush()


def _inflated(text: bytes, usual: bytes) -> bytes:
    return zlib.decompressobj(-15, zdict=usual).decompress(text)
