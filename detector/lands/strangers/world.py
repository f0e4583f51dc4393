"""What every story works with: the country, its people and shops, and a stock of new keys.

A *wish* is one registration as somebody means it to happen, before a carrier writes it down. Who leaves
a cell at its default gets what an ordinary person would have had there, so honest and bad rows
come through the same door and differ only in what their story sets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from detector.lands.strangers import calendar
from detector.lands.strangers.carriers import ALONE, MANY, Carrier, Shops, shops
from detector.lands.strangers.people import People, people
from detector.lands.strangers.places import Places, places

OPERATIONS = ("new_line", "link_existing", "port_in", "relink", "sim_replacement")
NEW, LINK, PORT, RELINK, SWAP = range(5)
SILENT = -2
HEAD, AIDE, FIRM, HELPED, CROWD = 1, 2, 4, 8, 16  # what a story says of a row
WISH = {
    "person": 0,  # whose name
    "identity": -1,  # where it is not the person's own
    "doer": -1,  # who registers
    "user": -1,  # who will use the line
    "carrier": -1,
    "operation": LINK,
    "channel": -1,
    "plan": -1,
    "day": 0,
    "second": -1,
    "line": -1,
    "digit": -1,
    "device": -1,
    "ip": -1,
    "imei": -1,
    "box": -1,
    "slot": -1,
    "esim": 0,
    "contact": -1,
    "shop": -1,
    "agent": -1,
    "tablet": -1,
    "place": -1,
    "tenure": -1,
    "craft": 0,
    "attach": -1,
    "used_in": -1,
    "used_at": -1,
    "moved_in": -1,
    "moved_at": -1,
    "moved_after": -1,
    "abandoned": 0,
    "unlinked": -1,
    "reported": -1,
    "tag": 0,
    "fraud": 0,
    "pattern": -1,
    "ring": -1,
}
NOTHING = np.array(None, object)  # an empty cell, to choose beside texts
HOUSE_PC, TABLET, FRESH, DEMO = 10**8, 2 * 10**8, 3 * 10**8, 4 * 10**9


@dataclass(frozen=True, slots=True)
class Kind:
    """What sort of country: how much misuse, how well hidden, how often it becomes known."""

    name: str
    fraud: float
    stealth: float  # 0: rings keep their tools; 1: they hardly ever use one twice
    labelled: float
    carriers: tuple[Carrier, ...]


KINDS = {
    "plain": Kind("plain", 0.008, 0.1, 0.28, MANY),
    "hard": Kind("hard", 0.006, 0.42, 0.22, MANY),
    "sparse": Kind("sparse", 0.005, 0.35, 0.11, ALONE),
}


@dataclass(slots=True)
class World:
    """A country at work. `rng` is the one source of chance."""

    rng: np.random.Generator
    kind: Kind
    seed: int
    size: int
    where: Places
    people: People
    shops: Shops
    calendar: calendar.Calendar
    extra_kind: list[str] = field(default_factory=list)
    extra_value: list[str] = field(default_factory=list)
    next_key: int = FRESH
    next_ring: int = 0

    def fresh(self, size: int) -> np.ndarray:
        """Keys of things that nobody had before: a device, a handset, an address, a line, a box."""
        self.next_key += size
        return np.arange(self.next_key - size, self.next_key)

    def rings(self, size: int) -> np.ndarray:
        """Numbers of new groups that act together."""
        self.next_ring += size
        return np.arange(self.next_ring - size, self.next_ring)

    def known_as(self, kind: str, values: np.ndarray) -> np.ndarray:
        """Identities other than the people's own: firms, traders, made-up persons."""
        start = len(self.people) + len(self.extra_value)
        self.extra_kind += [kind] * len(values)
        self.extra_value += list(values)
        return np.arange(start, start + len(values))

    def either(self, chance: float | np.ndarray, yes: object, no: object) -> np.ndarray:
        """One or the other, by chance for each row."""
        size = np.broadcast(np.asarray(chance), np.asarray(yes), np.asarray(no)).shape
        return np.asarray(np.where(self.rng.random(size) < chance, yes, no))  # type: ignore[call-overload]


def world(kind: str, *, size: int, seed: int) -> World:
    """The country before anything happens."""
    rng = np.random.default_rng([seed, size, sorted(KINDS).index(kind)])
    where = places(rng)
    chosen = KINDS[kind]
    share = np.array([c.share for c in chosen.carriers])
    folk = people(rng, int(size * 0.95) + 50, where=where, carriers=share)
    return World(
        rng,
        chosen,
        seed,
        size,
        where,
        folk,
        shops(rng, chosen.carriers, where=where, scale=size / 200_000),
        calendar.calendar(rng),
    )


def wishes(**given: object) -> pd.DataFrame:
    """Rows with these cells; the rest at their defaults."""
    size = max(np.size(value) for value in given.values())  # type: ignore[arg-type]
    cells = WISH | given
    unknown = set(given) - set(WISH)
    assert not unknown, unknown
    return pd.DataFrame(
        {name: np.broadcast_to(np.asarray(v, np.int64), size) for name, v in cells.items()}
    )
