"""Attacks from behind the counter: the agent who registers once more, the event, the pre-registered stock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detector.registration import Int32
from detector.simulate.attacks.crew import Crew, buy_lots, rows_for
from detector.simulate.attacks.resale import sell
from detector.simulate.calendar import DAY
from detector.simulate.counter import HOUR, MINUTE, birthdays, equip
from detector.simulate.rows import NEW, NONE, PATTERNS, PREPAID, STAYS, Rows


def corrupt_agent(crew: Crew) -> Rows:
    """Customers at the counter are registered once or twice more, minutes later, and never know."""
    victims = _customers(crew, crew.size)
    more = np.minimum(crew.rng.geometric(0.75, len(victims)), 3)
    rows = _copies(crew, np.repeat(victims, more)[: crew.size])
    pause = np.exp(crew.rng.normal(np.log(7 * MINUTE), 0.8, len(rows))).astype(np.int64) + 40
    delayed = crew.rng.random(len(rows)) < 0.3 * crew.care_devices
    rows.at[:] = _within(crew, rows.at + np.where(delayed, pause * 30, pause))
    _from_own_stock(crew, rows)
    sell(crew, rows)
    return rows


def dealer_stock(crew: Crew) -> Rows:
    """A shop registers its stock on former customers and sells it "ready for use" over the counter."""
    victims = _customers(crew, crew.size, whole_span=True)
    rows = _copies(crew, victims)
    shop = np.ones(len(rows), bool)
    rows.at[:] = crew.moments(shop)
    _from_own_stock(crew, rows)
    sell(crew, rows, near=True)
    return rows


def _customers(crew: Crew, wanted: int, *, whole_span: bool = False) -> NDArray[np.int64]:
    """Positions of honest people at the counter of one agent, or of the shop where one has too few."""
    loot, rng = crew.loot, crew.rng
    days = loot.counter.within(crew.start, crew.until)
    inside = days if len(days) else loot.counter.positions
    one = rng.choice(inside)
    mine = loot.by_agent.equal_to(int(loot.honest.agent[one]))
    if not whole_span:
        at = loot.honest.at[mine]
        mine = mine[(at >= crew.start) & (at < crew.until)]
    if len(mine) < max(wanted // 3, 3):
        mine = loot.by_shop.equal_to(int(loot.honest.pos[one]))
    picked = rng.permutation(mine)[:wanted]
    return picked if len(picked) >= min(wanted, 2) else rng.choice(inside, wanted)


def _copies(crew: Crew, victims: NDArray[np.int64]) -> Rows:
    """New lines on the customers' names, by the same agent on the same tablet."""
    rows = crew.loot.honest.take(victims)
    n = len(rows)
    return replace(
        rows,
        operation=np.full(n, NEW, np.int8),
        plan=np.full(n, PREPAID, np.int8),
        line=np.full(n, NONE, np.int32),
        sim=np.full(n, NONE, np.int32),
        handset=_test_handsets(crew, rows),
        contact=np.where(crew.rng.random(n) < 0.6, NONE, rows.contact).astype(np.int32),
        fraud=np.ones(n, bool),
        pattern=np.full(n, PATTERNS.index(crew.pattern), np.int8),
        ring=np.full(n, crew.ring, np.int32),
        segments=np.zeros(n, np.int64),
        next_handset=np.full(n, NONE, np.int32),
        next_place=np.full(n, NONE, np.int32),
        ending=np.full(n, STAYS, np.int8),
        sightings=np.full(n, 0.8, np.float32),
    )


def _test_handsets(crew: Crew, rows: Rows) -> Int32:
    """The shop's demonstration handset, or some of the agent's own."""
    n = len(rows)
    demo = crew.world.commerce.shops.demo[rows.pos]
    turn = crew.runs(n, crew.care_handsets, 30.0)
    own = crew.world.ledger.handsets(int(turn[-1]) + 1, crew.rng)[turn]
    return np.where(crew.rng.random(n) < crew.rng.beta(0.6, 1.2), demo, own).astype(np.int32)


def _from_own_stock(crew: Crew, rows: Rows) -> None:
    """SIMs from the shop's shelf, one by one or by the handful."""
    rows.first_seen[:] = birthdays(rows.operation, rows.at, crew.rng)
    days = crew.rng.integers(1, 8)
    handful = rows.at // (days * DAY) * (days * DAY) if crew.rng.random() < 0.6 else rows.at
    equip(
        crew.world,
        rows,
        crew.rng,
        stocks=rows.pos.astype(np.int64),
        bought_at=handful,
        tight=crew.rng.random(len(rows)) < 0.7,
    )


def _within(crew: Crew, at: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.minimum(at, crew.world.calendar.end - HOUR)


def pretext_harvest(crew: Crew) -> Rows:
    """Villagers queue for "aid"; their names and faces become lines that are used elsewhere."""
    people, rng = crew.world.people, crew.rng
    there = _villagers(crew)
    by_telephone = rng.random() < 0.5
    event = replace(crew, remote=float(by_telephone), days=float(rng.uniform(0.3, 3)))
    rows = rows_for(event, there, carrier=np.full(len(there), crew.carriers(1)[0]))
    if not by_telephone:
        _one_counter(rows, rng)
    rows.liveness[:] = people.camera[there]
    rows.place[:] = people.home[there]
    rows.fumbles[:] = 0.2
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def _one_counter(rows: Rows, rng: np.random.Generator) -> None:
    """One agent with one tablet, sent out by the nearest shop."""
    leader = rng.integers(0, min(len(rows), 2), len(rows))
    for column in (rows.pos, rows.agent, rows.device):
        column[:] = column[leader]


def _villagers(crew: Crew) -> Int32:
    """Adults of one municipality, mostly such as register nothing themselves."""
    loot, people, rng = crew.loot, crew.world.people, crew.rng
    one = rng.choice(loot.villagers if len(loot.villagers) else loot.living)
    there = _adults_of(crew, people.home[one])
    if len(there) < crew.size:
        around = crew.world.places.near[people.home[one]]
        there = np.concatenate([there, *(_adults_of(crew, town) for town in around)])
    shy = there[~people.registers[there]]
    pool = shy if len(shy) >= crew.size else there
    return rng.choice(pool, crew.size, replace=len(pool) < crew.size).astype(np.int32)


def _adults_of(crew: Crew, town: int) -> Int32:
    """The living of a municipality; people are sorted by where they live."""
    people = crew.world.people
    both = np.array([town, town + 1], people.home.dtype)  # another type would copy the column
    first, last = np.searchsorted(people.home, both)
    there = np.arange(first, last, dtype=np.int32)
    return there[~people.dead[there]]
