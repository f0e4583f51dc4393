"""What is true of a registration at its own moment, for good: the facts that are counted about others.

Most of them are in the row itself. Two look at what its keys had seen by then, so that a key's company
is known two steps away: `repeated` (the identity registered another line within the day) and
`shared` (the handset or the contact had served another identity).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.exposure import Exposure
from detector.history import BY_NAME, Group, KeySpec
from detector.registration import (
    CHANNELS,
    MICROSECONDS,
    NO_DATE,
    NOTES,
    OPERATIONS,
    VALIDATION_RESULTS,
    Registrations,
)
from detector.windows import FIXED_FLAGS, visible

Array = NDArray[Any]
DAY = 86_400 * MICROSECONDS
YOUNG = 7  # days: a line no older than this counts as new
SHARED_MEMORY = 90 * DAY
LOOK_BACK = 16  # rows of the key: enough to see whether somebody else used it lately
GRAVE = 3  # grade of a breach with images of documents or faces
_CHECKS = sum(1 << NOTES.index(n) for n in ("identity_check_digit", "identity_homoclave"))


def fixed_flags(
    own: Registrations, exposed: Exposure, *, groups: Mapping[str, Group], commits: Array
) -> NDArray[np.int32]:
    """The bits of FIXED_FLAGS of each row of a folder."""

    def before(key: str, *, memory: int, other: bool) -> NDArray[np.bool_]:
        spec = BY_NAME[key]
        return _seen_before(own, groups[key], commits, spec=spec, memory=memory, other=other)

    repeated = before("identity", memory=DAY, other=False)
    shared = before("handset", memory=SHARED_MEMORY, other=True)
    shared |= before("contact", memory=SHARED_MEMORY, other=True)
    return row_flags(own, exposed, repeated=repeated, shared=shared)


def row_flags(
    own: Registrations, exposed: Exposure, *, repeated: Array, shared: Array
) -> NDArray[np.int32]:
    """The bits of FIXED_FLAGS of each row, given what its keys had seen."""
    truths = {
        "new_line": _new(own),
        "exposed": exposed.grade >= 1,
        "grave": exposed.grade >= GRAVE,
        "official": exposed.tier > 0,
        "remote": (own.channel == CHANNELS.index("web")) | (own.channel == CHANNELS.index("app")),
        "doubtful": _doubtful(own),
        "repeated": repeated,
        "shared": shared,
    }
    flags = np.zeros(len(own), np.int32)
    for bit, name in enumerate(FIXED_FLAGS):
        flags |= truths[name].astype(np.int32) << bit
    return flags


def _new(own: Registrations) -> NDArray[np.bool_]:
    age = own.at // DAY - own.line_first_seen
    young = (own.line_first_seen != NO_DATE) & (age <= YOUNG)
    new: NDArray[np.bool_] = young | (own.operation == OPERATIONS.index("new_line"))
    return new


def _doubtful(own: Registrations) -> NDArray[np.bool_]:
    weak = (own.validation_result >= VALIDATION_RESULTS.index("partial")) & (
        own.validation_result <= VALIDATION_RESULTS.index("deceased")
    )
    with np.errstate(invalid="ignore"):
        weak |= (own.validation_attempts >= 3) | (own.liveness < 0.5)
    doubtful: NDArray[np.bool_] = weak | ((own.notes & _CHECKS) != 0)
    return doubtful


def _seen_before(
    own: Registrations, gathered: Group, commits: Array, *, spec: KeySpec, memory: int, other: bool
) -> NDArray[np.bool_]:
    """Whether a row's key was used before it: by anybody, or (`other`) by another identity."""
    found = np.zeros(len(own), np.bool_)
    _look_back(gathered.arrays, (own.at, own.identity, commits), (spec.k, memory, other), found)
    return found


@njit(nogil=True, cache=True)
def _look_back(gathered: Any, columns: Any, how: Any, found: Array) -> None:
    rows, earliest_after, offsets = gathered
    at, identity, commits = columns
    k, memory, other = how
    picked = np.empty(k, np.int32)
    nothing = np.empty((0, 0), np.int32)
    bounds, query = np.empty(2, np.int64), np.empty(3, np.int64)
    for g in range(offsets.shape[0] - 1):
        bounds[0], bounds[1] = offsets[g], offsets[g + 1]
        for p in range(offsets[g], offsets[g + 1]):
            row = rows[p]
            query[0], query[1], query[2] = row, commits[row], k
            n = visible(
                rows, nothing, commits, earliest_after, bounds, query,
                nothing[:0, 0], nothing[:0, 0], picked,
            )  # fmt: skip
            for i in range(n - 1, max(0, n - LOOK_BACK) - 1, -1):
                earlier = picked[i]
                if at[row] - at[earlier] > memory:
                    break
                if not (other and identity[earlier] == identity[row]):
                    found[row] = True
                    break
