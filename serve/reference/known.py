"""What the tables say of identities at their moments, in the words of `detector.exposure`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detector.exposure import Exposure, exposure
from detector.registration import Breaches, BreachMembers, Int64, Officials
from serve.reference import tables
from serve.reference.keys import TableKey
from serve.reference.places import Place
from serve.reference.tables import Table

NOTHING = np.zeros(0, np.int64)
NO_BREACHES = Breaches((), np.zeros(0, np.int32), np.zeros(0, np.uint16))
NO_MEMBERS = BreachMembers(NOTHING, NOTHING, np.zeros(0, np.int32))
NO_OFFICIALS = Officials(NOTHING, np.zeros(0, np.int8), NOTHING, NOTHING)
MEMBERS, OFFICIALS = tables.KINDS


@dataclass(frozen=True, slots=True)
class Known:
    """Both tables in use, each keyed on its own; `tables` lacks one that was never told."""

    tables: Mapping[str, Table]
    keys: Mapping[str, TableKey]
    breaches: Breaches
    members: BreachMembers
    officials: Officials

    @classmethod
    def load(cls, place: Place, secret: bytes, versions: Mapping[str, str]) -> Self:
        """The tables of these versions. Raises TableRefused."""
        keys = {kind: TableKey.derived(secret, kind) for kind in tables.KINDS}
        found = {kind: tables.read(place, name, keys[kind]) for kind, name in versions.items()}
        members, officials = (found.get(kind) for kind in tables.KINDS)
        return cls(
            found,
            keys,
            incidents(members.about) if members else NO_BREACHES,
            BreachMembers(**members.columns) if members else NO_MEMBERS,
            Officials(**officials.columns) if officials else NO_OFFICIALS,
        )

    def exposure(self, identities: Int64, moments: Int64) -> Exposure:
        """What was known of each identity (the engine's key) at its moment, in microseconds."""
        if not self.tables:
            grade, incidents, tier = (np.zeros(len(identities), t) for t in ("i1", "i2", "i1"))
            return Exposure(grade, incidents, tier)
        leaked = exposure(
            self.keys[MEMBERS].of(identities),
            moments,
            breaches=self.breaches,
            members=self.members,
            officials=NO_OFFICIALS,
        )
        held = exposure(
            self.keys[OFFICIALS].of(identities),
            moments,
            breaches=NO_BREACHES,
            members=NO_MEMBERS,
            officials=self.officials,
        )
        return Exposure(leaked.grade, leaked.incidents, held.tier)

    def of(self, identities: Int64) -> tuple[Breaches, BreachMembers, Officials]:
        """What is known of these identities and of nobody else, under the engine's own keys."""
        who = np.unique(identities[identities != 0])
        members, officials = (self._rows(kind, who) for kind in tables.KINDS)
        return (
            self.breaches,
            BreachMembers(**members) if members else NO_MEMBERS,
            Officials(**officials) if officials else NO_OFFICIALS,
        )

    def _rows(self, kind: str, who: Int64) -> dict[str, NDArray[Any]]:
        held = self.tables.get(kind)
        if held is None:
            return {}
        keyed, column = self.keys[kind].of(who), held.columns["identity"]
        first, last = (np.searchsorted(column, keyed, side) for side in ("left", "right"))
        count = last - first
        ends = np.cumsum(count)
        rows = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - count), count)
        taken = {name: np.asarray(one[rows]) for name, one in held.columns.items()}
        return taken | {"identity": np.repeat(who, count)}


def incidents(about: Mapping[str, Any]) -> Breaches:
    """The incidents that a manifest lists, in the order in which rows point at them."""
    listed = about.get("breaches", [])
    return Breaches(
        tuple(name for name, _, _ in listed),
        np.array([day for _, day, _ in listed], np.int32),
        np.array([bits for _, _, bits in listed], np.uint16),
    )


def listed(known: Breaches) -> list[list[str | int]]:
    """As a manifest lists incidents."""
    days, bits = known.occurred_on.tolist(), known.fields_leaked.tolist()
    return [list(one) for one in zip(known.breach_id, days, bits, strict=True)]
