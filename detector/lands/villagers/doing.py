"""Carries errands out: the one way in which honest and dishonest rows come about."""

from __future__ import annotations

import numpy as np

from detector.lands.villagers.arrays import Bools, Floats, Ints, Rows, part, pick, within
from detector.lands.villagers.country import DAYS, START, Country
from detector.lands.villagers.errands import Errand
from detector.lands.villagers.holders import World, carriers_of_papers, papers_of
from detector.lands.villagers.places import HOUSE, addresses, market_towns, old_sims, shop, stock
from detector.lands.villagers.rings import RULES, helpers, rings
from detector.lands.villagers.using import used
from detector.lands.villagers.work import Work

CHANNELS = ("web", "app", "service_center", "dealer", "bulk")
OPERATIONS = ("new_line", "link_existing", "port_in", "relink", "sim_replacement")


def done(world: World, errand: Errand, sizes: Ints, misuse: bool) -> Rows:
    """All registrations of a kind of errand, in groups of the given sizes."""
    country, people = world.country, world.people
    work = _begun(world, errand, sizes, misuse)
    day, second = _moments(country, work)
    town = people.where(np.where(_helped(work), work.doer, work.who), work.share)
    remote = np.full(len(work.who), errand.route in {"phone", "machine"})
    rows: Rows = {
        "who": work.who,
        "at": START + day * 86_400 + second,
        "share": work.share,
        "operation": np.where(work.new, 0, 1),
        "carrier": work.carrier,
        "town": town,
        "line": country.keys.take(len(town)),
        "area": country.towns.state[np.where(work.new, town, people.town[work.who])],
        "age": _ages(country, work),
    }
    rows |= _counter(country, work, town)
    rows |= _gadgets(world, work, town, remote, rows["tablet"])
    rows |= _sims(country, work, rows["shop"], town)
    hub = work.thing(country, "b", work.doer, country.keys.take(len(town)))
    rows |= used(world, work, hub, RULES[country.kind][7] if misuse else 0.06)
    del rows["tablet"]
    return rows | {"group": work.group + country.keys.take(1)[0] * 1000}


def _begun(world: World, errand: Errand, sizes: Ints, misuse: bool) -> Work:
    country, people = world.country, world.people
    rng, groups = country.rng, len(sizes)
    group, step = np.repeat(np.arange(groups), sizes), within(sizes)
    again = (rng.random(len(group)) < errand.repeat) | (step == 0)
    slot = np.cumsum(~again)
    slot = slot - slot[np.arange(len(group)) - step]
    doers = carriers_of_papers(world, errand.source, groups)
    doer = doers[group]
    name = int(country.keys.take(1)[0])
    who = papers_of(world, errand.source, doer, slot, group + name)
    habit = (rings if misuse else helpers)(country, errand, groups)
    taste = rng.beta(22 * errand.new + 0.5, 22 * (1 - errand.new) + 0.5, groups)
    if misuse:  # some rings prefer lines that have lived before
        taste *= np.where(rng.random(groups) < country.habits["aged"], 0.3, 1.0)
    tilt = 0.0 if misuse or errand.new > 0.85 else 0.25 * (0.62 - country.habits["existing"])
    new = rng.random(len(group)) < np.clip(taste + tilt, 0, 1)[group]
    own = new & (habit.run["s"][group] > 0)
    carrier = np.where(own, people.carrier[doer], people.carrier[who])
    share = _shares(rng, errand, sizes, group, step)
    return Work(errand, habit, sizes, group, step, doer, who, share, new, carrier)


def _shares(
    rng: np.random.Generator, errand: Errand, sizes: Ints, group: Ints, step: Ints
) -> Floats:
    """When in the year's custom each row falls: sittings some days apart."""
    sitting = rng.integers(1, max(2, int(errand.sitting * 1.6)), len(sizes))[group]
    pause = rng.gamma(1.2, errand.pause / 1.2 / DAYS, len(group))
    waits = np.cumsum(np.where((step > 0) & (step % sitting == 0), pause, 0))
    waits = waits - waits[np.arange(len(group)) - step]
    return np.asarray(rng.random(len(sizes))[group] * 1.06 - 0.03 + waits)


def _moments(country: Country, work: Work) -> tuple[Ints, Ints]:
    """Day and second: rows of one sitting follow each other by minutes."""
    rng, count = country.rng, len(work.group)
    day = country.moment(work.share)
    first = np.r_[True, (work.group[1:] != work.group[:-1]) | (day[1:] != day[:-1])]
    start = np.maximum.accumulate(np.where(first, np.arange(count), 0))
    hour = pick(rng, country.hours, count)[start] * 3600 + rng.integers(0, 3600, count)[start]
    gap = np.exp(rng.normal(5.3, 0.7, len(work.sizes)))[work.group] * rng.uniform(0.6, 1.5, count)
    later = (gap * (np.arange(count) - start)).astype(np.int64)
    return day, (hour + later + rng.integers(0, 60, count)) % 86_400


def _helped(work: Work) -> Bools:
    """Whether the helper or ring is where the registration happens, not the holder."""
    return np.asarray(work.kept("d") | work.kept("a") | work.habit.misuse)


def _ages(country: Country, work: Work) -> Floats:
    """Days since the carrier first saw the line."""
    rng, count = country.rng, len(work.who)
    stocked = rng.random(count) < 0.12
    fresh = np.where(stocked, rng.exponential(25, count), rng.integers(0, 2, count))
    share = RULES[country.kind][6] if work.habit.misuse else country.habits["young"]
    young = rng.random(count) < share
    old = np.where(young, rng.uniform(5, 420, count), 200 + rng.gamma(1.7, 900, count))
    return np.asarray(np.where(work.new, fresh, np.minimum(old, 7500)))


def _counter(country: Country, work: Work, town: Ints) -> Rows:
    """Channel, shop, person who serves, and the tablet of the counter."""
    rng, route, count = country.rng, work.errand.route, len(town)
    none = np.full(count, -1, dtype=np.int64)
    if route in {"phone", "machine"}:
        own_app = rng.random(len(work.sizes))[work.group] < country.habits["app"]
        app = own_app & (route == "phone")
        return {"channel": app.astype(np.int64), "shop": none, "agent": none, "tablet": none}
    if route == "bulk":
        return {"channel": none + 5, "shop": none, "agent": none, "tablet": none}
    market = market_towns(country)[town]
    luck = rng.random(count)
    own = luck[np.arange(count) - work.step]
    served = shop(country, market, work.carrier, np.where(work.kept("p"), own, luck))
    shift = part(served, country.salt, 3) + 1
    agent = served * 4 + rng.integers(0, 4, count) % shift
    dealer = part(served, country.salt + 5, 1000) < 1000 * country.habits["dealer"]
    if route == "tablet":
        agent = work.thing(country, "a", country.keys.take(count), agent)
        return {"channel": none + 4, "shop": served, "agent": agent, "tablet": none}
    same = (served * 4)[np.arange(count) - work.step]
    agent = np.where(work.kept("a") & work.kept("p"), same + (agent - served * 4) // 2, agent)
    return {"channel": 2 + dealer, "shop": served, "agent": agent, "tablet": agent}


def _gadgets(world: World, work: Work, town: Ints, remote: Bools, tablet: Ints) -> Rows:
    """Device, address, contact and handset of each row; -1 where there is none."""
    country, people = world.country, world.people
    rng, count = country.rng, len(town)
    runner = np.where(_helped(work) & (not work.habit.misuse), work.doer, work.who)
    own = work.doer if work.errand.route == "phone" else country.keys.take(count)
    device = work.thing(country, "d", own, people.phone[work.who])
    device = np.where(tablet >= 0, tablet, device)
    house = HOUSE + people.home[work.doer]
    own_ip = house if "d" in work.errand.keeps else country.keys.take(count)
    ip = work.thing(country, "i", own_ip, HOUSE + people.home[runner])
    ip = addresses(country, ip, town, work.carrier, work.kept("i"))
    contact = work.thing(country, "c", work.doer, work.who)
    silent = rng.random(count) < np.where(work.kept("c"), 0.1, 0.35)
    handset = work.thing(country, "h", people.phone[work.doer], people.phone[work.who])
    newer = ~work.kept("h") & (rng.random(count) < np.where(work.new, 0.3, 0.1))
    handset = np.where(newer, country.keys.take(count), handset)
    loose = rng.random(count) < np.where(work.new, 0.3, 0.12)
    bulk = work.errand.route == "bulk"
    return {
        "device": np.where(bulk, -1, device),
        "ip": np.where(remote, ip, -1),
        "contact": np.where(silent, -1, contact),
        "handset": np.where(loose, -1, handset),
    }


def _sims(country: Country, work: Work, served: Ints, town: Ints) -> Rows:
    """Box and place in it of each SIM."""
    rng, count = country.rng, len(town)
    box, slot = stock(country, np.where(served >= 0, served, town), work.carrier, work.share)
    group_box = work.thing(country, "s", country.keys.take(count), box)
    start = rng.integers(0, 900, count)[np.arange(count) - work.step]
    kept = work.kept("s")
    box = np.where(kept, group_box, box)
    slot = np.where(kept, (start + work.step + rng.integers(0, 3, count)) % 1000, slot)
    old_box, old_slot = old_sims(country, count)
    return {
        "box": np.where(work.new, box, old_box),
        "slot": np.where(work.new, slot, old_slot),
    }
