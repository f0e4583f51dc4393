"""Patterns of those who stay away from counters: names off a list, lines taken over, faces rented."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from detector.lands.neighbours.crew import TOOLS, Crew
from detector.lands.neighbours.honest import follow
from detector.lands.neighbours.land import (
    APP,
    BULK,
    CENTER,
    DEALER,
    LINK,
    NEW,
    PORT,
    RELINK,
    REPLACE,
    WEB,
)
from detector.lands.neighbours.orders import AUTO, CELLS, FARM, GIFT, NONE, POOL, SEIZED, pick


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
