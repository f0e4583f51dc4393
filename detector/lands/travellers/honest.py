"""How honest people come to register a line over a year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.travellers.acts import (
    BULK,
    CENTRE,
    DAY,
    LINK,
    NEW,
    PORT,
    RELINK,
    SWAP,
    WEB,
    YEAR,
    Acts,
    acts,
    any_day,
    clock,
    column,
    counter_side,
    due_day,
    join,
    moments,
    own_session,
    stand_at,
)
from detector.lands.travellers.people import World
from detector.lands.travellers.writing import Flags, Floats, Ints, scatter

_KIOSK = -50_000_000  # numbers of the things of a town's kiosks lie below this


def year_of(world: World, size: int) -> Acts:
    """At least `size` honest registrations, by everything that people do."""
    habits = world.habits
    old = linkings(world)
    spare = size - int(size * (habits.new_lines + habits.changes + habits.fleets + habits.brigades))
    kept = _whole_households(world, old, spare)
    parts = [
        kept,
        purchases(world, int(size * habits.new_lines)),
        changes(world, kept, int(size * habits.changes)),
        fleets(world, int(size * habits.fleets)),
        brigades(world, int(size * habits.brigades)),
        errands(world),
    ]
    return join(parts)


def _whole_households(world: World, old: Acts, count: int) -> Acts:
    """About `count` linkings, leaving out whole households that missed every deadline."""
    home = world.people.household[column(old, "who")]
    order = scatter(home, world.seed + 21)
    if count >= len(old):
        return old
    kept: Acts = old[order <= np.partition(order, count)[count]]
    return kept.reset_index(drop=True)


def linkings(world: World) -> Acts:
    """Lines in use before the rule, linked by their users, by the relative who knows how, or at a shop."""
    rng, people, habits = world.rng, world.people, world.habits
    own, kids = np.where(people.dead, 0, people.lines), people.children
    who = np.r_[np.repeat(np.arange(len(own)), own), np.repeat(np.arange(len(own)), kids)]
    child = np.arange(len(who)) >= own.sum()
    digit = rng.integers(0, 10, len(who))
    carrier = _carrier(world, who)
    helped = (rng.random(len(who)) < habits.helper) | child
    doer = np.where(helped, people.head[who], who)
    # One sitting serves the household: its day is that of the head's own line.
    shared = due_day(rng, rng.integers(0, 10, len(own)), habits.rush)[doer]
    at = clock(rng, np.where(helped, shared, due_day(rng, digit, habits.rush)))
    at = _one_sitting(world, at, np.where(helped, doer, -1))
    handset = np.where(child, world.things.take(len(who)), people.handset(who, at))
    frame = acts(
        len(who),
        at=at,
        who=who,
        carrier=carrier,
        operation=np.full(len(who), LINK),
        postpaid=rng.random(len(who)) < 0.17,
        handset=handset,
        place=people.place[who],
        contact=_contact(world, who, doer),
        line=world.lines.take(len(who)),
        digit=digit,
        since=_age(rng, len(who)),
        user=handset,
        lives=people.place[who],
    )
    _choose_counter(world, frame, doer)
    return frame


def purchases(world: World, count: int) -> Acts:
    """New lines: a second number, a child's first, a present, a SIM for the road, a trader's five."""
    rng, people = world.rng, world.people
    alive = np.flatnonzero(~people.dead)
    weight = np.where(people.roaming[alive], 2.5, 1.0) * rng.gamma(1.5, 1.0, len(alive))
    buyers = rng.choice(alive, count, p=weight / weight.sum())
    batch = 1 + rng.geometric(0.55, count) * (rng.random(count) < 0.06)
    visit = np.repeat(np.arange(count), batch)[:count]
    who = _below_the_cap(rng, buyers[visit], alive)
    at = clock(rng, any_day(rng, count)[visit])
    at = _one_sitting(world, at, np.where(batch[visit] > 1, visit, -1))
    frame = acts(
        count,
        at=at,
        who=who,
        carrier=_carrier(world, who)[np.searchsorted(visit, visit)],
        operation=np.full(count, NEW),
        postpaid=rng.random(count) < 0.10,
        place=_whereabouts(world, who),
        contact=_contact(world, who, who),
    )
    _choose_counter(world, frame, who)
    _stock_from_town(world, frame)
    _future_of_new_line(world, frame, who)
    return frame


def _below_the_cap(rng: np.random.Generator, who: Ints, alive: Ints) -> Ints:
    """Nobody buys a seventh line in the year: together with those in use it would pass the cap of ten."""
    turn = np.asarray(pd.Series(who).groupby(who).cumcount(), dtype=np.int64)
    return np.where(turn >= 6, rng.choice(alive, len(who)), who)


def _future_of_new_line(world: World, frame: Acts, who: Ints) -> None:
    """Most new SIMs stay in the buyer's pocket; a gift travels to a relative or a friend elsewhere."""
    rng, people, habits = world.rng, world.people, world.habits
    at, count = moments(frame), len(frame)
    own = people.handset(who, at)
    spare = rng.random(count) < 0.22
    fresh = world.things.take(count)
    handset = np.where(spare, fresh, own)
    bench = (column(frame, "shop") >= 0) & (rng.random(count) < habits.bench_phone)
    frame["handset"] = np.where(bench, -90_000_000 - column(frame, "shop"), handset)
    gift = rng.random(count) < habits.gift
    near = people.head[who]
    friend = np.where(rng.random(count) < 0.5, near, rng.integers(0, len(people.place), count))
    frame["user"] = np.where(gift, people.handset(friend, at), handset)
    move = people.roaming[who] & (rng.random(count) < 0.5)
    afar = rng.choice(len(world.places.code), count, p=world.places.weight)
    frame["lives"] = np.where(gift, people.place[friend], np.where(move, afar, frame["place"]))
    quick = rng.lognormal(0.3, 1.3, count)
    slow = rng.lognormal(3.7, 1.1, count)
    delay = np.where(gift | (rng.random(count) < 0.15), slow, quick)
    frame["delay"] = np.where(rng.random(count) < 0.06, -1.0, delay)
    frame["abandoned"] = rng.random(count) < 0.015


def changes(world: World, linked: Acts, count: int) -> Acts:
    """Later in a line's life: taken to another carrier, a lost SIM replaced, a line linked once more."""
    rng, people = world.rng, world.people
    base = linked.iloc[rng.integers(0, len(linked), count)].reset_index(drop=True)
    operation = rng.choice([PORT, RELINK, SWAP], count, p=[0.38, 0.22, 0.40])
    at = moments(base) + 3600 + rng.random(count) * (YEAR * DAY - moments(base) - 7200)
    at = clock(rng, (np.clip(at, 0, YEAR * DAY - 1) / DAY).astype(np.int64))
    who = column(base, "who")
    heir = (operation == RELINK) & (rng.random(count) < 0.7)
    who = np.where(heir, people.head[who], who)
    carriers = len(world.habits.carriers)
    other = (column(base, "carrier") + rng.integers(1, max(2, carriers), count)) % carriers
    lost = (operation == SWAP) & (rng.random(count) < 0.35)
    handset = np.where(lost, world.things.take(count), people.handset(column(base, "who"), at))
    frame = base.assign(
        at=at,
        who=who,
        operation=operation,
        carrier=np.where(operation == PORT, other, base["carrier"]),
        place=_whereabouts(world, who),
        since=column(base, "since") + ((at - moments(base)) / DAY).astype(np.int64),
        handset=handset,
        user=handset,
        device=-1,
        shop=-1,
        agent=-1,
        delay=np.where(operation == RELINK, 1.0, rng.lognormal(1.0, 1.4, count)),
    )
    _choose_counter(world, frame, who)
    _stock_from_town(world, frame, column(frame, "operation") != RELINK)
    return frame


def fleets(world: World, count: int) -> Acts:
    """Companies: an administrator registers the fleet in lots, with SIMs that left the factory together."""
    rng, habits = world.rng, world.habits
    sizes = np.clip(rng.pareto(1.1, max(2, count)) * 4 + 1, 1, 220).astype(np.int64)
    lots = int(np.searchsorted(np.cumsum(sizes), count)) + 1
    lot = np.repeat(np.arange(lots), sizes[:lots])[:count]
    company = rng.integers(0, world.companies, lots)[lot]
    at = _one_sitting(world, clock(rng, any_day(rng, lots)[lot]), lot)
    carrier = rng.choice(len(habits.carriers), world.companies, p=habits.market)[company]
    town = rng.choice(len(world.places.code), world.companies, p=world.places.weight)[company]
    old = (rng.random(lots) < 0.3)[lot]
    handset = world.things.take(count)
    frame = acts(
        count,
        at=at,
        who=world.company(company),
        carrier=carrier,
        operation=np.where(old, LINK, NEW),
        channel=np.where((rng.random(lots) < 0.6)[lot], BULK, CENTRE),
        postpaid=(rng.random(lots) < 0.6)[lot],
        handset=np.where(rng.random(count) < 0.3, handset, -1),
        device=-2_000_000 - company,
        place=town,
        contact=-2_000_000 - company,
        line=np.where(old, world.lines.take(count), -1),
        digit=rng.integers(0, 10, count),
        since=np.where(old, _age(rng, count), -1),
        user=handset,
        lives=np.where(
            rng.random(count) < 0.3, rng.integers(0, len(world.places.code), count), town
        ),
        delay=rng.lognormal(3.0, 1.2, count),
    )
    at_desk = column(frame, "channel") == CENTRE
    desk = world.shop_for(town, carrier)[np.searchsorted(lot, lot)]
    stand_at(world, frame, at_desk, desk[at_desk])
    frame.loc[at_desk, "channel"] = CENTRE
    frame["stock"] = np.where(old, -1, desk)
    frame["bought"] = at[np.searchsorted(lot, lot)]
    return frame


def brigades(world: World, count: int) -> Acts:
    """A drive: one agent with a tablet registers a village, most of it for the first time."""
    rng, people = world.rng, world.people
    sizes = rng.integers(15, 60, max(2, count // 15))
    drives = int(np.searchsorted(np.cumsum(sizes), count)) + 1
    drive = np.repeat(np.arange(drives), sizes[:drives])[:count]
    town = rng.choice(np.flatnonzero(world.places.village), drives)[drive]
    who = _from_town(world, town)
    carrier = rng.choice(len(world.habits.carriers), drives, p=world.habits.market)[drive]
    at = _one_sitting(world, clock(rng, any_day(rng, drives)[drive]), drive)
    old = (rng.random(drives) < 0.5)[drive] & (rng.random(count) < 0.8)
    frame = acts(
        count,
        at=at,
        who=who,
        carrier=carrier,
        operation=np.where(old, LINK, NEW),
        place=people.place[who],
        contact=_contact(world, who, who),
        line=np.where(old, world.lines.take(count), -1),
        digit=rng.integers(0, 10, count),
        since=np.where(old, _age(rng, count), -1),
        strain=rng.random(count) * 0.3,
    )
    shop = world.shop_for(town, carrier)[np.searchsorted(drive, drive)]
    stand_at(world, frame, np.ones(count, bool), shop)
    frame["device"] = world.things.take(drives)[drive]
    frame["agent"] = column(frame, "agent")[np.searchsorted(drive, drive)]
    _stock_from_town(world, frame, ~old)
    _future_of_new_line(world, frame, who)
    frame.loc[old, "handset"] = people.handset(who, at)[old]
    return frame


def errands(world: World) -> Acts:
    """Aides who register their principal's lines, and those of the principal's family, on their own things."""
    rng, people = world.rng, world.people
    served = np.flatnonzero((people.aide >= 0) & (rng.random(len(people.aide)) < 0.4))
    who = np.repeat(served, rng.integers(1, 6, len(served)))
    kin = rng.random(len(who)) < 0.35
    doer = people.aide[who]
    who = np.where(kin, people.head[who], who)
    at = _one_sitting(world, clock(rng, any_day(rng, len(people.aide))[doer]), doer)
    frame = acts(
        len(who),
        at=at,
        who=who,
        carrier=_carrier(world, doer),
        place=people.place[doer],
        contact=np.where(rng.random(len(who)) < 0.6, doer, who),
        aide=np.ones(len(who)),
    )
    _choose_counter(world, frame, doer)
    _stock_from_town(world, frame)
    _future_of_new_line(world, frame, who)
    return frame


def stumbles(world: World, done: Acts) -> Acts:
    """First tries with a mistyped identity, given up a few minutes before the try that worked."""
    rng = world.rng
    people = column(done, "who") < len(world.people.place)
    slip = people & (rng.random(len(done)) < world.habits.typo)
    frame = done[slip].reset_index(drop=True)
    at = moments(frame) - rng.lognormal(5.0, 0.6, len(frame))
    return frame.assign(at=np.maximum(at, 0.0), typo=1, abandoned=1, delay=-1.0)


def _carrier(world: World, who: Ints) -> Ints:
    """The carrier of a line: the person's own, or as the market falls."""
    rng, habits = world.rng, world.habits
    other = rng.choice(len(habits.carriers), len(who), p=habits.market)
    return np.where(rng.random(len(who)) < habits.loyalty, world.people.carrier[who], other)


def _contact(world: World, who: Ints, doer: Ints) -> Ints:
    """The contact left: one's own, that of the helper, or a new mailbox for the occasion."""
    rng = world.rng
    lent = rng.random(len(who)) < world.habits.leaves_contact_of_helper
    sort = rng.random(len(who))
    new = world.things.take(len(who))
    return np.where(sort < 0.15, new, np.where(sort < 0.3, -1, np.where(lent, doer, who)))


def _age(rng: np.random.Generator, count: int) -> Ints:
    """How many days ago a carrier first saw a line that is in use."""
    return (rng.gamma(1.2, 900.0, count) + 20).astype(np.int64)


def _whereabouts(world: World, who: Ints) -> Ints:
    """Where a person is on a day: at home, in another town, or on the road."""
    rng, people = world.rng, world.people
    away = rng.random(len(who)) < np.where(people.roaming[who], 0.6, 0.07)
    elsewhere = rng.choice(len(world.places.code), len(who), p=world.places.weight)
    return np.where(away, elsewhere, people.place[who])


def _from_town(world: World, town: Ints) -> Ints:
    """Somebody who lives in each town."""
    people = world.people
    order = np.argsort(people.place, kind="stable")
    number = np.bincount(people.place, minlength=len(world.places.code))
    first = np.cumsum(number) - number
    draw = (world.rng.random(len(town)) * number[town]).astype(np.int64)
    return np.asarray(order[np.minimum(first[town] + draw, len(order) - 1)])


def _one_sitting(world: World, at: Floats, sitting: Ints) -> Floats:
    """Put the acts of one sitting a few minutes apart; -1 is an act on its own."""
    order = np.lexsort((at, sitting))
    group = sitting[order]
    starts = np.r_[True, group[1:] != group[:-1]] | (group < 0)
    gap = np.where(starts, 0.0, world.rng.lognormal(5.3, 0.7, len(at)))
    total = np.cumsum(gap)
    begin = np.maximum.accumulate(np.where(starts, np.arange(len(at)), 0))
    out = np.empty(len(at))
    out[order] = at[order][begin] + total - total[begin]
    return np.minimum(out, YEAR * DAY - 1)


def _choose_counter(world: World, frame: Acts, doer: Ints) -> None:
    """Online at home, at the kiosk, or at a counter, by what is usual where the act happens."""
    rng, habits = world.rng, world.habits
    place = column(frame, "place")
    online = np.where(world.places.village[place], habits.remote_village, habits.remote)
    # People who sit down together choose together.
    draw = (scatter(doer * 400 + column(frame, "at") // 43_200, world.seed + 22) % 10**6) / 10**6
    remote: Flags = draw < online
    own_session(world, frame, remote, doer[remote])
    counter_side(world, frame, ~remote)
    _at_kiosk(world, frame, remote & (rng.random(len(frame)) < habits.kiosk / online))


def _at_kiosk(world: World, frame: Acts, mask: Flags) -> None:
    """Let somebody with a computer do it, who now and then leaves their own mailbox."""
    rng = world.rng
    place = column(frame, "place")[mask]
    kiosk = place * 16 + rng.integers(0, 1 + 11 * world.places.networks[place] // 8, len(place))
    frame.loc[mask, "channel"] = WEB
    frame.loc[mask, "device"] = _KIOSK - kiosk * 4 - rng.integers(0, 2, len(place))
    network = place * 8 + kiosk % world.places.networks[place]
    frame.loc[mask, "ip"] = network * 256 + scatter(kiosk, world.seed + 23) % 240 + 5
    theirs = rng.random(len(place)) < 0.15
    frame.loc[mask, "contact"] = np.where(theirs, _KIOSK - kiosk, column(frame, "contact")[mask])


def _stock_from_town(world: World, frame: Acts, mask: Flags | None = None) -> None:
    """Take the SIM from the shop where one stands, or from one in town some days before."""
    take = np.ones(len(frame), bool) if mask is None else mask
    shop, at = column(frame, "shop"), moments(frame)
    some = world.shop_for(column(frame, "place"), column(frame, "carrier"))
    wait = np.where(shop >= 0, 0.0, world.rng.exponential(3 * DAY, len(frame)))
    frame["stock"] = np.where(take, np.where(shop >= 0, shop, some), -1)
    frame["bought"] = at - wait
