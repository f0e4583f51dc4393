"""Have the kernel begin to write a file that SQLite has open, and hardly wait for it.

SQLite syncs its database only once nothing is left to copy there, which is while those who write wait; what
is on its way to the disk by then is not waited for. Nobody is told here whether a write failed, so that SQLite,
which has to know, is (fsync(2) tells of a failure once for each open file). And the file is not opened again:
to close it would give up SQLite's locks on it (https://sqlite.org/howtocorrupt.html, 2.2). So one of SQLite's
own is named.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from pathlib import Path

OPEN = Path("/proc/self/fd")
_WRITE = 2  # SYNC_FILE_RANGE_WRITE, of sync_file_range(2)
_ALL = (0, 0)  # from the beginning to the end


def begin_to_write(path: Path) -> bool:
    """Of a file that this process has open; whether the kernel began, as no other system than Linux does."""
    if sys.platform != "linux":
        return False
    with contextlib.suppress(OSError, AttributeError):  # no /proc, or a C library without the call
        begin = ctypes.CDLL(None).sync_file_range
        begin.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
        ours = path.stat()
        for one in OPEN.iterdir():
            if _is(int(one.name), ours):
                return bool(begin(int(one.name), *_ALL, _WRITE) == 0)
    return False


def _is(handle: int, ours: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), ours)
    except OSError:  # closed meanwhile
        return False
