"""Where the files of reference tables lie: in a folder beside a SQLite store, else in the store itself.

Several machines that share a PostgreSQL store share nothing else, so there the tables, which are keyed and
sealed, are rows of it. What lies here is not in force until the store names it, and is never used in
place: whoever opens a table takes a copy that has no name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from serve.store.database import SQLITE, Connection

CHUNK = 4 << 20  # bytes


class Place(Protocol):
    """Files by kind of table, version and name."""

    def chunks(self, kind: str, version: str, name: str) -> Iterator[bytes]:
        """The bytes of a file, some at a time. Raises OSError where it cannot be read."""
        ...

    def put(self, kind: str, version: str, name: str, content: memoryview) -> None:
        """Write a file that is not there yet."""
        ...

    def drop(self, kind: str, version: str) -> None:
        """Remove the files of a version; whoever has it open keeps it."""
        ...


class Folder:
    """Files in a folder, each on disk before it is used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def chunks(self, kind: str, version: str, name: str) -> Iterator[bytes]:
        """The bytes of a file, some at a time. Raises OSError where it cannot be read."""
        with (self.path / kind / version / name).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def put(self, kind: str, version: str, name: str, content: memoryview) -> None:
        """Write a file that is not there yet."""
        folder = self.path / kind / version
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        ) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        for held in (folder, folder.parent, self.path):
            _sync(held)

    def drop(self, kind: str, version: str) -> None:
        """Remove the files of a version."""
        shutil.rmtree(self.path / kind / version, ignore_errors=True)


class InStore:
    """Files as rows of the store, in pieces."""

    def __init__(self, own: Connection) -> None:
        self._own = own

    def chunks(self, kind: str, version: str, name: str) -> Iterator[bytes]:
        """The bytes of a file, some at a time. Raises OSError where there is none."""
        part = 0
        while found := self._own.rows(
            "SELECT content FROM reference_files WHERE kind = ? AND version = ? AND name = ? AND part = ?",
            [kind, version, name, part],
        ):
            yield bytes(found[0][0])
            part += 1
        if not part:
            raise FileNotFoundError(name)

    def put(self, kind: str, version: str, name: str, content: memoryview) -> None:
        """Write a file that is not there yet."""
        pieces = (bytes(content[at : at + CHUNK]) for at in range(0, len(content), CHUNK))
        for part, piece in enumerate(pieces):
            self._own.run(
                "INSERT INTO reference_files (kind, version, name, part, content) VALUES (?, ?, ?, ?, ?)",
                [kind, version, name, part, piece],
            )

    def drop(self, kind: str, version: str) -> None:
        """Remove the files of a version."""
        self._own.run("DELETE FROM reference_files WHERE kind = ? AND version = ?", [kind, version])


def place_of(url: str, own: Connection) -> Place:
    """Where the tables of a store are, given its URL and a connection to it."""
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        return Folder(path.with_name(f"{path.name}.tables"))
    return InStore(own)


def _sync(folder: Path) -> None:
    with contextlib.ExitStack() as stack:
        handle = os.open(folder, os.O_RDONLY)
        stack.callback(os.close, handle)
        os.fsync(handle)
