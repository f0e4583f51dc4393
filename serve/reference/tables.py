"""One keyed table: sorted columns that are mapped, not read, and a sealed manifest over them.

A table is written column by column and has no manifest until it is whole. Before it is used its
manifest's seal, the size and SHA-256 of every file, the order of its rows and its canaries are checked, on
a copy that nobody else can reach: a file that is cut or changed later changes no answer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.errors import BadInput
from detector.registration import NEVER, Int64
from serve.reference.keys import TableKey
from serve.reference.places import Place

FORMAT = 1
MANIFEST = "manifest.json"
CANARIES = 16
LARGEST_MANIFEST = 16 << 20  # bytes
Columns = Mapping[str, NDArray[Any]]

# What may lie in a table, by kind; the first column holds the key.
LAYOUT: Mapping[str, Mapping[str, str]] = {
    "breach_members": {"identity": "<i8", "known_at": "<i8", "breach": "<i4"},
    "officials": {"identity": "<i8", "since": "<i8", "until": "<i8", "tier": "|i1"},
}
KINDS = tuple(LAYOUT)
# A canary is a row of nobody that never counts: known from the end of time on.
NOBODY = {"known_at": NEVER, "since": NEVER, "until": NEVER}


class TableRefused(BadInput):
    """A table that is truncated, changed, foreign or made under another key."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table in use: its columns, sorted by key, and what its manifest says."""

    columns: Columns
    about: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.columns["identity"])


@dataclass(slots=True)
class Draft:
    """A table that is being written; nobody can use it before `close`."""

    place: Place
    key: TableKey
    version: str = field(default_factory=lambda: secrets.token_hex(8))
    _files: dict[str, dict[str, Any]] = field(default_factory=dict)
    _rows: int = 0

    def put(self, name: str, column: NDArray[Any]) -> None:
        """Write a column, in the order of rows that all of them have."""
        held = np.ascontiguousarray(column, LAYOUT[self.key.kind][name])
        data = held.data.cast("B")  # never empty: there are canaries
        self.place.put(self.key.kind, self.version, name, data)
        self._files[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": data.nbytes}
        self._rows = len(held)

    def close(self, about: Mapping[str, Any]) -> str:
        """Seal the table; its version. `about` is for people: who notified, when, by which right."""
        manifest = {
            "format": FORMAT,
            "kind": self.key.kind,
            "key": self.key.id,
            "version": self.version,
            "rows": self._rows,
            "files": self._files,
            "about": dict(about),
        }
        text = json.dumps(manifest, sort_keys=True).encode()
        sealed = json.dumps({"manifest": text.decode(), "seal": self.key.seal(text).hex()}).encode()
        self.place.put(self.key.kind, self.version, MANIFEST, memoryview(sealed))
        return self.version


def write(columns: Columns, draft: Draft, *, about: Mapping[str, Any]) -> str:
    """A whole table of keyed columns, in any order of rows; its version."""
    key = draft.key
    for name, column in _in_order(_with_canaries(columns, key), key.kind).items():
        draft.put(name, column)
    return draft.close(about)


def read(place: Place, version: str, key: TableKey) -> Table:
    """A table. Raises TableRefused where it is not whole, not this one or not under this key."""
    if not (len(version) == 16 and version.isalnum()):
        raise TableRefused(f"the store names no {key.kind} table")
    manifest = _manifest(place, version, key)
    columns = {name: _copied(place, version, name, manifest=manifest) for name in LAYOUT[key.kind]}
    _check_rows(columns, key, manifest["rows"])
    return Table(columns, manifest["about"])


def canaries(key: TableKey, what: str = "member") -> Int64:
    """Row keys of nobody, that only the holder of the key can name."""
    made = [key.seal(f"canary/{what}/{i}".encode())[:8] for i in range(CANARIES)]
    return np.frombuffer(b"".join(made), "<i8").astype(np.int64)


def _with_canaries(columns: Columns, key: TableKey) -> Columns:
    """The rows, and those of nobody after them."""
    layout = LAYOUT[key.kind]
    added = {name: np.full(CANARIES, NOBODY.get(name, 0), type_) for name, type_ in layout.items()}
    added["identity"] = canaries(key)
    return {n: np.concatenate([columns[n].astype(t), added[n]]) for n, t in layout.items()}


def real(table: Table, kind: str) -> dict[str, NDArray[Any]]:
    """The rows of somebody."""
    marked = next(name for name in LAYOUT[kind] if name in NOBODY)
    rows = table.columns[marked] != NEVER
    return {name: column[rows] for name, column in table.columns.items()}


def _in_order(columns: Columns, kind: str) -> Columns:
    """Sorted by key, then by the other columns."""
    names = list(LAYOUT[kind])
    order = np.lexsort([columns[name] for name in reversed(names)])
    return {name: columns[name][order] for name in names}


def _manifest(place: Place, version: str, key: TableKey) -> dict[str, Any]:
    try:
        held = json.loads(_short(place, version, key.kind))
        text, seal = held["manifest"].encode(), held["seal"].encode()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise TableRefused(f"the {key.kind} table has no readable manifest") from None
    if not hmac.compare_digest(
        seal, key.seal(text).hex().encode()
    ):  # one bit of a digit's case counts
        raise TableRefused(f"the {key.kind} table was made under another key, or was changed")
    manifest: dict[str, Any] = json.loads(text)
    made_as = (manifest["format"], manifest["kind"], manifest["version"])
    if made_as != (FORMAT, key.kind, version):
        raise TableRefused(f"this is not the {key.kind} table of this format and version")
    return manifest


def _short(place: Place, version: str, kind: str) -> bytes:
    held = bytearray()
    for chunk in place.chunks(kind, version, MANIFEST):
        held += chunk
        if len(held) > LARGEST_MANIFEST:
            raise ValueError("too long")
    return bytes(held)


def _copied(place: Place, version: str, name: str, *, manifest: Mapping[str, Any]) -> NDArray[Any]:
    """A column, mapped from a copy without a name. What was hashed is what is mapped."""
    kind, expected, hashed = manifest["kind"], manifest["files"][name], hashlib.sha256()
    type_ = LAYOUT[kind][name]
    with tempfile.TemporaryFile() as file:  # a map of it outlives it
        try:
            for chunk in place.chunks(kind, version, name):
                hashed.update(chunk)
                if file.tell() + len(chunk) > expected["bytes"]:
                    raise TableRefused(f"column {name} of the {kind} table is too long")
                file.write(chunk)
        except OSError:
            raise TableRefused(f"column {name} of the {kind} table cannot be read") from None
        whole = file.tell() == expected["bytes"] == manifest["rows"] * np.dtype(type_).itemsize
        if not whole or hashed.hexdigest() != expected["sha256"]:
            raise TableRefused(f"column {name} of the {kind} table is cut short or was changed")
        file.flush()
        return np.asarray(np.memmap(file, type_, "r"))


def _check_rows(columns: Columns, key: TableKey, rows: int) -> None:
    held = columns["identity"]
    sound = len(held) == rows and bool(np.all(held[:-1] <= held[1:]))
    if not sound or not _has(held, canaries(key)).all():
        raise TableRefused(f"the {key.kind} table lacks rows that must be there")
    if _has(held, canaries(key, "stranger")).any():
        raise TableRefused(f"the {key.kind} table holds rows that cannot be there")


def _has(held: NDArray[Any], wanted: Int64) -> NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    found: NDArray[np.bool_] = held[at] == wanted
    return found
