"""What was known, at a moment, about an identity itself: breaches it is in, and public office.

Most people's data is in some breach, so membership alone says almost nothing; a breach is *graded* by
what leaked and how fresh it was. Both facts are fixed at the registration's own moment. They order
review, choose who is told and describe the company a key keeps; a person's own status may move
their score only within the bound of `decision`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.registration import (
    BREACH_FIELDS,
    MICROSECONDS,
    Breaches,
    BreachMembers,
    Officials,
)

Array = NDArray[Any]
YEAR = 365
MICROS_PER_DAY = 86_400 * MICROSECONDS


def _bits(*names: str) -> int:
    return sum(1 << BREACH_FIELDS.index(name) for name in names)


_IMAGE = _bits("document_image", "biometric", "credential", "photo")
_NUMBER = _bits("curp", "rfc")
_CHANNEL = _bits("phone", "email")


@dataclass(frozen=True, slots=True)
class Exposure:
    """Per registration: `grade` 0 (in no breach) to 4, incidents known, and official tier code + 1."""

    grade: NDArray[np.int8]
    incidents: NDArray[np.int16]
    tier: NDArray[np.int8]


def leak_grades(breaches: Breaches) -> NDArray[np.int8]:
    """1 to 3 by what leaked: a name or a number; number with a way to reach the person; images."""
    leaked = breaches.fields_leaked.astype(np.int64)
    reachable = ((leaked & _NUMBER) != 0) & ((leaked & _CHANNEL) != 0)
    return np.where(leaked & _IMAGE, 3, np.where(reachable, 2, 1)).astype(np.int8)


@njit(nogil=True, cache=True)
def _grade(
    identities: Array, moments: Array, members: Any, grades: Array, days: Array, out: Any
) -> None:
    member, known_at, breach = members
    best, incidents = out
    starts = np.searchsorted(member, identities)
    for i in range(identities.shape[0]):
        j = starts[i]
        while j < member.shape[0] and member[j] == identities[i]:
            if known_at[j] <= moments[i]:
                incidents[i] += 1
                age = moments[i] // MICROS_PER_DAY - days[breach[j]]
                grade = grades[breach[j]]
                grade += 1 if age < YEAR else (-1 if age > 5 * YEAR and grade > 1 else 0)
                best[i] = max(best[i], grade)
            j += 1


@njit(nogil=True, cache=True)
def _tiers(identities: Array, moments: Array, office: Any, out: Array) -> None:
    holder, tier, since, until = office
    starts = np.searchsorted(holder, identities)
    for i in range(identities.shape[0]):
        j = starts[i]
        while j < holder.shape[0] and holder[j] == identities[i]:
            if since[j] <= moments[i] < until[j]:
                out[i] = tier[j] + 1
            j += 1


def exposure(
    identities: NDArray[np.int64],
    moments: NDArray[np.int64],
    *,
    breaches: Breaches,
    members: BreachMembers,
    officials: Officials,
) -> Exposure:
    """Exposure of each identity as known at its moment (microseconds)."""
    found = Exposure(
        np.zeros(len(identities), np.int8),
        np.zeros(len(identities), np.int16),
        np.zeros(len(identities), np.int8),
    )
    _grade(
        identities,
        moments,
        (members.identity, members.known_at, members.breach),
        leak_grades(breaches),
        breaches.occurred_on,
        (found.grade, found.incidents),
    )
    office = (officials.identity, officials.tier, officials.since, officials.until)
    _tiers(identities, moments, office, found.tier)
    return found
