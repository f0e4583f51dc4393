"""Shadows in the store: which challenger runs until when, how far it has read, and what it said."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.errors import BadInput
from detector.model.artefact import FILES, MANIFEST
from serve.enginekeys import FROZEN
from serve.models import GOLDEN, SIGNATURE
from serve.store.books import Books
from serve.store.database import Connection

DAY = 86_400_000_000  # microseconds
LONGEST = 90 * DAY
KEPT = 180 * DAY  # how long results stay after the end
LEASE = 60_000_000  # a worker that was silent for so long has died
LARGEST = 256 << 20  # bytes of a challenger's files
RESULT = np.dtype(
    [
        ("sequence", "<i8"),
        ("moment", "<i8"),
        ("stage", "i1"),
        ("carrier", "<i2"),
        ("operation", "i1"),
        ("live_model", "i1"),
        ("live_decision", "i1"),
        ("decision", "i1"),
        ("live_score", "<f8"),
        ("score", "<f8"),
    ]
)
_SHADOWS = "SELECT id, model, started_by, started_at, ends_at, ended_at, fault, since, read_to FROM shadows "


@dataclass(frozen=True, slots=True)
class Shadow:
    """One challenger's time in the shadow. Times are microseconds.

    `since` and `read_to` are numbers in the order in which answers were given.
    """

    id: str
    model: str
    started_by: str
    started_at: int
    ends_at: int
    ended_at: int | None
    fault: str | None
    since: int
    read_to: int


def start(own: Connection, folder: Path, *, by: str, now: int, until: int) -> Shadow:
    """Begin with the answers from now on. `folder` was verified.

    Raises BadInput where one is under way, without a name, or for an end that is past or too far away.
    """
    if not by.strip():
        raise BadInput("say who starts the shadow")
    if not now < until <= now + LONGEST:
        raise BadInput(f"a shadow ends within {LONGEST // DAY} days, and not in the past")
    files, model = packed(folder)
    name = str(uuid.uuid4())
    with own.writing():
        under_way = active(own)
        if under_way:
            raise BadInput(f"model {under_way.model} is in the shadow already: stop it first")
        last = Books(own).last_given()
        own.run(
            "INSERT INTO shadows (id, model, content, started_by, started_at, ends_at, since, read_to,"
            " leased_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [name, model, files, by, now, until, last, last],
        )
    return find(own, name)


def find(own: Connection, name: str) -> Shadow:
    """A shadow by its id."""
    rows = own.rows(_SHADOWS + "WHERE id = ?", [name])
    return _shadow(rows[0])


def active(own: Connection) -> Shadow | None:
    """The shadow under way; also one whose end has come, until its last answers are read."""
    rows = own.rows(_SHADOWS + "WHERE ended_at IS NULL")
    return _shadow(rows[0]) if rows else None


def latest(own: Connection) -> Shadow:
    """The shadow that began last. Raises BadInput where there was none."""
    rows = own.rows(_SHADOWS + "ORDER BY started_at DESC LIMIT 1")
    if not rows:
        raise BadInput("no challenger was ever in the shadow here: `simvigia shadow start`")
    return _shadow(rows[0])


def _shadow(row: Sequence[Any]) -> Shadow:
    return Shadow(*row)


def end(own: Connection, shadow: Shadow, *, now: int, fault: str | None = None) -> None:
    """No more is read; the challenger's files go, what it said stays for a while."""
    with own.writing():
        own.run(
            "UPDATE shadows SET ended_at = ?, fault = ?, content = NULL"
            " WHERE id = ? AND ended_at IS NULL",
            [now, fault, shadow.id],
        )


def forget(own: Connection, now: int) -> None:
    """Drop what ended long ago."""
    old = [name for (name,) in own.rows("SELECT id FROM shadows WHERE ended_at < ?", [now - KEPT])]
    for name in old:
        with own.writing():
            own.run("DELETE FROM shadow_pages WHERE shadow = ?", [name])
            own.run("DELETE FROM shadows WHERE id = ?", [name])


def lease(own: Connection, shadow: Shadow, holder: str, now: int) -> bool:
    """Whether this worker is the one that reads from now on, for a while."""
    with own.writing():
        return _leased(own, shadow, holder, now)


def _leased(own: Connection, shadow: Shadow, holder: str, now: int) -> bool:
    own.run(
        "UPDATE shadows SET lease = ?, leased_until = ?"
        " WHERE id = ? AND ended_at IS NULL AND (lease = ? OR leased_until < ?)",
        [holder, now + LEASE, shadow.id, holder, now],
    )
    held = own.rows("SELECT lease FROM shadows WHERE id = ? AND ended_at IS NULL", [shadow.id])
    return held == [(holder,)]


def keep(
    own: Connection,
    shadow: Shadow,
    page: tuple[int, list[str], NDArray[Any]],
    *,
    holder: str,
    now: int,
) -> bool:
    """Write one page and how far it goes, in one transaction; False where another worker reads now."""
    read_to, models, results = page
    with own.writing():
        if not _leased(own, shadow, holder, now):
            return False
        own.run("UPDATE shadows SET read_to = ? WHERE id = ?", [read_to, shadow.id])
        if len(results):
            text = json.dumps(models).encode() + b"\0" + results.tobytes()
            box = Books(own).seals.for_worker(FROZEN, shadow.id.encode(), zlib.compress(text))
            own.run("INSERT INTO shadow_pages (shadow, results) VALUES (?, ?)", [shadow.id, box])
    return True


def results(own: Connection, shadow: Shadow) -> tuple[list[str], NDArray[Any]]:
    """Everything that was said so far, and the champions that it is beside."""
    names: list[str] = []
    pieces = []
    for mine, content in _pages(own, shadow):
        piece = np.frombuffer(content, RESULT).copy()
        names += [name for name in mine if name not in names]
        place = np.array([names.index(name) for name in mine], np.int8)
        piece["live_model"] = place[piece["live_model"]]
        pieces.append(piece)
    return names, np.concatenate(pieces) if pieces else np.empty(0, RESULT)


def _pages(own: Connection, shadow: Shadow) -> Iterator[tuple[list[str], bytes]]:
    seals, after = Books(own).seals, 0
    while rows := own.rows(
        "SELECT id, results FROM shadow_pages WHERE shadow = ? AND id > ? ORDER BY id LIMIT 100",
        [shadow.id, after],
    ):
        after = rows[-1][0]
        for _, box in rows:
            text = seals.by_worker(shadow.id.encode(), bytes(box))
            if text is not None:
                models, content = zlib.decompress(text).split(b"\0", 1)
                yield json.loads(models), content


def answered(own: Connection, shadow: Shadow) -> int:
    """How many answers the service has given since the shadow began, up to where it ended."""
    last = shadow.read_to if shadow.ended_at else Books(own).last_given()
    return last - shadow.since


def packed(folder: Path) -> tuple[bytes, str]:
    """A model folder as the store keeps it, and its version. Raises BadInput where it is too large."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (*sorted(FILES), MANIFEST, GOLDEN, SIGNATURE):
            if (folder / name).is_file():
                archive.write(folder / name, name)
    if out.tell() > LARGEST:
        raise BadInput("the challenger's files are larger than any model's")
    return out.getvalue(), str(json.loads((folder / MANIFEST).read_text("utf-8"))["version"])


def unpacked(own: Connection, shadow: Shadow, into: Path) -> Path:
    """The challenger's files in a folder of their own. Raises BadInput where they are gone."""
    rows = own.rows("SELECT content FROM shadows WHERE id = ?", [shadow.id])
    if not rows or rows[0][0] is None:
        raise BadInput("the challenger's files are gone: its shadow has ended")
    known = {*FILES, MANIFEST, GOLDEN, SIGNATURE}
    with zipfile.ZipFile(io.BytesIO(bytes(rows[0][0]))) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
            raise BadInput("the challenger's files are larger than any model's")
        for name in known.intersection(archive.namelist()):
            (into / name).write_bytes(archive.read(name))
    return into
