"""Where the log's bytes lie: appended at the end, read by range. The log itself decides what they mean."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a log in a file needs no database driver
    from serve.store.database import Connection


class Storage(Protocol):
    """Bytes that only grow. An append that was not finished by a crash is dropped with `cut`."""

    def append(self, data: bytes) -> None:
        """Add bytes at the end; on disk when this returns, or when the caller's transaction ends."""
        ...

    def read(self, start: int, length: int) -> bytes:
        """The bytes of a range; fewer where the end comes before."""
        ...

    def size(self) -> int:
        """How many bytes there are."""
        ...

    def cut(self, size: int) -> None:
        """Drop what lies behind `size`."""
        ...


class FileStorage:
    """One file, synced to disk at every append."""

    def __init__(self, path: Path) -> None:
        new = not path.exists()
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        if new:
            _sync_folder(path.parent)

    def append(self, data: bytes) -> None:
        """Add bytes at the end; they are on disk when this returns."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._handle, left) :]
        os.fdatasync(self._handle)

    def read(self, start: int, length: int) -> bytes:
        """The bytes of a range."""
        return os.pread(self._handle, length, start)

    def size(self) -> int:
        """How many bytes there are."""
        return os.fstat(self._handle).st_size

    def cut(self, size: int) -> None:
        """Drop what lies behind `size`."""
        os.ftruncate(self._handle, size)
        os.fdatasync(self._handle)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _whole(held: bytes) -> bytes:
    """The bytes of a row, which are those that were put there unless somebody changed it."""
    try:
        return zlib.decompress(held)
    except zlib.error:  # also how rows of before were kept
        return held


class StoreStorage:
    """Rows of the engine's store, deflated; an append is part of the caller's transaction."""

    def __init__(self, own: Connection) -> None:
        self._own = own

    def append(self, data: bytes) -> None:
        """Add bytes at the end; on disk once the caller commits."""
        self.put(self.size(), data)

    def put(self, end: int, data: bytes) -> None:
        """Add bytes where the log is known to end."""
        self._own.run(
            "INSERT INTO audit_log (start, bytes) VALUES (?, ?)", [end, zlib.compress(data)]
        )

    def read(self, start: int, length: int) -> bytes:
        """The bytes of a range."""
        rows = self._own.rows(
            "SELECT start, bytes FROM audit_log WHERE start < ? AND start >= "
            "COALESCE((SELECT MAX(start) FROM audit_log WHERE start <= ?), 0) ORDER BY start",
            [start + length, start],
        )
        if not rows:
            return b""
        whole, first = b"".join(_whole(bytes(row[1])) for row in rows), int(rows[0][0])
        return whole[start - first : start - first + length]

    def size(self) -> int:
        """How many bytes there are."""
        rows = self._own.rows("SELECT start, bytes FROM audit_log ORDER BY start DESC LIMIT 1")
        return int(rows[0][0]) + len(_whole(bytes(rows[0][1]))) if rows else 0

    def cut(self, size: int) -> None:
        """Drop what lies behind `size`."""
        kept = self.read(0, size)
        self._own.run("DELETE FROM audit_log")
        if kept:
            self.put(0, kept)
