"""Misuse around lines and names that are somebody's already: takeovers, mockery, prisons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers.attacks.ring import (
    buyers,
    campaign,
    carriers,
    crooks,
    deed,
    operations,
    reuse,
    rings,
    tools,
    victims,
    wait,
)
from detector.lands.strangers.world import LINK, NEW, PORT, RELINK, SWAP, World

LAST = 249


def targets(world: World, base: pd.DataFrame, size: int) -> pd.DataFrame:
    """Honest lines, linked early enough for something to happen to them; they get a line key of their own."""
    early = base.index[(base["operation"] == LINK) & (base["line"] < 0) & (base["day"] < LAST - 60)]
    chosen = world.rng.choice(early, size, replace=False)
    base.loc[chosen, "line"] = world.fresh(size)
    return base.loc[chosen].reset_index(drop=True)


def swap_then_relink(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Another SIM for the victim's number; a few days later the number is linked to another name."""
    half = size - size // 2
    ring = rings(world, half, 3, 12)
    prey = targets(world, base, half)
    doer = crooks(world, tools(world, ring, reuse(world)))
    handset = world.fresh(half)[tools(world, ring, reuse(world))]
    user = buyers(world, ring)
    day = np.minimum(prey["day"].to_numpy() + world.rng.integers(3, 60, half), LAST - 8)
    mine = {
        "line": prey["line"].to_numpy(),
        "digit": prey["digit"].to_numpy(),
        "carrier": prey["carrier"].to_numpy(),
        "doer": doer,
        "user": user,
    }
    first = deed(
        world,
        ring,
        **mine,
        person=prey["person"].to_numpy(),
        operation=SWAP,
        day=day,
        used_in=world.either(0.7, handset, -1),
        imei=world.either(0.5, handset, -1),
        attach=wait(world, half, 0.2),
    )
    second = deed(
        world,
        ring,
        **mine,
        person=victims(world, ring),
        operation=RELINK,
        day=day + world.rng.integers(1, 7, half),
        imei=handset,
        used_in=handset,
        attach=wait(world, half, 1),
    ).assign(ring=first["ring"])
    return pd.concat([first, second.iloc[: size // 2]], ignore_index=True)


def port_away(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """The victim's number goes to another carrier, in the victim's name, from somebody else's phone."""
    ring = rings(world, size, 3, 12)
    prey = targets(world, base, size)
    doer = crooks(world, tools(world, ring, reuse(world)))
    handset = world.fresh(size)[tools(world, ring, reuse(world))]
    return deed(
        world,
        ring,
        person=prey["person"].to_numpy(),
        line=prey["line"].to_numpy(),
        digit=prey["digit"].to_numpy(),
        doer=doer,
        user=buyers(world, ring),
        carrier=carriers(world, ring),
        operation=PORT,
        imei=world.either(0.6, handset, -1),
        day=np.minimum(prey["day"].to_numpy() + world.rng.integers(2, 60, size), LAST),
        used_in=handset,
        attach=wait(world, size, 0.3),
    )


def mockery(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A famous name with its CURP goes around: strangers link their own lines to it, each alone."""
    ring = rings(world, size, 12, 50)
    famous = world.rng.choice(np.flatnonzero(world.people.tier > 0), int(ring.max()) + 1)[ring]
    joker = crooks(world, np.arange(size))
    return deed(
        world,
        ring,
        person=famous,
        doer=joker,
        user=joker,
        operation=operations(world, size, 0.25),
        day=campaign(world, ring, 7),
        channel=world.rng.integers(0, 2, size),
        contact=world.either(0.6, world.fresh(size), joker),
        craft=1,
    )


def prison(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Different relatives register, each from home; the lines end at one place, in handsets that go around."""
    ring = rings(world, size, 8, 35)
    spot = world.where.drawn(world.rng, int(ring.max()) + 1)[ring]
    handset = world.fresh(size)[tools(world, ring, 2 * reuse(world))]
    doer = crooks(world, tools(world, ring, 1.4))
    wake = wait(world, size, 3)
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=doer,
        user=doer,
        operation=operations(world, size, 0.48),
        day=campaign(world, ring, 45),
        used_in=world.either(0.65, handset, -1),
        used_at=spot,
        attach=wake,
        moved_in=handset[::-1],
        moved_at=spot,
        moved_after=world.either(0.4, world.rng.integers(1, 7, size), -1),
    )


def sold_by_courier(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A courier sells clean registrations of different hands, and shows in one handset that they work."""
    ring = rings(world, size, 6, 25)
    show = world.fresh(int(ring.max()) + 1)[ring]
    town = world.where.drawn(world.rng, int(ring.max()) + 1)[ring]
    doer = crooks(world, tools(world, ring, reuse(world)))
    buyer = buyers(world, ring)
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=doer,
        user=buyer,
        carrier=carriers(world, ring, 0.5),
        operation=NEW,
        day=campaign(world, ring, 30),
        imei=world.fresh(size),
        used_in=world.either(0.7, show, -1),
        used_at=town,
        attach=wait(world, size, 2),
        moved_in=world.people.phone[buyer],
        moved_after=world.rng.integers(0, 4, size),
    )
