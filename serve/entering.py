"""New registrations enter the histories of their keys, one after another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector import logbook
from detector.exposure import Exposure
from detector.flags import DAY, LOOK_BACK, SHARED_MEMORY, row_flags
from detector.history import BY_NAME, seconds_known
from detector.live import own_values
from detector.records import (
    ENTRY,
    TOKEN_PLACES,
    TOKENS,
    entries,
    lately,
    others,
    standing_in,
    with_tokens,
)
from detector.registration import Registrations
from detector.rings import RING_KEYS
from detector.running import ROW
from detector.windows import FIXED_FLAGS, VALUES
from serve.shelf import PLACE, Shelf, record_ids

Array = NDArray[Any]
NOBODY = np.empty(0, ENTRY)
_REPEATED, _SHARED = (1 << FIXED_FLAGS.index(f) for f in ("repeated", "shared"))
_IDENTITY, _LINE = TOKENS.index("identity"), VALUES.index("line")


@dataclass(frozen=True, slots=True)
class Rows:
    """Registrations that are looked at together, with what is fixed about each at its own moment."""

    own: Registrations
    exposed: Exposure
    flags: NDArray[np.int32]
    impressions: NDArray[np.uint8]  # 0 where nobody looked yet
    ids: list[list[bytes | None]]
    values: NDArray[np.int64]

    @classmethod
    def of(cls, own: Registrations, exposed: Exposure) -> Rows:
        """With the flags that ask nothing of the past."""
        nobody = np.zeros(len(own), np.bool_)
        flags = row_flags(own, exposed, repeated=nobody, shared=nobody)
        unseen = np.zeros(len(own), np.uint8)
        return cls(own, exposed, flags, unseen, record_ids(own), own_values(own))

    @classmethod
    def filed(cls, page: logbook.Page) -> Rows:
        """Rows of the log, as they were entered."""
        own = page.registrations
        fixed = page.flags, page.impressions
        return cls(own, page.exposure, *fixed, record_ids(own), own_values(own))

    def __len__(self) -> int:
        return len(self.own)

    def first(self, n: int) -> Rows:
        """The first of them."""
        if n == len(self):
            return self
        which = np.arange(n)
        grade, incidents, tier = (getattr(self.exposed, f)[:n] for f in Exposure.__slots__)
        return Rows(
            self.own.take(which),
            Exposure(grade, incidents, tier),
            self.flags[:n],
            self.impressions[:n],
            self.ids[:n],
            self.values[:n],
        )

    def made(self) -> NDArray[Any]:
        """As entries of records, whose stand-ins are still to be put in."""
        own = self.own
        columns: dict[str, Array] = {
            "tokens": np.zeros((len(own), len(TOKENS)), np.int64),
            "at": own.at,
            "sequence": own.sequence,
            "place": own.place,
            "carrier": own.carrier,
            "flags": self.flags,
            "impression": self.impressions,
            "offset": own.block_offset,
        }
        return entries(columns, len(own))

    def journal(self) -> NDArray[Any]:
        """As the country's running state takes them."""
        rows = np.zeros(len(self), ROW)
        for name in ("at", "carrier", "operation"):
            rows[name] = getattr(self.own, name)
        rows["flags"] = self.flags
        rows["keys"] = np.column_stack([getattr(self.own, key) for key in RING_KEYS])
        return rows


@dataclass(frozen=True, slots=True)
class _StandIns:
    """What each record holds instead of a row's tokens, by (row, record's id)."""

    identity: dict[tuple[int, bytes], int]
    tokens: dict[tuple[int, bytes], bytes]

    @classmethod
    def of(cls, rows: Rows, shelf: Shelf) -> _StandIns:
        pairs = [(i, id_) for i, ids in enumerate(rows.ids) for id_ in ids if id_ is not None]
        keys = rows.values[:, TOKEN_PLACES][[i for i, _ in pairs]]
        found = shelf.prints([id_ for _, id_ in pairs], keys)
        return cls(
            dict(zip(pairs, found[:, _IDENTITY].tolist(), strict=True)),
            dict(zip(pairs, standing_in(found), strict=True)),
        )


def enter(rows: Rows, shelf: Shelf, *, newest: int) -> Rows:
    """Put rows into the records of their keys; those that can be looked at together.

    A row that puts a line in another name is the last of them: what comes after it sees that.
    `newest` is the newest moment committed before.
    """
    made, mine = rows.made(), _StandIns.of(rows, shelf)
    for i, ids in enumerate(rows.ids):
        at = int(rows.own.at[i])
        rows.flags[i] |= _company(
            shelf, ids, at=at, mine={id_: mine.identity[i, id_] for id_ in ids if id_}
        )
        made["flags"][i] = rows.flags[i]
        newest = max(newest, at)
        line = ids[PLACE["line"]]
        held = others(shelf[line], mine.identity[i, line]) if line and shelf[line] else NOBODY
        if len(held) and (held["at"] > at).any():
            made["renamed"][i] = after(newest)
        entry = made[i].tobytes()
        for id_ in ids:
            if id_ is not None:
                shelf.insert(id_, with_tokens(entry, mine.tokens[i, id_]))
        if len(held):
            return rows.first(i + 1)
    return rows


def _company(shelf: Shelf, ids: list[bytes | None], *, at: int, mine: dict[bytes, int]) -> int:
    """The fixed flags that ask what a row's keys had seen by then; `mine` is its identity in each record."""
    bits = 0
    who = ids[PLACE["identity"]]
    if who is not None:
        seen = lately(shelf[who], at, k=BY_NAME["identity"].k, most=1)
        bits = _REPEATED if seen and at - seen[0][0] <= DAY else 0
    for name in ("handset", "contact"):
        id_ = ids[PLACE[name]]
        if id_ is not None and any(
            at - then <= SHARED_MEMORY and other != mine[id_]
            for then, other in lately(shelf[id_], at, k=BY_NAME[name].k, most=LOOK_BACK)
        ):
            bits |= _SHARED
    return bits


def after(moment: int) -> int:
    """The second from which on something is known that became so after a moment."""
    return int(seconds_known(np.array([moment + 1]))[0])


def renumbered(
    own: Registrations, *, codes: Array, carriers: tuple[str, ...], first: int
) -> Registrations:
    """With the store's codes of carriers and consecutive sequence numbers."""
    numbers = first + np.arange(len(own), dtype=np.int64)
    carrier = codes[own.carrier].astype(np.int16)
    return replace(own, carrier=carrier, carriers=carriers, sequence=numbers)
