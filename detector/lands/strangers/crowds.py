"""Many people at one device, counter, address or tax number, each with a good reason."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers import ids
from detector.lands.strangers.carriers import CENTER, WEB
from detector.lands.strangers.people import TODAY
from detector.lands.strangers.world import (
    CROWD,
    FIRM,
    HELPED,
    LINK,
    NEW,
    PORT,
    RELINK,
    World,
    wishes,
)

USUAL = (0.70, 0.225, 0.055, 0.02)  # link, new, port, relink


def operations(world: World, size: int, chances: tuple[float, ...] = USUAL) -> np.ndarray:
    """What is done to each line, at these chances of linking, buying, porting and linking again."""
    return world.rng.choice([LINK, NEW, PORT, RELINK], size, p=chances)


def crowds(world: World, spare: np.ndarray, size: int) -> list[pd.DataFrame]:
    """Many people at one device, counter or address, each with a good reason."""
    folk = world.people
    place = folk.now[spare]
    order = np.argsort(place, kind="stable")
    cut = [0.16, 0.34, 0.46, 0.53, 0.6]
    draw = world.rng.random(len(spare))
    groups = [
        spare[order][(draw[order] >= a) & (draw[order] < b)]
        for a, b in zip([0, *cut], cut, strict=False)
    ]
    return [
        _kiosks(world, groups[0]),
        _queues(world, groups[1]),
        _drives(world, groups[2]),
        _shelters(world, groups[3]),
        _dorms(world, groups[4]),
        _firms(world, size),
        _traders(world, size),
    ]


def chunks(world: World, people: np.ndarray, low: int, high: int) -> np.ndarray:
    """A group number for each of the people in order, groups being between these sizes (log-uniform)."""
    size = np.exp(world.rng.uniform(np.log(low), np.log(high), len(people) // low + 1)).astype(int)
    return np.repeat(np.arange(len(size)), size)[: len(people)]


def _kiosks(world: World, people: np.ndarray) -> pd.DataFrame:
    """A stationer's computer or a helper's phone, for a small fee, over months."""
    rng, group = world.rng, chunks(world, people, 12, 260)
    count = group[-1] + 1
    host = people[np.searchsorted(group, np.arange(count))]
    device = world.either(0.5, world.fresh(count), world.people.phone[host])
    fee_contact = rng.random(count) < 0.35
    return wishes(
        person=people,
        doer=host[group],
        operation=operations(world, len(people), (0.76, 0.18, 0.04, 0.02)),
        day=-1,
        channel=WEB,
        device=device[group],
        contact=np.where(fee_contact[group] & (rng.random(len(people)) < 0.5), host[group], -1),
        tag=HELPED,
    )


def _queues(world: World, people: np.ndarray) -> pd.DataFrame:
    """A village waits for the carrier's van: one tablet, one or two clerks, a day or two."""
    rng, group = world.rng, chunks(world, people, 25, 320)
    count = group[-1] + 1
    where = world.people.now[people[np.searchsorted(group, np.arange(count))]]
    carrier = rng.choice(len(world.kind.carriers), count, p=[c.share for c in world.kind.carriers])
    shop = world.shops.at(rng, carrier, where, np.zeros(count, bool))
    day = world.calendar.starts(rng, count, 2)[group] + (rng.random(len(people)) < 0.4)
    tablet = world.fresh(count)
    return wishes(
        person=people,
        carrier=carrier[group],
        operation=operations(world, len(people), (0.83, 0.14, 0.02, 0.01)),
        day=day,
        channel=CENTER,
        shop=shop[group],
        agent=(rng.random(len(people)) < 0.4) + 8,
        device=tablet[group],
        place=where[group],
        tag=CROWD,
    )


def _drives(world: World, people: np.ndarray) -> pd.DataFrame:
    """A factory or a union gives its people a SIM each, in their own names, out of one box."""
    rng, group = world.rng, chunks(world, people, 15, 180)
    count, size = group[-1] + 1, len(people)
    day = world.calendar.starts(rng, count, 5)[group] + rng.integers(0, 5, size)
    carrier = rng.choice(len(world.kind.carriers), count, p=[c.share for c in world.kind.carriers])
    remote = rng.random(count) < 0.15
    slot = np.arange(size) - np.searchsorted(group, group)
    box = world.fresh(count * 4)[group * 4 + slot // 100]
    idle = rng.random(size) < 0.2
    host = people[np.searchsorted(group, np.arange(count))]
    return wishes(
        person=people,
        doer=np.where(remote[group], host[group], -1),
        carrier=carrier[group],
        operation=operations(world, size, (0.12, 0.8, 0.08, 0.0)),
        day=day,
        channel=np.where(remote[group], WEB, CENTER),
        box=box,
        slot=slot,
        agent=np.where(remote[group], -1, 3),
        attach=world.either(idle * 0.9, rng.integers(86_400, 25 * 86_400, size), -1),
        tag=CROWD,
    )


def _shelters(world: World, people: np.ndarray) -> pd.DataFrame:
    """People on the way share a phone; they buy a SIM, and are elsewhere a week later."""
    folk, rng = world.people, world.rng
    people = rng.permutation(
        np.concatenate([people, np.flatnonzero((folk.kind == "passport") & ~folk.dead)])
    )
    group = chunks(world, people, 2, 40)
    host = people[np.searchsorted(group, np.arange(group[-1] + 1))]
    start = world.calendar.starts(rng, group[-1] + 1, 30)[group]
    size = len(people)
    return wishes(
        person=people,
        doer=host[group],
        user=people,
        operation=operations(world, size, (0.25, 0.7, 0.03, 0.02)),
        day=start + rng.integers(0, 30, size),
        imei=world.either(0.5, folk.phone[host[group]], -1),
        used_in=world.either(0.4, folk.phone[host[group]], -1),
        used_at=folk.now[host[group]],
        moved_at=world.where.drawn(rng, size),
        moved_after=world.either(0.6, rng.integers(1, 15, size), -1),
        tag=CROWD,
    )


def _dorms(world: World, people: np.ndarray) -> pd.DataFrame:
    """Students behind one address, each with their own phone."""
    group = chunks(world, people, 8, 120)
    address = world.fresh(group[-1] + 1)
    return wishes(
        person=people,
        operation=operations(world, len(people)),
        day=-1,
        ip=address[group],
        channel=world.rng.integers(0, 2, len(people)),
    )


def _firms(world: World, size: int) -> pd.DataFrame:
    """Companies put their fleet in their own name: many SIMs of one box, half of them asleep for weeks."""
    rng, folk = world.rng, world.people
    count = max(5, size // 1100)
    lines = np.clip(rng.lognormal(2.4, 1.1, count), 3, 160).astype(int)
    age = np.where(
        rng.random(count) < 0.15, rng.integers(40, 500, count), rng.integers(500, 12_000, count)
    )
    identity = world.known_as("rfc", ids.texts(ids.company_rfcs(rng, TODAY - age)))
    office = rng.choice(np.flatnonzero(~folk.dead), count)
    row = np.repeat(np.arange(count), lines)
    staff = world.either(0.55, office[row], rng.choice(len(folk), len(row)))
    nearby = folk.now[office[row]]
    spread = (rng.random(count) < 0.4)[row]
    fresh = np.arange(len(row))
    return wishes(
        person=office[row],
        identity=identity[row],
        doer=office[row],
        user=staff,
        carrier=folk.carrier[office[row]],
        operation=operations(world, len(row), (0.5, 0.42, 0.06, 0.02)),
        channel=world.either(0.6, 4, CENTER),
        day=world.calendar.starts(rng, count, 12)[row] + rng.integers(0, 12, len(row)),
        box=world.fresh(count * 2)[row * 2 + (fresh - np.searchsorted(row, row)) // 100],
        slot=fresh - np.searchsorted(row, row),
        device=world.fresh(count)[row],
        contact=office[row],
        used_in=world.fresh(len(row)),
        used_at=np.where(spread, world.where.drawn(rng, len(row)), nearby),
        attach=world.either(0.3, rng.integers(86_400, 40 * 86_400, len(row)), -1),
        tag=FIRM,
    )


def _traders(world: World, size: int) -> pd.DataFrame:
    """Persons in business: the stall, the taxi and the nephew on one RFC."""
    rng, folk = world.rng, world.people
    who = rng.choice(
        np.flatnonzero(~folk.dead & (folk.kind == "curp")), max(5, size // 160), replace=False
    )
    identity = world.known_as("rfc", ids.texts(ids.trader_rfcs(rng, folk.curp[who])))
    row = np.repeat(
        np.arange(len(who)), rng.choice([1, 2, 3, 5, 8], len(who), p=[0.4, 0.28, 0.17, 0.1, 0.05])
    )
    later = pd.Series(row).duplicated().to_numpy()
    return wishes(
        person=who[row],
        identity=identity[row],
        operation=operations(world, len(row), (0.6, 0.32, 0.06, 0.02)),
        day=-1,
        imei=np.where(later, world.fresh(len(row)), -1),
        used_in=np.where(later, world.fresh(len(row)), -1),
        tag=FIRM,
    )
