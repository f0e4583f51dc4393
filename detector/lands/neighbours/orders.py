"""Orders: what somebody sets out to do at a counter or on a page, before anything is recorded.

Honest people and rings fill the same columns. Where they leave `AUTO`, the country decides, in the
same way for both: which shop is near, whose tablet serves, which SIM lies on top of the box.
"""

from collections import Counter

import numpy as np
import pandas as pd
from numpy.random import Generator

from detector.lands.neighbours.land import (
    APP,
    BULK,
    CENTER,
    DAY,
    DEALER,
    LINK,
    NEW,
    PORT,
    RELINK,
    REPLACE,
    WEB,
    Land,
)
from detector.lands.neighbours.numbers import Flags, Floats, Ints
from detector.lands.neighbours.people import People

AUTO, NONE, POOL = -1, -2, -3  # the country decides; nothing recorded; the carrier's addresses
OWN, GIFT, FLEET, DRAWER, SOLD, FARM, CELLS, SEIZED, GHOST = range(9)  # who uses the line
SEGMENTS = ("aide", "kiosk", "helper", "fleet", "brigade", "family", "trader", "shelter", "drive")
TABLET, DEMO, SHOP_CONTACT, POOLED, FRESH = 10**8, 10**8, 10**8, 2 * 10**8, 3 * 10**8
DEFAULTS: dict[str, int] = {
    "person": 0, "at": 0, "op": NEW, "channel": WEB, "plan": 0, "carrier": AUTO, "town": AUTO,
    "shop": AUTO, "agent": AUTO, "device": AUTO, "handset": AUTO, "net": AUTO, "contact": AUTO,
    "outlet": AUTO, "sim": AUTO, "line": AUTO, "digit": AUTO, "tenure": AUTO, "doubt": 0,
    "use": OWN, "use_handset": AUTO, "use_town": AUTO, "gone": 0, "segment": -1,
    "fraud": 0, "pattern": -1, "ring": -1,
}  # fmt: skip


Whole = pd.Series | Ints | int
Mask = pd.Series | Flags


class Mint:
    """Numbers nobody has had before, one series for each kind of thing."""

    def __init__(self) -> None:
        """Start every series."""
        self._next: Counter[str] = Counter()

    def fresh(self, kind: str, n: int) -> Ints:
        """The next `n` of a kind."""
        first = FRESH + self._next[kind]
        self._next[kind] += n
        return np.arange(first, first + n, dtype=np.int64)


def order(n: int, **columns: Ints | Flags | int) -> pd.DataFrame:
    """`n` orders with those columns; the rest is left to the country."""
    filled = DEFAULTS | columns
    return pd.DataFrame({name: np.broadcast_to(filled[name], n) for name in DEFAULTS}, dtype=int)


def pick(condition: Mask, yes: Whole, no: Whole) -> Ints:
    """`np.where`, kept to whole numbers."""
    return np.where(condition, yes, no).astype(np.int64)


def of_person(
    orders: pd.DataFrame, land: Land, people: People, mint: Mint, rng: Generator
) -> pd.DataFrame:
    """Fill in what depends on whose line it is: carrier, town, digit, line, SIM's past."""
    n = len(orders)
    for kind in ("line", "sim"):
        unset = (orders[kind] == AUTO).to_numpy()
        orders[kind] = pick(unset, mint.fresh(kind, n), orders[kind])
    person = orders["person"].to_numpy()
    stray = rng.random(n) < 0.1
    carrier = pick(stray, land.carrier_for(n, rng), people.carrier[person])
    orders["carrier"] = pick((orders["carrier"] == AUTO).to_numpy(), carrier, orders["carrier"])
    orders["town"] = pick((orders["town"] == AUTO).to_numpy(), people.town[person], orders["town"])
    orders["digit"] = pick(
        (orders["digit"] == AUTO).to_numpy(), rng.integers(0, 10, n), orders["digit"]
    )
    old = rng.gamma(1.2, 900, n).astype(np.int64) + 5
    known = orders["op"].isin((LINK, PORT, RELINK, REPLACE)).to_numpy()
    unset = (orders["tenure"] == AUTO).to_numpy()
    orders["tenure"] = pick(unset & known, old, orders["tenure"])
    return orders


def dated(orders: pd.DataFrame, land: Land, rng: Generator) -> pd.DataFrame:
    """Put every order at a moment of its own, by what it is and where it is done."""
    n = len(orders)
    late = land.day_of_link(orders["digit"].to_numpy(), rng)
    day = pick((orders["op"] == LINK).to_numpy(), late, land.day_of_sale(n, rng))
    orders["at"] = day * DAY + land.second_of_day(orders["channel"].to_numpy(), rng)
    return orders


def settle(
    orders: pd.DataFrame, land: Land, people: People, mint: Mint, rng: Generator
) -> pd.DataFrame:
    """Everything still `AUTO`, decided."""
    _counter(orders, land, rng)
    _tools(orders, land, people, mint, rng)
    _contacts(orders, land, people, rng)
    _outlets(orders, land, rng)
    return orders


def _counter(orders: pd.DataFrame, land: Land, rng: Generator) -> None:
    """The shop and the agent of what is done at a counter."""
    town, carrier = orders["town"].to_numpy(), orders["carrier"].to_numpy()
    counter = orders["channel"].isin((CENTER, DEALER)).to_numpy()
    dealer = (orders["channel"] == DEALER).to_numpy()
    near = pick(dealer, land.dealer_in(town, rng), land.center_for(town, carrier))
    unset = (orders["shop"] == AUTO).to_numpy()
    shop = pick(unset, near, orders["shop"])
    agent = land.staff(np.maximum(shop, 0), land.agents, rng)
    agent = pick((orders["agent"] == AUTO).to_numpy(), agent, orders["agent"])
    orders["shop"] = pick(counter, shop, NONE)
    orders["agent"] = pick(counter, agent, NONE)
    orders["town"] = pick(counter, land.shop_town[np.maximum(shop, 0)], orders["town"])


def _tools(orders: pd.DataFrame, land: Land, people: People, mint: Mint, rng: Generator) -> None:
    """Device, handset and address."""
    n, habits = len(orders), land.habits
    person, shop = orders["person"].to_numpy(), np.maximum(orders["shop"].to_numpy(), 0)
    counter = orders["channel"].isin((CENTER, DEALER)).to_numpy()
    tablet = TABLET + land.staff(shop, land.tablets, rng)
    common = POOLED + (300 * rng.random(n) ** 2).astype(np.int64)
    mine = pick(rng.random(n) < habits.look_alike, common, people.device[person])
    given = orders["device"].to_numpy()
    remote = pick((given == AUTO), mine, given)
    orders["device"] = pick(counter & (given == AUTO), tablet, remote)
    tried = counter & land.demo[shop] & (orders["op"] == NEW).to_numpy() & (rng.random(n) < 0.6)
    own = pick(rng.random(n) < 0.08, mint.fresh("handset", n), people.handset[person])
    handset = pick(tried, DEMO + shop, own)
    orders["handset"] = pick((orders["handset"] == AUTO).to_numpy(), handset, orders["handset"])
    lease = (orders["at"].to_numpy() / (habits.lease * DAY)).astype(np.int64)
    home = people.household[person] + lease * 4_000_000
    mobile = POOLED + orders["carrier"].to_numpy() * 1000
    mobile = mobile + (60 * rng.random(n) ** 1.5).astype(np.int64)
    net = pick((orders["net"] == POOL) | (rng.random(n) < habits.mobile_data), mobile, home)
    net = pick(orders["net"].isin((AUTO, POOL)).to_numpy(), net, orders["net"])
    orders["net"] = pick(orders["channel"].isin((WEB, APP, BULK)).to_numpy(), net, NONE)


def _contacts(orders: pd.DataFrame, land: Land, people: People, rng: Generator) -> None:
    """What is left as a contact: one's own, a relative's, the shop's, a filler, nothing."""
    n, habits = len(orders), land.habits
    person = orders["person"].to_numpy()
    first = np.unique(people.household, return_index=True)[1]
    relative = first[np.searchsorted(people.household[first], people.household[person])]
    served = orders["shop"].to_numpy() >= 0
    lent = pick(served & (rng.random(n) < 0.5), SHOP_CONTACT + orders["shop"].to_numpy(), relative)
    contact = pick(rng.random(n) < habits.borrowed_contact, lent, person)
    filler = POOLED + orders["carrier"].to_numpy()
    contact = pick(rng.random(n) < 0.02, filler, contact)
    given = pick((orders["contact"] == AUTO).to_numpy(), contact, orders["contact"])
    orders["contact"] = pick(rng.random(n) < habits.no_contact, NONE, given)


def _outlets(orders: pd.DataFrame, land: Land, rng: Generator) -> None:
    """Where a new SIM was bought: the shop's box, or a street seller's strip of the same town."""
    n = len(orders)
    old = orders["op"].isin((LINK, RELINK)).to_numpy()
    stall = 10**6 + orders["town"].to_numpy() * 100 + (12 * rng.random(n) ** 1.5).astype(np.int64)
    street = (orders["shop"].to_numpy() < 0) & (rng.random(n) < 0.9)
    fallback = land.dealer_in(orders["town"].to_numpy(), rng)
    shop = pick(orders["shop"].to_numpy() >= 0, orders["shop"].to_numpy(), fallback)
    outlet = pick(street, stall, shop)
    outlet = pick((orders["outlet"] == AUTO).to_numpy(), outlet, orders["outlet"])
    orders["outlet"] = pick(old, NONE, outlet)


def sessions(n: int, *, days: float, batch: float, rng: Generator) -> Floats:
    """Seconds since a start at which one party gets through `n` orders, in sittings."""
    sitting = np.cumsum(rng.random(n) < 1 / max(batch, 1.0))
    gaps = np.sort(rng.random(int(sitting[-1]) + 1)) * days * DAY
    pause = rng.lognormal(5.8, 0.8, n)
    started = np.concatenate([[True], np.diff(sitting) > 0])
    inside = np.cumsum(pause) - np.maximum.accumulate(np.where(started, np.cumsum(pause), 0))
    moments: Floats = np.floor(gaps[sitting] / DAY) * DAY + inside
    return moments
