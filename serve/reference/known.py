"""What the tables say of identities at their moments, in the words of `detector.exposure`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from detector.exposure import Exposure, exposure
from detector.registration import Breaches, BreachMembers, Int64, Officials
from serve.reference import tables
from serve.reference.keys import TableKey
from serve.reference.load import incidents

NOTHING = np.zeros(0, np.int64)
NO_BREACHES = Breaches((), np.zeros(0, np.int32), np.zeros(0, np.uint16))
NO_MEMBERS = BreachMembers(NOTHING, NOTHING, np.zeros(0, np.int32))
NO_OFFICIALS = Officials(NOTHING, np.zeros(0, np.int8), NOTHING, NOTHING)


@dataclass(frozen=True, slots=True)
class Known:
    """Both tables in use. Their `identity` columns are keyed apart: ask through `exposure`."""

    breaches: Breaches
    members: BreachMembers
    officials: Officials
    member_key: TableKey
    official_key: TableKey

    @classmethod
    def load(cls, place: Path, secret: bytes) -> Self:
        """The tables in a folder, empty where one was never loaded. Raises TableRefused."""
        keys = [TableKey.derived(secret, kind) for kind in ("breach_members", "officials")]
        found = [
            tables.read(place / key.kind, key) if (place / key.kind).exists() else None
            for key in keys
        ]
        breaches, members, officials = NO_BREACHES, NO_MEMBERS, NO_OFFICIALS
        if found[0]:
            breaches, members = incidents(found[0].about), BreachMembers(**found[0].columns)
        if found[1]:
            officials = Officials(**found[1].columns)
        return cls(breaches, members, officials, keys[0], keys[1])

    def exposure(self, identities: Int64, moments: Int64) -> Exposure:
        """What was known of each identity (the engine's key) at its moment, in microseconds."""
        leaked = exposure(
            self.member_key.of(identities),
            moments,
            breaches=self.breaches,
            members=self.members,
            officials=NO_OFFICIALS,
        )
        held = exposure(
            self.official_key.of(identities),
            moments,
            breaches=NO_BREACHES,
            members=NO_MEMBERS,
            officials=self.officials,
        )
        return Exposure(leaked.grade, leaked.incidents, held.tier)
