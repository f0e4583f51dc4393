"""What is known of the country as a whole while it happens: rings, the wave, and the clock of events.

`Running` is a fold over what was committed, in that order. It reads the same whether it lived through
the events one by one or was folded anew from their journal, and the same as a replay of a data folder,
which makes one pass with the same kernels (`rings.ring_pass`, `wave.Wave`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.compiled import njit
from detector.history import seconds, seconds_known
from detector.lifecycle import SILENCE
from detector.registration import NEVER, OPERATIONS
from detector.rings import (
    ASK,
    ASK_LATER,
    INSERT,
    RING_KEYS,
    RING_NUMBERS,
    SUMS,
    VERDICT,
    RingViews,
    ring_pass,
    start,
)
from detector.wave import CLOSING, HOUR, Wave, running_sums
from detector.windows import FIXED_FLAGS, FLAGS, LATER_FLAGS, F

Array = NDArray[Any]
CARRIERS = 256  # as many as a store may know
FACTS = (*LATER_FLAGS, "spoke", "verdict", "observed", "known", "moment")

ROW = np.dtype(
    [
        ("at", "<i8"),
        ("carrier", "<u2"),
        ("operation", "u1"),
        ("flags", "<u2"),
        ("keys", "<i8", (len(RING_KEYS),)),
    ]
)
FACT = np.dtype([("kind", "u1"), ("row", "<i8"), ("at", "<i8")])
_OF_NOBODY = [FACTS.index(name) for name in ("observed", "known", "moment")]  # the clock's own


@dataclass(frozen=True, slots=True)
class Entries:
    """What one commit adds: registrations in their order, and facts that became known."""

    rows: NDArray[Any]  # ROW
    facts: NDArray[Any]  # FACT; `row` counts registrations since the beginning

    def packed(self) -> bytes:
        """As a journal keeps it."""
        return len(self.rows).to_bytes(4, "little") + self.rows.tobytes() + self.facts.tobytes()

    def untied(self) -> Entries:
        """Without the keys by which registrations tie rings."""
        kept = self.rows.copy()
        kept["keys"] = 0
        return Entries(kept, self.facts)

    def anonymous(self, flags: Mapping[int, int], *, base: int) -> Entries:
        """Some registrations (counted since the beginning, as facts do) as nobody's, with these flags.

        `base` is the count of the first row here. What became known of them is left out; that something
        became known at all stays, because the clock of events reads it.
        """
        kept = self.rows.copy()
        for row, bits in flags.items():
            if 0 <= row - base < len(kept):
                kept["keys"][row - base] = 0
                kept["flags"][row - base] = bits
        told = np.isin(self.facts["row"], list(flags)) & ~np.isin(self.facts["kind"], _OF_NOBODY)
        facts = self.facts.copy()
        facts["kind"][told] = FACTS.index("known")
        return Entries(kept, facts)

    @classmethod
    def unpacked(cls, packed: bytes) -> Entries:
        """As a journal kept it."""
        end = 4 + int.from_bytes(packed[:4], "little") * ROW.itemsize
        return cls(np.frombuffer(packed[4:end], ROW), np.frombuffer(packed[end:], FACT))


@dataclass(frozen=True, slots=True)
class Asks:
    """Who asks for rings: new registrations (each of the rows added), and rows at later moments.

    A later moment is asked before the added row of position `before`.
    """

    rows: NDArray[np.int64]
    seconds: NDArray[np.int64]
    before: NDArray[np.int64]


@njit(nogil=True, cache=True)
def _slots(table: Any, keys: Array, out: Array, used: int) -> int:
    """The slot of each key per column, -1 where it has none; how many slots are used now."""
    names, places = table
    mask = names.shape[0] - 1
    for i in range(keys.shape[0]):
        for r in range(keys.shape[1]):
            out[i, r] = -1
            if keys[i, r] == 0:
                continue
            name = (keys[i, r] ^ (r * 0x9E3779B97F4A7)) * 0x5851F42D4C957F2D | 1
            at = (name >> 17) & mask
            while names[at] != 0 and names[at] != name:
                at = (at + 1) & mask
            if names[at] == 0:
                names[at] = name
                places[at] = used
                used += 1
            out[i, r] = places[at]
    return used


@njit(nogil=True, cache=True)
def _rehash(old: Any, new: Any) -> None:
    names, places = new
    mask = names.shape[0] - 1
    for i in range(old[0].shape[0]):
        if old[0][i] != 0:
            at = (old[0][i] >> 17) & mask
            while names[at] != 0:
                at = (at + 1) & mask
            names[at] = old[0][i]
            places[at] = old[1][i]


def _longer(column: Array, size: int, fill: int) -> Array:
    """The column with room for `size` rows, doubled so that growing costs little."""
    if len(column) >= size:
        return column
    grown = np.full((max(size, 2 * len(column)), *column.shape[1:]), fill, column.dtype)
    grown[: len(column)] = column
    return grown


@dataclass
class Running:
    """The state of the country. `newest` is the newest registration's moment, `answered` the newest moment
    that anything was answered at, `known` the last moment at which something became known; microseconds."""

    n: int = 0
    newest: int = -NEVER
    answered: int = 0
    known: int = 0
    observed: NDArray[np.int64] = field(default_factory=lambda: np.full(CARRIERS, NEVER, np.int64))
    _pending: list[tuple[int, int]] = field(default_factory=list)  # verdicts: second, row

    def __post_init__(self) -> None:
        self._at = np.zeros(1024, np.int64)
        self._carrier = np.zeros(1024, np.int32)
        self._flags = np.zeros(1024, np.int32)
        self._keys = np.full((1024, len(RING_KEYS)), -1, np.int64)
        self._second = np.zeros(1024, np.int32)
        self._punctual = np.zeros(1024, np.bool_)
        self._judged = np.zeros(1024, np.bool_)
        self._committed = np.zeros(1024, np.int64)
        self._forest = (
            np.full(1024, -1, np.int64),
            np.zeros((1024, SUMS), np.int64),
            np.zeros(1024, np.int64),
        )
        self._heads = np.full(4096, -1, np.int64), np.zeros(4096, np.int32)
        self._table = np.zeros(8192, np.int64), np.zeros(8192, np.int64)
        self._used = 0
        self._cursor = start()
        self._hours: _Hours | None = None

    def knows(self, at: int) -> int:
        """The moment from which something reported to have happened `at` counts as known: after every
        moment that was answered, so that no answer given changes."""
        return max(at, self.answered + 1, self.known + 1)

    def rings(self, added: Entries, asks: Asks) -> tuple[RingViews, RingViews]:
        """Take in what a commit adds; the rings of its registrations, and of those at later moments."""
        rows, n = added.rows, len(added.rows)
        self._room(self.n + n)
        span = slice(self.n, self.n + n)
        second = seconds(rows["at"])
        self._at[span], self._second[span] = rows["at"], second
        self._carrier[span], self._flags[span] = rows["carrier"], rows["flags"]
        self._used = _slots(self._table, rows["keys"], self._keys[span], self._used)
        turned = self._verdicts(added.facts, second, asks)
        stream = _stream(self.n + np.arange(n), second, turned, asks)
        numbers = np.zeros((n + len(asks.rows), len(RING_NUMBERS)), np.float32)
        ring = np.full(n + len(asks.rows), -1, np.int64)
        facts = (self._keys, self._second, self._at, self._carrier, self._flags)
        out = (numbers, ring)
        ring_pass(stream, facts, self._heads, self._forest, self._committed, self._cursor, out)
        self._count(added, second)
        self.n += n
        return RingViews(numbers[:n], ring[:n]), RingViews(numbers[n:], ring[n:])

    def fold(self, added: Entries) -> None:
        """Take in what another commit added."""
        nobody = np.empty(0, np.int64)
        self.rings(added, Asks(nobody, nobody, nobody))

    def wave(self) -> Wave:
        """The hours that may be read by now."""
        if self._hours is None:
            return _Hours(0).wave(0, self.observed)
        return self._hours.wave(self.answered, self.observed)

    def _room(self, size: int) -> None:
        if len(self._at) < size:
            for name in (
                "_at",
                "_carrier",
                "_flags",
                "_second",
                "_punctual",
                "_judged",
                "_committed",
            ):
                setattr(self, name, _longer(getattr(self, name), size, 0))
            self._keys = _longer(self._keys, size, -1)
            parent, sums, disowned = self._forest
            self._forest = (
                _longer(parent, size, -1),
                _longer(sums, size, 0),
                _longer(disowned, size, 0),
            )
        slots = self._used + (size - self.n) * len(RING_KEYS)
        self._heads = _longer(self._heads[0], slots, -1), _longer(self._heads[1], slots, 0)
        if 2 * slots > len(self._table[0]):
            wider = 1 << (4 * slots - 1).bit_length()
            table = np.zeros(wider, np.int64), np.zeros(wider, np.int64)
            _rehash(self._table, table)
            self._table = table

    def _verdicts(self, facts: Array, second: Array, asks: Asks) -> list[tuple[int, int, int]]:
        """Verdicts that now count: (before which added row, second, row). The rest waits for its second:
        for a row that is not before it, or, where no row comes, for a question at a later moment."""
        turned = facts[facts["kind"] == FACTS.index("verdict")]
        known = seconds_known(turned["at"])
        self._pending += zip(known.tolist(), turned["row"].tolist(), strict=True)
        if not self._pending:
            return []
        newest = np.maximum.accumulate(second) if len(second) else second
        before = np.searchsorted(newest, [s for s, _ in self._pending], side="left")
        reached = int(asks.seconds.max(initial=-1))
        counts = (before < len(second)) | (np.array([s for s, _ in self._pending]) <= reached)
        waiting = list(zip(before.tolist(), self._pending, counts.tolist(), strict=True))
        self._pending = [p for _, p, now in waiting if not now]
        return [(b, *p) for b, p, now in waiting if now]

    def _count(self, added: Entries, second: Array) -> None:
        """The wave's hours, the clock and who reports events."""
        rows, facts = added.rows, added.facts
        if len(rows):
            first = self.answered // 1_000_000
            before = np.maximum.accumulate(np.append(first, second[:-1].astype(np.int64)))
            closes = (second.astype(np.int64) // HOUR + 1) * HOUR + CLOSING
            punctual = before < closes
            self._punctual[self.n : self.n + len(rows)] = punctual
            if self._hours is None:
                self._hours = _Hours(int(second[0]) // HOUR - 1)
            self._hours.know(int(rows["carrier"].max()))
            self._hours.add(rows[punctual], second[punctual])
            self.newest = max(self.newest, int(rows["at"].max()))
            self.answered = max(self.answered, self.newest)
        for kind, row, at in facts.tolist():
            self._learn(FACTS[kind], row, at)

    def _learn(self, what: str, row: int, at: int) -> None:
        if what == "moment":
            self.answered = max(self.answered, at)
            return
        self.known = max(self.known, at)
        if what == "known":
            return
        if what == "observed":
            carrier = self._carrier[row]
            self.observed[carrier] = min(int(self.observed[carrier]), at)
        elif what == "verdict":
            if not self._judged[row]:
                self._judged[row] = True
                self._enter(row, "disowned", at)
        elif what == "spoke":
            if self._punctual[row] and self._hours:
                self._hours.spoke(int(self._carrier[row]), int(self._at[row]) + SILENCE)
        else:
            self._enter(row, what, at)

    def _enter(self, row: int, flag: str, at: int) -> None:
        if self._punctual[row] and self._hours:
            self._hours.flag(FLAGS.index(flag), at)


def _stream(
    rows: Array, second: Array, turned: list[tuple[int, int, int]], asks: Asks
) -> tuple[Array, Array, Array, Array]:
    """(kind, row, second, answer) in commit order, as `ring_pass` takes it."""
    n, m, v = len(rows), len(asks.rows), len(turned)
    places = np.arange(n)
    before, seconds_of, judged = (np.array([t[i] for t in turned], np.int64) for i in range(3))
    place = np.concatenate((places, places, asks.before, before))
    now = np.concatenate((second, second, asks.seconds, seconds_of)).astype(np.int64)
    kind = np.concatenate(
        (np.full(n, ASK), np.full(n, INSERT), np.full(m, ASK_LATER), np.full(v, VERDICT))
    )
    subject = np.concatenate((rows, rows, asks.rows, judged)).astype(np.int64)
    answer = np.concatenate((places, np.full(n, -1), n + np.arange(m), np.full(v, -1)))
    order = np.lexsort((kind, now, place))
    return kind[order].astype(np.int8), subject[order], now[order], answer[order].astype(np.int64)


def _hour(known: int) -> int:
    """The hour in which something of microsecond `known` counts as known."""
    return int(seconds_known(np.array([known]))[0]) // HOUR


class _Hours:
    """Counts by hour since `start`, and their running sums up to the last hour that is closed."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._total = np.zeros(256)
        self._flagged = np.zeros((256, F))
        self._streams = np.zeros((256, CARRIERS * len(OPERATIONS)), np.float32)
        self._quiet = np.zeros((256, CARRIERS), np.float32)
        self._carriers = 1
        self._wave: tuple[tuple[int, int], Wave] | None = None

    def know(self, carrier: int) -> None:
        """There are carriers up to this code."""
        self._carriers = max(self._carriers, carrier + 1)

    def add(self, rows: Array, second: Array) -> None:
        """Punctual registrations."""
        if not len(rows):
            return
        hour = second // HOUR - self.start
        due = seconds_known(rows["at"] + SILENCE) // HOUR - self.start
        self._room(int(due.max()) + 1)
        np.add.at(self._total, hour, 1.0)
        for i in range(len(FIXED_FLAGS)):
            np.add.at(self._flagged[:, i], hour, (rows["flags"] >> i) & 1)
        carrier = rows["carrier"].astype(np.int64)
        np.add.at(self._streams, (hour, carrier * len(OPERATIONS) + rows["operation"]), 1.0)
        np.add.at(self._quiet, (due, carrier), 1.0)

    def spoke(self, carrier: int, due: int) -> None:
        """A line that would have counted as silent from `due` on, and will not."""
        self._quiet[_hour(due) - self.start, carrier] -= 1.0

    def flag(self, flag: int, at: int) -> None:
        """Something became known about a registration."""
        hour = _hour(at) - self.start
        self._room(hour + 1)
        self._flagged[hour, flag] += 1.0

    def wave(self, moment: int, observed: Array) -> Wave:
        """Running sums over the hours that may be read at a moment (microseconds)."""
        closed = max((moment // 1_000_000 - CLOSING) // HOUR - self.start, 0)
        if self._wave is None or self._wave[0] != (closed, self._carriers):
            self._room(closed + 1)
            flagged = self._flagged[:closed].copy()
            flagged[:, FLAGS.index("silent")] = self._silent(closed, observed)
            lanes = self._carriers * len(OPERATIONS)
            streams = self._streams[:closed, :lanes].astype(np.float64)
            sums = (
                running_sums(self._total[:closed]),
                running_sums(flagged),
                running_sums(streams).T,
            )
            self._wave = (closed, self._carriers), Wave(self.start, *sums)
        return self._wave[1]

    def _silent(self, closed: int, observed: Array) -> Array:
        """By hour, lines that came to count as silent: when due, or once their carrier reported at all."""
        out = np.zeros(closed)
        for carrier in range(self._carriers):
            if observed[carrier] != NEVER:
                since = _hour(int(observed[carrier])) - self.start
                column = self._quiet[:, carrier].astype(np.float64)
                if since < closed:
                    out[since] += column[:since].sum()
                    out[since:] += column[since:closed]
        return out

    def _room(self, hours: int) -> None:
        for name in ("_total", "_flagged", "_streams", "_quiet"):
            setattr(self, name, _longer(getattr(self, name), hours, 0))
