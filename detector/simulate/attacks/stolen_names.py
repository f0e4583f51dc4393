"""Attacks on stolen, dead and invented names: stars, lists, the dead, inventions, cafés, mockery, adaption."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detector.registration import Int32
from detector.simulate.attacks.crew import Crew, buy_lots, rows_for
from detector.simulate.attacks.resale import into_boxes, sell
from detector.simulate.calendar import DAY
from detector.simulate.counter import equip
from detector.simulate.identities import CURP, MISTYPED, STATES, WRONG_HOMOCLAVE, Identities
from detector.simulate.rows import DEAD, EXISTING, NEW, NONE, UNKNOWN, Rows, joined
from detector.simulate.world import is_remote


def official_star(crew: Crew) -> Rows:
    """One official's name, line after line, in several carriers."""
    officials = crew.loot.names(40, crew.start, crew.rng)
    tiers = crew.world.people.tier[officials]
    likely = officials[tiers >= 0] if (tiers >= 0).any() else crew.loot.famous
    one = crew.rng.choice(likely)
    carrier = crew.world.commerce.carrier_of(crew.rng.random(crew.size))
    if crew.rng.random() < 0.5:
        carrier = crew.carriers(crew.size)
    rows = rows_for(crew, np.full(crew.size, one, np.int32), carrier=carrier)
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def _repeated(crew: Crew, names: Int32, most: int) -> Int32:
    """One to `most` lines on each name until the crew's budget is used."""
    lines = np.minimum(crew.rng.geometric(crew.rng.uniform(0.45, 1.0), len(names)), most)
    return np.repeat(names, lines)[: crew.size]


def spread_list(crew: Crew) -> Rows:
    """One to three lines for each name of a list."""
    rows = rows_for(crew, _repeated(crew, crew.loot.names(crew.size, crew.start, crew.rng), 3))
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def sim_farm(crew: Crew) -> Rows:
    """Lots for boxes that send and receive messages."""
    rows = rows_for(crew, _repeated(crew, crew.loot.names(crew.size, crew.start, crew.rng), 5))
    buy_lots(crew, rows)
    into_boxes(crew, rows, per_handset=float(crew.rng.uniform(2, 12)))
    return rows


def deceased(crew: Crew) -> Rows:
    """Names of the dead, one to a few lines each."""
    dead = crew.rng.choice(crew.loot.dead, crew.size).astype(np.int32)
    rows = rows_for(crew, _repeated(crew, dead, 4), standing=DEAD)
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def synthetic(crew: Crew) -> Rows:
    """Invented names, and real ones with another ending."""
    rng, n = crew.rng, crew.size
    if rng.random() < 0.5:
        who = _repeated(crew, crew.world.ledger.identities(_invented(crew, n)), 4)
        rows = rows_for(crew, who, standing=UNKNOWN)
        rows.typed[rng.random(len(rows)) < rng.uniform(0, 0.3)] = MISTYPED
    else:
        rows = rows_for(crew, _repeated(crew, crew.loot.names(n, crew.start, rng), 2))
        varied = rng.random(len(rows)) < rng.uniform(0.4, 1.0)
        rows.typed[varied], rows.standing[varied] = WRONG_HOMOCLAVE, UNKNOWN
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def _invented(crew: Crew, n: int) -> Identities:
    rng = crew.rng
    return Identities(
        kind=np.full(n, CURP, np.int8),
        birth=rng.integers(-9000, 13_500, n).astype(np.int32),
        female=rng.random(n) < 0.5,
        state=rng.integers(0, len(STATES), n).astype(np.int8),
        namesake=rng.integers(0, 4, n).astype(np.int8),
        bits=rng.integers(0, 2**63, n, dtype=np.uint64),
    )


def aged_lines(crew: Crew) -> Rows:
    """Dormant lines with years of history, bought up and linked to strangers."""
    names = _repeated(crew, crew.loot.names(crew.size, crew.start, crew.rng), 3)
    operation = np.where(crew.rng.random(len(names)) < 0.85, EXISTING, NEW)
    rows = rows_for(crew, names, operation=operation)
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def kiosk_blend(crew: Crew) -> Rows:
    """Stolen names between the customers of a café, on its devices."""
    names = _repeated(crew, crew.loot.names(crew.size, crew.start, crew.rng), 3)
    rows = rows_for(replace(crew, remote=1.0), names)
    seats = np.full(len(rows), crew.base, np.int32)
    around = crew.runs(len(rows), crew.care_devices, 20.0) % 2 == 1
    seats[around] = crew.world.places.neighbour(seats[around], crew.rng)
    rows.device[:], rows.ip[:] = crew.world.commerce.cafe_seats(seats, crew.rng)
    rows.place[:] = seats
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def mockery(crew: Crew) -> Rows:
    """Strangers who each register a line to the same famous person within days."""
    rng, n = crew.rng, crew.size
    one = np.full(n, rng.choice(crew.loot.famous), np.int32)
    alone = replace(crew, care_devices=1.0, care_addresses=1.0, care_handsets=1.0, remote=0.95)
    rows = rows_for(alone, one, carrier=crew.world.commerce.carrier_of(rng.random(n)))
    stranger = rng.integers(0, len(crew.world.people), n).astype(np.int32)
    remote = is_remote(rows)
    rows.place[remote] = crew.world.people.home[stranger[remote]]
    rows.ip[remote] = crew.world.commerce.leased(crew.world.people.home_ip[stranger], rows.at)[
        remote
    ]
    rows.handset[:] = crew.world.ledger.handsets(n, rng)
    rows.device[remote] = stranger[remote]
    equip(crew.world, rows, rng)
    sell(crew, rows)
    rows.use_handset[:], rows.use_place[:] = rows.handset, rows.place
    rows.next_handset[:], rows.next_place[:] = NONE, NONE
    return rows


def adaptive(crew: Crew) -> Rows:
    """Starts carelessly; each time it is stopped it changes tools, carriers, tempo and place."""
    phases = min(2 + int(crew.rng.integers(0, 3)), max(crew.size // 4, 1))
    names = _repeated(crew, crew.loot.names(crew.size, crew.start, crew.rng), 3)
    length = crew.days / phases
    parts = []
    for phase, some in enumerate(np.array_split(names, phases)):
        more = phase / max(phases, 1)
        now = replace(
            crew,
            start=int(crew.start + phase * length * DAY),
            days=length,
            care_devices=_towards(crew.care_devices * 0.6, more),
            care_addresses=_towards(crew.care_addresses * 0.6, more),
            care_sims=_towards(crew.care_sims, more),
            care_handsets=_towards(crew.care_handsets * 0.7, more),
            base=int(crew.world.places.neighbour(np.array([crew.base]), crew.rng)[0]),
        )
        if len(some):
            parts.append(_phase(now, some))
    return joined(parts)


def _phase(crew: Crew, names: Int32) -> Rows:
    rows = rows_for(crew, names)
    buy_lots(crew, rows)
    sell(crew, rows)
    return rows


def _towards(care: float, share: float) -> float:
    return care + (0.97 - care) * share
