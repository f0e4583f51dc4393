"""A country's registrations from beginning to end: the straight line of the simulator."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pyarrow as pa

from detector.registration import Bool
from detector.simulate.attacks import ATTACKS, attack
from detector.simulate.attacks.loot import gather_loot
from detector.simulate.breaches import draw_breaches
from detector.simulate.calendar import DAY
from detector.simulate.counter import birthdays, equip
from detector.simulate.country import Country
from detector.simulate.events import line_events
from detector.simulate.firms import fleets, foreigners, officials_staff, small_traders
from detector.simulate.gatherings import hold_gatherings
from detector.simulate.identities import LOWER_CASE, MISTYPED, PLAIN, SPACED
from detector.simulate.labels import verdicts_of
from detector.simulate.later_lives import (
    relinks,
    relinks_after,
    replacements,
    second_tries,
    unlink_before,
)
from detector.simulate.lives import personal_lines, settle
from detector.simulate.numbers import numbers_of
from detector.simulate.outcomes import outcomes_of
from detector.simulate.rows import BIT, DEAD, NONE, Rows, joined
from detector.simulate.tables import Clerk, breach_and_official_tables, folios
from detector.simulate.world import World, is_remote, open_world

SMALLEST = 2_000
HANDSET_UNSEEN = 0.06  # the SIM was not in a handset yet
OPTIONAL = (
    "document_type", "validation_result", "validation_attempts", "liveness_score", "iccid", "imei",
    "device_id", "ip", "point_of_sale_id", "agent_id", "place", "line_first_seen_on", "contact",
)  # fmt: skip


def simulate(
    country: Country,
    *,
    registrations: int = 60_000,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
    without: Collection[str] = (),
) -> dict[str, pa.Table]:
    """The tables of a data folder with `truth`, in the contract's columns.

    `without` names attack patterns to leave out (the others take their share); `progress` is called with
    the finished share, 0-1. The same arguments give the same tables. Raises ValueError for fewer than
    SMALLEST registrations or an unknown pattern.
    """
    if registrations < SMALLEST:
        raise ValueError(f"registrations must be at least {SMALLEST}, got {registrations}")
    if unknown := set(without) - set(ATTACKS):
        raise ValueError(
            f"without names no attack pattern: {sorted(unknown)}; known: {sorted(ATTACKS)}"
        )
    report = progress or _unheard
    world = open_world(country, size=registrations, seed=seed)
    report(0.1)
    honest = honest_rows(world)
    report(0.3)
    budget = round(registrations * country.threat.fraud_share)
    honest = _trimmed(honest, registrations - budget, world)
    breaches = draw_breaches(world)
    loot = gather_loot(world, breaches, honest)
    attacked = attack(world, loot, budget=budget, without=without)
    rows = _in_time_order(joined([honest, *attacked]), world)
    report(0.45)
    identities = world.ledger.everybody()
    clerk = Clerk(
        world=world,
        identities=identities,
        numbers=numbers_of(
            world.ledger,
            world.places,
            market=country.market,
            since=world.calendar.start - 30 * DAY,
            rng=world.rng("numbers"),
        ),
        rows=rows,
        outcomes=outcomes_of(world, rows, identities),
        missing=_left_empty(world, rows),
        folios=folios(len(rows), seed),
    )
    report(0.55)
    known, victims = breach_and_official_tables(world, breaches, identities)
    tables = {
        "registrations": clerk.registrations(lambda share: report(0.55 + 0.3 * share)),
        "line_events": clerk.line_events(line_events(world, rows)),
        "labels": clerk.labels(verdicts_of(world, rows)),
        **known,
        "truth": clerk.truth(victims),
    }
    report(1.0)
    return tables


def _unheard(share: float) -> None:
    """Nobody watches."""


def honest_rows(world: World) -> Rows:
    """All lives of the country, with their SIMs and numbers."""
    people = personal_lines(world)
    hold_gatherings(world, people)
    people.first_seen[:] = birthdays(people.operation, people.at, world.rng("birthdays"))
    parts = [people, fleets(world), small_traders(world), officials_staff(world), foreigners(world)]
    rng = world.rng("afterwards")
    first = joined(parts)
    equip(world, first, rng)
    settle(world, first, rng)
    natural = first.take(first.who < len(world.people))
    replaced, relinked = replacements(world, natural), relinks(world, natural)
    unlink_before(first, relinked)
    later = joined([replaced, relinked, second_tries(world, first)])
    equip(world, later, rng)
    after = relinks_after(world, later.take(np.arange(len(replaced))))
    settle(world, later, rng)
    settle(world, after, rng)
    return joined([first, later, after])


def _trimmed(rows: Rows, wanted: int, world: World) -> Rows:
    """As many rows as wanted, within the span; whole lines are dropped at random, then single rows."""
    rng = world.rng("trim")
    inside = (rows.at >= world.calendar.start) & (rows.at < world.calendar.end)
    luck = rng.random(int(rows.line.max()) + 1)[rows.line] + np.where(inside, 0, 2)
    if inside.sum() < wanted:
        raise ValueError(f"the country has too few people for {wanted} honest registrations")
    return rows.take(np.sort(np.argsort(luck, kind="stable")[:wanted]))


def _in_time_order(rows: Rows, world: World) -> Rows:
    """By time, with the slips of hand and of registries that happen to anybody."""
    rng = world.rng("slips")
    rows = rows.take(np.lexsort((rng.random(len(rows)), rows.at)))
    society = world.country.society
    slip = rng.random(len(rows))
    free = rows.typed == PLAIN
    rows.typed[free & (slip < society.typos)] = MISTYPED
    untidy = free & (slip > 1 - society.untidy)
    rows.typed[untidy] = np.where(rng.random(int(untidy.sum())) < 0.7, LOWER_CASE, SPACED)
    rows.handset[rng.random(len(rows)) < HANDSET_UNSEEN] = NONE
    _seen_at_gateways(world, rows, rng)
    rows.standing[rng.random(len(rows)) < 0.0004] = DEAD  # a namesake's death, wrongly entered
    person = rows.who < len(world.people)
    in_office = world.people.tier[np.where(person, rows.who, 0)] >= 0
    rows.segments[person & in_office] |= BIT["official"]
    return rows


def _seen_at_gateways(world: World, rows: Rows, rng: np.random.Generator) -> None:
    """Some remote rows carry the place of the network's gateway, a large town that may be far away."""
    share = world.country.market.gateways
    which = np.flatnonzero(is_remote(rows) & (rng.random(len(rows)) < share))
    weight = world.places.weight
    large = np.argsort(-weight)[: max(len(weight) // 50, 3)]
    rows.place[which] = rng.choice(large, len(which), p=weight[large] / weight[large].sum())


def _left_empty(world: World, rows: Rows) -> dict[str, Bool]:
    """Which cells of which optional column stay empty: by country, more at some carriers."""
    rng = world.rng("missing")
    records = world.country.records
    carriers = len(world.country.market.shares)
    empty = {}
    for name in OPTIONAL:
        share = records.missing.get(name, 0.01)
        by_carrier = np.clip(
            share + records.uneven * rng.normal(0, 0.3, carriers) * (share < 1), 0, 1
        )
        by_carrier = np.where(rng.random(carriers) < records.uneven * 0.2, 1.0, by_carrier)
        empty[name] = rng.random(len(rows)) < by_carrier[rows.carrier]
    return empty
