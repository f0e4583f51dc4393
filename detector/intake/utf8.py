"""CSV files that are not wholly in UTF-8: a bad cell must cost its own row and no other.

Arrow cannot even set a row aside that it cannot decode. So each byte that is no UTF-8 becomes a character
that Unicode leaves to private use: what is checked is not well formed, what only links stays different.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from detector.errors import BadInput

PRIVATE = 0xF700  # private use: one character for each byte
HEADER = 1 << 20  # no header is longer
RULE = "simvigia-private-use"


def _private(fault: UnicodeError) -> tuple[str, int]:
    assert isinstance(fault, UnicodeDecodeError)
    wrong = fault.object[fault.start : fault.end]
    return "".join(chr(PRIVATE + byte) for byte in wrong), fault.end


codecs.register_error(RULE, _private)


def check_header(path: Path) -> None:
    """Raises BadInput where the first line is not in UTF-8: then no column can be known by its name."""
    with path.open("rb") as file:
        first = file.readline(HEADER)
    try:
        first.decode()
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not in UTF-8: save it again as CSV in UTF-8") from None


def as_utf8(file: pa.NativeFile) -> pa.NativeFile:
    """The file's bytes, all of them UTF-8."""
    return pa.TransformInputStream(file, _mended())


def _mended() -> Callable[[pa.Buffer], pa.Buffer | bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")(RULE)

    def mend(block: pa.Buffer) -> pa.Buffer | bytes:
        held = np.frombuffer(block, np.int8)
        if len(held) and held.min() >= 0 and not decoder.getstate()[0]:
            return block  # plain ASCII
        return decoder.decode(block.to_pybytes(), final=not len(held)).encode()

    return mend
