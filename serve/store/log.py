"""The event log: registrations, and what became known of them later. It opens with the worker's key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from detector import logbook
from serve.enginekeys import FROZEN, LOG
from serve.store import packing
from serve.store.packing import Seen, Verdict
from serve.store.rows import Rows

Told = tuple[int, bytes]  # sequence, and what was said of it
FOLIO_BYTES = 16


@dataclass(frozen=True, slots=True)
class Filed:
    """A registration of the log."""

    sequence: int
    folio: bytes
    fingerprint: bytes
    carrier: str
    entry: bytes


class Log(Rows):
    """What carriers told, by sequence number; what a folio opens, by folio."""

    def carriers(self) -> tuple[str, ...]:
        """All carriers by their codes."""
        return tuple(name for (name,) in self.own.rows("SELECT name FROM carriers ORDER BY code"))

    def add_carrier(self, name: str) -> int:
        """Give a carrier its code."""
        code = len(self.carriers())
        self.own.run("INSERT INTO carriers (code, name) VALUES (?, ?)", [code, name])
        return code

    def last_sequence(self) -> int:
        """The last sequence number given: they have no gaps, so it is found by halving."""
        low, high = 0, 1
        while self._exists(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._exists(middle) else (low, middle)
        return low

    def _exists(self, sequence: int) -> bool:
        name = self.seals.rows("log", [sequence])
        return bool(self.own.rows("SELECT 1 FROM registrations WHERE id = ?", name))

    def known(self, folios: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """Which folios are registered: sequence and the fingerprint of their body."""
        named = {self.seals.folio(folio): folio for folio in folios}
        found = self.own.found(
            "SELECT folio, number, fingerprint FROM registrations WHERE folio IN", list(named)
        )
        rows = [
            (named[bytes(name)], bytes(number), bytes(print_)) for name, number, print_ in found
        ]
        sequences = self.seals.sequences([(folio, number) for folio, number, _ in rows])
        return {
            folio: (sequence, print_)
            for (folio, _, print_), sequence in zip(rows, sequences, strict=True)
        }

    def add(self, rows: Iterable[Filed]) -> None:
        """Append to the log."""
        filed = list(rows)
        names = self.seals.rows("log", [row.sequence for row in filed])
        self.own.run_many(
            "INSERT INTO registrations (id, folio, number, fingerprint, names, entry)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            sorted(self._filed(row, name) for row, name in zip(filed, names, strict=True)),
        )

    def _filed(self, row: Filed, name: bytes) -> tuple[bytes, ...]:
        folio = self.seals.folio(row.folio)
        said = packing.names(row.carrier, logbook.registration_id(row.entry))
        return (
            name,
            folio,
            self.seals.number(row.folio, row.sequence),
            row.fingerprint,
            self.seals.for_folio(row.folio, folio, said),
            self.seals.for_worker(LOG, name, row.folio + row.entry),
        )

    def named(self, folio: bytes) -> tuple[str, str]:
        """Carrier and registration id of a registration."""
        name = self.seals.folio(folio)
        found = self.own.rows("SELECT names FROM registrations WHERE folio = ?", [name])
        held = self.seals.with_folio(folio, name, bytes(found[0][0])) if found[0][0] else None
        return packing.named(held) if held else ("", "")

    def folios(self, sequences: Iterable[int]) -> dict[int, bytes]:
        """What registrations are filed under."""
        return {sequence: folio for sequence, (folio, _) in self.filed(sequences).items()}

    def beginning(self, prefix: bytes, most: int = 8) -> list[tuple[int, bytes]]:
        """Registrations whose folio begins with some bytes: sequence and folio."""
        first = self.seals.prefix(prefix)
        found = self.own.rows(
            "SELECT id, entry FROM registrations WHERE folio >= ? AND folio < ?"
            " ORDER BY folio LIMIT ?",
            [first, first + b"\xff" * 9, most],
        )
        held = (self.seals.by_worker(bytes(n), bytes(e)) for n, e in found if e is not None)
        folios = [text[:FOLIO_BYTES] for text in held if text is not None]
        known = self.known(folios)
        return [(known[folio][0], folio) for folio in folios if folio.startswith(prefix)]

    def entries(self, sequences: Iterable[int]) -> dict[int, bytes]:
        """Rows of the log that have not expired."""
        return {s: entry for s, (_, entry) in self.filed(sequences).items() if entry}

    def filed(self, sequences: Iterable[int]) -> dict[int, tuple[bytes, bytes]]:
        """What registrations are filed under, and their rows of the log, empty where these have expired."""
        return {
            sequence: (text[:FOLIO_BYTES], text[FOLIO_BYTES:])
            for sequence, text in sorted(self._log(sequences))
        }

    def _log(self, sequences: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        once = list(dict.fromkeys(sequences))
        names = dict(zip(self.seals.rows("log", once), once, strict=True))
        for name, box in self.found("SELECT id, entry FROM registrations WHERE id IN", names):
            text = self.seals.by_worker(name, box) if box is not None else None
            if text is not None:
                yield names[name], text

    def all_filed(self) -> Iterator[tuple[bytes, bytes]]:
        """Folio and row of every registration that has not expired, in no order."""
        for name, box in self.whole("registrations", "entry"):
            text = self.seals.by_worker(name, box) if box is not None else None
            if text is not None and len(text) > FOLIO_BYTES:
                yield text[:FOLIO_BYTES], text[FOLIO_BYTES:]

    def sealed_in(self, sequences: Iterable[int]) -> dict[int, int]:
        """The epochs that rows of the log were sealed in."""
        once = list(dict.fromkeys(sequences))
        names = dict(zip(self.seals.rows("log", once), once, strict=True))
        found = self.found("SELECT id, entry FROM registrations WHERE id IN", names)
        made = {names[name]: self.seals.sealed_in(box) for name, box in found if box is not None}
        return dict(sorted(made.items()))

    def log(self, after: int, most: int) -> list[Filed]:
        """The log in its order, some rows at a time; what has expired is left out."""
        wanted = range(after + 1, min(after + most, self.last_sequence()) + 1)
        texts = dict(self._log(wanted))
        known = self.known([text[:FOLIO_BYTES] for text in texts.values()])
        carriers = self.carriers()
        return [
            Filed(
                s,
                text[:FOLIO_BYTES],
                known[text[:FOLIO_BYTES]][1],
                carriers[logbook.carrier(text[FOLIO_BYTES:])],
                text[FOLIO_BYTES:],
            )
            for s, text in sorted(texts.items())
        ]

    # What became known later

    def events(self, sequences: Iterable[int]) -> list[Seen]:
        """Line events of registrations, in the order in which they became known."""
        return _seen(self._told("line_events", "event", sequences))

    def add_event(self, event: Seen) -> None:
        """Append a line event."""
        self._tell("line_events", "event", event.sequence, packing.event(event), use=LOG)

    def verdicts(self, sequences: Iterable[int]) -> list[Verdict]:
        """Verdicts on registrations, in the order in which they became known."""
        return _verdicts(self._told("verdicts", "verdict", sequences))

    def add_verdict(self, verdict: Verdict) -> None:
        """Append a verdict."""
        said = packing.said(verdict)
        self._tell("verdicts", "verdict", verdict.sequence, said, use=FROZEN)

    def all_events(self) -> list[Seen]:
        """Every line event, by registration."""
        return _seen(self._all_told("line_events", "event"))

    def all_verdicts(self) -> list[Verdict]:
        """Every verdict, by registration."""
        return _verdicts(self._all_told("verdicts", "verdict"))

    def verdicts_after(self, id_: int, most: int) -> list[tuple[int, Verdict]]:
        """Verdicts in the order in which they came, behind a number of this order."""
        found = self.own.rows(
            "SELECT id, registration, verdict FROM verdicts WHERE id > ? ORDER BY id LIMIT ?",
            [id_, most],
        )
        out = []
        for number, name, box in found:
            text = self.seals.by_worker(bytes(name), bytes(box))
            if text is not None:
                out.append((number, packing.verdict(int.from_bytes(text[:8], "big"), text[8:])))
        return out

    def _told(self, table: str, column: str, sequences: Iterable[int]) -> Iterator[Told]:
        once = list(dict.fromkeys(sequences))
        names = self.seals.rows(table, once)
        sql = f"SELECT registration, {column} FROM {table} WHERE registration IN"  # noqa: S608
        return self._heard(self.found(sql, names))

    def _all_told(self, table: str, column: str) -> Iterator[Told]:
        return self._heard(self.whole(table, column, name="registration"))

    def _heard(self, rows: Iterable[tuple[bytes, bytes | None]]) -> Iterator[Told]:
        for name, box in rows:
            text = self.seals.by_worker(name, box or b"")
            if text is not None:
                yield int.from_bytes(text[:8], "big"), text[8:]

    def _tell(self, table: str, column: str, sequence: int, text: bytes, *, use: str) -> None:
        (name,) = self.seals.rows(table, [sequence])
        box = self.seals.for_worker(use, name, sequence.to_bytes(8, "big") + text)
        self.own.run(
            f"INSERT INTO {table} (id, registration, {column})"  # noqa: S608
            f" VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM {table}), ?, ?)",
            [name, box],
        )


def _seen(told: Iterable[Told]) -> list[Seen]:
    return sorted((packing.seen(*one) for one in told), key=lambda e: (e.sequence, e.at))


def _verdicts(told: Iterable[Told]) -> list[Verdict]:
    return sorted((packing.verdict(*one) for one in told), key=lambda v: (v.sequence, v.at))
