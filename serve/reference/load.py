"""Bulk loads from lawful notifiers: rows in the contract's words, raw or tokenised, into keyed tables.

Rows are read in batches and leave memory as keys; none is written down. A load adds to what is there: a
notifier of one breach knows nothing of the others. The officials' register is replaced as a whole, for
its publisher knows it whole, with those who left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.errors import BadInput
from detector.intake import tables as rows_of
from detector.intake.ordering import FolioIndex
from detector.intake.schema import BREACH_MEMBERS, OFFICIALS
from detector.intake.source import Source, of_table
from detector.pseudonym import Pseudonymiser
from detector.registration import Breaches, Rejection
from serve.reference import tables
from serve.reference.keys import TableKey

NO_FOLIOS = FolioIndex(np.zeros(0, np.int64), np.zeros(0, np.int32))
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where rows come from: who gave them, by which right, when, and the SHA-256 of what was given."""

    notifier: str
    basis: str
    received_on: date
    sha256: str

    def __post_init__(self) -> None:
        if not self.notifier or not self.basis or len(self.sha256) != 64:
            raise BadInput(
                "a load names its notifier, its legal basis and the SHA-256 of what came"
            )

    def to_json(self) -> dict[str, str]:
        """As a manifest holds it."""
        return {
            "notifier": self.notifier,
            "basis": self.basis,
            "received_on": self.received_on.isoformat(),
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: rows in the table now, rows not taken (never their values), the version."""

    rows: int
    rejections: tuple[Rejection, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Loader:
    """Puts rows under the engine's key. `secret` is the key of the tables, 32 bytes or more."""

    place: Path
    pseudonymiser: Pseudonymiser
    secret: bytes

    def breach_members(
        self, sources: Iterable[Source | pa.Table], breaches: Breaches, provenance: Provenance
    ) -> Loaded:
        """Add the members of these incidents to what is known. Raises BadInput, TableRefused."""
        key = TableKey.derived(self.secret, "breach_members")
        before, about = self._before(key)
        known = _united(incidents(about), breaches)
        names = {name: at for at, name in enumerate(known.breach_id)}
        door = rows_of.Door(self.pseudonymiser, NO_FOLIOS, names)
        taken = [rows_of.breach_members(batch, door) for batch in _batches(sources, BREACH_MEMBERS)]
        added = _keyed(rows_of.joined(taken, rows_of.NO_MEMBERS), key)
        if before:
            added = _both(before, added, _positions(incidents(about), names))
        told = [*about.get("provenance", []), provenance.to_json()]
        return self._write(_earliest(added), key, taken, {"provenance": told} | _listed(known))

    def officials(self, sources: Iterable[Source | pa.Table], provenance: Provenance) -> Loaded:
        """Replace the register. Raises BadInput, TableRefused."""
        key = TableKey.derived(self.secret, "officials")
        door = rows_of.Door(self.pseudonymiser, NO_FOLIOS, {})
        taken = [rows_of.officials(batch, door) for batch in _batches(sources, OFFICIALS)]
        held = _keyed(rows_of.joined(taken, rows_of.NO_OFFICIALS), key)
        return self._write(held, key, taken, {"provenance": [provenance.to_json()]})

    def _before(self, key: TableKey) -> tuple[Columns, Mapping[str, Any]]:
        if not (self.place / key.kind / tables.POINTER).exists():
            return {}, {}
        table = tables.read(self.place / key.kind, key)
        real = table.columns["known_at"] != tables.NOBODY["known_at"]
        return {name: column[real] for name, column in table.columns.items()}, table.about

    def _write(
        self, columns: Columns, key: TableKey, taken: list[rows_of.Taken], about: dict[str, Any]
    ) -> Loaded:
        rows = len(columns["identity"])
        if not rows:
            raise BadInput(f"the load holds no row that can be taken into {key.kind}")
        version = tables.write(columns, self.place / key.kind, key=key, about=about)
        return Loaded(rows, tuple(r for part in taken for r in part.rejections), version)


def _batches(sources: Iterable[Source | pa.Table], schema: Any) -> Iterable[Any]:
    for given in sources:
        own = given if isinstance(given, Source) else of_table(schema, given)
        for batch, _ in own.batches():
            yield batch


def _keyed(columns: Columns, key: TableKey) -> Columns:
    return columns | {"identity": key.of(columns["identity"])}


def _earliest(columns: Columns) -> Columns:
    """One row per person and incident: the one known first."""
    order = np.lexsort([columns["known_at"], columns["breach"], columns["identity"]])
    held = {name: column[order] for name, column in columns.items()}
    same = (held["identity"][1:] == held["identity"][:-1]) & (
        held["breach"][1:] == held["breach"][:-1]
    )
    return {name: column[np.append(True, ~same)] for name, column in held.items()}


def _both(before: Columns, added: Columns, positions: NDArray[np.int32]) -> Columns:
    moved = before | {"breach": positions[before["breach"]]}
    return {name: np.concatenate([moved[name], column]) for name, column in added.items()}


def _positions(old: Breaches, names: Mapping[str, int]) -> NDArray[np.int32]:
    return np.array([names[name] for name in old.breach_id], np.int32)


def _united(old: Breaches, new: Breaches) -> Breaches:
    """The incidents of both. Raises BadInput where one is told in two ways."""
    held = _contents(old)
    for name, content in _contents(new).items():
        if held.setdefault(name, content) != content:
            raise BadInput("a breach is known already with another date or other fields")
    names = tuple(sorted(held))
    days, bits = ([held[name][i] for name in names] for i in (0, 1))
    return Breaches(names, np.array(days, np.int32), np.array(bits, np.uint16))


def _contents(known: Breaches) -> dict[str, tuple[int, int]]:
    days, bits = known.occurred_on.tolist(), known.fields_leaked.tolist()
    return dict(zip(known.breach_id, zip(days, bits, strict=True), strict=True))


def _listed(known: Breaches) -> dict[str, Any]:
    return {"breaches": [[name, *content] for name, content in _contents(known).items()]}


def incidents(about: Mapping[str, Any]) -> Breaches:
    """The incidents that a manifest lists, in the order in which rows point at them."""
    listed = about.get("breaches", [])
    return Breaches(
        tuple(name for name, _, _ in listed),
        np.array([day for _, day, _ in listed], np.int32),
        np.array([bits for _, _, bits in listed], np.uint16),
    )
