"""Verdicts: late, for a part of the fraud only, now and then wrong, sometimes taken back.

A holder who looks up their lines disowns a stranger's; a carrier's case takes a whole ring at once; an
authority reports lines; forgetful heads of families disown their children's; whoever sells lines in
their own name says "mine".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Float32, Int8, Int32, Int64, Table
from detector.simulate.calendar import DAY
from detector.simulate.rows import BIT, DEAD, NEW, PATTERNS, Rows
from detector.simulate.world import World

HOLDER, REVERIFICATION, CARRIER, AUTHORITY, ANALYST = range(5)
# How much oftener than average a pattern's lines come to light (guesses: who would notice?).
_COMES_TO_LIGHT = {
    "official_star": 1.4, "spread_list": 0.9, "corrupt_agent": 0.7, "pretext_harvest": 0.6,
    "business_front": 0.8, "deceased": 0.7, "sim_farm": 1.2, "takeover": 1.6, "prison": 1.3, "mule": 0.5,
    "mockery": 1.6, "synthetic": 0.8, "aged_lines": 0.8, "kiosk_blend": 0.7, "adaptive": 0.6,
    "dealer_stock": 0.8,
}  # fmt: skip
_LOOK_ALIKES = (
    "aide", "helped", "kiosk_customer", "village_queue", "employer_drive", "relief_campaign",
    "shelter", "dealer_burst", "bought_for_relative", "minor_line", "carer", "retried", "lost_phone",
    "stand_customer", "new_holder", "small_trader",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdicts(Table):
    """Labels; `row` is the registration's position."""

    row: Int32
    at: Int64
    fraud: Bool
    source: Int8
    confidence: Float32


def verdicts_of(world: World, rows: Rows) -> Verdicts:
    """All verdicts up to the end of labelling, in time order."""
    rng = world.rng("labels")
    first = [
        _holders(world, rows, rng),
        _ring_cases(world, rows, rng),
        _accusations(world, rows, rng),
        _clearances(world, rows, rng),
        _mine(rows, rng),
    ]
    wrong = first[2]
    verdicts = _stacked([*first, _reversals(world, wrong, rng)])
    until = world.calendar.end + world.country.rhythm.labels_after * DAY
    verdicts = verdicts.take(verdicts.at < until)
    return verdicts.take(np.argsort(verdicts.at, kind="stable"))


def _delay(world: World, n: int, rng: np.random.Generator, *, times: float = 1.0) -> Int64:
    days = np.exp(rng.normal(np.log(world.country.verdicts.delay * times), 0.9, n))
    return (days * DAY).astype(np.int64) + 3600


def _chance(rows: Rows) -> NDArray[np.float64]:
    weights = np.array([_COMES_TO_LIGHT[name] for name in PATTERNS])
    return np.where(rows.fraud, weights[rows.pattern.clip(0)], 0.0)


def _holders(world: World, rows: Rows, rng: np.random.Generator) -> Verdicts:
    """Single lines that somebody noticed."""
    share = world.country.verdicts.coverage * (1 - world.country.verdicts.ring_cases)
    found = np.flatnonzero(rng.random(len(rows)) < share * _chance(rows)).astype(np.int32)
    source = rng.choice([HOLDER, ANALYST, AUTHORITY], len(found), p=[0.7, 0.18, 0.12])
    source = np.where((rows.standing[found] == DEAD) & (source == HOLDER), AUTHORITY, source)
    return _verdicts(
        rows, found, _delay(world, len(found), rng), fraud=True, source=source, rng=rng
    )


def _ring_cases(world: World, rows: Rows, rng: np.random.Generator) -> Verdicts:
    """An investigation takes most of a ring at one moment, often long after its first line."""
    settings = world.country.verdicts
    ringed = np.flatnonzero(rows.fraud & (rows.ring >= 0)).astype(np.int32)
    rings, ring = np.unique(rows.ring[ringed], return_inverse=True)
    if not len(rings):
        return _verdicts(
            rows, ringed, np.zeros(0, np.int64), fraud=True, source=np.zeros(0, np.int64), rng=rng
        )
    caught = rng.random(len(rings)) < settings.coverage * settings.ring_cases / 0.8
    last = np.zeros(len(rings), np.int64)
    first = np.full(len(rings), np.iinfo(np.int64).max)
    np.maximum.at(last, ring, rows.at[ringed])
    np.minimum.at(first, ring, rows.at[ringed])
    moment = first + (rng.random(len(rings)) * (last - first)).astype(np.int64)
    moment += _delay(world, len(rings), rng)
    taken = caught[ring] & (rng.random(len(ringed)) < 0.8 * np.minimum(_chance(rows)[ringed], 1.1))
    taken &= rows.at[ringed] < moment[ring]
    source = rng.choice([CARRIER, AUTHORITY, ANALYST], len(rings), p=[0.55, 0.2, 0.25])[ring]
    wait = moment[ring] - rows.at[ringed] + rng.integers(0, DAY, len(ringed))
    return _verdicts(rows, ringed[taken], wait[taken], fraud=True, source=source[taken], rng=rng)


def _accusations(world: World, rows: Rows, rng: np.random.Generator) -> Verdicts:
    """Honest lines called fraud: mostly lives that look odd, some at random."""
    odd = (rows.segments & _any_of(_LOOK_ALIKES)) != 0
    chance = world.country.verdicts.accused * np.where(odd, 3.0, 0.5) * ~rows.fraud
    found = np.flatnonzero(rng.random(len(rows)) < chance).astype(np.int32)
    source = rng.choice([HOLDER, CARRIER, ANALYST], len(found), p=[0.6, 0.3, 0.1])
    return _verdicts(
        rows, found, _delay(world, len(found), rng), fraud=True, source=source, rng=rng
    )


def _clearances(world: World, rows: Rows, rng: np.random.Generator) -> Verdicts:
    """Re-verifications passed and holders who said "mine"; now and then a fraudster passes too."""
    odd = (rows.segments & _any_of(_LOOK_ALIKES)) != 0
    chance = world.country.verdicts.cleared * np.where(odd, 2.0, 0.8)
    chance = chance * np.where(rows.operation == NEW, 1.5, 0.8) * np.where(rows.fraud, 0.25, 1.0)
    found = np.flatnonzero(rng.random(len(rows)) < chance).astype(np.int32)
    source = rng.choice([HOLDER, REVERIFICATION], len(found), p=[0.45, 0.55])
    return _verdicts(
        rows, found, _delay(world, len(found), rng), fraud=False, source=source, rng=rng
    )


def _mine(rows: Rows, rng: np.random.Generator) -> Verdicts:
    """Who sells lines in their own name says that they are theirs."""
    sellers = (rows.pattern == PATTERNS.index("mule")) & (rng.random(len(rows)) < 0.25)
    found = np.flatnonzero(sellers).astype(np.int32)
    wait = (rng.exponential(20, len(found)) * DAY).astype(np.int64) + DAY
    return _verdicts(rows, found, wait, fraud=False, source=np.full(len(found), HOLDER), rng=rng)


def _reversals(world: World, wrong: Verdicts, rng: np.random.Generator) -> Verdicts:
    back = wrong.take(rng.random(len(wrong)) < world.country.verdicts.reversed)
    return Verdicts(
        row=back.row,
        at=back.at + _delay(world, len(back), rng, times=0.5),
        fraud=np.zeros(len(back), bool),
        source=np.full(len(back), REVERIFICATION, np.int8),
        confidence=np.full(len(back), np.nan, np.float32),
    )


def _verdicts(
    rows: Rows,
    found: Int32,
    wait: Int64,
    *,
    fraud: bool,
    source: NDArray[np.integer],
    rng: np.random.Generator,
) -> Verdicts:
    sure = np.round(rng.beta(6, 1.5, len(found)), 2)
    return Verdicts(
        row=found,
        at=rows.at[found] + wait,
        fraud=np.full(len(found), fraud),
        source=source.astype(np.int8),
        confidence=np.where(rng.random(len(found)) < 0.5, sure, np.nan).astype(np.float32),
    )


def _any_of(names: tuple[str, ...]) -> np.int64:
    return np.int64(sum(int(BIT[name]) for name in names))


def _stacked(parts: list[Verdicts]) -> Verdicts:
    return Verdicts(
        **{name: np.concatenate([getattr(p, name) for p in parts]) for name in Verdicts.__slots__}
    )
