"""What a lawful notifier tells: rows in the contract's words, raw or tokenised, read straight into ids.

Rows are read in batches and leave memory as the engine's ids; none is written down. A notice of breaches
adds to what is known, for a notifier of one breach knows nothing of the others. A notice of officials is
the whole register: its publisher knows it whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from detector.errors import BadInput
from detector.intake import source
from detector.intake import tables as rows_of
from detector.intake.folder import batches, by_row
from detector.intake.ordering import FolioIndex
from detector.intake.schema import BREACH_MEMBERS, BREACHES, OFFICIALS, Schema
from detector.intake.source import Source
from detector.intake.tables import Door, Reader, Taken
from detector.pieces import in_order
from detector.pseudonym import Pseudonymiser
from detector.registration import Breaches, BreachMembers, DataFolder, Officials, Rejection
from serve.reference.known import NO_BREACHES, NO_MEMBERS

NO_FOLIOS = FolioIndex(np.zeros(0, np.int64), np.zeros(0, np.int32))
PIECE = 1 << 20  # bytes
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where rows come from: who gave them, by which right, when, and the SHA-256 of each file given."""

    notifier: str
    basis: str
    received_on: date
    files: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.notifier.strip() or not self.basis.strip():
            raise BadInput("a notice names its notifier and its legal basis")

    def to_json(self) -> dict[str, object]:
        """As a manifest holds it."""
        return {
            "notifier": self.notifier,
            "basis": self.basis,
            "received_on": self.received_on.isoformat(),
            "sha256": dict(self.files),
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """Incidents with their members, the register of officials where it is told, and what was not taken."""

    breaches: Breaches
    members: BreachMembers
    officials: Officials | None
    provenance: Provenance
    rejections: tuple[Rejection, ...] = ()


def of_folder(folder: DataFolder, provenance: Provenance) -> Notice:
    """A whole data folder's."""
    return Notice(folder.breaches, folder.breach_members, folder.officials, provenance)


def read(
    folder: Path, door: Pseudonymiser, provenance: Provenance, *, progress: Progress | None = None
) -> Notice:
    """The breaches, their members and the officials in a folder; a table that is not there is not told.

    Raises BadInput where there is none of them, or one is not what it should be.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder")
    found = {s: source.in_folder(s, folder) for s in (BREACHES, BREACH_MEMBERS, OFFICIALS)}
    if found[BREACH_MEMBERS] is None and found[OFFICIALS] is None:
        raise BadInput(f"{folder} holds no breach_members and no officials, as .parquet or .csv")
    given = {schema: one for schema, one in found.items() if one is not None}
    told = replace(provenance, files=tuple(_hashes(folder, given)))
    return _Reading(given, Door(door, NO_FOLIOS, {}), progress).notice(told)


class _Reading:
    def __init__(self, given: dict[Schema, Source], door: Door, progress: Progress | None) -> None:
        self._given, self._door, self._progress = given, door, progress
        self._rejections: list[Rejection] = []

    def notice(self, provenance: Provenance) -> Notice:
        """Incidents first: members point at them."""
        incidents, repeats = NO_BREACHES, list[Rejection]()
        if BREACHES in self._given:
            incidents, repeats = rows_of.breaches_table(self._rows(BREACHES, rows_of.breaches))
        places = {name: place for place, name in enumerate(incidents.breach_id)}
        self._door = replace(self._door, breaches=places)
        self._rejections += repeats
        members, officials = NO_MEMBERS, None
        if BREACH_MEMBERS in self._given:
            taken = self._rows(BREACH_MEMBERS, rows_of.breach_members)
            members = BreachMembers(**rows_of.joined(taken, rows_of.NO_MEMBERS))
        if OFFICIALS in self._given:
            officials = rows_of.officials_table(self._rows(OFFICIALS, rows_of.officials))
            if not len(officials):
                raise BadInput("the register of officials holds no row that can be taken")
        return Notice(incidents, members, officials, provenance, by_row(self._rejections))

    def _rows(self, schema: Schema, reader: Reader) -> list[Taken]:
        own, door = self._given[schema], self._door
        taken = list(in_order(lambda batch: reader(batch, door), batches(own, self._progress)))
        self._rejections += [*own.malformed, *(r for part in taken for r in part.rejections)]
        return taken


def _hashes(folder: Path, given: dict[Schema, Source]) -> Iterator[tuple[str, str]]:
    for one in given.values():
        hashed = hashlib.sha256()
        with (folder / one.name).open("rb") as file:
            while piece := file.read(PIECE):
                hashed.update(piece)
        yield one.name, hashed.hexdigest()
