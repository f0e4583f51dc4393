"""A store that is told of breaches and officials, and what lies where."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from detector import intake
from serve.knowing import Told, tell
from serve.reference import notice
from serve.reference.known import Known
from serve.reference.live import Tables, in_force
from serve.reference.notice import Notice, Provenance
from serve.reference.places import Folder, place_of
from serve.store.books import Books
from serve.store.database import connect
from tests.builders import curp_of, folder, pseudonymiser, registration

SECRET = bytes(range(32))
FROM = Provenance("SABG", "notice of a breach", date(2026, 2, 1))
BREACHES = [
    {"breach_id": "chronus", "name": "c", "occurred_on": "2024-10-04", "fields": "curp|rfc|name"},
    {"breach_id": "portal", "name": "p", "occurred_on": "2025-11-08", "fields": "curp|rfc|phone"},
]
Rows = Sequence[dict[str, Any]] | pa.Table


def member(person: int, breach: str = "chronus", known_at: str = "2026-02-01") -> dict[str, str]:
    return {
        "breach_id": breach,
        "identity_type": "curp",
        "identity_value": curp_of(person),
        "known_at": f"{known_at}T00:00:00Z",
    }


def official(person: int, since: str = "2024-10-01", until: str | None = None) -> dict[str, Any]:
    who = {"identity_type": "curp", "identity_value": curp_of(person)}
    return who | {"tier": "federal", "since": since, "until": until}


def identities(*people: int) -> Any:
    rows = [registration(identity_value=curp_of(person)) for person in people]
    ids = (intake.registration(row, pseudonymiser()).identity[0] for row in rows)
    return np.array(list(ids), np.int64)


def at(text: str, count: int = 1) -> Any:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return np.full(count, int(moment.timestamp() * 1e6), np.int64)


class Store:
    """A store and its tables."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.books = Books(connect(url))
        self.tables = Tables(place_of(url, self.books.own), SECRET)

    def close(self) -> None:
        self.books.own.close()

    def read(self, path: Path) -> Notice:
        return notice.read(path, pseudonymiser(), FROM)

    def notice(self, **given: Rows) -> Notice:
        """What comes of files with these rows."""
        with tempfile.TemporaryDirectory() as path:
            return self.read(folder(Path(path), **given))

    def tell(self, **given: Rows) -> Told:
        return tell(self.books, self.tables, self.notice(**given))

    def known(self, secret: bytes = SECRET) -> Known:
        """The tables in force, opened anew."""
        return Known.load(self.tables.place, secret, in_force(self.books))

    def file(self, kind: str, name: str) -> Path:
        """A file of the table in force, where tables are files."""
        assert isinstance(self.tables.place, Folder)
        return self.tables.place.path / kind / in_force(self.books)[kind] / name

    def versions(self) -> set[str]:
        """Every version of which there is any byte."""
        if isinstance(self.tables.place, Folder):
            return {path.name for path in self.tables.place.path.glob("*/*")}
        return {v for (v,) in self.books.own.rows("SELECT DISTINCT version FROM reference_files")}


def raw(store: Store) -> bytes:
    """Every byte of the tables."""
    if isinstance(store.tables.place, Folder):
        files = store.tables.place.path.rglob("*")
        return b"".join(f.read_bytes() for f in files if f.is_file())
    found = store.books.own.rows("SELECT content FROM reference_files")
    return b"".join(bytes(content) for (content,) in found)
