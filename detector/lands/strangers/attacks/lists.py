"""Remote work with a list of identities: one of them often, or many of them once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers import ids
from detector.lands.strangers.attacks.ring import (
    buyers,
    campaign,
    carriers,
    crooks,
    deed,
    operations,
    proxies,
    reuse,
    rings,
    tools,
    victims,
    wait,
)
from detector.lands.strangers.carriers import APP, WEB
from detector.lands.strangers.people import TODAY
from detector.lands.strangers.world import LINK, NEW, World

REMOTE = (WEB, APP)


def one_name(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """One person's identity for a handful of lines, at several carriers, by a few hands."""
    ring = rings(world, size, 3, 9)
    doer = crooks(world, tools(world, ring, reuse(world)))
    name = victims(world, np.zeros(int(ring.max()) + 1, int))
    famous = world.rng.choice(np.flatnonzero(world.people.tier > 0), len(name))
    user = buyers(world, ring)
    return deed(
        world,
        ring,
        person=world.either(0.5, famous, name)[ring],
        doer=doer,
        user=user,
        carrier=carriers(world, ring, 0.35),
        operation=operations(world, size, 0.58),
        day=campaign(world, ring, 9),
        imei=world.either(0.5, world.fresh(size), -1),
        attach=wait(world, size, 4),
        contact=world.either(0.6, doer, -1),
    )


def slow_drip(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """One stranger a week over one phone that otherwise does what phones do."""
    ring = rings(world, size, 5, 16)
    row = np.arange(size) - np.searchsorted(ring, ring)
    start = world.calendar.starts(world.rng, int(ring.max()) + 1, 90)[ring]
    day = np.minimum(start + row * 7 + world.rng.integers(-2, 3, size), 249)
    doer = crooks(world, ring)
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=doer,
        user=buyers(world, ring),
        carrier=carriers(world, ring),
        operation=operations(world, size),
        day=np.maximum(day, 0),
        channel=world.rng.choice(REMOTE, size),
        imei=world.either(0.4, world.people.phone[doer], -1),
        attach=wait(world, size, 5),
    )


def fresh_devices(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Another browser and another home's address each time, but the SIMs left the factory together."""
    ring = rings(world, size, 10, 45)
    row = np.arange(size) - np.searchsorted(ring, ring)
    step = 1 + (world.rng.random(size) < 0.2)
    box = world.fresh(int(ring.max()) + 1)[ring]
    user = buyers(world, ring)
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=user,
        user=user,
        carrier=carriers(world, ring, 1.0),
        operation=NEW,
        day=campaign(world, ring, 20),
        channel=world.rng.choice(REMOTE, size),
        device=world.fresh(size),
        ip=proxies(world, size),
        imei=world.fresh(size),
        box=box,
        slot=row * 2 + step,
        contact=world.fresh(size),
        attach=wait(world, size, 6),
    )


def clean_phones(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A phone with a blameless past, rented for an afternoon: three to six strangers, then back."""
    ring = rings(world, size, 3, 6)
    doer = crooks(world, ring)
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=doer,
        user=buyers(world, ring),
        carrier=carriers(world, ring),
        operation=operations(world, size, 0.48),
        day=campaign(world, ring, 4),
        channel=world.rng.choice(REMOTE, size),
        imei=world.either(0.3, world.people.phone[doer], world.fresh(size)),
        attach=wait(world, size, 4),
    )


def esim_only(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """No SIM card to number: eSIMs from afar, a few to a handset, a contact now and then used again."""
    ring = rings(world, size, 6, 24)
    handset = world.fresh(size)[tools(world, ring, reuse(world))]
    inbox = world.fresh(size)[tools(world, ring, 2 * reuse(world))]
    doer = crooks(world, ring)
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=doer,
        user=buyers(world, ring),
        carrier=carriers(world, ring, 0.6),
        operation=NEW,
        day=campaign(world, ring, 15),
        channel=APP,
        esim=1,
        device=world.fresh(size),
        ip=proxies(world, size),
        imei=world.either(0.5, handset, world.fresh(size)),
        contact=inbox,
        used_in=world.either(0.7, handset, -1),
        attach=wait(world, size, 1),
    )


def handset_farm(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Nothing ties them together until they wake: then a few handsets, in one place."""
    ring = rings(world, size, 10, 40)
    handset = world.fresh(size)[tools(world, ring, 2.5 * reuse(world))]
    spot = world.where.drawn(world.rng, int(ring.max()) + 1)[ring]
    doer = crooks(world, np.arange(size))
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=doer,
        user=doer,
        operation=operations(world, size, 0.58),
        day=campaign(world, ring, 25),
        channel=world.rng.choice(REMOTE, size),
        device=world.fresh(size),
        ip=proxies(world, size),
        imei=world.fresh(size),
        contact=world.fresh(size),
        used_in=handset,
        used_at=world.either(0.85, spot, -1),
        attach=wait(world, size, 2),
        moved_in=world.either(0.4, handset[::-1], -1),
        moved_at=spot,
        moved_after=world.either(0.4, world.rng.integers(1, 6, size), -1),
    )


def across_carriers(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Each identity once per carrier, so that no carrier sees anything; the same inbox and handset do."""
    ring = rings(world, size, 8, 30)
    row = np.arange(size) - np.searchsorted(ring, ring)
    name = victims(world, ring)
    name = name[np.searchsorted(ring, ring) + row // 3]
    handset = world.fresh(size)[tools(world, ring, 1.5 * reuse(world))]
    inbox = world.fresh(size)[tools(world, ring, 2 * reuse(world))]
    doer = crooks(world, tools(world, ring, reuse(world)))
    first = world.rng.integers(0, 8, size)[np.searchsorted(ring, ring) + row // 3]
    return deed(
        world,
        ring,
        person=name,
        doer=doer,
        user=buyers(world, ring),
        carrier=(first + row % 3) % len(world.kind.carriers),
        operation=operations(world, size, 0.58),
        day=campaign(world, ring, 18),
        channel=world.rng.choice(REMOTE, size),
        contact=world.either(0.7, inbox, -1),
        imei=world.either(0.4, handset, world.fresh(size)),
        used_in=world.either(0.5, handset, -1),
        attach=wait(world, size, 3),
    )


def the_dead(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Identities of people who died; the registry knows of one in three."""
    ring = rings(world, size, 4, 14)
    dead = world.rng.choice(np.flatnonzero(world.people.dead), size)
    doer = crooks(world, tools(world, ring, 1.3 * reuse(world)))
    return deed(
        world,
        ring,
        person=dead,
        doer=doer,
        user=buyers(world, ring),
        carrier=carriers(world, ring),
        operation=operations(world, size),
        day=campaign(world, ring, 25),
        imei=world.either(0.4, world.people.phone[doer], world.fresh(size)),
        attach=wait(world, size, 5),
    )


def made_up(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Identities that are nearly somebody's: the real letters and birth date, another ending."""
    ring = rings(world, size, 5, 20)
    person = victims(world, ring)
    person = np.where(world.people.kind[person] == "curp", person, person[0])
    value = ids.texts(ids.siblings(world.rng, world.people.curp[person]))
    doer = crooks(world, tools(world, ring, reuse(world)))
    craft = world.either(0.35, 3, 1)
    return deed(
        world,
        ring,
        person=person,
        identity=world.known_as("curp", value),
        doer=doer,
        user=buyers(world, ring),
        carrier=carriers(world, ring),
        operation=operations(world, size),
        day=campaign(world, ring, 14),
        channel=world.rng.choice(REMOTE, size),
        craft=craft,
        imei=world.fresh(size),
        attach=wait(world, size, 4),
    )


def paper_firms(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A company that exists on paper, young or bought; its fleet ends up in passers-by's pockets."""
    ring = rings(world, size, 8, 50)
    count = int(ring.max()) + 1
    age = world.either(
        0.55, world.rng.integers(30, 500, count), world.rng.integers(500, 5000, count)
    )
    identity = world.known_as("rfc", ids.texts(ids.company_rfcs(world.rng, TODAY - age)))
    office = crooks(world, np.arange(count))
    row = np.arange(size) - np.searchsorted(ring, ring)
    return deed(
        world,
        ring,
        person=office[ring],
        identity=identity[ring],
        doer=office[ring],
        user=buyers(world, ring),
        carrier=carriers(world, ring, 0.9),
        operation=operations(world, size, 0.58),
        day=campaign(world, ring, 15),
        channel=world.either(0.5, 4, 2),
        device=world.fresh(count)[ring],
        box=world.fresh(count)[ring],
        slot=row * 2,
        attach=wait(world, size, 8),
        tag=4,
        craft=0,
    )


def old_numbers(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Anonymous lines with years of life, bought up before the deadline and linked to strangers."""
    ring = rings(world, size, 6, 28)
    reader = world.fresh(size)[tools(world, ring, 1.5 * reuse(world))]
    doer = crooks(world, tools(world, ring, 1.5 * reuse(world)))
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=doer,
        user=buyers(world, ring),
        carrier=carriers(world, ring),
        operation=LINK,
        day=campaign(world, ring, 16),
        channel=world.rng.choice(REMOTE, size),
        imei=world.either(0.75, reader, -1),
        attach=wait(world, size, 6),
    )
