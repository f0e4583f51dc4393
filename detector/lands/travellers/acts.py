"""An act is one registration before it is written down: who, when, with which things, and what became of it.

Honest people and rings fill in the same table, take their hours from the same day, and leave the same
columns open for the door (`door.py`) to fill.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pandas as pd

from detector.lands.travellers.people import World
from detector.lands.travellers.writing import Flags, Floats, Ints

Acts: TypeAlias = pd.DataFrame

DAY = 86_400.0
YEAR = 357  # days from 9 January to the end of 2026
OPERATIONS = ("new_line", "link_existing", "port_in", "relink", "sim_replacement")
NEW, LINK, PORT, RELINK, SWAP = range(5)
CHANNELS = ("web", "app", "service_center", "dealer", "bulk")
WEB, APP, CENTRE, DEALER, BULK = range(5)
# Days from the start on which the lines that end in 0, 1, ... 9 are due.
DUE = np.array([218, 234, 249, 264, 279, 295, 310, 325, 340, 356])
_HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 9, 22, 40, 52, 58, 60, 56, 48, 50, 56, 60, 58, 48, 34, 20, 10, 5], float
)

_OPEN: dict[str, float] = {
    "at": 0.0,  # seconds since 9 January, local time
    "who": -1,  # identity used
    "carrier": -1,
    "operation": NEW,
    "channel": WEB,
    "postpaid": 0,
    "device": -1,
    "handset": -1,  # the one that holds the SIM
    "ip": -1,
    "shop": -1,
    "agent": -1,
    "place": -1,
    "contact": -1,
    "line": -1,  # -1 asks the door for a new number
    "digit": -1,  # last digit of a line that exists
    "since": -1,  # days before the act on which the carrier first saw the line
    "stock": -1,  # shop whose box the SIM came from; -1 for a SIM that was there before
    "bought": -1.0,  # when it left the box
    "typo": 0,
    "strain": 0.0,  # how badly the face and paper check goes, 0 for most
    "user": -1,  # handset that the line lives in afterwards
    "lives": -1,  # town where it does
    "delay": 2.0,  # hours until it is first switched on there; below zero is never
    "abandoned": 0,
    "aide": 0,
    "ring": -1,
    "pattern": -1,
}


def acts(count: int, **columns: Ints | Floats | Flags | float) -> Acts:
    """A table of `count` acts, with what is not given left open."""
    given: dict[str, object] = {**_OPEN, **columns}
    frame = pd.DataFrame(given, index=pd.RangeIndex(count))
    whole = {name: np.int64 for name, value in _OPEN.items() if isinstance(value, int)}
    return frame.astype(whole)


def column(frame: Acts, name: str) -> Ints:
    """One column of whole numbers as an array."""
    return frame[name].to_numpy(dtype=np.int64)


def moments(frame: Acts) -> Floats:
    """When each act happens, in seconds."""
    return frame["at"].to_numpy(dtype=np.float64)


def clock(rng: np.random.Generator, days: Ints) -> Floats:
    """A time on each day: the same working day for everybody, a little busier before lunch and after work."""
    hours = rng.choice(24, len(days), p=_HOURS / _HOURS.sum())
    return days * DAY + hours * 3600.0 + rng.integers(0, 3600, len(days))


def any_day(rng: np.random.Generator, count: int) -> Ints:
    """A day of the year on which somebody buys a line: a slow swell, fewer on Sundays."""
    day = (rng.random(count) ** 0.93 * YEAR).astype(np.int64)
    sunday = (day % 7 == 2) & (rng.random(count) < 0.5)  # 9 January 2026 was a Friday
    return np.asarray(np.minimum(day + sunday, YEAR - 1), dtype=np.int64)


def due_day(rng: np.random.Generator, digit: Ints, rush: float) -> Ints:
    """A day on which an existing line is linked: early, for the first deadline of June, or in the last rush."""
    count = len(digit)
    early = (rng.beta(1.1, 1.3, count) * 168).astype(np.int64)
    last = DUE[digit] - rng.exponential(5.0, count).astype(np.int64)
    between = (rng.random(count) * DUE[digit]).astype(np.int64)
    sort = rng.random(count)
    return np.clip(np.where(sort < rush, last, np.where(sort < 0.75, early, between)), 0, YEAR - 1)


def counter_side(world: World, frame: Acts, mask: Flags) -> None:
    """Move the marked acts to a shop of their town: its tablet, its agent, no address."""
    shop = world.shop_for(column(frame, "place")[mask], column(frame, "carrier")[mask])
    stand_at(world, frame, mask, shop)


def stand_at(world: World, frame: Acts, mask: Flags, shop: Ints) -> None:
    """Move the marked acts to the shops given."""
    frame.loc[mask, "shop"] = shop
    frame.loc[mask, "place"] = world.shops.place[shop]
    frame.loc[mask, "agent"] = world.agent_of(shop, moments(frame)[mask])
    frame.loc[mask, "device"] = world.tablet_of(shop)
    frame.loc[mask, "channel"] = np.where(world.shops.centre[shop], CENTRE, DEALER)
    frame.loc[mask, "ip"] = -1


def own_session(world: World, frame: Acts, mask: Flags, doer: Ints) -> None:
    """Run the marked acts remotely, on the doer's telephone or the household's computer."""
    rng, people, habits = world.rng, world.people, world.habits
    at, carrier = moments(frame)[mask], column(frame, "carrier")[mask]
    count = len(at)
    computer = -1_000_000 - people.household[doer]
    app = rng.random(count) < 0.45
    at_home = ~app & (rng.random(count) < 0.35)
    sort = rng.random(count)
    ip = world.home_ip(doer, at)
    ip = np.where(~at_home & (sort < habits.mobile_data), world.mobile_ip(carrier), ip)
    ip = np.where(sort > 1 - habits.vpn, world.exit_ip(count), ip)
    frame.loc[mask, "channel"] = np.where(app, APP, WEB)
    frame.loc[mask, "device"] = np.where(at_home, computer, people.handset(doer, at))
    frame.loc[mask, "ip"] = ip


def join(parts: list[Acts]) -> Acts:
    """The parts as one table, numbered anew."""
    return pd.concat([part for part in parts if len(part)], ignore_index=True)
