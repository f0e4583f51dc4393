"""Registrations of all batches together: repeats gone, in time order, with their sequence.

A folio (`carrier_id`, `registration_id`) that appears twice with the same content is one registration;
with different content nobody can say which is true, and all of them are rejected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from detector.intake.gathering import Gathering
from detector.intake.registrations import NO_SEQUENCE, TABLE
from detector.registration import MISSING, Bool, Int32, Int64, Registrations, Rejection


@dataclass(frozen=True, slots=True)
class FolioIndex:
    """Which row a folio's key stands in."""

    folios: Int64  # ascending
    rows: Int32

    def positions(self, wanted: Int64) -> Int32:
        """The row of each folio, MISSING where it is not registered."""
        if not len(self.folios):
            return np.full(len(wanted), MISSING, np.int32)
        order = np.argsort(wanted)  # in order, the search walks memory instead of jumping in it
        found = np.empty(len(wanted), np.int64)
        found[order] = np.searchsorted(self.folios, wanted[order])
        found = np.minimum(found, len(self.folios) - 1)
        return np.where(self.folios[found] == wanted, self.rows[found], MISSING).astype(np.int32)


def in_time_order(rows: Gathering) -> tuple[Registrations, FolioIndex, list[Rejection]]:
    """One table of all rows. Empties `rows` as it goes, to hold each column only once."""
    carriers, carrier = rows.carriers()
    rows.column("carrier")[:] = carrier
    ids, folios = rows.registration_ids(), rows.pop("folio")
    by_folio = np.argsort(folios, kind="stable")
    kept, rejections = _without_repeats(rows, folios, by_folio)
    rows.pop("number")
    order = _order(rows, ids, np.flatnonzero(kept))
    index = _index(folios, by_folio, order)
    del folios, by_folio
    held = {name: rows.pop(name)[order] for name in rows.names()}
    held["sequence"] = _sequence(held["sequence"])
    ids = ids.take(pa.array(order))
    return Registrations(registration_id=ids, carriers=carriers, **held), index, rejections


def _without_repeats(
    rows: Gathering, folios: Int64, by_folio: Int64
) -> tuple[Bool, list[Rejection]]:
    """Which rows stay, and a rejection for each that contradicts another of the same folio."""
    kept = np.ones(len(folios), np.bool_)
    ordered = folios[by_folio]
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    lost = rows.rejected_folios()
    if not len(again) and not len(lost):
        return kept, []
    shared = np.isin(ordered, np.concatenate([ordered[again], lost]))
    some, folio = by_folio[shared], ordered[shared]
    group = np.cumsum(np.append(True, folio[1:] != folio[:-1])[: len(folio)]) - 1
    first = some[np.searchsorted(group, group)]
    contradicted = _any_in_group(_differs(rows, some, first), group) | np.isin(folio, lost)
    kept[some[contradicted | (some != first)]] = False
    numbers = np.sort(rows.column("number")[some[contradicted]])
    reason = "repeated with another content"
    return kept, [Rejection(TABLE, n, "registration_id", reason) for n in numbers.tolist()]


def _differs(rows: Gathering, some: Int64, first: Int64) -> Bool:
    out = np.zeros(len(some), np.bool_)
    for name in rows.names():
        if name != "number":
            one, other = rows.column(name)[some], rows.column(name)[first]
            out |= (one != other) & ~((one != one) & (other != other))  # noqa: PLR0124 - NaN
    return out


def _any_in_group(flags: Bool, group: Int64) -> Bool:
    flagged = np.zeros(group[-1] + 1 if len(group) else 0, np.bool_)
    flagged[group[flags]] = True
    return flagged[group]


def _order(rows: Gathering, ids: pa.Array, kept: Int64) -> Int64:
    """The kept rows by time; ties by sequence, then by carrier and id."""
    at, given, carrier = (rows.column(name) for name in ("at", "sequence", "carrier"))
    if (given != NO_SEQUENCE).any():
        order = kept[np.lexsort((given[kept], at[kept]))]
    else:
        order = kept[np.argsort(at[kept], kind="stable")]
    same = (np.diff(at[order]) == 0) & (np.diff(given[order]) == 0)
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False)) if len(same) else same
    if len(tied):
        some = order[tied]
        group = np.cumsum(~np.insert(same, 0, False))[tied]
        rank = np.asarray(pc.rank(ids.take(pa.array(some)), tiebreaker="dense"))
        order[tied] = some[np.lexsort((rank, carrier[some], group))]
    return order


def _sequence(given: Int64) -> Int64:
    """The order of commitment of rows in time order.

    Where no row has one it is the position, where all have one it is theirs. Where only some have
    one, a row without follows the last row before it that has one.
    """
    known = given != NO_SEQUENCE
    if known.all():
        return given
    if not known.any():
        return np.arange(len(given), dtype=np.int64)
    last = np.maximum.accumulate(np.where(known, np.arange(len(given)), -1))
    followed = np.where(last < 0, NO_SEQUENCE, given[last])
    sequence = np.empty(len(given), np.int64)
    sequence[np.lexsort((np.arange(len(given)), followed))] = np.arange(len(given))
    return sequence


def _index(folios: Int64, by_folio: Int64, order: Int64) -> FolioIndex:
    place = np.full(len(folios), MISSING, np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    rows = place[by_folio]
    stays = rows != MISSING
    return FolioIndex(folios[by_folio][stays], rows[stays])
