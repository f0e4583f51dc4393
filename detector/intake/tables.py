"""The other tables of a data folder: line events, labels, breaches, their members and officials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector import spans
from detector.intake import columns, keys
from detector.intake.ordering import FolioIndex
from detector.intake.registrations import places
from detector.intake.rejects import SHAPE, Faults, Notes
from detector.intake.source import Batch
from detector.pseudonym import Pseudonymiser
from detector.registration import (
    BREACH_FIELDS,
    EVENT_KINDS,
    IDENTITY_TYPES,
    LABEL_SOURCES,
    LABELS,
    MISSING,
    NEVER,
    NO_DATE,
    OFFICIAL_TIERS,
    Breaches,
    BreachMembers,
    Int32,
    Int64,
    Labels,
    LineEvents,
    Officials,
    Rejection,
)
from detector.spans import Spans

Columns = dict[str, NDArray[Any]]
WORDS = "not one of the contract's words"


@dataclass(frozen=True, slots=True)
class Door:
    """What the tables beside the registrations are read with."""

    pseudonymiser: Pseudonymiser
    index: FolioIndex
    breaches: dict[str, int]  # position by breach_id


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows of one batch that were taken."""

    columns: Columns
    rejections: list[Rejection]


def line_events(batch: Batch, door: Door) -> Taken:
    """What was later seen on lines."""
    faults, notes = Faults(len(batch)), Notes(len(batch))
    row = _registration(batch, door, faults)
    at = _moment(batch, "occurred_at", faults)
    kind = _code(batch, "kind", EVENT_KINDS, faults)
    phone, _ = keys.handset(batch, notes)
    handset = phone.ids("handset", door.pseudonymiser)
    held: Columns = {"row": row, "at": at, "kind": kind, "handset": handset}
    held["place"] = places(batch, notes)
    return _taken("line_events", batch, held, faults)


def labels(batch: Batch, door: Door) -> Taken:
    """Verdicts."""
    faults = Faults(len(batch))
    row = _registration(batch, door, faults)
    fraud = _code(batch, "label", LABELS, faults) == LABELS.index("fraud")
    at = _moment(batch, "decided_at", faults)
    source = _code(batch, "source", LABEL_SOURCES, faults)
    told = columns.numbers(batch["confidence"])
    sound = told.fine & (told.values >= 0) & (told.values <= 1)
    confidence = np.where(sound, told.values, np.nan).astype(np.float32)
    held: Columns = {
        "row": row,
        "at": at,
        "fraud": fraud,
        "source": source,
        "confidence": confidence,
        "number": batch.rows,
    }
    return _taken("labels", batch, held, faults)


def breach_members(batch: Batch, door: Door) -> Taken:
    """Identities known to be in incidents."""
    faults = Faults(len(batch))
    known = columns.texts(batch["breach_id"])
    faults.require(known, "breach_id")
    names, codes = known.coded()
    table = [door.breaches.get(name, MISSING) for name in names]
    breach = np.array([*table, MISSING], np.int32)[codes]
    faults.reject(breach == MISSING, "breach_id", "breach unknown")
    identity = _identity(batch, door, faults)
    known_at = _moment(batch, "known_at", faults)
    held: Columns = {"identity": identity, "known_at": known_at, "breach": breach}
    return _taken("breach_members", batch, held, faults)


def officials(batch: Batch, door: Door) -> Taken:
    """The register of public officials."""
    faults = Faults(len(batch))
    identity = _identity(batch, door, faults)
    tier = _code(batch, "tier", OFFICIAL_TIERS, faults)
    since, until = (columns.moments_or_days(batch[name]) for name in ("since", "until"))
    faults.require(since, "since", f"{SHAPE} (a date)")
    faults.reject(until.malformed, "until", f"{SHAPE} (a date)")
    held: Columns = {
        "identity": identity,
        "tier": tier,
        "since": since.where_fine(0),
        "until": until.where_fine(NEVER),
    }
    return _taken("officials", batch, held, faults)


def breaches(batch: Batch, _: Door) -> Taken:
    """Incidents. Names of leaked fields that the contract does not have are left out."""
    faults = Faults(len(batch))
    names = columns.texts(batch["breach_id"])
    faults.require(names, "breach_id")
    occurred = columns.days(batch["occurred_on"])
    leaked = columns.texts(batch["fields"])
    bits = [_leaked(text) for text in _words(leaked)]
    held: Columns = {
        "breach_id": np.array(_words(names), object),
        "occurred_on": occurred.where_fine(NO_DATE).astype(np.int32),
        "fields_leaked": np.array(bits, np.uint16),
        "number": batch.rows,
    }
    return _taken("breaches", batch, held, faults)


def _words(values: Spans) -> list[str]:
    return [values.value(row).decode(errors="replace") for row in range(len(values))]


def _leaked(text: str) -> int:
    named = {name.strip().lower() for name in text.split("|")}
    return sum(1 << bit for bit, name in enumerate(BREACH_FIELDS) if name in named)


def _registration(batch: Batch, door: Door, faults: Faults) -> Int32:
    folios, carriers = (columns.texts(batch[name]) for name in ("registration_id", "carrier_id"))
    faults.require(folios, "registration_id")
    faults.require(carriers, "carrier_id")
    folio = door.pseudonymiser.ids("registration", spans.joined(carriers, folios))
    row = door.index.positions(folio)
    faults.reject(row == MISSING, "registration_id", "registration unknown")
    return row


def _identity(batch: Batch, door: Door, faults: Faults) -> Int64:
    kind = _code(batch, "identity_type", IDENTITY_TYPES, faults)
    who, _ = keys.identity(batch, kind, np.zeros(len(batch), np.int32), faults)
    return who.ids("identity", door.pseudonymiser)


def _moment(batch: Batch, name: str, faults: Faults) -> Int64:
    cells = columns.moments(batch[name])
    faults.require(cells, name, f"{SHAPE} (RFC 3339 with an offset)")
    return cells.where_fine(0)


def _code(batch: Batch, name: str, words: Sequence[str], faults: Faults) -> NDArray[np.int8]:
    cells = columns.codes(batch[name], words)
    faults.require(cells, name, WORDS)
    return cells.values


def _taken(table: str, batch: Batch, held: Columns, faults: Faults) -> Taken:
    fine = faults.fine
    kept = held if fine.all() else {name: column[fine] for name, column in held.items()}
    return Taken(kept, faults.rejections(table, batch.rows))


def joined(taken: Iterable[Taken], empty: Columns) -> Columns:
    """The columns of all batches; those of `empty` where there is none."""
    parts = [part.columns for part in taken] or [empty]
    return {name: np.concatenate([part[name] for part in parts]) for name in empty}


def sorted_by(held: Columns, names: Sequence[str]) -> Columns:
    """Rows in the order of these columns, and of the others where these tie."""
    rest = [name for name in held if name not in names]
    order = np.lexsort([held[name] for name in (*reversed(rest), *reversed(names))])
    return {name: column[order] for name, column in held.items()}


def _empty(**types: type[np.generic]) -> Columns:
    return {name: np.zeros(0, type_) for name, type_ in types.items()}


NO_LINE_EVENTS = _empty(row=np.int32, at=np.int64, kind=np.int8, handset=np.int64, place=np.int32)
NO_LABELS = _empty(
    row=np.int32,
    at=np.int64,
    fraud=np.bool_,
    source=np.int8,
    confidence=np.float32,
    number=np.int64,
)
NO_MEMBERS = _empty(identity=np.int64, known_at=np.int64, breach=np.int32)
NO_OFFICIALS = _empty(identity=np.int64, tier=np.int8, since=np.int64, until=np.int64)
NO_BREACHES = _empty(
    breach_id=np.object_, occurred_on=np.int32, fields_leaked=np.uint16, number=np.int64
)


def line_events_table(taken: Iterable[Taken]) -> LineEvents:
    """All line events."""
    return LineEvents(**sorted_by(joined(taken, NO_LINE_EVENTS), ("row", "at")))


def labels_table(taken: Iterable[Taken]) -> tuple[Labels, list[Rejection]]:
    """All verdicts but those that contradict each other: of one moment, where neither replaces the other."""
    held = sorted_by(joined(taken, NO_LABELS), ("row", "at", "fraud"))
    number, fraud = held.pop("number"), held["fraud"]
    new = (np.diff(held["row"], prepend=-1) != 0) | (np.diff(held["at"], prepend=0) != 0)
    moment = np.cumsum(new)
    both = np.isin(moment, moment[np.diff(fraud, prepend=False) & ~new])
    reason = "contradicts another verdict of the same moment"
    rejections = [Rejection("labels", n, "label", reason) for n in number[both].tolist()]
    held["withdrawn"] = np.zeros(len(fraud), np.bool_)
    return Labels(**{name: column[~both] for name, column in held.items()}), rejections


def members_table(taken: Iterable[Taken]) -> BreachMembers:
    """All members of breaches."""
    return BreachMembers(**sorted_by(joined(taken, NO_MEMBERS), ("identity", "known_at")))


def officials_table(taken: Iterable[Taken]) -> Officials:
    """All officials."""
    return Officials(**sorted_by(joined(taken, NO_OFFICIALS), ("identity", "since")))


def breaches_table(taken: Iterable[Taken]) -> tuple[Breaches, list[Rejection]]:
    """All incidents by name; a name with two contents is rejected each time."""
    held = joined(taken, NO_BREACHES)
    contents: dict[str, set[tuple[int, int]]] = {}
    for name, day, bits in zip(
        held["breach_id"], held["occurred_on"], held["fields_leaked"], strict=True
    ):
        contents.setdefault(name, set()).add((int(day), int(bits)))
    wrong = [len(contents[name]) > 1 for name in held["breach_id"]]
    numbers = held["number"][np.array(wrong, np.bool_)]
    sound = {name: next(iter(c)) for name, c in sorted(contents.items()) if len(c) == 1}
    table = Breaches(
        tuple(sound),
        np.array([day for day, _ in sound.values()], np.int32),
        np.array([bits for _, bits in sound.values()], np.uint16),
    )
    reason = "repeated with another content"
    return table, [Rejection("breaches", int(n), "breach_id", reason) for n in numbers]


Reader = Callable[[Batch, Door], Taken]
