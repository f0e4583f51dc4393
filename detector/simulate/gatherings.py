"""Days when many honest people register in one place: queues, drives, campaigns, shelters, promotions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Int64
from detector.simulate.calendar import DAY, UTC_OFFSET
from detector.simulate.counter import HOUR, equip, serve
from detector.simulate.rows import BIT, CENTRE, DEALER, EXISTING, NEW, NONE, WEB, Rows
from detector.simulate.world import World, is_remote


@dataclass(frozen=True, slots=True)
class Meeting:
    """Rows that come together: `members` are positions in `rows`."""

    world: World
    rows: Rows
    members: NDArray[np.integer]
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Gathering:
    """A kind of day: who can take part, how many come, how much of the share it takes, what happens.

    With `days` 0 people come when they would have come anyway.
    """

    segment: str
    share: float
    typical: int
    days: float
    takes_part: Callable[[World, Rows], Bool]
    one_carrier: bool
    happens: Callable[[Meeting], None]


def hold_gatherings(world: World, rows: Rows) -> None:
    """Move some of the rows to such days."""
    rng = world.rng("gatherings")
    busy = (rows.segments & (BIT["deadline_queue"] | BIT["minor_line"])) != 0
    for kind in KINDS:
        free = np.flatnonzero(kind.takes_part(world, rows) & ~busy)
        wanted = world.country.market.gathered * kind.share * len(rows)
        for members in _meetings(kind, rows, free, wanted=wanted, rng=rng):
            kind.happens(Meeting(world, rows, members, rng))
            if kind.days:
                rows.at[members] = _times(kind, rows, members, rng=rng)
            rows.segments[members] |= BIT[kind.segment]
            busy[members] = True


def _meetings(
    kind: Gathering,
    rows: Rows,
    free: NDArray[np.integer],
    *,
    wanted: float,
    rng: np.random.Generator,
) -> list[NDArray[np.integer]]:
    """Groups of people of one place (and carrier), none twice."""
    carrier = rows.carrier[free] if kind.one_carrier else np.zeros(len(free), np.int8)
    order = free[np.lexsort((rng.random(len(free)), carrier, rows.place[free]))]
    key = rows.place[order].astype(np.int64) * 128 + (
        rows.carrier[order] if kind.one_carrier else 0
    )
    starts = np.flatnonzero(np.append(True, np.diff(key) != 0)) if len(order) else np.zeros(0, int)
    pools = np.split(order, starts[1:])
    meetings: list[NDArray[np.integer]] = []
    for pool in rng.permutation(np.arange(len(pools))):
        if wanted <= 0:
            break
        size = int(min(len(pools[pool]) // 2, kind.typical * np.exp(rng.normal(0, 0.6))))
        if size >= 5:
            meetings.append(pools[pool][:size])
            wanted -= size
    return meetings


def _times(
    kind: Gathering, rows: Rows, members: NDArray[np.integer], *, rng: np.random.Generator
) -> Int64:
    """Within opening hours of one or two days, around the day on which one of them would have come."""
    morning = (rows.at[members[0]] - UTC_OFFSET) // DAY * DAY + UTC_OFFSET + 9 * HOUR
    n = len(members)
    day = (rng.random(n) * kind.days).astype(np.int64)
    length = HOUR * min(9.0, max(1.0, n / rng.uniform(5, 25)))
    moments: Int64 = morning + day * DAY + (np.sort(rng.random(n)) * length).astype(np.int64)
    return moments


def _one_team(meeting: Meeting) -> None:
    """One shop's agent (or two) with one tablet registers all, at the people's own place."""
    world, rows, members, rng = meeting.world, meeting.rows, meeting.members, meeting.rng
    place = rows.place[members].copy()
    serve(world, rows, members, rng=rng)
    team = members[: int(rng.integers(1, 3))]
    pick = team[rng.integers(0, len(team), len(members))]
    for column in (rows.pos, rows.agent, rows.device):
        column[members] = column[pick]
    rows.place[members] = place


def _village(meeting: Meeting) -> None:
    rows, members = meeting.rows, meeting.members
    rows.channel[members] = CENTRE
    _one_team(meeting)


def _promotion(meeting: Meeting) -> None:
    world, rows, members, rng = meeting.world, meeting.rows, meeting.members, meeting.rng
    rows.channel[members] = DEALER
    serve(world, rows, members, rng=rng)
    for column in (rows.pos, rows.agent, rows.device, rows.place):
        column[members] = column[members[0]]


def _relief(meeting: Meeting) -> None:
    """Given away after a disaster: a box of neighbouring SIMs, used by those who got them."""
    world, rows, members, rng = meeting.world, meeting.rows, meeting.members, meeting.rng
    rows.channel[members] = DEALER
    _one_team(meeting)
    part = rows.take(members)
    box = np.full(len(members), int(1_000_000_000 + rng.integers(0, 10**8)), np.int64)
    equip(world, part, rng, stocks=box, bought_at=part.at, tight=rng.random(len(members)) < 0.9)
    rows.sim[members] = part.sim


def _employer(meeting: Meeting) -> None:
    """The staff office's computers, or everybody's own telephone on the office's address."""
    world, rows, members, rng = meeting.world, meeting.rows, meeting.members, meeting.rng
    rows.channel[members] = WEB
    rows.pos[members], rows.agent[members] = NONE, NONE
    first = members[:1]
    rows.ip[members] = world.commerce.office_ip(rows.place[first], rng)[0]
    own = rng.random() < 0.4
    computers = world.ledger.devices(int(rng.integers(1, 4)))
    shared = computers[rng.integers(0, len(computers), len(members))]
    rows.device[members] = rows.who[members] if own else shared
    if rng.random() < 0.4:
        rows.contact[members] = world.ledger.contacts(1)[0]


def _shelter(meeting: Meeting) -> None:
    """A volunteer's telephone for people with little else."""
    world, rows, members = meeting.world, meeting.rows, meeting.members
    rows.channel[members] = WEB
    rows.pos[members], rows.agent[members] = NONE, NONE
    volunteer = rows.who[members[0]]
    rows.device[members] = volunteer
    rows.ip[members] = world.commerce.leased(
        world.people.home_ip[[volunteer]], rows.at[members[:1]]
    )[0]
    rows.contact[members] = volunteer
    rows.fumbles[members] += 0.15
    rows.liveness[members] -= 0.3


def _stand(meeting: Meeting) -> None:
    """Somebody at a market stall links people's lines for a small fee, on one telephone."""
    world, rows, members, rng = meeting.world, meeting.rows, meeting.members, meeting.rng
    vendor = rows.who[members[0]]
    rows.device[members] = vendor
    mobile = world.commerce.mobile_ip(rows.carrier[members], rows.place[members], rng)
    home = world.commerce.leased(
        world.people.home_ip[np.full(len(members), vendor)], rows.at[members]
    )
    rows.ip[members] = np.where(rng.random(len(members)) < rng.random(), mobile, home)
    own = rng.random(len(members)) < 0.5 * (rng.random() < 0.5)
    rows.contact[members[own]] = vendor


def _any(world: World, rows: Rows) -> Bool:
    held: Bool = (rows.operation == NEW) | (rows.operation == EXISTING)
    return held


def _villagers(world: World, rows: Rows) -> Bool:
    return _any(world, rows) & world.places.rural[rows.place]


def _buyers(world: World, rows: Rows) -> Bool:
    held: Bool = (rows.operation == NEW) & (rows.sim < 0)
    return held


def _from_afar(world: World, rows: Rows) -> Bool:
    return _any(world, rows) & is_remote(rows)


def _movers(world: World, rows: Rows) -> Bool:
    held: Bool = _any(world, rows) & ((rows.segments & BIT["migrant"]) != 0)
    return held


KINDS = (
    Gathering("village_queue", 0.25, 45, 2.0, _villagers, True, _village),
    Gathering("employer_drive", 0.2, 30, 2.0, _any, False, _employer),
    Gathering("relief_campaign", 0.15, 40, 1.5, _buyers, True, _relief),
    Gathering("dealer_burst", 0.2, 30, 1.0, _buyers, True, _promotion),
    Gathering("stand_customer", 0.15, 22, 0.0, _from_afar, False, _stand),
    Gathering("shelter", 0.05, 18, 3.0, _movers, False, _shelter),
)
