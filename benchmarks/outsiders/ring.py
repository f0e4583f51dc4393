"""A ring: people with a budget, a few tools, and a wish to stay unseen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.outsiders.country import DAY, DAYS, Country
from benchmarks.outsiders.identity import Floats, Ints
from benchmarks.outsiders.ordinary import (
    FIRST_KIOSK,
    NEW,
    at_counter,
    groups,
    ordinary,
    put,
    seat,
    shared,
)

# Kinds of tool a ring can be poor in, and how often each is used before it is thrown away.
POVERTY = {"plain": (3, 5, 6.0, 25.0), "hard": (2, 2, 12.0, 28.0), "sparse": (2, 3, 3.0, 12.0)}


@dataclass(frozen=True)
class Ring:
    """One ring at the moment it starts; `honest` is the crowd in which it hides."""

    country: Country
    honest: pd.DataFrame
    n: int
    start: float

    @property
    def careful(self) -> bool:
        """Whether it has learned to reuse little."""
        return self.country.kind == "hard"

    def times(self, days: float) -> Floats:
        """Times within so many days of the start, at the hours at which everybody comes."""
        return np.sort(self.country.moments(self.n, self.start, days))

    def victims(self, lean: float = 2.0) -> Ints:
        """Identities out of leaks: the more exposed the likelier."""
        weight = self.country.people.exposure[: self.country.people.residents] ** lean
        return self.country.rng.choice(len(weight), self.n, p=weight / weight.sum())

    def rows(self, person: Ints, days: float, *, counter: float = 0.3) -> pd.DataFrame:
        """Registrations with borrowed identities, as ordinary as the ring can make them."""
        country, rng = self.country, self.country.rng
        frame = ordinary(country, person, self.times(days), own=False)
        put(frame, rng.random(self.n) < (0.55 if self.careful else 0.65), operation=NEW, age=0)
        one = int(rng.choice(len(country.share), p=country.share))
        put(frame, np.full(self.n, rng.random() < 0.4), carrier=one)
        base = int(rng.choice(len(country.weight), p=country.weight))
        put(frame, rng.random(self.n) < rng.uniform(0.2, 0.9), place=base)
        at_counter(country, frame, rng.random(self.n) < counter)
        frame["care"] = rng.normal(-0.04, 0.06)
        return self.sold(frame)

    def sold(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Lines handed over: some days in a bag, then in a buyer's telephone, often elsewhere."""
        country, rng = self.country, self.country.rng
        median = rng.uniform(1.6, 3.4) if self.careful else rng.uniform(2.5, 4.5)
        new = frame["operation"].to_numpy() == NEW
        put(frame, new, wait=rng.lognormal(median, 1.3, self.n))
        put(frame, rng.random(self.n) < 0.75, use_handset=country.fresh(self.n))
        far = rng.choice(len(country.weight), self.n, p=country.weight)
        put(frame, rng.random(self.n) < rng.uniform(0.1, 0.6), use_place=far)
        return frame.assign(disown=0.12, complain=0.08, give_up=0.05)

    def lend(self, frame: pd.DataFrame, kinds: tuple[str, ...]) -> pd.DataFrame:
        """Reuse some of these kinds of tool, each for a few registrations in a row."""
        rng = self.country.rng
        low, high, few, many = POVERTY[self.country.kind]
        count = min(len(kinds), int(rng.integers(low, high + 1)))
        for kind in rng.permutation(kinds)[:count]:
            self.reuse(frame, str(kind), float(rng.uniform(few, many)))
        return frame

    def reuse(self, frame: pd.DataFrame, kind: str, times: float) -> None:
        """Use one kind of tool so many times before taking another."""
        country = self.country
        group = groups(country.rng, self.n, times)
        mostly = country.rng.random(self.n) < 0.97
        away = frame["shop"].to_numpy() < 0
        if kind == "pack":
            put(frame, mostly, source=FIRST_KIOSK + 2_000_000 + shared(country, group))
        elif kind == "counter":
            self.friendly_counter(frame, group)
        elif kind in {"device", "address"}:
            put(frame, mostly & away, **{kind: shared(country, group)})
        else:
            put(frame, mostly, **{kind: shared(country, group)})

    def friendly_counter(self, frame: pd.DataFrame, group: Ints) -> None:
        """A counter where nobody looks closely, for each stretch of the work."""
        shop = self.country.shop(frame["carrier"].to_numpy(), frame["place"].to_numpy())
        _, first, inverse = np.unique(group, return_inverse=True, return_index=True)
        one = shop[first][inverse]
        frame["carrier"] = self.country.shops.carrier[one]
        frame["place"] = self.country.shops.place[one]
        frame["channel"] = np.where(self.country.shops.dealer[one], 3, 2)
        seat(self.country, frame, one)
        frame["agent"] = one * 8

    def used_at(self, frame: pd.DataFrame, place: int, handsets: float) -> pd.DataFrame:
        """Lines that come alive in one place, in few telephones that change SIMs."""
        rng, country = self.country.rng, self.country
        put(frame, rng.random(self.n) < (0.6 if self.careful else 0.95), use_place=place)
        pool = int(max(2, self.n / handsets))
        first = int(country.fresh(pool)[0])
        rotated = rng.random(self.n) < (0.65 if self.careful else 0.9)
        put(
            frame,
            rotated,
            use_handset=first + rng.integers(0, pool, self.n),
            cycle=first,
            cycle_size=pool,
        )
        return frame

    def anchors(self, rows: pd.Series) -> pd.DataFrame:
        """Honest registrations near the ring's start, to lean on."""
        near = self.honest[rows]
        day = (near["at"] / DAY - self.start).abs()
        pool = near[day < max(10.0, float(day.nsmallest(self.n * 3).max()))]
        return pool.sample(self.n, replace=len(pool) < self.n, random_state=self.country.rng)

    def clipped(self, at: Floats) -> Floats:
        """Times inside the year."""
        found: Floats = np.clip(at, 60, DAYS * DAY - 60)
        return found
