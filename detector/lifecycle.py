"""What happens to a line after it was registered, and when each fact became known.

A sold line changes hands: it wakes up in another handset, in another place, after days of silence.
`Lifecycle` says from when on such facts were known about each registration, so that they can be
counted about the *other* registrations on a device or with an agent. `aftermath` says what was known
about a registration's own line at a later stage; silence is a fact too, once the carrier reports
events at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.registration import EVENT_KINDS, MICROSECONDS, NEVER, LineEvents, Registrations

Array = NDArray[Any]
HOUR = 3_600 * MICROSECONDS
SILENCE = 72 * HOUR  # a line nobody switched on for three days
_FIRST, _ATTACH, _ABANDONED, _UNLINKED, _REPORTED = range(len(EVENT_KINDS))

STAGES = ("activation", "first_attach", "day_1", "day_7")
STAGE_HOURS = {"day_1": 24, "day_7": 168}

AFTERMATH = (
    "attached",
    "hours_to_attach",
    "attaches",
    "handset_changed",
    "handsets",
    "place_changed",
    "state_changed",
    "states",
    "reported",
    "ended",
    "hours_since_last",
)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Per registration, the microsecond from which a fact was known (NEVER if never).

    `handed_over`: seen in another handset; `travelled`: seen in another state; `closed`: unlinked or
    abandoned; `silent`: three days without being switched on; `observed`: its carrier reports events.
    """

    first_attach: NDArray[np.int64]
    attached: NDArray[np.int64]
    handed_over: NDArray[np.int64]
    travelled: NDArray[np.int64]
    closed: NDArray[np.int64]
    reported: NDArray[np.int64]
    silent: NDArray[np.int64]
    observed: NDArray[np.int64]


@njit(nogil=True, cache=True)
def _facts(events: Any, handsets: Array, places: Array, known: Array) -> None:
    row, at, kind, handset, place = events
    for i in range(row.shape[0] - 1, -1, -1):  # latest first, so that the earliest stays
        r = row[i]
        if kind[i] == _FIRST:
            known[0, r] = at[i]
        if kind[i] == _FIRST or kind[i] == _ATTACH:
            known[1, r] = at[i]
            if handset[i] != 0 and handsets[r] != 0 and handset[i] != handsets[r]:
                known[2, r] = at[i]
            if place[i] != 0 and places[r] != 0 and place[i] // 1000 != places[r] // 1000:
                known[3, r] = at[i]
        elif kind[i] == _REPORTED:
            known[5, r] = at[i]
        else:
            known[4, r] = at[i]


FACTS = ("first_attach", "attached", "handed_over", "travelled", "closed", "reported")


def facts(events: LineEvents, *, handsets: Array, places: Array) -> NDArray[np.int64]:
    """FACTS by registration: the earliest event that shows each, NEVER if none does."""
    known = np.full((len(FACTS), len(handsets)), NEVER, np.int64)
    _facts(_columns(events), handsets, places, known)
    return known


def lifecycle(
    registrations: Registrations, events: LineEvents, *, arrived: NDArray[np.int64]
) -> Lifecycle:
    """When each fact about each registration's line became known.

    `arrived` is when each row could first be read; an event of before that does not show that its
    carrier reports events.
    """
    known = facts(events, handsets=registrations.handset, places=registrations.place)
    observed = _observed(registrations, events, arrived)
    due = registrations.at + SILENCE
    quiet = (known[1] > due) & (known[4] > due) & (observed != NEVER)
    silent = np.where(quiet, np.maximum(due, observed), NEVER)
    first_attach, attached, handed_over, travelled, closed, reported = known
    return Lifecycle(
        first_attach, attached, handed_over, travelled, closed, reported, silent, observed
    )


def _columns(events: LineEvents) -> tuple[Array, ...]:
    return events.row, events.at, events.kind, events.handset, events.place


def _observed(
    registrations: Registrations, events: LineEvents, arrived: NDArray[np.int64]
) -> NDArray[np.int64]:
    """When the carrier of each registration first reported an attach."""
    first = np.full(len(registrations.carriers), NEVER, np.int64)
    seen = (events.kind <= _ATTACH) & (events.at >= arrived[events.row])
    np.minimum.at(first, registrations.carrier[events.row[seen]], events.at[seen])
    return first[registrations.carrier]


@njit(nogil=True, cache=True)
def renamed(lines: Any, identities: Array, arrived: Array) -> Array:
    """The microsecond from which it was known that a later registration put each row's line in another
    name, NEVER where none did. `lines` is (rows by line in time order, offsets)."""
    rows, offsets = lines
    out = np.full(identities.shape[0], NEVER, np.int64)
    for g in range(offsets.shape[0] - 1):
        best, holder, other = NEVER, 0, NEVER  # the earliest, its identity, the earliest of others
        for p in range(offsets[g + 1] - 1, offsets[g] - 1, -1):
            row = rows[p]
            known = other if identities[row] == holder else best
            if known != NEVER:
                out[row] = max(known, arrived[row]) + 1
            if identities[row] == holder:
                best = min(best, arrived[row])
            elif arrived[row] <= best:
                best, holder, other = arrived[row], identities[row], best
            else:
                other = min(other, arrived[row])
    return out


@njit(nogil=True, cache=True)
def _aftermath(
    queries: Any, events: Any, registered: Any, starts: Array, out: Array, last: Array
) -> None:
    rows, moments = queries
    _, at, kind, handset, place = events
    registered_at, handsets, places, observed = registered
    seen_handsets = np.empty(32, np.int64)
    seen_states = np.empty(32, np.int64)
    for q in range(rows.shape[0]):
        r, moment = rows[q], moments[q]
        last[q] = -1
        if observed[r] > moment:
            out[q] = np.nan
            continue
        out[q] = 0.0
        hours = (moment - registered_at[r]) / HOUR
        out[q, 1] = hours
        out[q, 3], out[q, 5], out[q, 6] = np.nan, np.nan, np.nan
        out[q, 10] = hours
        n_handsets, n_states = 0, 0
        for i in range(starts[r], starts[r + 1]):
            if at[i] > moment:
                break
            if kind[i] == _REPORTED:
                out[q, 8] += 1.0
            if kind[i] == _ABANDONED or kind[i] == _UNLINKED:
                out[q, 9] = 1.0
            if kind[i] > _ATTACH:
                continue
            if out[q, 0] == 0.0:
                out[q, 1] = (at[i] - registered_at[r]) / HOUR
            out[q, 0] = 1.0
            out[q, 2] += 1.0
            out[q, 10] = (moment - at[i]) / HOUR
            last[q] = i
            if handset[i] != 0:
                if handsets[r] != 0:
                    out[q, 3] = 1.0 if handset[i] != handsets[r] else 0.0
                n_handsets = _add(seen_handsets, n_handsets, handset[i])
            if place[i] != 0:
                if places[r] != 0:
                    out[q, 5] = 1.0 if place[i] != places[r] else 0.0
                    out[q, 6] = 1.0 if place[i] // 1000 != places[r] // 1000 else 0.0
                n_states = _add(seen_states, n_states, place[i] // 1000)
        out[q, 4] = n_handsets
        out[q, 7] = n_states


@njit(nogil=True, cache=True)
def _add(seen: Array, n: int, value: int) -> int:
    """Add to a small set; how many it holds. What does not fit any more is not counted."""
    for i in range(n):
        if seen[i] == value:
            return n
    if n < seen.shape[0]:
        seen[n] = value
        return n + 1
    return n


@dataclass(frozen=True, slots=True)
class Aftermath:
    """Own line's story by query: columns of AFTERMATH (NaN: unknown), and the last attach's position."""

    numbers: NDArray[np.float32]
    last_attach: NDArray[np.int64]

    def column(self, name: str) -> NDArray[np.float32]:
        """One of AFTERMATH."""
        return self.numbers[:, AFTERMATH.index(name)]


def aftermath(
    registrations: Registrations,
    events: LineEvents,
    *,
    rows: Array,
    moments: Array,
    observed: Array,
) -> Aftermath:
    """What the line events up to each moment say about each row."""
    out = np.empty((len(rows), len(AFTERMATH)), np.float32)
    last = np.empty(len(rows), np.int64)
    starts = np.searchsorted(events.row, np.arange(len(registrations) + 1))
    registered = (registrations.at, registrations.handset, registrations.place, observed)
    _aftermath((rows, moments), _columns(events), registered, starts, out, last)
    return Aftermath(out, last)


def stage_moments(
    registrations: Registrations, events: LineEvents, *, stage: str, first_attach: Array
) -> tuple[Array, Array]:
    """Rows that reach a later stage within the data, and when they do (microseconds)."""
    if not len(events):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    waking = stage == "first_attach"
    moments = first_attach if waking else registrations.at + STAGE_HOURS[stage] * HOUR
    rows = np.flatnonzero((moments <= events.at.max()) & (moments >= registrations.at))
    return rows, moments[rows]
