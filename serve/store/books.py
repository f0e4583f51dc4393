"""The engine's tables: the event log, histories, answers, what is due, and the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from detector import logbook
from serve.store.database import Connection


@dataclass(frozen=True, slots=True)
class Filed:
    """A registration of the log."""

    sequence: int
    folio: bytes
    fingerprint: bytes
    carrier: str
    entry: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """A line event of the log; times are microseconds. `at` is from when on it was known here."""

    sequence: int
    at: int
    occurred_at: int
    kind: int
    handset: int
    place: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict of the log. `at` is from when on it was known here, `verdict_on` the carrier's date."""

    sequence: int
    at: int
    verdict_on: int | None
    fraud: bool
    source: int
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered about a registration at a stage, and the vector it was answered from."""

    sequence: int
    stage: int
    moment: int
    as_of: int
    answer: bytes
    vector: bytes


class Books:
    """Reads and writes over one connection; whoever writes is inside `writing`."""

    def __init__(self, own: Connection) -> None:
        self.own = own
        self._carriers: list[str] = []
        self._next_event: int | None = None

    def carriers(self) -> tuple[str, ...]:
        """All carriers by their codes."""
        self._carriers = [
            name for (name,) in self.own.rows("SELECT name FROM carriers ORDER BY code")
        ]
        return tuple(self._carriers)

    def add_carrier(self, name: str) -> int:
        """Give a carrier its code."""
        code = len(self.carriers())
        self.own.run("INSERT INTO carriers (code, name) VALUES (?, ?)", [code, name])
        return code

    def last_sequence(self) -> int:
        """The last sequence number given."""
        return int(self.own.rows("SELECT COALESCE(MAX(sequence), 0) FROM registrations")[0][0])

    def known(self, folios: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """Which folios are registered: sequence and the fingerprint of their body."""
        found = self.own.found(
            "SELECT folio, sequence, fingerprint FROM registrations WHERE folio IN", folios
        )
        return {bytes(folio): (sequence, bytes(print_)) for folio, sequence, print_ in found}

    def add(self, rows: Iterable[Filed]) -> None:
        """Append to the log."""
        self.own.run_many(
            "INSERT INTO registrations (sequence, folio, fingerprint, carrier, entry) VALUES (?, ?, ?, ?, ?)",
            [(r.sequence, r.folio, r.fingerprint, r.carrier, r.entry) for r in rows],
        )

    def folio(self, sequence: int) -> bytes:
        """What a registration is filed under."""
        found = self.own.rows("SELECT folio FROM registrations WHERE sequence = ?", [sequence])
        return bytes(found[0][0])

    def folios(self, sequences: Sequence[int]) -> dict[int, bytes]:
        """What registrations are filed under."""
        found = self.own.found(
            "SELECT sequence, folio FROM registrations WHERE sequence IN", sequences
        )
        return {sequence: bytes(folio) for sequence, folio in found}

    def beginning(self, prefix: bytes, most: int = 8) -> list[tuple[int, bytes]]:
        """Registrations whose folio begins with some bytes: sequence and folio, over the folio's index."""
        after = (int.from_bytes(prefix, "big") + 1).to_bytes(len(prefix) + 1, "big")
        if after[0]:  # the last prefix there is: nothing lies after it
            sql, bounds = "folio >= ?", [prefix]
        else:
            sql, bounds = "folio >= ? AND folio < ?", [prefix, after[1:]]
        found = self.own.rows(
            f"SELECT sequence, folio FROM registrations WHERE {sql} ORDER BY folio LIMIT ?",  # noqa: S608
            [*bounds, most],
        )
        return [(sequence, bytes(folio)) for sequence, folio in found]

    def named(self, sequence: int) -> tuple[str, str]:
        """Carrier and registration id of a registration."""
        found = self.own.rows(
            "SELECT carrier, entry FROM registrations WHERE sequence = ?", [sequence]
        )
        return found[0][0], logbook.registration_id(bytes(found[0][1]))

    def entries(self, sequences: Sequence[int]) -> dict[int, bytes]:
        """Rows of the log."""
        found = self.own.found(
            "SELECT sequence, entry FROM registrations WHERE sequence IN", sequences
        )
        return {sequence: bytes(entry) for sequence, entry in found}

    def log(self, after: int, most: int) -> list[Filed]:
        """The log in its order, some rows at a time."""
        found = self.own.rows(
            "SELECT sequence, folio, fingerprint, carrier, entry FROM registrations"
            " WHERE sequence > ? ORDER BY sequence LIMIT ?",
            [after, most],
        )
        return [Filed(s, bytes(f), bytes(p), c, bytes(e)) for s, f, p, c, e in found]

    def records(self, ids: Sequence[bytes]) -> dict[bytes, bytes]:
        """Histories by their ids; one that is not there has no entry."""
        found = self.own.found("SELECT id, record FROM histories WHERE id IN", ids)
        return {bytes(id_): bytes(record) for id_, record in found}

    def put_records(self, records: Mapping[bytes, bytes]) -> None:
        """Write histories whole."""
        self.own.run_many(
            "INSERT INTO histories (id, record) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            sorted(records.items()),
        )

    def events(self, sequences: Sequence[int]) -> list[Seen]:
        """Line events of registrations, in the order in which they became known."""
        found = self.own.found(
            "SELECT sequence, at, occurred_at, kind, handset, place FROM line_events"
            " WHERE sequence IN",
            sequences,
        )
        return sorted((Seen(*row) for row in found), key=lambda e: (e.sequence, e.at))

    def add_event(self, event: Seen) -> None:
        """Append a line event."""
        self.own.run(
            "INSERT INTO line_events (id, sequence, at, occurred_at, kind, handset, place)"
            " VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM line_events), ?, ?, ?, ?, ?, ?)",
            [event.sequence, event.at, event.occurred_at, event.kind, event.handset, event.place],
        )

    def verdicts(self, sequences: Sequence[int]) -> list[Verdict]:
        """Verdicts on registrations, in the order in which they became known."""
        found = self.own.found(
            "SELECT sequence, at, verdict_on, fraud, source, confidence FROM verdicts"
            " WHERE sequence IN",
            sequences,
        )
        made = (Verdict(s, a, v, bool(f), o, c) for s, a, v, f, o, c in found)
        return sorted(made, key=lambda v: (v.sequence, v.at))

    def add_verdict(self, verdict: Verdict) -> None:
        """Append a verdict."""
        self.own.run(
            "INSERT INTO verdicts (id, sequence, at, verdict_on, fraud, source, confidence)"
            " VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM verdicts), ?, ?, ?, ?, ?, ?)",
            [verdict.sequence, verdict.at, verdict.verdict_on, int(verdict.fraud), verdict.source,
             verdict.confidence],
        )  # fmt: skip

    def all_events(self) -> list[Seen]:
        """Every line event, by registration."""
        found = self.own.rows(
            "SELECT sequence, at, occurred_at, kind, handset, place FROM line_events"
            " ORDER BY sequence, at"
        )
        return [Seen(*row) for row in found]

    def all_verdicts(self) -> list[Verdict]:
        """Every verdict, by registration."""
        found = self.own.rows(
            "SELECT sequence, at, verdict_on, fraud, source, confidence FROM verdicts"
            " ORDER BY sequence, at"
        )
        return [Verdict(s, a, v, bool(f), o, c) for s, a, v, f, o, c in found]

    def answers(self, sequences: Sequence[int]) -> dict[int, list[Answer]]:
        """What was answered about registrations, by stage."""
        found = self.own.found(
            "SELECT sequence, stage, moment, as_of, answer, vector FROM assessments"
            " WHERE sequence IN",
            sequences,
        )
        by: dict[int, list[Answer]] = {}
        for sequence, stage, moment, as_of, answer, vector in sorted(found, key=lambda r: r[:3]):
            made = Answer(sequence, stage, moment, as_of, bytes(answer), bytes(vector))
            by.setdefault(sequence, []).append(made)
        return by

    def add_answers(self, answers: Iterable[Answer]) -> None:
        """Keep what is answered."""
        self.own.run_many(
            "INSERT INTO assessments (sequence, stage, moment, as_of, answer, vector)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(a.sequence, a.stage, a.moment, a.as_of, a.answer, a.vector) for a in answers],
        )

    def due(self, until: int, most: int) -> list[tuple[int, int, int]]:
        """Stages reached by a moment, earliest first: (moment, sequence, stage)."""
        found = self.own.rows(
            "SELECT moment, sequence, stage FROM due WHERE moment <= ?"
            " ORDER BY moment, sequence, stage LIMIT ?",
            [until, most],
        )
        return [(m, s, t) for m, s, t in found]

    def add_due(self, due: Sequence[tuple[int, int, int]]) -> None:
        """Stages that registrations will reach."""
        if due:
            self.own.run_many("INSERT INTO due (moment, sequence, stage) VALUES (?, ?, ?)", due)

    def drop_due(self, due: Sequence[tuple[int, int, int]]) -> None:
        """Stages that were answered."""
        if due:
            self.own.run_many(
                "DELETE FROM due WHERE moment = ? AND sequence = ? AND stage = ?", due
            )

    def journal(self, after: int, most: int = 1_000) -> list[tuple[int, bytes]]:
        """The journal from an entry on, some at a time."""
        found = self.own.rows(
            "SELECT id, entries FROM journal WHERE id > ? ORDER BY id LIMIT ?", [after, most]
        )
        return [(id_, bytes(entries)) for id_, entries in found]

    def add_journal(self, id_: int, entries: bytes) -> None:
        """Append to the journal."""
        self.own.run("INSERT INTO journal (id, entries) VALUES (?, ?)", [id_, entries])

    def reference(self, name: str) -> bytes | None:
        """A table that changes as a whole."""
        found = self.own.rows("SELECT content FROM reference_tables WHERE name = ?", [name])
        return bytes(found[0][0]) if found else None

    def put_reference(self, name: str, content: bytes) -> None:
        """Replace a table as a whole."""
        self.own.run(
            "INSERT INTO reference_tables (name, content) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET content = excluded.content",
            [name, content],
        )
