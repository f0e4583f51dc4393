"""Attacks as a trade: business fronts, mules, prisons, takeovers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detector.registration import Int32, Int64
from detector.simulate.attacks.crew import Crew, buy_lots, rows_for
from detector.simulate.attacks.resale import behind_walls, end_some, sell
from detector.simulate.calendar import DAY
from detector.simulate.counter import MINUTE, birthdays, equip, first_uses, serve
from detector.simulate.firms import box_of_sims, company_identities, fleet_rows, trader_identities
from detector.simulate.lives import addresses
from detector.simulate.rows import (
    NEW,
    PATTERNS,
    PORT,
    PREPAID,
    RELINK,
    REPLACEMENT,
    Rows,
    joined,
)
from detector.simulate.world import is_remote


def business_front(crew: Crew) -> Rows:
    """Young firms (or traders' tax numbers) whose lines go to people who are not their staff."""
    rng, world, n = crew.rng, crew.world, crew.size
    shells = 1 + int(rng.binomial(min(n // 4, 3), 0.4))
    who = np.array([_shell(crew) for _ in range(shells)], np.int32)
    firm = np.sort(rng.integers(0, shells, n))
    start = np.sort(crew.moments(np.ones(shells, bool), together=0.0))
    rows = fleet_rows(world, who[firm], firm, start=start, rng=rng)
    rows.carrier[:] = crew.carriers(n) if rng.random() < 0.6 else rows.carrier
    serve(world, rows, np.arange(n), rng=rng)
    if rng.random() < 0.6:
        rows.contact[rows.contact >= 0] = world.ledger.contacts(1)[0]
    rows.plan[rng.random(n) < rng.uniform(0.2, 0.95)] = PREPAID
    rows.operation[:] = np.where(rng.random(n) < 0.8, NEW, rows.operation)
    rows.first_seen[:] = birthdays(rows.operation, rows.at, rng)
    box_of_sims(world, rows, rng)
    rows.fraud[:], rows.ring[:] = True, crew.ring
    rows.pattern[:] = PATTERNS.index(crew.pattern)
    sell(crew, rows)
    return rows


def _shell(crew: Crew) -> int:
    """A firm founded or bought for it, or the tax number of somebody who was robbed of it."""
    rng, world = crew.rng, crew.world
    if rng.random() < 0.3:
        return int(trader_identities(world, crew.loot.names(1, crew.start, rng))[0])
    days = rng.gamma(1.2, 170) + 15 if rng.random() < 0.75 else rng.uniform(400, 4000)
    founded = np.array([crew.start // DAY - int(days)])
    return int(world.ledger.identities(company_identities(1, founded=founded, rng=rng))[0])


def prison(crew: Crew) -> Rows:
    """Lines on visitors' and stolen names that end up near a prison."""
    names = crew.loot.names(crew.size, crew.start, crew.rng)
    lines = np.minimum(crew.rng.geometric(0.5, len(names)), 5)
    rows = rows_for(crew, np.repeat(names, lines)[: crew.size])
    buy_lots(crew, rows)
    behind_walls(crew, rows)
    return rows


def mule(crew: Crew) -> Rows:
    """Real people sell lines on their own names: own face, own telephone, below the cap."""
    rng, world = crew.rng, crew.world
    counts = rng.integers(3, 9, crew.size // 3 + 1)
    sellers = rng.choice(crew.loot.young, len(counts)).astype(np.int32)
    who = np.repeat(sellers, counts)[: crew.size]
    rows = rows_for(replace(crew, skill=1.0), who, at=_by_seller(crew, who))
    rows.liveness[:] = world.people.camera[who]
    rows.fumbles[:] = 0.14
    _own_tools(crew, rows)
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def _by_seller(crew: Crew, who: Int32) -> Int64:
    """Each seller works in one go or on a few days of their own."""
    n = len(who)
    moment = crew.moments(np.zeros(n, bool), together=0.3)
    seller = np.cumsum(np.append(0, np.diff(who) != 0))
    first = np.searchsorted(seller, seller)
    pause = crew.rng.exponential(15 * MINUTE, n).astype(np.int64) + MINUTE
    in_one_go = moment[first] + (np.arange(n) - first) * pause
    spread = crew.rng.random(n) < 0.4
    return np.minimum(np.where(spread, moment, in_one_go), crew.world.calendar.end - 1)


def _own_tools(crew: Crew, rows: Rows) -> None:
    """The seller's telephone and home, unless the recruiter brings theirs."""
    world, rng = crew.world, crew.rng
    own = rng.random(len(rows)) < 0.75
    at_home = np.flatnonzero(own & is_remote(rows))
    rows.device[at_home] = rows.who[at_home]
    home = world.people.home_ip[rows.who[at_home]]
    rows.ip[at_home] = addresses(world, rows.take(at_home), home, rng=rng)
    rows.handset[own] = rows.who[own]
    contact = own & (rows.contact >= 0)
    rows.contact[contact] = rows.who[contact]
    rows.place[at_home] = world.people.home[rows.who[at_home]]


def takeover(crew: Crew) -> Rows:
    """Somebody else's line: a new SIM or a port on the victim's name, then often a re-link."""
    victims = max(int(crew.size * 0.6), 1)
    first = _seized(crew, victims)
    again = first.take(np.arange(min(crew.size - victims, victims)))
    pause = np.exp(crew.rng.normal(np.log(50 * MINUTE), 1.0, len(again))).astype(np.int64) + 60
    later = replace(
        again,
        at=np.minimum(again.at + pause, crew.world.calendar.end - 1),
        operation=np.full(len(again), RELINK, np.int8),
    )
    rows = joined([first, later]) if len(later) else first
    rows.first_use[:] = first_uses(crew.world, rows, crew.rng)
    rows.use_handset[:] = np.where(rows.handset >= 0, rows.handset, rows.use_handset)
    rows.use_place[:] = rows.place
    end_some(crew, rows, reported=0.1)
    return rows


def _seized(crew: Crew, n: int) -> Rows:
    """The victims' own lines where the data have them, else lines of theirs from before."""
    rng, honest = crew.rng, crew.loot.honest
    earlier = crew.loot.own_lines.within(0, crew.start)
    kind = rng.choice([REPLACEMENT, RELINK, PORT], n, p=[0.55, 0.3, 0.15])
    known = rng.random(n) < (0.7 if len(earlier) else 0.0)
    source = honest.take(rng.choice(earlier, n) if len(earlier) else np.zeros(n, np.int64))
    who = np.where(known, source.who, crew.loot.names(n, crew.start, rng)).astype(np.int32)
    stays = known & (kind != PORT)
    carrier = np.where(stays, source.carrier, crew.carriers(n)).astype(np.int8)
    rows = rows_for(crew, who, operation=kind, carrier=carrier)
    rows.line[known] = source.line[known]
    rows.first_seen[known] = source.first_seen[known]
    kept = known & (kind == RELINK)
    rows.sim[kept] = source.sim[kept]
    rows.use_handset[:] = crew.world.ledger.handsets(n, rng)
    equip(crew.world, rows, rng)
    return rows
