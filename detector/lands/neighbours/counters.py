"""Patterns of those behind a counter: a shop, an agent in it, and customers who trust both."""

import numpy as np
import pandas as pd

from detector.lands.neighbours.crew import Crew
from detector.lands.neighbours.land import CENTER, DEALER
from detector.lands.neighbours.orders import AUTO, DEMO, GHOST, pick


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
