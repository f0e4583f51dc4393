"""A country to look at: a data folder behind the door, with what is known to be true of its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from detector import folder as files
from detector.audit import Segments, read_segments
from detector.context import Past
from detector.errors import BadInput
from detector.intake import read_folder
from detector.model.dataset import FRAUD, UNLABELLED, as_known, verdicts
from detector.model.impressions import prepared
from detector.model.scored import NONE, population
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import (
    CHANNELS,
    IDENTITY_TYPES,
    OPERATIONS,
    Bool,
    BreachMembers,
    DataFolder,
    Int64,
    Officials,
)

Array = NDArray[Any]
SOURCES = "simvigia.sources"  # entry points by the scheme of a URL; detector imports none of them
Source = Callable[[str], "Country"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of each registration now: from `truth` where simulated data have one, else verdicts.

    `spoken` says where anybody has said so; `pattern` and `ring` are NONE where none is known.
    """

    source: str  # "truth" or "labels"
    fraud: Bool
    spoken: Bool
    pattern: Int64
    patterns: tuple[str, ...]
    ring: Int64


@dataclass(frozen=True)
class Country:
    """A data folder, or what a live store exported as one. `path` is where its files lie, if anywhere.

    `propensity` is the chance with which each registration's outcome could be seen, where a live store
    stopped some and let others pass; None where nothing was stopped. `sealed` are groups of people that a store
    keeps for the audit, where its key is at hand.
    """

    folder: DataFolder
    path: Path | None = None
    propensity: NDArray[np.float64] | None = None
    sealed: Segments | None = None

    def as_of(self, moment: pd.Timestamp) -> Country:
        """The country as it was known at a moment; what lies in files is not looked at any more."""
        known = as_known(self.folder, microseconds(moment))
        n = len(known.registrations)
        seen = None if self.propensity is None else self.propensity[:n]
        return Country(known, propensity=seen, sealed=self.sealed and self.sealed.before(n))

    def __len__(self) -> int:
        return len(self.folder.registrations)

    @property
    def first(self) -> pd.Timestamp:
        """When the first registration was made."""
        return moment(int(self.folder.registrations.at[0]))

    @property
    def last(self) -> pd.Timestamp:
        """When the last registration was made."""
        return moment(int(self.folder.registrations.at[-1]))

    def after(self, share: float) -> pd.Timestamp:
        """The midnight (UTC) before which at most a share of the registrations was made."""
        at = self.folder.registrations.at
        return moment(int(at[int(share * (len(at) - 1))])).floor("D")

    @cached_property
    def past(self) -> Past:
        """Prepared for asking what was known; made once."""
        return prepared(self.folder)

    @cached_property
    def keys(self) -> pa.Array:
        """Carrier and folio of each registration as one text."""
        own = self.folder.registrations
        carriers = pa.array(own.carriers, pa.large_string()).take(pa.array(own.carrier))
        separator = pa.scalar(files.SEPARATOR, pa.large_string())
        return pc.binary_join_element_wise(carriers, own.registration_id, separator)

    @property
    def carrier_ids(self) -> pa.Array:
        """Carrier of each registration."""
        own = self.folder.registrations
        return pa.array(own.carriers, pa.large_string()).take(pa.array(own.carrier))

    @cached_property
    def known(self) -> Known:
        """What is known of each registration now."""
        spoken = verdicts(self.folder.labels, len(self))
        if self.path is None or files.table_path(self.path, "truth") is None:
            nothing = np.full(len(self), NONE)
            told = spoken != UNLABELLED
            return Known("labels", spoken == FRAUD, told, nothing, (), nothing)
        people, source = population(self.path)
        row = files.positions(self.keys, people.key)
        return Known(
            source.truth,
            people.fraud[row] & (row >= 0),
            people.counted[row] & (row >= 0),
            np.where(row >= 0, people.pattern[row], NONE),
            people.patterns,
            np.where(row >= 0, people.ring[row], NONE),
        )

    @cached_property
    def segments(self) -> Segments:
        """Groups that registrations belong to; without files those that their columns show, and sealed ones."""
        if self.path is not None:
            return read_segments(self.path, self.keys)
        own = self.folder.registrations
        shown = {
            "carrier": (own.carrier, own.carriers),
            "channel": (own.channel, CHANNELS),
            "operation": (own.operation, OPERATIONS),
            "identity": (own.identity_type, IDENTITY_TYPES),
        }
        found = [
            (name, kind, np.flatnonzero(codes == code))
            for kind, (codes, names) in shown.items()
            for code, name in enumerate(names)
        ]
        names, kinds, members = zip(*found, strict=True)
        told = Segments(names, kinds, members)
        return told.also(self.sealed) if self.sealed else told

    @cached_property
    def official(self) -> Bool:
        """Registrations in the name of somebody in office then: to count, never to list."""
        in_office: Bool = self.past.exposure.tier > 0
        return in_office

    @cached_property
    def cluster(self) -> Int64:
        """What may be drawn independently: the ring of a row, else the row itself."""
        ring = self.known.ring
        return np.where(ring == NONE, -2 - np.arange(len(self)), ring)

    def carrier(self, name: str) -> Country:
        """Only one carrier's rows: all that its own analyst may see, history included.

        Who is in office and who was in a breach are not among it. Raises BadInput where no such carrier
        registered anything.
        """
        own = self.folder.registrations
        if name not in own.carriers:
            raise BadInput(f"no registration here is of a carrier {name}")
        mine = own.carrier == own.carriers.index(name)
        seen = None if self.propensity is None else self.propensity[mine]
        return Country(_only(self.folder, mine), propensity=seen)


def _only(folder: DataFolder, mine: Bool) -> DataFolder:
    """The folder with some of its registrations, and what belongs to them."""
    place = np.cumsum(mine) - 1
    tables = {}
    for name in ("line_events", "labels"):
        table = getattr(folder, name)
        kept = table.take(mine[table.row])
        tables[name] = replace(kept, row=place[kept.row].astype(np.int32))
    nobody, never = np.empty(0, np.int64), np.empty(0, np.int64)
    tables["breach_members"] = BreachMembers(nobody, never, np.empty(0, np.int32))
    tables["officials"] = Officials(nobody, np.empty(0, np.int8), never, never)
    return replace(folder, registrations=folder.registrations.take(mine), **tables)


def opened(data: str | Path, *, key_file: str | Path | None = None) -> Country:
    """A data folder or the URL of a live store (`sqlite:///…`, `postgresql://…`), which is only read.

    A folder comes through the door under the key in `key_file` or, without one, a key for today. Raises
    BadInput where there is no such folder or store, or nothing was registered in it.
    """
    scheme, separator, _ = str(data).partition("://")
    if separator:
        return _live(scheme, str(data))
    path = Path(data)
    key = Key.load(Path(key_file)) if key_file else Key.fresh()
    return Country(read_folder(path, Pseudonymiser(key)), path)


def _live(scheme: str, url: str) -> Country:
    found = entry_points(group=SOURCES, name=scheme)
    if not found:
        raise BadInput(f"no live store is known by URLs of the kind {scheme}://")
    source: Source = next(iter(found)).load()
    return source(url)


def moment(microseconds_: int) -> pd.Timestamp:
    """Microseconds since 1970 as a moment in UTC."""
    return pd.Timestamp(microseconds_, unit="us", tz="UTC")


def microseconds(at: pd.Timestamp | str) -> int:
    """A moment as microseconds since 1970; without an offset it counts as UTC."""
    known = pd.Timestamp(at)
    aware = known.tz_localize("UTC") if known.tzinfo is None else known
    return int(aware.value // 1000)
