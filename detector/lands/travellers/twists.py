"""What some rings do to honest people's own acts: each twist bends a ring's plan onto what happened before.

A twist gets the country, the honest acts and the plan that the ring would have followed otherwise, and
gives the plan back with victims, moments and things taken from those acts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from detector.lands.travellers.acts import (
    APP,
    DAY,
    LINK,
    NEW,
    PORT,
    RELINK,
    SWAP,
    WEB,
    YEAR,
    Acts,
    clock,
    column,
    moments,
    own_session,
)
from detector.lands.travellers.people import World
from detector.lands.travellers.writing import Flags, Floats, Ints

Twist: TypeAlias = Callable[[World, Acts, Acts], Acts]


def upsell(world: World, honest: Acts, plan: Acts) -> Acts:
    """An agent says that the network failed and registers the customer again, with a SIM from the drawer."""
    rng = world.rng
    base = _served_by_one(world, honest, "agent", len(plan))
    plan = plan.iloc[: len(base)].reset_index(drop=True)
    patient = rng.random(len(plan)) < (0.2 if world.habits.kind == "plain" else 0.75)
    gap = np.where(patient, rng.exponential(2 * DAY, len(plan)), rng.lognormal(5.6, 0.6, len(plan)))
    same = ("who", "carrier", "channel", "device", "shop", "agent", "place", "contact")
    at = np.where(patient, clock(rng, _day(moments(base) + gap)), moments(base) + gap)
    return plan.assign(
        **{name: base[name] for name in same},
        at=at,
        bought=at,
        stock=base["shop"],
        operation=NEW,
        ip=-1,
    )


def copied(world: World, honest: Acts, plan: Acts) -> Acts:
    """A shop keeps pictures of its customers' papers and uses them, on its own tablet, in quiet weeks."""
    rng = world.rng
    base = _served_by_one(world, honest, "shop", len(plan))
    plan = plan.iloc[: len(base)].reset_index(drop=True)
    at = clock(rng, _day(moments(base) + rng.gamma(1.5, 20.0, len(base)) * DAY))
    away = rng.random(len(base)) < (0.25 if world.habits.kind == "plain" else 0.7)
    kept = ("device", "shop", "agent", "channel", "place")
    return plan.assign(
        who=base["who"],
        carrier=base["carrier"],
        at=at,
        bought=at,
        stock=np.where(away, plan["stock"], base["shop"]),
        **{name: np.where(away, plan[name], base[name]) for name in kept},
        ip=np.where(away, plan["ip"], -1),
    )


def sim_swap(world: World, honest: Acts, plan: Acts) -> Acts:
    """The victim's own number on the attacker's SIM, in the victim's name."""
    return _seize(world, honest, plan, SWAP)


def port_out(world: World, honest: Acts, plan: Acts) -> Acts:
    """The victim's own number taken to another carrier, in the victim's name."""
    plan = _seize(world, honest, plan, PORT)
    carriers = len(world.habits.carriers)
    step = world.rng.integers(1, max(2, carriers), len(plan))
    return plan.assign(carrier=(column(plan, "carrier") + step) % carriers)


def relinked(world: World, honest: Acts, plan: Acts) -> Acts:
    """A code coaxed out of the user by telephone moves the user's line into a stolen identity."""
    who = column(plan, "who")
    plan = _seize(world, honest, plan, RELINK)
    return plan.assign(who=who[: len(plan)], stock=-1)


def aged(world: World, _honest: Acts, plan: Acts) -> Acts:
    """Prepaid SIMs kept alive in a drawer for months before the rule, linked in strangers' names."""
    rng, count = world.rng, len(plan)
    return plan.assign(
        operation=LINK,
        line=world.lines.take(count),
        digit=rng.integers(0, 10, count),
        since=(rng.gamma(1.2, 600.0, count) + 60).astype(np.int64),
    )


def kin(world: World, _honest: Acts, plan: Acts) -> Acts:
    """A relative with debts uses the papers that lie in the drawer at home, on the household's things."""
    people = world.people
    who = column(plan, "who")
    doer = people.head[who]
    at = moments(plan)
    plan = plan.assign(contact=doer, place=people.place[who], lives=people.place[doer])
    own_session(world, plan, np.ones(len(plan), bool), doer)
    handset = people.handset(doer, at)
    return plan.assign(handset=handset, user=handset, shop=-1, agent=-1)


def rented(world: World, _honest: Acts, plan: Acts) -> Acts:
    """Students and riders lend their telephone for ten minutes and fifty pesos."""
    rng, people = world.rng, world.people
    lenders = rng.integers(0, len(people.place), len(plan))
    doer = lenders[np.arange(len(plan)) // rng.integers(1, 4)]
    plan = plan.assign(place=people.place[doer], shop=-1, agent=-1)
    own_session(world, plan, np.ones(len(plan), bool), doer)
    return plan.assign(handset=people.handset(doer, moments(plan)))


def mule(world: World, _honest: Acts, plan: Acts) -> Acts:
    """A person in need sells their own face: their own telephone, home and mailbox, line after line."""
    who, people = column(plan, "who"), world.people
    plan = plan.assign(place=people.place[who], contact=who, shop=-1, agent=-1)
    own_session(world, plan, np.ones(len(plan), bool), who)
    return plan.assign(handset=people.handset(who, moments(plan)))


def strangers(world: World, honest: Acts, plan: Acts) -> Acts:
    """People who do not know each other try a famous identity that went round, each on their own telephone."""
    rng = world.rng
    doer = rng.integers(0, len(world.people.place), len(plan))
    plan = rented(world, honest, plan)
    own_session(world, plan, np.ones(len(plan), bool), doer)
    handset = world.people.handset(doer, moments(plan))
    place = world.people.place[doer]
    return plan.assign(handset=handset, user=handset, place=place, lives=place, contact=doer)


def _seize(world: World, honest: Acts, plan: Acts, operation: int) -> Acts:
    """Point the plan at lines that their holders linked before."""
    rng, people = world.rng, world.people
    who = column(honest, "who")
    person = who < len(people.place)
    weight = np.where(people.exposed[np.where(person, who, 0)], 6.0, 1.0)
    weight = weight * person * (column(honest, "operation") == LINK)
    base = _sample(world, honest, weight, len(plan))
    first = moments(base) + 2 * DAY
    at = clock(rng, _day(first + rng.random(len(base)) * np.maximum(YEAR * DAY - first, DAY)))
    return plan.assign(
        who=base["who"],
        line=base["line"],
        digit=base["digit"],
        carrier=base["carrier"],
        since=column(base, "since") + ((at - moments(base)) / DAY).astype(np.int64),
        at=at,
        bought=np.minimum(moments(plan), at),
        operation=operation,
    )


def _sample(world: World, honest: Acts, weight: Floats, count: int) -> Acts:
    picked = world.rng.choice(len(honest), count, replace=False, p=weight / weight.sum())
    return honest.iloc[picked].reset_index(drop=True)


def _served_by_one(world: World, honest: Acts, key: str, count: int) -> Acts:
    """Customers of one agent or shop, spread over some months, in the order of their visits."""
    served = honest[_counter_customers(world, honest)]
    value = served[key].to_numpy()
    number = served.groupby(key)[key].transform("size").to_numpy()
    chosen = world.rng.choice(value, p=number / number.sum())
    own = served[value == chosen]
    # Nobody turns more than a third of the customers to account.
    picked = world.rng.permutation(len(own))[: min(count, max(1, len(own) // 3))]
    customers: Acts = own.iloc[np.sort(picked)].sort_values("at")
    return customers.reset_index(drop=True)


def _counter_customers(world: World, honest: Acts) -> Flags:
    person = column(honest, "who") < len(world.people.place)
    online = np.isin(column(honest, "channel"), (WEB, APP))
    return person & ~online & (column(honest, "shop") >= 0) & (moments(honest) < 300 * DAY)


def _day(at: object) -> Ints:
    """The day of a moment, kept within the year."""
    return np.clip(np.asarray(at, dtype=np.float64) / DAY, 0, YEAR - 1).astype(np.int64)
