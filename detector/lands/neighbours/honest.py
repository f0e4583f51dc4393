"""Honest orders, among them every habit that looks like a ring's."""

from collections.abc import Callable

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
from detector.lands.neighbours.numbers import Flags, Ints
from detector.lands.neighbours.orders import (
    AUTO,
    DRAWER,
    FLEET,
    GIFT,
    NONE,
    POOL,
    SEGMENTS,
    Mint,
    dated,
    of_person,
    order,
    pick,
    sessions,
)
from detector.lands.neighbours.people import PASSPORT, People


class Honest:
    """The honest half of a country, one method for each habit."""

    def __init__(self, land: Land, people: People, mint: Mint, rng: Generator) -> None:
        """Remember the ground and who lives on it."""
        self.land, self.people, self.mint, self.rng = land, people, mint, rng
        self.adults = people.adults()

    def orders(self, n: int) -> pd.DataFrame:
        """About `n` orders or a little more, in shares this country draws."""
        habits: dict[Callable[[int], pd.DataFrame], tuple[float, float]] = {
            self.families: (0.04, 0.1),
            self.helpers: (0.02, 0.06),
            self.kiosks: (0.008, 0.03),
            self.fleets: (0.02, 0.06),
            self.brigades: (0.01, 0.05),
            self.traders: (0.006, 0.02),
            self.shelters: (0.002, 0.008),
            self.aides: (0.004, 0.012),
            self.drives: (0.005, 0.03),
            self.gifts: (0.01, 0.03),
        }
        parts = []
        for habit, (low, high) in habits.items():
            share = self.rng.uniform(low, high)
            parts.append(habit(max(8, int(n * share))))
        rest = n - sum(len(part) for part in parts)
        base = self.individuals(int(rest * 0.88))
        again = self.second_thoughts(base, int(rest * 0.09))
        parts += [base, again, self.retries(base, int(rest * 0.06))]
        return pd.concat(parts, ignore_index=True)

    def _operation(self, n: int) -> Ints:
        return self.rng.choice([NEW, LINK, PORT], n, p=[0.3, 0.64, 0.06])

    def _channel(self, n: int) -> Ints:
        """From home by page or app, else at the carrier's centre or a dealer."""
        remote = self.rng.random(n) < self.land.habits.remote
        home = self.rng.choice([WEB, APP], n, p=[0.7, 0.3])
        counter = self.rng.choice([CENTER, DEALER], n, p=[0.3, 0.7])
        return pick(remote, home, counter)

    def _people(self, n: int) -> Ints:
        return self.rng.choice(self.adults, n, replace=n > len(self.adults))

    def _done(self, orders: pd.DataFrame) -> pd.DataFrame:
        """Give the orders a line, a moment, and the use an honest line may find."""
        orders = of_person(orders, self.land, self.people, self.mint, self.rng)
        return self._used(dated(orders, self.land, self.rng))

    def _used(self, orders: pd.DataFrame) -> pd.DataFrame:
        """Some new lines lie in a drawer or go to a relative; some customers leave."""
        n, spare = len(orders), self.land.habits.spare
        new = (orders["op"] == NEW).to_numpy() & (orders["use"] == 0).to_numpy()
        fate = self.rng.random(n)
        use = pick(new & (fate < spare / 2), DRAWER, orders["use"])
        orders["use"] = pick(new & (fate > 1 - spare / 2), GIFT, use)
        orders["gone"] = (self.rng.random(n) < self.land.habits.abandoned).astype(np.int64)
        return orders

    def individuals(self, n: int) -> pd.DataFrame:
        """One line, one holder, at home or at a counter; some leave a near-twin's CURP by slip."""
        person = self._people(n)
        op, channel = self._operation(n), self._channel(n)
        street = (op == NEW) & (self.rng.random(n) < self.land.habits.street)
        channel = pick(street & (self.rng.random(n) < 0.8), WEB, channel)
        slip = self.rng.random(n) < 0.25 * len(self.people.variants) / n
        person = pick(slip, self.rng.choice(self.people.variants, n), person)
        plan = (self.rng.random(n) < 0.16).astype(np.int64)
        doubt = (self.rng.random(n) < 0.02).astype(np.int64)
        return self._done(order(n, person=person, op=op, channel=channel, plan=plan, doubt=doubt))

    def _groups(self, n: int, *, low: int, mean: float) -> tuple[Ints, Ints]:
        """Group and place in it of `n` rows in groups of at least `low`, some much larger."""
        sizes = low + self.rng.geometric(1 / max(mean - low, 1.01), n) - 1
        group = np.repeat(np.arange(n), sizes)[:n].astype(np.int64)
        first = np.searchsorted(group, group)
        return group, np.arange(n) - first

    def _together(self, group: Ints, *, days: float, batch: float, channel: Ints) -> Ints:
        """Moments of grouped orders: each group has its own start and spreads over `days`."""
        count = int(group[-1]) + 1
        wave = self.land.day_of_link(self.rng.integers(0, 10, count), self.rng)
        day = pick(self.rng.random(count) < 0.5, wave, self.land.day_of_sale(count, self.rng))
        second = self.land.second_of_day(
            channel[np.searchsorted(group, np.arange(count))], self.rng
        )
        parts = [
            sessions(int(size), days=days, batch=batch, rng=self.rng) for size in np.bincount(group)
        ]
        at = np.concatenate(parts).astype(np.int64) + (day * DAY + second)[group]
        return self.land.within(at)

    def _grouped(
        self, orders: pd.DataFrame, group: Ints, *, days: float, batch: float, name: str
    ) -> pd.DataFrame:
        orders = of_person(orders, self.land, self.people, self.mint, self.rng)
        channel = orders["channel"].to_numpy()
        orders["at"] = self._together(group, days=days, batch=batch, channel=channel)
        orders["segment"] = SEGMENTS.index(name)
        return self._used(orders)

    def families(self, n: int) -> pd.DataFrame:
        """A head of family puts the children's lines on their own CURP, in one evening or two."""
        group, rank = self._groups(n, low=2, mean=3.2)
        heads = self.adults[self.people.head[self.adults]]
        person = self.rng.choice(heads, n)[group]
        channel, op = self._channel(n)[group], self.rng.choice([NEW, LINK], n, p=[0.35, 0.65])
        handset = pick(rank == 0, AUTO, self.mint.fresh("handset", n))
        orders = order(n, person=person, op=op, channel=channel, handset=handset)
        return self._grouped(orders, group, days=12, batch=3, name="family")

    def helpers(self, n: int) -> pd.DataFrame:
        """The niece who knows phones does it for parents and neighbours, on her own device."""
        group, _ = self._groups(n, low=2, mean=4.5)
        helper = self._people(n)[group]
        person = self._neighbours(helper, 120)
        person = pick(self.rng.random(n) < 0.2, helper, person)
        net = self._home(helper)
        contact = pick(self.rng.random(n) < 0.4, helper, AUTO)
        op = self.rng.choice([NEW, LINK], n, p=[0.15, 0.85])
        orders = order(
            n, person=person, op=op, device=self.people.device[helper], net=net, contact=contact
        )
        return self._grouped(orders, group, days=60, batch=2, name="helper")

    def _home(self, person: Ints) -> Ints:
        """A household's address, as good as fixed for a while."""
        return self.people.household[person] + 99 * 4_000_000

    def _neighbours(self, person: Ints, width: int) -> Ints:
        """Adults who live near, by household number."""
        at = np.searchsorted(self.adults, person)
        near = at + self.rng.integers(-width, width + 1, len(person))
        found: Ints = self.adults[np.clip(near, 0, len(self.adults) - 1)]
        return found

    def kiosks(self, n: int) -> pd.DataFrame:
        """Internet cafés and town-hall desks: public machine and address, any customer."""
        count = max(2, n // 60)
        where = (count * self.rng.random(n) ** 1.6).astype(np.int64)
        device = self.mint.fresh("device", count * 3)[where * 3 + self.rng.integers(0, 3, n)]
        net = self.mint.fresh("net", count)[where]
        town = self.rng.choice(self.land.towns, count, p=self.land.people)[where]
        op = self.rng.choice([NEW, LINK, RELINK], n, p=[0.35, 0.6, 0.05])
        orders = order(n, person=self._people(n), op=op, device=device, net=net, town=town)
        orders["segment"] = SEGMENTS.index("kiosk")
        return self._done(orders)

    def fleets(self, n: int) -> pd.DataFrame:
        """Companies and traders with an RFC: many lines, one desk, SIMs straight from the box."""
        group, _ = self._groups(n, low=2, mean=14)
        firm = self.rng.choice(self.people.companies, n)[group]
        device = self.mint.fresh("device", n)[group]
        bought = pick(self.rng.random(n) < 0.7, self.mint.fresh("outlet", n), AUTO)[group]
        channel = self.rng.choice([BULK, CENTER, WEB], n, p=[0.6, 0.25, 0.15])[group]
        shared = pick(self.rng.random(n) < 0.5, self.mint.fresh("handset", n)[group], 0)
        handset = pick(shared > 0, shared, self.mint.fresh("handset", n))
        orders = order(
            n, person=firm, op=self.rng.choice([NEW, LINK, PORT], n, p=[0.5, 0.38, 0.12])[group],
            channel=channel, plan=pick(self.rng.random(n) < 0.6, 1, 0)[group], device=device,
            net=self.mint.fresh("net", n)[group], contact=self.mint.fresh("contact", n)[group],
            outlet=bought, handset=handset, use=FLEET,
        )  # fmt: skip
        return self._grouped(orders, group, days=20, batch=8, name="fleet")

    def brigades(self, n: int) -> pd.DataFrame:
        """A promoter goes from market day to market day with a tablet and a box of SIMs."""
        group, _ = self._groups(n, low=8, mean=40)
        town = self.rng.choice(self.land.towns, n)
        stop = group * 7 + np.arange(n) // 25 % 7
        town = town[np.searchsorted(stop, stop) % n]
        shop = self.land.dealer_in(town[np.searchsorted(group, group)], self.rng)
        shop = shop[np.searchsorted(group, group)]
        agent = self.land.agents[shop + 1] - 1
        orders = order(
            n, person=self._in_town(town), channel=DEALER, shop=shop, agent=agent,
            device=self.mint.fresh("device", n)[group],
            outlet=self.mint.fresh("outlet", n)[group],
            op=self.rng.choice([NEW, LINK, PORT], n, p=[0.7, 0.2, 0.1]),
        )  # fmt: skip
        return self._grouped(orders, group, days=45, batch=12, name="brigade")

    def _in_town(self, town: Ints) -> Ints:
        """An adult of each town."""
        adults = self.adults[np.argsort(self.people.town[self.adults], kind="stable")]
        homes = self.people.town[adults]
        first = np.searchsorted(homes, town)
        last = np.searchsorted(homes, town, side="right")
        aim = first + (self.rng.random(len(town)) * (last - first)).astype(np.int64)
        chosen: Ints = adults[np.minimum(aim, len(adults) - 1)]
        return chosen

    def traders(self, n: int) -> pd.DataFrame:
        """Taxi owners and online sellers: three to nine lines of their own, over the carriers."""
        group, _ = self._groups(n, low=3, mean=4.5)
        person = self._people(n)[group]
        channel = self._channel(n)
        orders = order(
            n, person=person, channel=channel, carrier=self.land.carrier_for(n, self.rng),
            op=self.rng.choice([NEW, LINK, PORT], n, p=[0.6, 0.3, 0.1]),
            handset=pick(self.rng.random(n) < 0.5, self.mint.fresh("handset", n), AUTO),
        )  # fmt: skip
        return self._grouped(orders, group, days=90, batch=2, name="trader")

    def shelters(self, n: int) -> pd.DataFrame:
        """People on the move, helped on a shelter's machine, often with its contact."""
        group, _ = self._groups(n, low=4, mean=15)
        movers = np.flatnonzero(self.people.migrant & self.people.adult)
        town = self.rng.choice(self.land.towns, n)[group]
        contact = pick(self.rng.random(n) < 0.4, self.mint.fresh("contact", n)[group], AUTO)
        orders = order(
            n, person=self.rng.choice(movers, n), town=town, contact=contact,
            device=self.mint.fresh("device", n)[group], net=self.mint.fresh("net", n)[group],
            op=self.rng.choice([NEW, RELINK], n, p=[0.9, 0.1]),
            doubt=(self.rng.random(n) < 0.15).astype(np.int64),
            handset=pick(self.rng.random(n) < 0.05, self.mint.fresh("handset", n)[group], AUTO),
        )  # fmt: skip
        return self._grouped(orders, group, days=120, batch=3, name="shelter")

    def aides(self, n: int) -> pd.DataFrame:
        """Officials' lines, seen to by an aide on the office's machine."""
        serving = np.flatnonzero(self.people.aide >= 0)
        group, _ = self._groups(n, low=1, mean=3)
        aide = self.rng.choice(serving, n)[group]
        person = pick(self.rng.random(n) < 0.7, self.people.aide[aide], aide)
        orders = order(
            n, person=person, channel=self._channel(n), device=self.people.device[aide],
            net=self._home(aide), contact=pick(self.rng.random(n) < 0.7, aide, AUTO),
            op=self.rng.choice([NEW, LINK, REPLACE], n, p=[0.3, 0.6, 0.1]),
            handset=pick(self.rng.random(n) < 0.4, self.mint.fresh("handset", n), AUTO),
        )  # fmt: skip
        return self._grouped(orders, group, days=80, batch=2, name="aide")

    def drives(self, n: int) -> pd.DataFrame:
        """An employer's or a school's linking day: one address, everybody's own phone."""
        group, _ = self._groups(n, low=8, mean=30)
        leader = self._people(n)[group]
        orders = order(
            n, person=self._neighbours(leader, 900), net=self.mint.fresh("net", n)[group],
            channel=self.rng.choice([WEB, APP], n), op=LINK,
        )  # fmt: skip
        return self._grouped(orders, group, days=2, batch=20, name="drive")

    def gifts(self, n: int) -> pd.DataFrame:
        """Two or three SIMs bought at once for relatives who live elsewhere, and visitors' SIMs."""
        group, rank = self._groups(n, low=1, mean=2.5)
        guests = np.flatnonzero(self.people.kind[: self.people.persons] == PASSPORT)
        person = pick(self.rng.random(n) < 0.3, self.rng.choice(guests, n), self._people(n))[group]
        outlet = pick(rank >= 0, self.mint.fresh("outlet", n)[group], NONE)
        net = pick(self.rng.random(n) < 0.5, POOL, AUTO)
        orders = order(n, person=person, op=NEW, outlet=outlet, net=net, use=GIFT)
        return self._grouped(orders, group, days=4, batch=3, name="family")

    def second_thoughts(self, base: pd.DataFrame, n: int) -> pd.DataFrame:
        """Lost phones, changed carriers, corrected holders: later dealings with a line."""
        orders = base.sample(n, random_state=self.rng, replace=True).reset_index(drop=True)
        later = follow(orders, self.land, self.mint, self.rng)
        heir = later["op"].to_numpy() == RELINK
        person = self._people(n)
        kept: Flags = self.rng.random(n) < 0.4
        later["person"] = pick(heir & ~kept, person, later["person"])
        changed = self.rng.random(n) < 0.6
        later["handset"] = pick(changed, self.mint.fresh("handset", n), AUTO)
        return self._used(later)

    def retries(self, base: pd.DataFrame, n: int) -> pd.DataFrame:
        """The page fell over, so the same is done again some minutes later."""
        orders = base.sample(n, random_state=self.rng).reset_index(drop=True)
        pause = self.rng.lognormal(6, 1, n).astype(np.int64) + 40
        orders["at"] = self.land.within(orders["at"].to_numpy() + pause)
        orders["gone"] = (self.rng.random(n) < 0.5).astype(np.int64)
        return orders


def follow(orders: pd.DataFrame, land: Land, mint: Mint, rng: Generator) -> pd.DataFrame:
    """Later dealings with those lines: a new SIM, another carrier, another holder."""
    n = len(orders)
    later = orders.copy()
    end = land.days * DAY
    op = rng.choice([REPLACE, PORT, RELINK], n, p=[0.5, 0.2, 0.3])
    later["op"] = op
    later["channel"] = rng.choice([WEB, APP, CENTER, DEALER], n, p=[0.25, 0.15, 0.4, 0.2])
    left = end - later["at"].to_numpy()
    at = later["at"].to_numpy() + (left * rng.random(n)).astype(np.int64)
    at = at // DAY * DAY + land.second_of_day(later["channel"].to_numpy(), rng)
    later["at"] = np.clip(at, 0, end - 1)
    later["carrier"] = pick(op == PORT, land.carrier_for(n, rng), later["carrier"])
    later["sim"] = pick(op == RELINK, later["sim"], mint.fresh("sim", n))
    for column in ("shop", "agent", "device", "handset", "net", "contact", "outlet"):
        later[column] = AUTO
    later["use"], later["gone"], later["segment"] = 0, 0, -1
    fresh = rng.gamma(1.2, 900, n).astype(np.int64) + 5
    later["tenure"] = pick((later["tenure"] == AUTO).to_numpy(), fresh, later["tenure"])
    return later
