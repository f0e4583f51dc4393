"""Honest people: their own lines, their children's, those they register for their parents.

The innocent look-alikes are lives lived here (families, helpers, cafés, migrants) and in `gatherings`,
`firms` and `later_lives`; none is a noise term added to somebody else's row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Float32, Int32, Int64
from detector.simulate.calendar import DAY
from detector.simulate.counter import HOUR, channels, first_uses, serve
from detector.simulate.country import Society
from detector.simulate.rows import (
    BIT,
    EXISTING,
    LEAVES,
    NEW,
    NONE,
    PORT,
    POSTPAID,
    PREPAID,
    STAYS,
    UNLINKS,
    Rows,
    rows_of,
)
from detector.simulate.world import World, is_remote

ERRAND = 5.0  # days between the lines of people who see to them within a fortnight


def personal_lines(world: World) -> Rows:
    """First registrations of natural persons' lines; SIMs and numbers are given out later."""
    rng = world.rng("personal")
    rows = _owned_lines(world, rng)
    visit = _do_together(rows, world.country.society, rng)
    _choose_channel(world, rows, rng)
    _sit_down_together(world, rows, rng)
    _visit_cafes(world, rows, rng)
    shop = np.flatnonzero(~is_remote(rows))
    serve(world, rows, shop, rng=rng)
    _stay_at_counter(rows, visit)
    _leave_contact(world, rows, rng)
    return rows


def _owned_lines(world: World, rng: np.random.Generator) -> Rows:
    people, market = world.people, world.country.market
    owner, child = _owners(world, rng)
    n = len(owner)
    shares = np.asarray(market.operations) / sum(market.operations)
    operation = np.array([NEW, EXISTING, PORT])[rng.choice(3, n, p=shares)]
    luck = np.where(rng.random(n) < market.loyal, people.carrier_luck[owner], rng.random(n))
    carrier = world.commerce.carrier_of(luck)
    away = rng.random(n) < 0.55
    place = np.where(away, people.elsewhere[owner], people.home[owner])
    digit = rng.integers(0, 10, n).astype(np.int8)
    line = world.ledger.lines(n, carrier=carrier, place=place, digit=digit)
    remote = rng.random(n) < _remote_chance(world, operation, people.tech[owner])
    at = np.where(
        operation == EXISTING,
        world.calendar.before_deadline(digit, ~remote, rng),
        world.calendar.any_time(~remote, rng),
    )
    wealthy = market.postpaid * np.where(people.tier[owner] >= 0, 1.8, 0.95)
    rows = rows_of(
        n,
        at=at,
        who=owner,
        carrier=carrier,
        operation=operation,
        channel=channels(world, remote=remote, operation=operation, rng=rng),
        plan=np.where(rng.random(n) < wealthy, POSTPAID, PREPAID),
        line=line,
        sim=NONE,
        place=place,
        liveness=people.camera[owner],
        fumbles=0.12 + 0.25 * (1 - people.tech[owner]),
    )
    rows.segments[:] = _who_they_are(world, rows, child)
    rows.segments[world.calendar.rushed(at, digit) & (operation == EXISTING)] |= BIT[
        "deadline_queue"
    ]
    _put_in_handsets(world, rows, child, rng=rng)
    return rows


def _owners(world: World, rng: np.random.Generator) -> tuple[Int32, Bool]:
    """Whose identity each line is on, and whether a child uses it."""
    society, people = world.country.society, world.people
    shares = np.asarray(society.lines_per_adult) / sum(society.lines_per_adult)
    lines = 1 + rng.choice(len(shares), len(people), p=shares)
    many = lines == len(shares)
    lines[many] += rng.geometric(0.6, int(many.sum())) - 1
    lines = np.minimum(lines, 10) * (people.registers & ~people.dead)
    children = rng.binomial(people.minors, society.minors_on_parent) * (lines > 0)
    everybody = np.arange(len(people), dtype=np.int32)
    owner = np.concatenate([np.repeat(everybody, lines), np.repeat(everybody, children)])
    child = np.arange(len(owner)) >= lines.sum()
    return owner, child


def _do_together(rows: Rows, society: Society, rng: np.random.Generator) -> NDArray[np.int64]:
    """Many see to all their lines in one evening or one visit, others within days. Gives the first row
    of each row's visit."""
    order = np.argsort(rows.who, kind="stable")
    ranked = rows.who[order]
    first = np.empty(len(rows), np.int64)
    first[order] = order[np.searchsorted(ranked, ranked)]
    mood = rng.random(len(rows))[first]
    soon = (mood >= society.one_visit) & (mood < society.one_visit + society.errands)
    pause = rng.exponential(ERRAND * DAY, len(rows)).astype(np.int64)
    rows.at[:] = np.where(soon & (first != np.arange(len(rows))), rows.at[first] + pause, rows.at)
    visit = np.where(mood < society.one_visit, first, np.arange(len(rows)))
    joint = np.flatnonzero(np.bincount(visit, minlength=len(rows))[visit] > 1)
    rows.channel[joint] = rows.channel[visit[joint]]
    rows.place[joint] = rows.place[visit[joint]]
    _one_after_another(rows, joint, visit[joint], rng=rng)
    rows.segments[joint] |= BIT["one_visit"]
    return visit


def _stay_at_counter(rows: Rows, visit: NDArray[np.int64]) -> None:
    """The same agent serves all lines of a visit that are of one carrier."""
    same = np.flatnonzero((rows.pos >= 0) & (rows.carrier == rows.carrier[visit]))
    for column in (rows.pos, rows.agent, rows.device, rows.place):
        column[same] = column[visit[same]]


def _remote_chance(world: World, operation: NDArray[np.integer], tech: Float32) -> Float32:
    market = world.country.market
    base = np.where(operation == EXISTING, market.remote_existing, market.remote_new)
    chance: Float32 = (base * (0.7 + 0.45 * tech)).astype(np.float32)
    return chance


def _who_they_are(world: World, rows: Rows, child: Bool) -> Int64:
    """Segments that follow from the person."""
    people, who = world.people, rows.who
    officials = np.zeros(int(people.household[-1]) + 1, bool)
    officials[people.household[people.tier >= 0]] = True
    parents = np.zeros(len(people), bool)
    parents[who[child]] = True
    lines = np.bincount(who[~child], minlength=len(people))
    holds = {
        "official": people.tier[who] >= 0,
        "official_household": (people.tier[who] < 0) & officials[people.household[who]],
        "minor_line": child,
        "head_of_family": parents[who],
        "carer": lines[who] >= 4,
        "migrant": people.elsewhere[who] != people.home[who],
        "poor_camera": people.camera[who] < -0.9,
    }
    segments = np.zeros(len(who), np.int64)
    for name, held in holds.items():
        segments[held] |= BIT[name]
    return segments


def _put_in_handsets(world: World, rows: Rows, child: Bool, *, rng: np.random.Generator) -> None:
    """The owner's handset, a second one, or the child's; some counters see none."""
    market, n = world.country.market, len(rows)
    own = ~child & (_nth_of(rows.who) == 0)
    other = ~own & (child | (rng.random(n) >= market.same_handset))
    rows.handset[:] = rows.who
    rows.handset[other] = world.ledger.handsets(int(other.sum()), rng)
    used = np.flatnonzero(rng.random(n) < market.second_hand)
    rows.handset[used] = rng.integers(0, len(world.people), len(used))
    rows.use_handset[:] = rows.handset
    tried = np.flatnonzero(rng.random(n) < market.tried_elsewhere)
    rows.handset[tried] = _hosts(world, rows.place[tried], rng)
    switched_on = tried[rng.random(len(tried)) < 0.5]
    rows.next_handset[switched_on] = rows.use_handset[switched_on]
    rows.use_handset[switched_on] = rows.handset[switched_on]


def _hosts(world: World, place: Int32, rng: np.random.Generator) -> Int32:
    """People of each place who sell or help: one in sixty, whose handset tries others' SIMs."""
    homes = world.people.home  # sorted
    first, last = np.searchsorted(homes, place), np.searchsorted(homes, place, side="right")
    pick = rng.random(len(place)) * np.maximum((last - first) / 60, 1)
    return np.minimum(first + pick.astype(np.int64), len(homes) - 1).astype(np.int32)


def _nth_of(who: Int32) -> Int32:
    """Position of each row among the rows of the same person."""
    order = np.argsort(who, kind="stable")
    ranked = who[order]
    first = np.searchsorted(ranked, ranked)
    nth = np.empty(len(who), np.int32)
    nth[order] = np.arange(len(who)) - first
    return nth


def _choose_channel(world: World, rows: Rows, rng: np.random.Generator) -> None:
    """Own device and own or shared address for those who register from afar."""
    remote = np.flatnonzero(is_remote(rows))
    rows.device[remote] = _browser(world, rows.who[remote], rng)
    rows.ip[remote] = addresses(
        world, rows.take(remote), world.people.home_ip[rows.who[remote]], rng=rng
    )


def _browser(world: World, who: Int32, rng: np.random.Generator) -> Int32:
    """Mostly the telephone; sometimes another browser that is seen once."""
    device = who.copy()
    other = rng.random(len(who)) < 0.15
    device[other] = world.ledger.devices(int(other.sum()))
    return device


def addresses(world: World, rows: Rows, home: Int64, *, rng: np.random.Generator) -> Int64:
    """Where remote rows come from: home, the carrier's shared addresses, work, a tunnel."""
    market, commerce, n = world.country.market, world.commerce, len(rows)
    rest = 1 - market.cgnat_share
    way = rng.choice(4, n, p=[rest * 0.82, market.cgnat_share, rest * 0.14, rest * 0.04])
    ways = [
        commerce.leased(home, rows.at),
        commerce.mobile_ip(rows.carrier, rows.place, rng),
        commerce.office_ip(rows.place, rng),
        commerce.tunnel_ip(n, rng),
    ]
    return np.choose(way, ways)


def _sit_down_together(world: World, rows: Rows, rng: np.random.Generator) -> None:
    """Families who do it in one evening on the device of whoever is best at it."""
    people, society = world.people, world.country.society
    remote = np.flatnonzero(is_remote(rows))
    who = rows.who[remote]
    large = rng.random(people.household[-1] + 1) < society.family_sessions * 0.25
    meets = rng.random(people.household[-1] + 1) < society.family_sessions
    family = people.household[who] // 3
    in_large = large[family]
    in_small = ~in_large & meets[people.household[who]]
    helped = rng.random(len(remote)) < np.minimum(
        society.helped * 2.2 * (1 - people.tech[who]), 0.95
    )
    together = in_large | in_small
    helper = np.where(in_large, people.family_helper[who], people.helper[who])
    lent = np.flatnonzero((together | helped) & (helper != who))
    _use_device_of(world, rows, remote[lent], helper=helper[lent], rng=rng)
    group = np.where(in_large, family, people.household[-1] + 1 + people.household[who])
    _one_after_another(rows, remote[together], group[together], rng=rng)


def _use_device_of(
    world: World, rows: Rows, which: NDArray[np.integer], *, helper: Int32, rng: np.random.Generator
) -> None:
    rows.device[which] = helper
    rows.segments[which] |= BIT["helped"]
    at_home = rng.random(len(which)) < 0.6
    home = world.commerce.leased(world.people.home_ip[helper], rows.at[which])
    rows.ip[which] = np.where(at_home, home, rows.ip[which])
    one_handset = rng.random(len(which)) < 0.12  # SIMs put in turn into the helper's telephone
    rows.handset[which[one_handset]] = helper[one_handset]


def _one_after_another(
    rows: Rows, which: NDArray[np.integer], group: NDArray[np.integer], *, rng: np.random.Generator
) -> None:
    """Rows of a group follow one another by minutes, from the moment of one of them."""
    order = np.lexsort((rng.random(len(which)), group))
    ranked, members = group[order], which[order]
    first = np.searchsorted(ranked, ranked)
    pause = np.exp(rng.normal(np.log(240), 0.8, len(which))).astype(np.int64) + 30
    passed = np.cumsum(pause)
    rows.at[members] = rows.at[members[first]] + passed - passed[first]


def _visit_cafes(world: World, rows: Rows, rng: np.random.Generator) -> None:
    """Some use an internet café or the carrier's kiosk: one device and address for many strangers."""
    remote = np.flatnonzero(is_remote(rows))
    guests = remote[rng.random(len(remote)) < world.country.society.kiosk]
    rows.device[guests], rows.ip[guests] = world.commerce.cafe_seats(rows.place[guests], rng)
    rows.segments[guests] = (rows.segments[guests] & ~BIT["helped"]) | BIT["kiosk_customer"]


def _leave_contact(world: World, rows: Rows, rng: np.random.Generator) -> None:
    """Own contact, or that of the relative who helps."""
    market, people = world.country.market, world.people
    bare = np.flatnonzero((rows.contact < 0) & (rng.random(len(rows)) < market.contact_given))
    who = rows.who[bare]
    shared = rng.random(len(bare)) < market.shared_contact
    rows.contact[bare] = np.where(shared, people.helper[who], who)


def settle(world: World, rows: Rows, rng: np.random.Generator) -> None:
    """What honest rows do afterwards: use, presents to relatives, new handsets, leaving, unlinking."""
    market, n = world.country.market, len(rows)
    rows.first_use[:] = first_uses(world, rows, rng)
    rows.use_place[:] = np.where(rows.use_place < 0, rows.place, rows.use_place)
    fresh = np.isin(rows.operation, (NEW, PORT))
    given = np.flatnonzero(rng.random(n) < market.bought_for_others * np.where(fresh, 1.0, 0.12))
    _give_away(world, rows, given, rng=rng)
    renewed = np.flatnonzero(rng.random(n) < market.new_handset)
    rows.next_handset[renewed] = world.ledger.handsets(len(renewed), rng)
    rows.segments[renewed] |= BIT["new_handset"]
    travels = np.flatnonzero(rng.random(n) < 0.08)
    rows.next_place[travels] = np.where(
        rng.random(len(travels)) < 0.5,
        world.places.draw(len(travels), rng),
        world.places.neighbour(rows.place[travels], rng),
    )
    _end_some(world, rows, rng)


def _give_away(
    world: World, rows: Rows, given: NDArray[np.integer], *, rng: np.random.Generator
) -> None:
    """Bought for a relative: another handset, often another place, some days later."""
    rows.segments[given] |= BIT["bought_for_relative"]
    rows.use_handset[given] = world.ledger.handsets(len(given), rng)
    far = given[rng.random(len(given)) < 0.35]
    rows.use_place[far] = world.places.draw(len(far), rng)
    later = np.exp(rng.normal(np.log(1.5 * DAY), 1.2, len(given))).astype(np.int64) + HOUR
    rows.first_use[given] = np.where(rows.first_use[given] < 0, NONE, later)


def _end_some(world: World, rows: Rows, rng: np.random.Generator) -> None:
    market, n = world.country.market, len(rows)
    u = rng.random(n)
    leaves = (u < market.abandoned) & (rows.ending == STAYS)
    unlinks = (u > 1 - market.unlinked) & (rows.ending == STAYS)
    rows.ending[leaves], rows.ending[unlinks] = LEAVES, UNLINKS
    soon = np.exp(rng.normal(np.log(20 * 60), 1.0, n)).astype(np.int64)
    late = np.exp(rng.normal(np.log(25 * DAY), 1.0, n)).astype(np.int64)
    rows.ends_at[leaves], rows.ends_at[unlinks] = (
        (rows.at + soon)[leaves],
        (rows.at + late)[unlinks],
    )
    rows.first_use[leaves] = NONE
