"""Firms with fleets, traders, foreigners, and those who register lines for an official."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.registration import Int8, Int32, Int64
from detector.simulate.calendar import DAY
from detector.simulate.counter import HOUR, birthdays, channels, equip, serve
from detector.simulate.identities import COMPANY, COUNTRIES, PASSPORT, TRADER, Identities
from detector.simulate.lives import addresses
from detector.simulate.rows import (
    BIT,
    BULK,
    CENTRE,
    EXISTING,
    NEW,
    NONE,
    PORT,
    POSTPAID,
    PREPAID,
    Rows,
    rows_of,
)
from detector.simulate.world import World, is_remote

FIRM_STOCK = 2_000_000_000  # SIM stocks for firms, by carrier and state


def company_identities(
    n: int, *, founded: NDArray[np.integer], rng: np.random.Generator
) -> Identities:
    """Companies founded on the given days."""
    return Identities(
        kind=np.full(n, COMPANY, np.int8),
        birth=founded.astype(np.int32),
        female=np.zeros(n, bool),
        state=np.zeros(n, np.int8),
        namesake=np.zeros(n, np.int8),
        bits=rng.integers(0, 2**63, n, dtype=np.uint64),
    )


def fleets(world: World) -> Rows:
    """Lines of companies and public bodies, in one or a few sittings each."""
    rng = world.rng("fleets")
    wanted = int(world.size * world.country.society.business_lines)
    sizes = _sizes(wanted, largest=30 + wanted // 8, rng=rng)
    firms = len(sizes)
    founded = world.calendar.start // DAY + _founding(world.calendar.days, firms, rng)
    who = world.ledger.identities(company_identities(firms, founded=founded, rng=rng))
    firm = np.repeat(np.arange(firms), sizes)
    young = founded[firm] > world.calendar.start // DAY - 365
    body = rng.random(firms) < 0.1
    start = _days_of_business(world, founded, rng)
    rows = fleet_rows(world, who[firm], firm, start=start, rng=rng)
    several = (rng.random(firms) < 0.15)[firm] & (rng.random(len(firm)) < 0.4)
    rows.carrier[several] = world.commerce.carrier_of(rng.random(int(several.sum())))
    serve(world, rows, np.flatnonzero(several), rng=rng)
    box_of_sims(world, rows, rng)
    rows.segments[:] = (
        BIT["fleet"]
        | np.where(young, BIT["young_business"], 0)
        | np.where(body[firm], BIT["public_body"], 0)
    )
    return rows


def _sizes(wanted: int, *, largest: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Heavy-tailed numbers of lines per firm, `wanted` together."""
    sizes = np.minimum(2 + rng.pareto(1.1, wanted // 2 + 1) * 4, largest).astype(np.int64)
    kept = int(np.searchsorted(np.cumsum(sizes), wanted)) + 1
    return sizes[:kept]


def _founding(days: int, firms: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Days before or after the span's first: most firms are old, some are founded on the way."""
    old = -rng.gamma(1.5, 2600, firms) - 30
    young = rng.uniform(-300, 0.8 * days, firms)
    return np.where(rng.random(firms) < 0.14, young, old).astype(np.int64).clip(-9000)


def _days_of_business(world: World, founded: NDArray[np.int64], rng: np.random.Generator) -> Int64:
    calendar = world.calendar
    start = calendar.any_time(np.ones(len(founded), bool), rng)
    earliest = (founded + 10) * DAY
    return np.where(start < earliest, earliest + start % (20 * DAY), start).clip(
        max=calendar.end - 5 * DAY
    )


def fleet_rows(
    world: World, who: Int32, firm: NDArray[np.int64], *, start: Int64, rng: np.random.Generator
) -> Rows:
    """Registrations of firms' lines, in person and in sittings; SIMs are given out later."""
    firms, n = len(start), len(firm)
    home = world.places.draw(firms, rng)
    carrier = world.commerce.carrier_of(rng.random(firms))[firm]
    operation = np.array([NEW, EXISTING, PORT])[rng.choice(3, n, p=[0.55, 0.37, 0.08])]
    sitting = rng.geometric(0.5, n) - 1
    at = start[firm] + sitting * DAY * rng.integers(1, 12, firms)[firm]
    rows = rows_of(
        n,
        at=_in_turn(np.minimum(at, world.calendar.end - DAY), firm * 64 + sitting.clip(0, 63), rng),
        who=who,
        carrier=carrier,
        operation=operation,
        channel=np.where(rng.random(firms)[firm] < 0.75, BULK, CENTRE),
        plan=np.where(rng.random(firms)[firm] < 0.65, POSTPAID, PREPAID),
        line=NONE,
        sim=NONE,
        place=home[firm],
        fumbles=0.1,
    )
    rows.first_seen[:] = birthdays(operation, rows.at, rng)
    serve(world, rows, np.arange(n), rng=rng)
    rows.contact[:] = np.where(rng.random(n) < 0.7, world.ledger.contacts(firms)[firm], NONE)
    _fleet_handsets(world, rows, firm, rng=rng)
    return rows


def _in_turn(at: Int64, sitting: NDArray[np.int64], rng: np.random.Generator) -> Int64:
    """Rows of one sitting a minute or so apart."""
    order = np.lexsort((rng.random(len(at)), sitting))
    ranked = sitting[order]
    first = np.searchsorted(ranked, ranked)
    passed = np.cumsum(rng.exponential(70, len(at)).astype(np.int64) + 5)
    turn = np.empty_like(at)
    turn[order] = at[order[first]] + passed - passed[first]
    return turn


def box_of_sims(world: World, rows: Rows, rng: np.random.Generator) -> None:
    """SIMs out of the box that the carrier keeps for firms of the region."""
    state = world.places.state[rows.place].astype(np.int64)
    box = FIRM_STOCK + rows.carrier.astype(np.int64) * 32 + state
    old = rows.operation == EXISTING
    day = rows.at // DAY * DAY
    bought_at = np.where(old, rows.first_seen.astype(np.int64) * DAY, day - 2 * DAY)
    equip(world, rows, rng, stocks=box, bought_at=bought_at, tight=~old)


def _fleet_handsets(
    world: World, rows: Rows, firm: NDArray[np.int64], *, rng: np.random.Generator
) -> None:
    """Handsets are handed out later; meters and cars all have one model."""
    firms, n = int(firm[-1]) + 1, len(rows)
    machines = (rng.random(firms) < 0.25)[firm]
    rows.use_handset[:] = world.ledger.handsets(n, rng)
    rows.use_handset[machines] = world.ledger.handsets_of_one_model(int(machines.sum()), rng)
    seen = rng.random(n) < 0.45
    rows.handset[:] = np.where(seen, rows.use_handset, NONE)
    spread = (rng.random(firms) ** 2)[firm]
    afar = np.flatnonzero(rng.random(n) < spread)
    rows.use_place[:] = rows.place
    rows.use_place[afar] = np.where(
        rng.random(len(afar)) < 0.6,
        world.places.neighbour(rows.place[afar], rng),
        world.places.draw(len(afar), rng),
    )


def trader_identities(world: World, who: Int32) -> Int32:
    """The same people under their tax number."""
    person = world.ledger.first_identities().take(who)
    return world.ledger.identities(
        Identities(
            kind=np.full(len(who), TRADER, np.int8),
            birth=person.birth,
            female=person.female,
            state=person.state,
            namesake=person.namesake,
            bits=person.bits,
        )
    )


def small_traders(world: World) -> Rows:
    """Natural persons with business activity: three to fifteen lines over the months."""
    rng = world.rng("traders")
    wanted = int(world.size * world.country.society.traders)
    sizes = (3 + rng.geometric(0.3, wanted // 3 + 1)).clip(max=15)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), wanted)) + 1]
    person = rng.choice(len(world.people), len(sizes)).astype(np.int32)
    tax_self = trader_identities(world, person)
    trader = np.repeat(np.arange(len(sizes)), sizes)
    rows = _several_lines(world, person[trader], trader, days=40.0, rng=rng)
    rows.who[:] = tax_self[trader]
    rows.segments[:] = BIT["small_trader"]
    return rows


def officials_staff(world: World) -> Rows:
    """Aides who register a few lines in the name of the official they work for."""
    rng = world.rng("aides")
    people = world.people
    officials = np.flatnonzero((people.tier >= 0) & ~people.dead & people.registers)
    served = officials[rng.random(len(officials)) < world.country.society.aides].astype(np.int32)
    sizes = 2 + rng.poisson(1.5, len(served))
    one = np.repeat(np.arange(len(served)), sizes)
    aide = np.minimum(served + rng.integers(-40, 40, len(served)), len(people) - 1).clip(0)
    rows = _several_lines(world, aide[one].astype(np.int32), one, days=8.0, rng=rng)
    rows.who[:] = served[one]
    rows.segments[:] = BIT["aide"] | BIT["official"]
    return rows


def _several_lines(
    world: World, hands: Int32, group: NDArray[np.int64], *, days: float, rng: np.random.Generator
) -> Rows:
    """New and existing lines that one person takes care of, with their own device or at a shop."""
    people, commerce, n = world.people, world.commerce, len(hands)
    groups = int(group[-1]) + 1 if n else 0
    shop = (rng.random(groups) < 0.45)[group]
    one_sitting = (rng.random(groups) < 0.5)[group]
    spread = (rng.exponential(days * DAY, n) * ~one_sitting).astype(np.int64)
    at = (
        world.calendar.any_time(shop, rng) if not groups else _near_one(world, group, shop, rng=rng)
    )
    operation = np.where(rng.random(n) < 0.6, NEW, EXISTING)
    luck = np.where(rng.random(n) < 0.7, people.carrier_luck[hands], rng.random(n))
    rows = rows_of(
        n,
        at=_in_turn(
            np.minimum(at + spread, world.calendar.end - HOUR), group * 2 + ~one_sitting, rng
        )
        if n
        else at,
        who=hands,
        carrier=commerce.carrier_of(luck),
        operation=operation,
        channel=channels(world, remote=~shop, operation=operation, rng=rng),
        plan=np.where(rng.random(n) < 0.35, POSTPAID, PREPAID),
        line=NONE,
        sim=NONE,
        place=people.home[hands],
        liveness=people.camera[hands],
        device=hands,
    )
    rows.first_seen[:] = birthdays(operation, rows.at, rng)
    _hands_and_handsets(world, rows, hands, rng=rng)
    return rows


def _near_one(
    world: World, group: NDArray[np.int64], shop: NDArray[np.bool_], *, rng: np.random.Generator
) -> Int64:
    moment = world.calendar.any_time(shop, rng)
    return moment[np.searchsorted(group, group)]


def _hands_and_handsets(
    world: World, rows: Rows, hands: Int32, *, rng: np.random.Generator
) -> None:
    remote = is_remote(rows)
    rows.ip[remote] = addresses(
        world, rows.take(remote), world.people.home_ip[hands[remote]], rng=rng
    )
    rows.contact[:] = np.where(rng.random(len(rows)) < 0.6, hands, NONE)
    rows.use_handset[:] = world.ledger.handsets(len(rows), rng)
    tried_in_own = rng.random(len(rows)) < 0.3
    rows.handset[:] = np.where(tried_in_own, hands, rows.use_handset)
    serve(world, rows, np.flatnonzero(~remote), rng=rng)


def foreigners(world: World) -> Rows:
    """Visitors and residents with a passport: prepaid, new, short."""
    rng = world.rng("foreigners")
    n = int(world.size * world.country.society.foreigners)
    who = world.ledger.identities(
        Identities(
            kind=np.full(n, PASSPORT, np.int8),
            birth=rng.integers(-9000, 13_000, n).astype(np.int32),
            female=rng.random(n) < 0.5,
            state=_nationalities(n, rng),
            namesake=np.zeros(n, np.int8),
            bits=rng.integers(0, 2**63, n, dtype=np.uint64),
        )
    )
    operation = np.where(rng.random(n) < 0.85, NEW, EXISTING)
    remote = rng.random(n) < 0.3
    rows = rows_of(
        n,
        at=world.calendar.any_time(~remote, rng),
        who=who,
        carrier=world.commerce.carrier_of(rng.random(n)),
        operation=operation,
        channel=channels(world, remote=remote, operation=operation, rng=rng),
        line=NONE,
        sim=NONE,
        place=world.places.draw(n, rng),
        device=world.ledger.devices(n),
        segments=BIT["foreign"],
        handset=world.ledger.handsets(n, rng),
    )
    rows.use_handset[:] = rows.handset
    rows.first_seen[:] = birthdays(operation, rows.at, rng)
    here = world.commerce.mobile_ip(rows.carrier, rows.place, rng)
    rows.ip[:] = np.where(rng.random(n) < 0.5, here, world.commerce.office_ip(rows.place, rng))
    serve(world, rows, np.flatnonzero(~remote), rng=rng)
    return rows


def _nationalities(n: int, rng: np.random.Generator) -> Int8:
    return (rng.random(n) ** 2 * len(COUNTRIES)).astype(np.int8)
