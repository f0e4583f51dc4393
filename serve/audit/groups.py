"""Who is bothered without reason, of those who were really asked: by sealed groups, with the audit's key.

Reads what was answered, the verdicts on it, and the groups that lie sealed beside the log; gives counts under
the audit's rules on small cells (`detector.audit`), and nothing about anybody. What was imported bothered
nobody and is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from detector.audit import Audit, Segments, audit, of_codes
from detector.decision import DECISIONS
from detector.identity.groups import NOBODY
from detector.lifecycle import STAGES
from detector.model.workload import ALARMED
from detector.registration import Int8, Int16, Int64
from serve.auditkeys import AuditKeys
from serve.store.books import Answer, Books
from serve.store.groups import RURAL, UNKNOWN, URBAN

Progress = Callable[[str, float], None]
PAGE = 10_000
PLACES = {RURAL: "rural", URBAN: "urban"}


def _quiet(_what: str, _share: float) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Groups by sequence (less one): codes of `detector.identity.groups`, and kinds of places."""

    codes: Int16
    places: Int8

    def segments(self, at: Int64) -> Segments:
        """The groups of some registrations, as positions among them."""
        people, places = of_codes(self.codes[at]), self.places[at]
        held = {name: np.flatnonzero(places == kind) for kind, name in PLACES.items()}
        there = {name: rows for name, rows in held.items() if len(rows)}
        return people.also(Segments((*there,), ("place",) * len(there), (*there.values(),)))

    def known(self, at: Int64) -> int:
        """Of how many of some registrations anything is known."""
        return int(np.count_nonzero((self.codes[at] != NOBODY) | (self.places[at] != UNKNOWN)))


def opened(books: Books, keys: AuditKeys, *, progress: Progress = _quiet) -> Sealed:
    """All groups of a store; what does not open with these keys is unknown."""
    n = books.last_sequence()
    found = Sealed(np.zeros(n, np.int16), np.zeros(n, np.int8))
    for page in _pages(n):
        progress("Opening groups", page.start / n)
        for sequence, group in books.groups(page, keys).items():
            found.codes[sequence - 1] = group.code
            found.places[sequence - 1] = group.place
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """Registrations that were answered while somebody waited: which, how, and whether misuse is known."""

    at: Int64  # sequence, less one
    decision: Int8
    fraud: np.ndarray

    def audits(self, sealed: Sealed) -> list[Audit]:
        """Each way of being bothered at registration, and whom it hits."""
        segments, row = sealed.segments(self.at), np.arange(len(self.at))
        return [
            audit(
                segments,
                row,
                self.decision >= weakest,
                innocent=~self.fraud,
                stage=STAGES[0],
                by=way,
            )
            for way, weakest in ALARMED.items()
        ]


def asked(
    books: Books,
    *,
    since: int | None = None,
    until: int | None = None,
    carrier: str | None = None,
    progress: Progress = _quiet,
) -> Asked:
    """What was answered about registrations from a moment up to another (microseconds), or of one carrier."""
    rows, n = [], books.last_sequence()
    for page in _pages(n):
        progress("Reading answers", page.start / n)
        rows += [
            row
            for row in _asked(books, page, carrier)
            if (since is None or row[1] >= since) and (until is None or row[1] < until)
        ]
    at, _, decision, fraud = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Asked(np.array(at, np.int64), np.array(decision, np.int8), np.array(fraud, np.bool_))


def _asked(
    books: Books, sequences: range, carrier: str | None
) -> Iterator[tuple[int, int, int, bool]]:
    folios = books.folios(sequences)
    fraud = {verdict.sequence: bool(verdict.fraud) for verdict in books.verdicts(folios)}
    for sequence, answers in books.answered(folios, vectors=False).items():
        first = answers[0]
        if first.stage != 0 or (carrier and books.named(folios[sequence])[0] != carrier):
            continue
        decision = _decided(first)
        if decision is not None:
            yield sequence - 1, first.moment, decision, fraud.get(sequence, False)


def _decided(answer: Answer) -> int | None:
    """What was decided; none where the answer was for the record only."""
    said = json.loads(answer.answer)
    return None if said.get("imported") else DECISIONS.index(said["decision"])


def _pages(n: int) -> Iterator[range]:
    for low in range(1, n + 1, PAGE):
        yield range(low, min(low + PAGE, n + 1))
