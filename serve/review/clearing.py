"""Allow-notes: a pattern that people looked at and found innocent is not flagged again for the same reason.

A note is about one key of one carrier (a person, a shop, a tablet) and the families of reasons that count
what shares it. It enters the decision as the question what the rest says: the registration is looked at
again as if the others on that key had never been, and the decision falls to that, no further. Rules of
other families count in full. Notes expire.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from detector.decision import ALLOW
from detector.registration import NO_KEY, Registrations
from detector.scoring import Judged, decided_without
from detector.signals import REASONS
from serve.judge import Look
from serve.store.database import Connection


@dataclass(frozen=True, slots=True)
class Kind:
    """What a note may be about: the key's column, the columns that count it, the families they speak in."""

    key: str
    columns: tuple[str, ...]
    families: frozenset[str]


KINDS: Mapping[str, Kind] = {
    "person": Kind("identity", ("identity",), frozenset({"identity"})),
    "device": Kind("device", ("device",), frozenset({"device"})),
    "contact": Kind("contact", ("contact",), frozenset({"device"})),
    "network": Kind("network", ("ip", "network"), frozenset({"network"})),
    "agent": Kind("agent", ("agent",), frozenset({"seller"})),
    "shop": Kind("pos", ("pos",), frozenset({"seller"})),
}


@dataclass(frozen=True, slots=True)
class Note:
    """A live note; times are microseconds. `mark` stands for the key and cannot be turned back into it."""

    note_id: str
    mark: bytes
    kind: str
    families: frozenset[str]
    carrier: str
    folio: bytes
    reviewer: str
    made_at: int
    until: int
    why: str


class Marker:
    """Gives a key its mark: a keyed hash, so that notes cannot be joined with anything else."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, carrier: str, kind: str, token: int) -> bytes:
        """The mark of one key of one carrier."""
        text = f"{carrier}\x1f{kind}\x1f{token}".encode()
        return hashlib.blake2b(text, key=self._key, digest_size=16, person=b"allow-note").digest()


class Clearing:
    """A second look with the notes that are live. `look` brings them from the store, now and then."""

    def __init__(self, marker: Marker) -> None:
        self._marker = marker
        self._notes: Mapping[bytes, tuple[Note, ...]] = {}

    def look(self, own: Connection, at: int) -> None:
        """Bring the notes that are live at a moment."""
        by: dict[bytes, tuple[Note, ...]] = {}
        for note in live(own, at):
            by[note.mark] = (*by.get(note.mark, ()), note)
        self._notes = by

    def __call__(self, look: Look, found: Judged, said: list[dict[str, object]]) -> Judged:
        """The judgement where what is cleared counts no more; flagged rows only."""
        if not self._notes:
            return found
        flagged = np.flatnonzero(found.decision > ALLOW)
        own = look.glimpse.registrations.take(look.batch.queries.rows[flagged])
        decision, reasons = found.decision.copy(), list(found.reasons)
        for place, query in enumerate(flagged.tolist()):
            notes = self._about(own, place, look.now)
            families = frozenset[str]().union(*(note.families for note in notes))
            if not families & {REASONS[code].family for code in reasons[query]}:
                continue
            rest = min(_rest(look, query, notes, families), int(decision[query]))
            decision[query] = rest
            reasons[query] = _left(reasons[query], families) if rest else []
            said[query]["cleared"] = sorted(note.note_id for note in notes)
        return replace(found, decision=decision, reasons=reasons)

    def _about(self, own: Registrations, row: int, now: int) -> list[Note]:
        carrier = own.carriers[own.carrier[row]]
        found: list[Note] = []
        for name, kind in KINDS.items():
            token = int(getattr(own, kind.key)[row])
            if token != NO_KEY:
                found += self._notes.get(self._marker(carrier, name, token), ())
        return [note for note in found if note.until > now]


def _rest(look: Look, query: int, notes: Collection[Note], families: Collection[str]) -> int:
    columns = tuple(dict.fromkeys(c for note in notes for c in KINDS[note.kind].columns))
    return decided_without(
        look.glimpse,
        look.model,
        look.stage,
        look.batch,
        query=query,
        columns=columns,
        families=families,
    )


def _left(reasons: list[str], families: Collection[str]) -> list[str]:
    """The reasons that nothing clears; all of them where nothing else was said."""
    return [code for code in reasons if REASONS[code].family not in families] or reasons


def add(own: Connection, note: Note) -> None:
    """Write a note, inside `own.writing()`."""
    own.run(
        "INSERT INTO allow_notes (id, mark, kind, families, carrier, folio, reviewer, made_at, until, why)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [note.note_id, note.mark, note.kind, "|".join(sorted(note.families)), note.carrier,
         note.folio, note.reviewer, note.made_at, note.until, note.why],
    )  # fmt: skip


def live(own: Connection, at: int) -> list[Note]:
    """The notes that hold at a moment, the newest first."""
    found = own.rows(
        "SELECT id, mark, kind, families, carrier, folio, reviewer, made_at, until, why"
        " FROM allow_notes WHERE until > ? AND withdrawn_at IS NULL ORDER BY made_at DESC, id",
        [at],
    )
    return [
        Note(i, bytes(m), k, frozenset(f.split("|")), c, bytes(o), r, made, until, w)
        for i, m, k, f, c, o, r, made, until, w in found
    ]


def withdraw(
    own: Connection, note_id: str, carriers: Collection[str], *, reviewer: str, at: int
) -> bool:
    """End a note of one of the carriers before its time, inside `own.writing()`; whether there was one."""
    held = [note for note in live(own, at) if note.note_id == note_id and note.carrier in carriers]
    for note in held:
        own.run(
            "UPDATE allow_notes SET withdrawn_at = ?, withdrawn_by = ? WHERE id = ?",
            [at, reviewer, note.note_id],
        )
    return bool(held)


def new_id(make: Callable[[], uuid.UUID] = uuid.uuid4) -> str:
    """A name for a note."""
    return str(make())
