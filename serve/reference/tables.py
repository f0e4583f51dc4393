"""One keyed table on disk: sorted columns that are mapped, not read, and a sealed manifest over them.

A table lies in a folder of its own beside a pointer that names it; the pointer is replaced in one step,
so that a reader sees the old table or the new one. Before a table is used its manifest's seal, the
size and SHA-256 of every file, the order of its rows and its canaries are checked.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.errors import BadInput
from detector.registration import NEVER, Int64
from serve.reference.keys import TableKey

FORMAT = 1
POINTER, MANIFEST = "current", "manifest.json"
CANARIES = 16
Columns = Mapping[str, NDArray[Any]]

# What may lie in a table, by kind; the first column holds the key.
LAYOUT: Mapping[str, Mapping[str, str]] = {
    "breach_members": {"identity": "<i8", "known_at": "<i8", "breach": "<i4"},
    "officials": {"identity": "<i8", "since": "<i8", "until": "<i8", "tier": "|i1"},
}
# A canary is a row of nobody that never counts: known from the end of time on.
NOBODY = {"known_at": NEVER, "since": NEVER, "until": NEVER}


class TableRefused(BadInput):
    """A table that is truncated, changed, foreign or made under another key."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table in use: its columns, sorted by key and then time, and what its manifest says."""

    columns: Columns
    about: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.columns["identity"])


def write(columns: Columns, place: Path, *, key: TableKey, about: Mapping[str, Any]) -> str:
    """Put a table in the place of the one before, whole or not at all; its version.

    `columns` are keyed already; canaries are added here. `about` is for people: who notified, when, by
    which right, the hash of what came. Raises BadInput where `place` holds something else.
    """
    place.mkdir(parents=True, exist_ok=True)
    version = secrets.token_hex(8)
    folder = place / version
    folder.mkdir()
    sorted_columns = _sorted(_with_canaries(columns, key), key.kind)
    files = {name: _written(folder / name, column) for name, column in sorted_columns.items()}
    manifest = {
        "format": FORMAT,
        "kind": key.kind,
        "key": key.id,
        "version": version,
        "rows": len(sorted_columns["identity"]),
        "files": files,
        "about": dict(about),
    }
    text = json.dumps(manifest, sort_keys=True).encode()
    sealed = json.dumps({"manifest": text.decode(), "seal": key.seal(text).hex()}).encode()
    _synced(folder / MANIFEST, sealed)
    _sync_folder(folder)
    _point(place, version)
    return version


def read(place: Path, key: TableKey) -> Table:
    """The table in use. Raises TableRefused, or BadInput where there is none."""
    folder = place / _version(place)
    manifest = _manifest(folder, key)
    columns = {
        name: _mapped(folder / name, type_, manifest) for name, type_ in LAYOUT[key.kind].items()
    }
    _check_rows(columns, key, manifest["rows"])
    return Table(columns, manifest["about"])


def _with_canaries(columns: Columns, key: TableKey) -> Columns:
    layout = LAYOUT[key.kind]
    added = {name: np.full(CANARIES, NOBODY.get(name, 0), type_) for name, type_ in layout.items()}
    added["identity"] = _canaries(key, "member")
    return {n: np.concatenate([columns[n].astype(t), added[n]]) for n, t in layout.items()}


def _canaries(key: TableKey, what: str) -> Int64:
    """Row keys of nobody, that only the holder of the key can name."""
    made = [key.seal(f"canary/{what}/{i}".encode())[:8] for i in range(CANARIES)]
    return np.frombuffer(b"".join(made), "<i8").astype(np.int64)


def _sorted(columns: Columns, kind: str) -> Columns:
    names = list(LAYOUT[kind])
    order = np.lexsort([columns[name] for name in reversed(names)])
    return {name: columns[name][order] for name in names}


def _written(path: Path, column: NDArray[Any]) -> dict[str, Any]:
    data = np.ascontiguousarray(column).data.cast("B")  # never empty: there are canaries
    _synced(path, data)
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": data.nbytes}


def _synced(path: Path, content: bytes | memoryview) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _point(place: Path, version: str) -> None:
    """Let the pointer name the new table, then drop every other one; who has it mapped keeps it."""
    part = place / f"{POINTER}.part"
    _synced(part, version.encode())
    part.replace(place / POINTER)
    _sync_folder(place)
    for other in place.iterdir():
        if other.is_dir() and other.name != version and (other / MANIFEST).is_file():
            shutil.rmtree(other)


def _version(place: Path) -> str:
    try:
        version = (place / POINTER).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"there is no reference table in {place.name}") from None
    if not (len(version) == 16 and version.isalnum()):
        raise TableRefused(f"the pointer in {place.name} names no table")
    return version


def _manifest(folder: Path, key: TableKey) -> dict[str, Any]:
    try:
        held = json.loads((folder / MANIFEST).read_bytes())
        text, seal = held["manifest"].encode(), bytes.fromhex(held["seal"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise TableRefused(f"the {key.kind} table has no readable manifest") from None
    if not hmac.compare_digest(seal, key.seal(text)):
        raise TableRefused(f"the {key.kind} table was made under another key, or was changed")
    manifest: dict[str, Any] = json.loads(text)
    made_as = (manifest["format"], manifest["kind"], manifest["version"])
    if made_as != (FORMAT, key.kind, folder.name):
        raise TableRefused(f"this is not the {key.kind} table of this format and version")
    return manifest


def _mapped(path: Path, type_: str, manifest: Mapping[str, Any]) -> NDArray[Any]:
    kind, expected = manifest["kind"], manifest["files"][path.name]
    try:
        size = path.stat().st_size
        if size != expected["bytes"] or size != manifest["rows"] * np.dtype(type_).itemsize:
            raise TableRefused(f"column {path.name} of the {kind} table is cut short or too long")
        mapped = np.asarray(np.memmap(path, type_, "r"))
    except OSError:
        raise TableRefused(f"column {path.name} of the {kind} table cannot be read") from None
    if hashlib.sha256(mapped.data.cast("B")).hexdigest() != expected["sha256"]:
        raise TableRefused(f"column {path.name} of the {kind} table is not the one written")
    return mapped


def _check_rows(columns: Columns, key: TableKey, rows: int) -> None:
    held = columns["identity"]
    sound = len(held) == rows and bool(np.all(held[:-1] <= held[1:]))
    if not sound or not _has(held, _canaries(key, "member")).all():
        raise TableRefused(f"the {key.kind} table lacks rows that must be there")
    if _has(held, _canaries(key, "stranger")).any():
        raise TableRefused(f"the {key.kind} table holds rows that cannot be there")


def _has(held: NDArray[Any], wanted: Int64) -> NDArray[np.bool_]:
    at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    found: NDArray[np.bool_] = held[at] == wanted
    return found
