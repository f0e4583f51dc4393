"""What groups that misuse identities share: people, tools, victims, buyers, and patience."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers.calendar import DAYS
from detector.lands.strangers.world import LINK, NEW, PORT, World, wishes

DAY = 86_400


def rings(world: World, size: int, low: int, high: int) -> np.ndarray:
    """A ring number for each row: groups between these sizes until there are enough rows."""
    count = size // low + 1
    sizes = np.exp(world.rng.uniform(np.log(low), np.log(high + 1), count)).astype(int)
    return np.repeat(np.arange(count), sizes)[:size]


def reuse(world: World) -> float:
    """How many registrations a ring dares to run over one tool."""
    return 1.3 + 8 * float((1 - world.kind.stealth) ** 2)


def tools(world: World, ring: np.ndarray, often: float) -> np.ndarray:
    """A tool for each row, numbered over all rings; each is used about `often` times."""
    sizes = np.bincount(ring)
    count = np.maximum(1, np.round(sizes / often)).astype(int)
    start = np.cumsum(count) - count
    return np.asarray(start[ring] + (world.rng.random(len(ring)) ** 1.3 * count[ring]).astype(int))


def crooks(world: World, tool: np.ndarray) -> np.ndarray:
    """A living person behind each tool; they have lines of their own, registered like anybody's."""
    alive = np.flatnonzero(~world.people.dead & (world.people.age < 55))
    return np.asarray(world.rng.choice(alive, int(tool.max()) + 1)[tool])


def proxies(world: World, size: int) -> np.ndarray:
    """Addresses of other people's homes, rented by the hour."""
    house = world.rng.integers(0, world.people.household[-1] + 1, size)
    return 10**9 + house * 16 + world.rng.integers(0, DAYS // 45 + 1, size)


def victims(world: World, ring: np.ndarray) -> np.ndarray:
    """Each ring bought one list: of a leak, of an office, of one state, or of anybody."""
    folk, rng = world.people, world.rng
    alive = np.flatnonzero(~folk.dead)
    out = rng.choice(alive, len(ring))
    for number in np.unique(ring):
        rows = np.flatnonzero(ring == number)
        out[rows] = rng.choice(_list(world, alive), len(rows), replace=False)
    return out


def _list(world: World, alive: np.ndarray) -> np.ndarray:
    folk, rng = world.people, world.rng
    kind = rng.random()
    if kind < 0.16:
        found = alive[folk.tier[alive] > 0]
    elif kind < 0.6:
        found = alive[folk.leaked[alive, rng.choice([0, 2, 4, 5, 6])]]
    elif kind < 0.85:
        found = alive[
            world.where.state[folk.home[alive]] == rng.choice(world.where.state[folk.home[alive]])
        ]
    else:
        found = alive
    return found if len(found) > 400 else alive


def locals_of(world: World, places: np.ndarray) -> np.ndarray:
    """Somebody who lives in the state of each place."""
    folk = world.people
    state, wanted = world.where.state[folk.home], world.where.state[places]
    out = np.zeros(len(places), np.int64)
    for number in np.unique(wanted):
        rows = wanted == number
        out[rows] = world.rng.choice(
            np.flatnonzero((state == number) & ~folk.dead), int(rows.sum())
        )
    return out


def buyers(world: World, ring: np.ndarray) -> np.ndarray:
    """Who ends up with the SIM: passers-by of the ring's city, now and then of anywhere."""
    folk = world.people
    city = world.where.drawn(world.rng, int(ring.max()) + 1)[ring]
    near = locals_of(world, city)
    return np.asarray(world.either(0.7, near, world.rng.integers(0, len(folk), len(ring))))


def campaign(world: World, ring: np.ndarray, span: float) -> np.ndarray:
    """Days of each row: every ring begins when it likes and takes about `span` days."""
    count = int(ring.max()) + 1
    length = np.maximum(1.0, span * world.rng.lognormal(0, 0.4, count))
    start = world.calendar.starts(world.rng, count, span)
    day = start[ring] + (world.rng.random(len(ring)) * length[ring]).astype(int)
    return np.asarray(np.minimum(day, DAYS - 1))


def wait(world: World, size: int, days: float) -> np.ndarray:
    """Seconds until a sold SIM wakes up: some at once, most in the buyer's own time, some never."""
    late = world.rng.exponential(days * DAY, size).astype(int) + 600
    soon = world.rng.lognormal(8, 1.4, size).astype(int)
    out = world.either(0.62, late, soon)
    return np.asarray(world.either(0.05, -2, out))


def operations(world: World, size: int, new: float = 0.52) -> np.ndarray:
    """Mostly new SIMs, some lines that exist, some ported."""
    return world.rng.choice([NEW, LINK, PORT], size, p=[new, 0.92 - new, 0.08])


def carriers(world: World, ring: np.ndarray, loyal: float = 0.75) -> np.ndarray:
    """The ring's favourite carrier, or another."""
    share = [c.share**0.7 for c in world.kind.carriers]
    share = np.array(share) / sum(share)
    mine = world.rng.choice(len(share), int(ring.max()) + 1, p=share)[ring]
    return np.asarray(world.either(loyal, mine, world.rng.choice(len(share), len(ring), p=share)))


def deed(world: World, ring: np.ndarray, **given: object) -> pd.DataFrame:
    """Wishes of misuse, with what becomes of many of them."""
    size = len(ring)
    ends = world.either(0.1, world.rng.integers(4, 80, size), -1)
    complaints = world.either(0.07, world.rng.integers(2, 50, size), -1)
    usual = {
        "fraud": 1,
        "craft": 1,
        "ring": world.rings(int(ring.max()) + 1)[ring],
        "unlinked": ends,
        "reported": complaints,
    }
    return wishes(**(usual | given))
