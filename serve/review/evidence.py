"""What a reviewer sees of a case: times, words, and what else shares its keys. No key itself, no office.

Registrations of carriers that the reviewer does not act for are not there, not even as a count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from detector import logbook
from detector.records import ENTRY
from detector.registration import (
    CHANNELS,
    EVENT_KINDS,
    IDENTITY_TYPES,
    LABEL_SOURCES,
    MISSING,
    OPERATIONS,
    PLANS,
    VALIDATION_RESULTS,
)
from serve.answers import Assessment
from serve.judge import told
from serve.review import rulings
from serve.shelf import NAMES, Shelf, record_ids
from serve.store.books import Books

SHOWN = 12  # of what shares a key, the newest
TIED_BY = ("identity", "device", "handset", "sim", "contact", "agent", "pos", "ip", "line")


@dataclass(frozen=True, slots=True)
class Tied:
    """Another registration on the same key. `verdict` is empty where nobody has spoken."""

    at: int
    carrier: str
    registration_id: str
    operation: str
    decision: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Tie:
    """What shares one key with the case: how many are remembered, and the newest of them."""

    by: str
    count: int
    newest: tuple[Tied, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that became known later: a line event or a verdict with its source."""

    at: int
    what: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A registration as its reviewer looks at it. `facts` are its own, in the contract's words."""

    registration_id: str
    facts: tuple[tuple[str, str], ...]
    registered_at: int
    stages: tuple[Assessment, ...]  # as they stand
    given: tuple[tuple[str, ...], ...]  # reason codes of each stage as it was answered
    events: tuple[Happened, ...]
    verdicts: tuple[Happened, ...]
    ties: tuple[Tie, ...]


def evidence(books: Books, sequence: int, carriers: Collection[str]) -> Evidence:
    """Everything about one registration that its reviewer may see."""
    names = books.carriers()
    page = logbook.read([books.entries([sequence])[sequence]], names)
    own = page.registrations
    folio = books.folios([sequence])[sequence]
    carrier, registration_id = books.named(folio)
    answers = sorted(books.answers([sequence])[sequence], key=lambda a: (a.moment, a.stage))
    stages = [
        told(a, folio=folio, carrier=carrier, registration_id=registration_id) for a in answers
    ]
    return Evidence(
        registration_id,
        _facts(page),
        int(own.at[0]),
        tuple(rulings.standing(books.own, sequence, one) for one in stages),
        tuple(one.reasons for one in stages),
        tuple(Happened(e.at, EVENT_KINDS[e.kind]) for e in books.events([sequence])),
        tuple(Happened(v.at, v.label, LABEL_SOURCES[v.source]) for v in books.verdicts([sequence])),
        _ties(books, page, names, carriers),
    )


def _facts(page: logbook.Page) -> tuple[tuple[str, str], ...]:
    own = page.registrations
    coded: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("operation", OPERATIONS),
        ("channel", CHANNELS),
        ("plan", PLANS),
        ("identity_type", IDENTITY_TYPES),
        ("validation_result", VALIDATION_RESULTS),
    )
    found = [
        (name, words[code])
        for name, words in coded
        if (code := int(getattr(own, name)[0])) != MISSING
    ]
    if place := int(own.place[0]):
        found.append(("place", f"{place:05d}"))
    return tuple(found)


def _ties(
    books: Books, page: logbook.Page, names: Sequence[str], carriers: Collection[str]
) -> tuple[Tie, ...]:
    shelf, ids = Shelf(books), record_ids(page.registrations)[0]
    shelf.fetch(ids)
    mine = int(page.registrations.sequence[0])
    allowed = [code for code, name in enumerate(names) if name in carriers]
    held = {}
    for by in TIED_BY:
        id_ = ids[NAMES.index(by)]
        if id_ is None:
            continue
        kept = np.frombuffer(shelf[id_], ENTRY)
        seen = kept[np.isin(kept["carrier"], allowed) & (kept["sequence"] != mine)]
        if len(seen):
            held[by] = np.unique(seen["sequence"])[::-1]
    wanted = sorted({int(s) for found in held.values() for s in found[:SHOWN]})
    tied = _tied(books, wanted)
    return tuple(
        Tie(by, len(found), tuple(tied[int(s)] for s in found[:SHOWN]))
        for by, found in held.items()
    )


def _tied(books: Books, sequences: Sequence[int]) -> dict[int, Tied]:
    if not sequences:
        return {}
    entries, answers = books.entries(sequences), books.answers(sequences)
    verdicts = {v.sequence: v.label for v in books.verdicts(sequences)}
    folios = books.folios(sequences)
    own = logbook.read([entries[s] for s in sequences], books.carriers()).registrations
    found = {}
    for row, sequence in enumerate(sequences):
        carrier = own.carriers[own.carrier[row]]
        registration_id = own.registration_id[row].as_py()
        last = max(answers[sequence], key=lambda a: (a.moment, a.stage))
        said = told(last, folio=folios[sequence], carrier=carrier, registration_id=registration_id)
        stands = rulings.standing(books.own, sequence, said)
        found[sequence] = Tied(
            int(own.at[row]),
            carrier,
            registration_id,
            OPERATIONS[own.operation[row]],
            stands.decision,
            verdicts.get(sequence, ""),
        )
    return found


def tokens(books: Books, sequence: int, keys: Sequence[str]) -> dict[str, int]:
    """A registration's keys, for a note's mark; they go nowhere else."""
    own = logbook.read([books.entries([sequence])[sequence]], ()).registrations
    return {key: int(getattr(own, key)[0]) for key in keys}
