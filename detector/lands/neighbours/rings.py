"""Attackers: agents with a budget of lines and a wish to stay unseen.

A ring needs identities, SIMs, something to register on, and somebody who buys. Each pattern says
where these come from; `Crew` says how careful this ring is. A careful ring keeps one or two kinds of
tool, and those only a few times: everything else is new or borrowed for each line, which costs it
money and looks like anybody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator

from detector.lands.neighbours.honest import follow
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
from detector.lands.neighbours.numbers import Ints
from detector.lands.neighbours.orders import (
    AUTO,
    CELLS,
    DEMO,
    DRAWER,
    FARM,
    GHOST,
    GIFT,
    NONE,
    OWN,
    POOL,
    SEIZED,
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
DISCREET = {  # patterns few can carry out, or few care to
    "slow_drip", "commission_padding", "cafe_desk", "false_confidant", "mockery", "swap_takeover",
    "port_takeover", "greedy_agent",
}  # fmt: skip


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


def star_official(crew: Crew) -> pd.DataFrame:
    """A: one official's identity, line after line at every carrier, below the cap."""
    n = min(crew.budget, int(crew.rng.integers(3, 11)))
    payroll = np.flatnonzero(crew.people.tier >= 0)
    person = np.full(n, crew.rng.choice(payroll))
    return crew.build(
        n, days=crew.rng.uniform(1, 40), batch=2, person=person, op=crew.operations(n),
        channel=crew.remote(n), carrier=crew.land.carrier_for(n, crew.rng),
        town=crew.scattered(n), doubt=crew.counterfeit(n), **crew.kit(n), **crew.buyers(n),
    )  # fmt: skip


def list_spread(crew: Crew) -> pd.DataFrame:
    """B: a leaked list worked through from home, one or two lines for each name."""
    n = crew.budget
    person = crew.victims(n)[crew.sites(n, 1.3)]
    return crew.build(
        n, days=crew.rng.uniform(3, 60), batch=4, person=person, op=crew.operations(n),
        channel=crew.remote(n), town=crew.scattered(n), doubt=crew.counterfeit(n),
        **crew.kit(n), **crew.buyers(n),
    )  # fmt: skip


def greedy_agent(crew: Crew) -> pd.DataFrame:
    """C: "the network failed, once more": a second SIM on the customer's name, sold later."""
    shop, agent = crew.corrupt()
    pool = crew.honest[crew.honest["agent"] == agent]
    n = min(crew.budget, len(pool))
    twice = pool.sample(n, random_state=crew.rng).reset_index(drop=True)
    orders = crew.build(
        n, days=1, batch=1, person=twice["person"].to_numpy(), channel=DEALER, shop=shop,
        agent=agent, carrier=twice["carrier"].to_numpy(),
        handset=pick(crew.rng.random(n) < 0.4, DEMO + shop, crew.mint.fresh("handset", n)),
        **crew.buyers(n),
    )  # fmt: skip
    pause = crew.rng.lognormal(6.3, 1.2, n).astype(np.int64) + 60
    orders["at"] = crew.land.within(twice["at"].to_numpy() + pause)
    return orders


def pretext_brigade(crew: Crew) -> pd.DataFrame:
    """D: an aid payment needs your face: villagers' first lines, carried off in a bag."""
    shop, agent = crew.corrupt()
    n = crew.budget
    town = np.full(n, crew.rng.integers(crew.land.towns))
    pool = np.flatnonzero(crew.people.adult & (crew.people.town == town[0]))
    pool = pool if len(pool) else crew.people.adults()
    kit = crew.kit(n, ("device", "outlet", "handset"))
    del kit["net"]
    return crew.build(
        n, days=crew.rng.uniform(1, 20), batch=8, person=crew.rng.choice(pool, n),
        channel=DEALER, shop=shop, agent=agent, **kit, **crew.buyers(n),
    )  # fmt: skip


def paper_company(crew: Crew) -> pd.DataFrame:
    """E: a firm of paper, no cap: lines as for a fleet, used like prepaid ones all over."""
    n = crew.budget
    young = crew.people.companies[crew.people.young]
    firm = crew.rng.choice(young if crew.rng.random() < 0.6 else crew.people.companies)
    return crew.build(
        n, days=crew.rng.uniform(5, 50), batch=6, person=np.full(n, firm), op=crew.operations(n),
        channel=crew.rng.choice([BULK, CENTER, WEB], n, p=[0.5, 0.2, 0.3]),
        plan=crew.counterfeit(n, 0.5), **crew.kit(n), **crew.buyers(n),
    )  # fmt: skip


def dead_souls(crew: Crew) -> pd.DataFrame:
    """F: names off a parish register; sources know of some of the deaths only."""
    n = crew.budget
    person = crew.rng.choice(np.flatnonzero(crew.people.dead), n)
    channel = crew.rng.choice([WEB, APP, DEALER], n, p=[0.5, 0.2, 0.3])
    return crew.build(
        n, days=crew.rng.uniform(5, 60), batch=3, person=person, op=crew.operations(n),
        channel=channel, doubt=crew.counterfeit(n, 0.1), **crew.kit(n), **crew.buyers(n),
    )  # fmt: skip


def sim_farm(crew: Crew) -> pd.DataFrame:
    """G: a box of SIMs in racks of modems; lines stay where they are, numbers rent by the hour."""
    n = crew.budget
    slot = crew.mint.fresh("handset", max(1, n // 4))
    rack = {"use_handset": crew.rng.choice(slot, n), "use": np.full(n, FARM)}
    place = np.full(n, crew.rng.integers(crew.land.towns))
    return crew.build(
        n, days=crew.rng.uniform(2, 25), batch=7, person=crew.victims(n), channel=crew.remote(n),
        town=crew.scattered(n), **crew.kit(n, ("outlet", "net", "device")), use_town=place, **rack,
    )  # fmt: skip


def _seized(crew: Crew, allowed: Sequence[int]) -> pd.DataFrame:
    """Victims' own lines taken over some time after they registered them."""
    n = crew.budget
    pool = crew.honest[crew.honest["op"].isin((NEW, LINK)) & (crew.honest["segment"] < 0)]
    victims = pool.sample(n, random_state=crew.rng).reset_index(drop=True)
    orders = follow(victims, crew.land, crew.mint, crew.rng)
    keep = orders["op"].isin(allowed).to_numpy()
    orders["op"] = pick(keep, orders["op"], int(allowed[0]))
    orders["sim"] = pick((orders["op"] == RELINK).to_numpy(), orders["sim"],
                         crew.mint.fresh("sim", n))  # fmt: skip
    for tool, value in (crew.kit(n, TOOLS[:4])).items():
        orders[tool] = value
    counter = orders["channel"].isin((CENTER, DEALER)).to_numpy()
    orders["device"] = pick(counter, AUTO, orders["device"])
    orders["use"], orders["use_handset"] = SEIZED, AUTO
    return orders


def swap_takeover(crew: Crew) -> pd.DataFrame:
    """H: a new SIM for somebody else's number, to get the bank's codes."""
    return _seized(crew, (REPLACE, RELINK))


def port_takeover(crew: Crew) -> pd.DataFrame:
    """H: the number is carried to another carrier, which never met its holder."""
    return _seized(crew, (PORT,))


def prison_desk(crew: Crew) -> pd.DataFrame:
    """I: strips bought by runners, registered from outside, alight at one place."""
    n = crew.budget
    phone = crew.mint.fresh("handset", max(1, n // 3))
    place = np.full(n, crew.rng.integers(crew.land.towns))
    return crew.build(
        n, days=crew.rng.uniform(10, 70), batch=3, person=crew.victims(n), op=crew.operations(n),
        channel=crew.remote(n), town=crew.scattered(n), **crew.kit(n), use=CELLS,
        use_handset=crew.rng.choice(phone, n), use_town=place,
    )  # fmt: skip


def mule_by_consent(crew: Crew) -> pd.DataFrame:
    """J: people who sell their face for a day's wage, four to nine lines each."""
    n = crew.budget
    mule = crew.rng.choice(crew.people.adults(), n)[crew.sites(n, 5)]
    kit = crew.kit(n, ("handset", "outlet", "contact"))
    kit["device"] = pick(crew.rng.random(n) < 0.6, crew.people.device[mule], kit["device"])
    return crew.build(
        n, days=crew.rng.uniform(2, 30), batch=4, person=mule, channel=crew.remote(n),
        carrier=crew.land.carrier_for(n, crew.rng), **kit, **crew.buyers(n),
    )  # fmt: skip


def mockery(crew: Crew) -> pd.DataFrame:
    """Strangers who never met put the famous name on their own lines, for a laugh."""
    n = min(crew.budget, 25)
    famous = np.flatnonzero(crew.people.tier >= 0)
    own = crew.rng.choice(crew.people.adults(), n)
    return crew.build(
        n, days=crew.rng.uniform(2, 12), batch=1, person=np.full(n, crew.rng.choice(famous)),
        op=crew.rng.choice([NEW, LINK], n), channel=crew.remote(n),
        carrier=crew.people.carrier[own], town=crew.people.town[own],
        device=crew.people.device[own], handset=crew.people.handset[own],
        net=pick(crew.rng.random(n) < 0.5, POOL, crew.mint.fresh("net", n)),
        contact=pick(crew.rng.random(n) < 0.5, NONE, crew.mint.fresh("contact", n)),
        doubt=crew.counterfeit(n, 0.2),
    )  # fmt: skip


def invented(crew: Crew) -> pd.DataFrame:
    """CURPs out of a generator, or a real one with another homoclave."""
    n = crew.budget
    pool = np.concatenate([crew.people.invented, crew.people.variants])
    doubt = pick(crew.rng.random(n) < 0.45, 2, crew.counterfeit(n, 0.2))
    return crew.build(
        n, days=crew.rng.uniform(3, 50), batch=4, person=crew.rng.choice(pool, n),
        op=crew.operations(n), channel=crew.remote(n), doubt=doubt,
        town=crew.scattered(n), **crew.kit(n), **crew.buyers(n),
    )  # fmt: skip


def slow_drip(crew: Crew) -> pd.DataFrame:
    """A dealer slips one stranger a week in among honest customers, for months."""
    n = crew.budget
    shop, agent = crew.corrupt()
    kit = crew.kit(n, ("handset", "outlet", "contact"))
    kit["device"] = np.full(n, AUTO)
    return crew.build(
        n, days=crew.rng.uniform(60, crew.land.days), batch=1, person=crew.victims(n),
        op=crew.operations(n), channel=DEALER, shop=shop, agent=agent, **kit, **crew.buyers(n),
    )  # fmt: skip


def rented_phones(crew: Crew) -> pd.DataFrame:
    """Neighbourhood youths are paid to register on their own phones; a name is used once."""
    n = crew.budget
    youth = crew.rng.choice(crew.people.adults(), n)[crew.sites(n, crew.rng.uniform(1.5, 3))]
    kit = crew.kit(n, ("contact", "outlet"))
    kit["device"], kit["handset"] = crew.people.device[youth], crew.people.handset[youth]
    kit["net"] = crew.people.household[youth] + 99 * 4_000_000
    return crew.build(
        n, days=crew.rng.uniform(10, 60), batch=2, person=crew.victims(n),
        op=crew.operations(n), channel=crew.remote(n), town=crew.people.town[youth],
        **kit, **crew.buyers(n),
    )  # fmt: skip


def strip_seller(crew: Crew) -> pd.DataFrame:
    """A stall sells strips of ten, registered beforehand; only the box they came from joins them."""
    n = crew.budget
    kit = crew.kit(n, ("outlet",))
    return crew.build(
        n, days=crew.rng.uniform(5, 40), batch=5, person=crew.victims(n), channel=crew.remote(n),
        doubt=crew.counterfeit(n), town=crew.scattered(n), **kit, **crew.buyers(n),
    )  # fmt: skip


def commission_padding(crew: Crew) -> pd.DataFrame:
    """Activations that were never sold, on old customers' names, to reach the month's target."""
    shop, agent = crew.corrupt()
    past = crew.honest.loc[crew.honest["shop"] == shop, "person"].to_numpy()
    n = crew.budget
    kit = crew.kit(n, ("handset", "contact"))
    kit["device"], kit["outlet"] = np.full(n, AUTO), np.full(n, AUTO)
    kit["handset"] = pick(crew.rng.random(n) < 0.2, DEMO + shop, kit["handset"])
    return crew.build(
        n, days=crew.rng.uniform(3, 60), batch=5, person=crew.rng.choice(past, n), channel=DEALER,
        shop=shop, agent=agent, use=GHOST, **kit,
    )  # fmt: skip


def cafe_desk(crew: Crew) -> pd.DataFrame:
    """A regular of an internet café, among its other customers on the same machines."""
    n = crew.budget
    public = crew.honest[crew.honest["segment"] == 1]
    host = public[public["net"] == crew.rng.choice(public["net"].to_numpy())]
    seat = host.sample(n, random_state=crew.rng, replace=True)
    kit = crew.kit(n, ("outlet", "contact", "handset"))
    kit["device"], kit["net"] = seat["device"].to_numpy(), seat["net"].to_numpy()
    return crew.build(
        n, days=crew.rng.uniform(5, 50), batch=3, person=crew.victims(n), op=crew.operations(n),
        town=seat["town"].to_numpy(), **kit, **crew.buyers(n),
    )  # fmt: skip


def warehouse_leak(crew: Crew) -> pd.DataFrame:
    """A carton falls off the distributor's van; its SIMs wake up a thousand kilometres away."""
    n = crew.budget
    kit = crew.kit(n, ("outlet", "device"))
    carton = crew.mint.fresh("outlet", 1 + n // int(crew.rng.integers(3, 15)))
    kit["outlet"] = np.sort(crew.rng.choice(carton, n))
    carrier = np.full(n, crew.land.carrier_for(1, crew.rng)[0])
    return crew.build(
        n, days=crew.rng.uniform(10, 50), batch=4, person=crew.victims(n), channel=crew.remote(n),
        carrier=carrier, town=crew.scattered(n), **kit, **crew.buyers(n),
    )  # fmt: skip


def false_confidant(crew: Crew) -> pd.DataFrame:
    """An aide or a relative with the papers at hand takes a line or three for himself."""
    n = min(crew.budget, int(crew.rng.integers(1, 5)))
    serving = np.flatnonzero(crew.people.aide >= 0)
    aide = int(crew.rng.choice(serving))
    boss = int(crew.people.aide[aide])
    return crew.build(
        n, days=crew.rng.uniform(1, 60), batch=1, person=np.full(n, boss),
        channel=crew.rng.choice([WEB, APP, CENTER], n), town=np.full(n, crew.people.town[aide]),
        device=pick(crew.rng.random(n) < 0.5, int(crew.people.device[aide]), AUTO),
        handset=crew.mint.fresh("handset", n), contact=crew.mint.fresh("contact", n), use=GIFT,
    )  # fmt: skip


def handset_credit(crew: Crew) -> pd.DataFrame:
    """Phones on instalments in strangers' names, by someone behind the carrier's own counter."""
    n = crew.budget
    shop, agent = crew.corrupt(CENTER)
    kit = crew.kit(n, ("contact", "outlet"))
    kit["device"] = np.full(n, AUTO)
    return crew.build(
        n, days=crew.rng.uniform(10, 80), batch=2, person=crew.victims(n), plan=1, channel=CENTER,
        carrier=crew.honest.loc[crew.honest["shop"] == shop, "carrier"].iloc[0],
        shop=shop, agent=agent, **kit, **crew.buyers(n),
    )  # fmt: skip


def borrowed_name(crew: Crew) -> pd.DataFrame:
    """Somebody with an old number, and reasons, links it to a name off the fresh leak."""
    n = crew.budget
    own = crew.rng.choice(crew.people.adults(), n)
    kit = crew.kit(n, ("device", "net", "contact"))
    del kit["outlet"]
    kit["handset"] = crew.people.handset[own]
    return crew.build(
        n, days=crew.rng.uniform(5, 60), batch=3, person=crew.victims(n, fresh=True), op=LINK,
        channel=crew.remote(n), town=crew.people.town[own], carrier=crew.people.carrier[own],
        **kit,
    )  # fmt: skip


PATTERNS: dict[str, Callable[[Crew], pd.DataFrame]] = {
    attack.__name__: attack
    for attack in (
        star_official, list_spread, greedy_agent, pretext_brigade, paper_company, dead_souls,
        sim_farm, swap_takeover, port_takeover, prison_desk, mule_by_consent, mockery, invented,
        slow_drip, rented_phones, strip_seller, commission_padding, cafe_desk, warehouse_leak,
        false_confidant, handset_credit, borrowed_name,
    )
}  # fmt: skip


def attacks(
    land: Land, people: People, honest: pd.DataFrame, *, wanted: int, mint: Mint, rng: Generator
) -> pd.DataFrame:
    """`wanted` lines by rings: which patterns occur, and how much of each, is drawn."""
    names = list(PATTERNS)
    present = rng.choice(len(names), int(rng.integers(14, len(names) + 1)), replace=False)
    rare = np.array([names[pattern] in DISCREET for pattern in present])
    weight = rng.gamma(1.5, 1, len(present)) * np.where(rare, 0.4, 1.0)
    parts: list[pd.DataFrame] = []
    done = 0
    while done < wanted:
        pattern = int(rng.choice(present, p=weight / weight.sum()))
        budget = min(int(rng.lognormal(2.8, 0.7)) + 2, 80, max(8, wanted // 12))
        crew = Crew(land, people, honest, mint, rng, budget)
        ring = PATTERNS[names[pattern]](crew)
        ring["fraud"], ring["pattern"], ring["ring"] = 1, pattern, len(parts)
        ring["segment"] = -1
        parts.append(ring)
        done += len(ring)
    return pd.concat(parts, ignore_index=True).head(wanted)
