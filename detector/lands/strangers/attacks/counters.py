"""Misuse over a counter: by those who serve, or under their eyes, among honest work."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers.attacks.ring import (
    buyers,
    campaign,
    crooks,
    deed,
    locals_of,
    operations,
    reuse,
    rings,
    tools,
    victims,
    wait,
)
from detector.lands.strangers.carriers import BULK, CENTER, DEALER, WEB
from detector.lands.strangers.world import CROWD, DEMO, FRESH, HELPED, LINK, NEW, World, wishes


def busy(world: World, count: int, dealer: bool) -> np.ndarray:
    """Shops where there is a crowd to hide in."""
    kind = np.flatnonzero(world.shops.dealer == dealer)
    share = world.where.share[world.shops.place[kind]]
    return world.rng.choice(kind, count, p=share / share.sum())


def ghost_a_day(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A clerk adds a stranger now and then between two customers, with the shop's own SIMs and tablet."""
    ring = rings(world, size, 8, 35)
    shop = busy(world, int(ring.max()) + 1, False)[ring]
    handset = world.fresh(size)[tools(world, ring, 1.5 * reuse(world))]
    clerk = world.rng.integers(0, 3, int(ring.max()) + 1)[ring]
    person = world.either(0.6, locals_of(world, world.shops.place[shop]), victims(world, ring))
    return deed(
        world,
        ring,
        person=person,
        user=buyers(world, ring),
        carrier=world.shops.carrier[shop],
        operation=operations(world, size, 0.58),
        day=campaign(world, ring, 30),
        channel=CENTER,
        shop=shop,
        agent=clerk,
        craft=world.either(0.7, 2, 1),
        imei=world.either(0.5, handset, -1),
        used_in=world.either(0.35, handset, -1),
        attach=wait(world, size, 5),
    )


def one_more(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """ "The network failed, once more please": the customer leaves with one SIM, the clerk keeps one."""
    ring = rings(world, size, 4, 16)
    shop = busy(world, int(ring.max()) + 1, False)[ring]
    clerk = world.rng.integers(0, 3, int(ring.max()) + 1)[ring]
    person = locals_of(world, world.shops.place[shop])
    day, second = campaign(world, ring, 25), world.rng.integers(15, 24, size) * 3600
    at = {
        "person": person,
        "carrier": world.shops.carrier[shop],
        "day": day,
        "channel": CENTER,
        "shop": shop,
        "agent": clerk,
    }
    asked = wishes(**at, operation=world.either(0.5, NEW, LINK), second=second)
    kept = deed(
        world,
        ring,
        **at,
        operation=NEW,
        second=second + world.rng.integers(90, 1500, size),
        user=buyers(world, ring),
        craft=0,
        imei=world.fresh(size),
        attach=wait(world, size, 6),
    )
    return pd.concat([asked, kept], ignore_index=True)


def back_office(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """Somebody inside, with valid papers and a match every time, in the bulk channel."""
    ring = rings(world, size, 8, 30)
    count = int(ring.max()) + 1
    shop = busy(world, count, False)[ring]
    tablet = world.either(0.5, -1, world.fresh(count)[ring])
    return deed(
        world,
        ring,
        person=victims(world, ring),
        user=buyers(world, ring),
        carrier=world.shops.carrier[shop],
        operation=operations(world, size, 0.42),
        day=campaign(world, ring, 35),
        channel=world.either(0.6, BULK, CENTER),
        shop=shop,
        agent=world.rng.integers(0, 4, count)[ring],
        device=tablet,
        craft=2,
        imei=world.fresh(size),
        attach=wait(world, size, 4),
    )


def demo_phone(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A dealer activates a few SIMs ahead in the shop's demo phone, in names of last month's customers."""
    ring = rings(world, size, 5, 18)
    shop = busy(world, int(ring.max()) + 1, True)[ring]
    return deed(
        world,
        ring,
        person=locals_of(world, world.shops.place[shop]),
        user=buyers(world, ring),
        carrier=world.shops.carrier[shop],
        operation=NEW,
        day=campaign(world, ring, 22),
        channel=DEALER,
        shop=shop,
        imei=world.either(0.8, DEMO + shop, -1),
        used_in=world.either(0.3, DEMO + shop, -1),
        attach=wait(world, size, 7),
    )


def bad_kiosk(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A helper's computer where one customer in five is nobody who ever came."""
    ring = rings(world, size, 5, 30)
    known = base[(base["tag"] == HELPED) & (base["device"] >= FRESH) & (base["channel"] == WEB)]
    counts = known["device"].value_counts()
    large = counts[counts >= 20].index.to_numpy()
    host = (
        world.rng.choice(large, int(ring.max()) + 1)
        if len(large)
        else world.fresh(int(ring.max()) + 1)
    )
    first = known.drop_duplicates("device").set_index("device")["doer"]
    doer = first.reindex(host).fillna(0).astype(int).to_numpy()
    handset = world.fresh(size)[tools(world, ring, reuse(world))]
    return deed(
        world,
        ring,
        person=victims(world, ring),
        doer=doer[ring],
        user=buyers(world, ring),
        operation=operations(world, size),
        day=campaign(world, ring, 60),
        channel=WEB,
        device=host[ring],
        imei=world.either(0.5, handset, world.fresh(size)),
        attach=wait(world, size, 4),
    )


def relief(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A table with gifts in the square: who queues gets a line, and one in four unknowingly two."""
    ring = rings(world, size, 6, 20)
    count = int(ring.max()) + 1
    square = world.where.drawn(world.rng, count)
    carrier = carriers_of(world, count)
    guests = np.repeat(np.arange(count), np.bincount(ring, minlength=count) * 4)
    day = world.calendar.starts(world.rng, count, 3)
    tablet, box = world.fresh(count), world.fresh(count * 2)
    came = locals_of(world, square[guests])
    shop = world.shops.at(world.rng, carrier, square, np.zeros(count, bool))
    slot = np.arange(len(guests)) - np.searchsorted(guests, guests)
    honest = wishes(
        person=came,
        carrier=carrier[guests],
        operation=world.either(0.7, LINK, NEW),
        day=day[guests] + world.rng.integers(0, 3, len(guests)),
        channel=CENTER,
        shop=shop[guests],
        agent=12,
        device=tablet[guests],
        place=square[guests],
        box=box[guests * 2 + slot // 100],
        slot=slot,
        tag=CROWD,
    )
    honest.loc[honest["operation"] == LINK, ["box", "slot"]] = -1
    row = np.arange(size) - np.searchsorted(ring, ring)
    twice = np.searchsorted(guests, ring) + row * 4
    bad = deed(
        world,
        ring,
        person=came[twice],
        user=buyers(world, ring),
        carrier=carrier[ring],
        operation=NEW,
        day=honest["day"].to_numpy()[twice],
        channel=CENTER,
        shop=shop[ring],
        agent=12,
        device=tablet[ring],
        place=square[ring],
        box=box[ring * 2 + 1],
        slot=50 + row,
        craft=0,
        imei=world.fresh(size),
        attach=wait(world, size, 12),
    )
    return pd.concat([honest, bad], ignore_index=True)


def carriers_of(world: World, count: int) -> np.ndarray:
    """A carrier for each event, by size."""
    share = [c.share for c in world.kind.carriers]
    return world.rng.choice(len(share), count, p=share)


def skimming_helper(world: World, size: int, base: pd.DataFrame) -> pd.DataFrame:
    """A neighbour who helps for nothing, and some days later buys a SIM in the name just typed."""
    ring = rings(world, size, 3, 9)
    doer = crooks(world, ring)
    person = locals_of(world, world.people.now[doer])
    day = campaign(world, ring, 30)
    asked = wishes(person=person, doer=doer, operation=LINK, day=day, channel=WEB, tag=HELPED)
    later = np.minimum(day + world.rng.integers(0, 12, size), 249)
    kept = deed(
        world,
        ring,
        person=person,
        doer=doer,
        user=buyers(world, ring),
        operation=NEW,
        day=later,
        channel=WEB,
        imei=world.either(0.4, world.people.phone[doer], world.fresh(size)),
        attach=wait(world, size, 4),
    )
    return pd.concat([asked, kept], ignore_index=True)
