"""Rings planted among a country's own registrations: what misuse would look like in this very crowd.

Lessons come from other countries, whose honest people do other things; verdicts tell of few kinds of misuse.
So a model also learns from made-up rings *here*. A planted ring is some honest registrations that lie near each
other, with a few tools put in common: a device, an address, a contact, a handset, a pack of SIMs, each used for
a while and then replaced. When, where, by whom sold and on which carrier stays as it was, and so does what a
carrier does not record, so that nothing sets a planted registration apart but what a ring would share. It is
what is known elsewhere as training on synthetic anomalies (Steinbuss and Böhm, 2021).

Planted registrations teach the answer at activation only: what happens to such lines later is not made up. They
are in no history, no threshold and no figure, and are forgotten when training ends. See decision 0062.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.lifecycle import STAGES
from detector.model.dataset import FRAUD, UNLABELLED, training_tables, verdicts
from detector.model.impressions import prepared
from detector.registration import MICROSECONDS, OPERATIONS, DataFolder, Registrations
from detector.signals import features

Array = NDArray[Any]
Rows = NDArray[np.int64]
DAY = 86_400 * MICROSECONDS
TOOLS = ("device", "ip", "contact", "handset", "pack")
CHANGED = ("identity", "root", "device", "ip", "network", "contact", "handset", "model", "block",
           "block_offset", "sim")  # fmt: skip
NEW, EXISTING = (OPERATIONS.index(name) for name in ("new_line", "link_existing"))
# What rings draw: how many registrations (log-normal) within how many days, how often a tool is used before it
# is replaced (log-uniform), how many kinds of tool, and how often one is at hand.
SIZE, FEWEST, MOST = (2.7, 0.8), 3, 80
DAYS, USES, KINDS, AT_HAND = (1.5, 150.0), (2.5, 35.0), 4, 0.95
# How much rings prefer registrations like the first (log-odds), and how many rings do.
ALIKE = {"carrier": (5.0, 0.6), "place": (9.0, 0.8), "channel": (3.0, 0.6), "operation": (2.0, 0.6)}
NEW_LINES, ONE_COUNTER, AT_COUNTERS = (0.5, 4.0, 0.65), (2.0, 9.0, 0.4), (-3.0, 1.5)
BUSY = 3  # registrations of a device, above which one at a counter is the counter's
SEVERAL = 0.2  # of rings register several lines in each name
COPIES, SHARE = 6, 0.01  # of the country at most, and of its rows that are planted in each


def planted(folder: DataFolder, *, rows: int, seed: int) -> NDArray[np.float32]:
    """Vectors at activation of about so many planted registrations, of a folder with what is known by now.

    They are planted in copies of the country, in each a few, so that the crowd stays what it is.
    """
    own, found = folder.registrations, [np.empty((0, len(features(STAGES[0]))), np.float32)]
    if not rows:
        return found[0]
    free = verdicts(folder.labels, len(own)) != FRAUD
    copies = min(max(-(-rows // max(int(SHARE * len(own)), 1)), 1), COPIES)
    for copy in range(copies):
        rng = np.random.default_rng([seed, copy])
        crowd, member = with_rings(
            own, free, rows=min(rows // copies, int(SHARE * len(own))), rng=rng
        )
        found.append(_vectors(replace(folder, registrations=crowd), member, rng))
    return np.concatenate(found)


def _vectors(folder: DataFolder, member: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    verdict = np.where(member, FRAUD, UNLABELLED).astype(np.int8)
    tables = training_tables(prepared(folder), verdict, stages=STAGES[:1], most=0, rng=rng)
    return tables[STAGES[0]].vectors


def with_rings(
    own: Registrations, free: NDArray[np.bool_], *, rows: int, rng: np.random.Generator
) -> tuple[Registrations, NDArray[np.bool_]]:
    """The registrations, about so many of the `free` ones as rings would have made them; which these are."""
    crowd = _Crowd(own, free, rng)
    tries = 0
    while crowd.member.sum() < rows and tries < rows:
        crowd.plant()
        tries += 1
    changed: dict[str, Any] = dict(crowd.columns)
    return replace(own, **changed), crowd.member


@dataclass
class _Crowd:
    """A country's registrations while rings are planted among them."""

    own: Registrations
    free: NDArray[np.bool_]
    rng: np.random.Generator

    def __post_init__(self) -> None:
        own = self.own
        self.columns: dict[str, Array] = {name: np.array(getattr(own, name)) for name in CHANGED}
        self.member = np.zeros(len(own), np.bool_)
        self._open = self.free & np.isin(own.operation, (NEW, EXISTING))
        self._counter = (own.agent != 0) | (own.pos != 0)
        self._staffed = self._counter & (_uses(own.device) > BUSY)

    def plant(self) -> None:
        """One ring, where there is a crowd to hide in."""
        rng = self.rng
        size = int(np.clip(rng.lognormal(*SIZE), FEWEST, MOST))
        rows = self._chosen(size)
        if not len(rows):
            return
        self.member[rows] = True
        self._name(rows)
        for tool in rng.permutation(TOOLS)[: rng.integers(1, KINDS + 1)].tolist():
            self._lend(rows, tool)

    def _chosen(self, size: int) -> Rows:
        """Registrations of some days, those preferred that are like one of them."""
        own, rng = self.own, self.rng
        start = own.at[rng.integers(len(own))]
        end = start + int(_between(rng, *DAYS) * DAY)
        low, high = np.searchsorted(own.at, (start, end))
        near = low + np.flatnonzero((self._open & ~self.member)[low:high])
        if len(near) < 2 * size:
            return np.empty(0, np.int64)
        liking = self._liking(near, int(rng.choice(near)))
        drawn = np.argsort(-(liking + rng.gumbel(size=len(near))))[:size]
        chosen: Rows = np.sort(near[drawn])
        return chosen

    def _liking(self, near: Rows, first: int) -> NDArray[np.float64]:
        own, rng = self.own, self.rng
        liking: NDArray[np.float64] = rng.uniform(*AT_COUNTERS) * self._counter[near]
        for name, (most, often) in ALIKE.items():
            column: Array = getattr(own, name)
            if rng.random() < often:
                liking += rng.uniform(0, most) * (column[near] == column[first])
        low, high, often = NEW_LINES
        if rng.random() < often:
            liking += rng.uniform(low, high) * (own.operation[near] == NEW)
        low, high, often = ONE_COUNTER
        if self._counter[first] and rng.random() < often:
            here = (own.pos[near] == own.pos[first]) & (own.agent[near] == own.agent[first])
            liking += rng.uniform(low, high) * here
        return liking

    def _name(self, rows: Rows) -> None:
        """Some in names that nobody has registered in before; the others keep theirs."""
        rng = self.rng
        person = np.arange(len(rows))
        if rng.random() < SEVERAL:
            person //= rng.integers(2, 8)
        strange = rng.random(len(rows)) < rng.uniform(0.2, 0.8)
        for name in ("identity", "root"):
            self._put(name, rows, _tokens(rng, len(rows))[person], strange)

    def _lend(self, rows: Rows, tool: str) -> None:
        """Put one kind of tool in common, for as long as each lasts."""
        rng, own = self.rng, self.own
        turn = np.cumsum(rng.random(len(rows)) < 1 / _between(rng, *USES))
        first = rows[np.searchsorted(turn, turn)]
        with_it = rng.random(len(rows)) < AT_HAND
        if tool in {"device", "ip"}:
            with_it &= ~self._staffed[rows]
        new = _tokens(rng, len(rows) + 1)[turn]
        if tool == "pack":
            self._lend_pack(rows, first, with_it & (own.carrier[rows] == own.carrier[first]))
            return
        self._put(tool, rows, new, with_it)
        of = {"ip": "network", "handset": "model"}.get(tool)
        if of:
            self._put(of, rows, self.columns[of][first], with_it)

    def _lend_pack(self, rows: Rows, first: Rows, with_it: NDArray[np.bool_]) -> None:
        """SIMs that lie behind each other in one block."""
        rng, at = self.rng, self.columns["block_offset"].astype(np.int64)
        further = np.cumsum(rng.integers(1, 4, len(rows)))
        slot = at[first] + further - further[np.searchsorted(rows, first)]
        with_it = with_it & (at[first] >= 0) & (at[rows] >= 0) & (slot < 1_000)
        self._put("block", rows, self.columns["block"][first], with_it)
        self.columns["block_offset"][rows[with_it]] = slot[with_it]
        self._put("sim", rows, _tokens(rng, len(rows)), with_it)

    def _put(self, name: str, rows: Rows, values: Array, which: NDArray[np.bool_]) -> None:
        """What was not recorded stays so, and what was does not vanish."""
        column = self.columns[name]
        which = which & (column[rows] != 0) & (values != 0)
        column[rows[which]] = values[which]


def _uses(keys: Array) -> NDArray[np.int64]:
    """How many rows have each row's key."""
    _, which, uses = np.unique(keys, return_inverse=True, return_counts=True)
    found: NDArray[np.int64] = np.where(keys == 0, 0, uses[which])
    return found


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _tokens(rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Ids that nobody has."""
    return rng.integers(1 << 40, 1 << 62, n)
