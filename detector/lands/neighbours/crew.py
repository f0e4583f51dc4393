"""Attackers: agents with a budget of lines and a wish to stay unseen.

A ring needs identities, SIMs, something to register on, and somebody who buys. Each pattern says
where these come from; `Crew` says how careful this ring is. A careful ring keeps one or two kinds of
tool, and those only a few times: everything else is new or borrowed for each line, which costs it
money and looks like anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from detector.lands.neighbours.land import APP, DAY, DEALER, LINK, NEW, PORT, WEB, Land
from detector.lands.neighbours.numbers import Ints
from detector.lands.neighbours.orders import (
    AUTO,
    DRAWER,
    GIFT,
    OWN,
    POOL,
    SOLD,
    Mint,
    of_person,
    order,
    pick,
    sessions,
)
from detector.lands.neighbours.people import People

EASE = {"device": 2.0, "handset": 4.0, "net": 1.0, "contact": 1.0, "outlet": 2.0}  # to keep it
TOOLS = tuple(EASE)


@dataclass(slots=True)
class Crew:
    """One ring at work: its country, its honest surroundings, how many lines it is after."""

    land: Land
    people: People
    honest: pd.DataFrame
    mint: Mint
    rng: Generator
    budget: int

    @property
    def careless(self) -> bool:
        """Whether tools are used until they break."""
        return self.land.kind == "plain" or (self.land.kind == "sparse" and self.rng.random() < 0.6)

    def sites(self, lines: int, uses: float) -> Ints:
        """Which of a few tools serves each line, when one serves about `uses`."""
        sizes = 1 + self.rng.poisson(max(uses - 1, 0), lines)
        which: Ints = np.repeat(np.arange(lines), sizes)[:lines].astype(np.int64)
        return which

    def kit(self, n: int, natural: Sequence[str] = TOOLS) -> dict[str, Ints]:
        """Tools for `n` lines: some of the natural ones are kept, the others are new each time."""
        careless = self.careless
        wish = self.rng.integers(2, len(TOOLS) + 1) if careless else 1 + (self.rng.random() < 0.8)
        count = min(len(natural), int(wish))
        ease = np.array([EASE[tool] for tool in natural])
        kept = set(self.rng.choice(np.array(natural), count, False, ease / ease.sum()).tolist())
        kit = {tool: self.mint.fresh(tool, n) for tool in ("device", "handset", "contact")}
        away = self.mint.fresh("net", n)
        kit["net"] = pick(self.rng.random(n) < self.land.habits.mobile_data, POOL, away)
        kit["outlet"] = np.full(n, AUTO)
        for tool in sorted(kept):
            uses = self.rng.uniform(6, 25) if careless else self.rng.uniform(5, 13)
            site = self.sites(n, uses)
            kit[tool] = self.mint.fresh(tool, int(site[-1]) + 1)[site]
        generic = self.rng.random(n) < self.land.habits.look_alike
        kit["device"] = pick(generic & ("device" not in kept), AUTO, kit["device"])
        return kit

    def victims(self, n: int, *, fresh: bool = False) -> Ints:
        """Identities off one leaked list (a grave or a fresh one more often)."""
        weights = np.array([0.3, 0.4, 1.0, 1.0, 0.3, 1.5, 1.5, 1.0])
        chosen = self.rng.choice(8, p=weights / weights.sum()) if not fresh else 5
        pool = self.people.leaked[int(chosen)]
        return self.rng.choice(pool, n, replace=n > len(pool)).astype(np.int64)

    def when(self, n: int, *, days: float, batch: float) -> Ints:
        """Moments: around some ordinary day, in sittings, in the hours the channel knows."""
        anchor = int(self.honest["at"].iloc[int(self.rng.integers(len(self.honest)))])
        span = sessions(n, days=days, batch=batch, rng=self.rng)
        at = anchor // DAY * DAY - int(self.rng.random() * days) * DAY + span
        return at.astype(np.int64)

    def build(self, n: int, *, days: float, batch: float, **columns: Ints | int) -> pd.DataFrame:
        """Orders of this ring with those columns."""
        orders = order(n, **columns)
        at = self.when(n, days=days, batch=batch)
        hours = self.land.second_of_day(orders["channel"].to_numpy(), self.rng)
        start = pd.Series(at // DAY).map(dict(zip(at // DAY, hours, strict=True))).to_numpy()
        orders["at"] = self.land.within(at + start)
        return of_person(orders, self.land, self.people, self.mint, self.rng)

    def scattered(self, n: int) -> Ints:
        """Towns a list's identities have nothing to do with: the ring's own, or anywhere."""
        anywhere = self.rng.choice(self.land.towns, n, p=self.land.people)
        home = self.rng.choice(self.land.towns, p=self.land.people)
        return pick(self.rng.random(n) < 0.6, int(home), anywhere)

    def buyers(self, n: int) -> dict[str, Ints]:
        """Who uses sold lines: strangers with their own handsets, in a market or far off."""
        handset = self.mint.fresh("handset", n)
        towns = self.rng.choice(self.land.towns, n, p=self.land.people)
        near = self.rng.random(n) < self.rng.uniform(0.2, 0.8)
        return {
            "use": pick(self.rng.random(n) < 0.75, SOLD, self.rng.choice([GIFT, DRAWER, OWN], n)),
            "use_handset": handset,
            "use_town": pick(near, AUTO, towns),
        }

    def remote(self, n: int) -> Ints:
        """Page or app, as honest people choose."""
        return self.rng.choice([WEB, APP], n, p=[0.7, 0.3]).astype(np.int64)

    def operations(self, n: int) -> Ints:
        """Mostly new lines; old numbers kept alive and ported ones pass more easily."""
        return self.rng.choice([NEW, LINK, PORT], n, p=[0.68, 0.24, 0.08]).astype(np.int64)

    def counterfeit(self, n: int, share: float = 0.06) -> Ints:
        """Papers that a source doubts."""
        return (self.rng.random(n) < share).astype(np.int64)

    def corrupt(self, channel: int = DEALER) -> tuple[int, int]:
        """A shop and one of the agents in it."""
        pool = self.honest.loc[(self.honest["channel"] == channel) & (self.honest["shop"] >= 0)]
        row = pool.iloc[int(self.rng.integers(len(pool)))]
        return int(row["shop"]), int(row["agent"])
