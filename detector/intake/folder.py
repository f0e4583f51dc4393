"""A data folder, or one table, or one registration, through the door: the same code for all three."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from detector.errors import BadInput
from detector.intake import ordering, registrations, source, tables
from detector.intake.gathering import Gathering
from detector.intake.registrations import Part
from detector.intake.rejects import RowRejected
from detector.intake.schema import (
    BREACH_MEMBERS,
    BREACHES,
    LABELS,
    LINE_EVENTS,
    OFFICIALS,
    REGISTRATIONS,
    SCHEMAS,
    Schema,
)
from detector.intake.source import Batch, Source
from detector.intake.tables import Reader, Taken
from detector.pieces import in_order
from detector.pseudonym import Pseudonymiser
from detector.registration import DataFolder, Registrations, Rejection

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Intake:
    """Registrations behind the door, what was not taken and what is worth a warning."""

    registrations: Registrations
    index: ordering.FolioIndex
    rejections: tuple[Rejection, ...]
    warnings: tuple[str, ...]


def read_folder(
    path: Path, pseudonymiser: Pseudonymiser, *, progress: Progress | None = None
) -> DataFolder:
    """All tables of a data folder but `truth`, which is not looked at.

    `progress` is called with the share read so far. Raises BadInput where the folder, a file of it
    or a required column is not there or not what it should be; a bad row is only rejected.
    """
    folder = _Reading(path, pseudonymiser, progress).everything()
    pa.default_memory_pool().release_unused()  # what was read as text
    return folder


def read_registrations(
    table: pa.Table, pseudonymiser: Pseudonymiser, *, progress: Progress | None = None
) -> Intake:
    """Registrations of one table in memory. Raises BadInput where it has no rows or lacks columns."""
    own = source.of_table(REGISTRATIONS, table)
    return _registrations(own, in_order(_part(pseudonymiser), batches(own, progress)))


def registration(event: Mapping[str, object], pseudonymiser: Pseudonymiser) -> Registrations:
    """One registration as a table of one row, in the words of the contract.

    Raises RowRejected where a required field is missing or malformed, BadInput where a field is not
    there at all or of a type that the contract does not have.
    """
    own = source.of_table(REGISTRATIONS, _one_row(event))
    taken = _registrations(own, map(_part(pseudonymiser), batches(own, None)))
    if taken.rejections:
        raise RowRejected(taken.rejections[0])
    return taken.registrations


def _one_row(event: Mapping[str, object]) -> pa.Table:
    try:
        return pa.table({name: _cell(value) for name, value in event.items()})
    except (pa.ArrowException, TypeError, OverflowError):
        # Arrow quotes the value that it cannot take.
        raise BadInput("A field holds a value of a type that the contract does not have") from None


def _cell(value: object) -> pa.Array:
    if isinstance(value, str):
        return pa.array([value.encode(errors="replace")], pa.large_binary())
    return pa.array([value])


def _part(pseudonymiser: Pseudonymiser) -> Callable[[Batch], Part]:
    return lambda batch: registrations.part(batch, pseudonymiser)


def _registrations(own: Source, made: Iterable[Part]) -> Intake:
    rows = Gathering(own.expected)
    for part in made:
        rows.add(part)
    if not rows.names():
        fit = " with as many cells as its header" if own.malformed else ""
        raise BadInput(f"{own.name} holds no rows{fit}")
    table, index, repeats = ordering.in_time_order(rows)
    rejections = [*own.malformed, *rows.rejections, *repeats]
    return Intake(table, index, by_row(rejections), own.warnings)


def _opened(folder: Path) -> dict[Schema, Source]:
    """The tables that are there, each checked before the first is read."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder")
    found = {schema: source.in_folder(schema, folder) for schema in SCHEMAS}
    if found[REGISTRATIONS] is None:
        raise BadInput(f"{folder} holds no registrations.parquet and no registrations.csv")
    return {schema: one for schema, one in found.items() if one is not None}


class _Reading:
    """One reading of a folder: its sources, how far it is, and what was rejected so far."""

    def __init__(
        self, folder: Path, pseudonymiser: Pseudonymiser, progress: Progress | None
    ) -> None:
        self._sources = _opened(folder)
        self._pseudonymiser = pseudonymiser
        self._progress = progress
        self._whole = sum(own.weight for own in self._sources.values())
        self._done = 0.0
        self._rejections: list[Rejection] = []

    def everything(self) -> DataFolder:
        """The registrations first: the other tables point at them."""
        taken = self._own()
        door = tables.Door(self._pseudonymiser, taken.index, {})
        incidents, repeats = tables.breaches_table(self._rows(BREACHES, tables.breaches, door))
        names = {name: position for position, name in enumerate(incidents.breach_id)}
        door = replace(door, breaches=names)
        labels, contradictions = tables.labels_table(self._rows(LABELS, tables.labels, door))
        self._rejections += [*repeats, *contradictions]
        return DataFolder(
            registrations=taken.registrations,
            line_events=tables.line_events_table(self._rows(LINE_EVENTS, tables.line_events, door)),
            labels=labels,
            breaches=incidents,
            breach_members=tables.members_table(
                self._rows(BREACH_MEMBERS, tables.breach_members, door)
            ),
            officials=tables.officials_table(self._rows(OFFICIALS, tables.officials, door)),
            rejections=by_row(self._rejections),
            warnings=tuple(w for own in self._sources.values() for w in own.warnings),
            has_line_events=LINE_EVENTS in self._sources,
        )

    def _own(self) -> Intake:
        own = self._sources[REGISTRATIONS]
        part = _part(self._pseudonymiser)
        taken = _registrations(own, in_order(part, batches(own, self._told(own))))
        self._rejections += taken.rejections
        return taken

    def _rows(self, schema: Schema, reader: Reader, door: tables.Door) -> list[Taken]:
        """A table's rows, as its reader takes them; none where the folder has no such table."""
        own = self._sources.get(schema)
        if own is None:
            return []
        taken = list(in_order(lambda batch: reader(batch, door), batches(own, self._told(own))))
        self._rejections += [*own.malformed, *(r for part in taken for r in part.rejections)]
        return taken

    def _told(self, own: Source) -> Progress:
        before = self._done
        self._done += own.weight

        def tell(share: float) -> None:
            if self._progress is not None:
                self._progress(min(1.0, (before + share * own.weight) / self._whole))

        return tell


def batches(own: Source, progress: Progress | None) -> Iterator[Batch]:
    """A source's rows, telling how far they are."""
    for batch, share in own.batches():
        if progress is not None:
            progress(share)
        yield batch


def by_row(rejections: Iterable[Rejection]) -> tuple[Rejection, ...]:
    """By table in the order of the contract, then by row."""
    place = {schema.table: position for position, schema in enumerate(SCHEMAS)}
    return tuple(sorted(rejections, key=lambda r: (place[r.table], r.row)))
