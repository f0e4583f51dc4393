"""What honest people do to lines later: lost handsets, corrections, new holders, second tries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detector.registration import Int32, Int64
from detector.simulate.calendar import DAY
from detector.simulate.counter import HOUR, MINUTE, channels, serve
from detector.simulate.lives import addresses
from detector.simulate.rows import (
    BIT,
    CENTRE,
    LEAVES,
    NEW,
    NONE,
    RELINK,
    REPLACEMENT,
    STAYS,
    UNLINKS,
    Rows,
)
from detector.simulate.world import World, is_remote


def replacements(world: World, rows: Rows) -> Rows:
    """A new SIM for a line: handset lost, stolen or renewed. Sometimes re-linked within the hour."""
    rng = world.rng("replacements")
    later = _again(world, rows, world.country.market.replaced, operation=REPLACEMENT, rng=rng)
    later.sim[:] = NONE
    lost = rng.random(len(later)) < 0.5
    later.segments[lost] |= BIT["lost_phone"]
    later.handset[lost] = world.ledger.handsets(int(lost.sum()), rng)
    later.device[lost] = world.ledger.devices(int(lost.sum()))
    later.use_handset[:] = np.where(later.handset >= 0, later.handset, later.use_handset)
    serve(world, later, np.flatnonzero(~is_remote(later)), rng=rng)
    return later


def relinks_after(world: World, replaced: Rows) -> Rows:
    """Some replaced lines are linked again at once, from the new telephone."""
    rng = world.rng("relinks-after")
    again = replaced.take(rng.random(len(replaced)) < 0.15)
    pause = np.exp(rng.normal(np.log(40 * MINUTE), 1.0, len(again))).astype(np.int64) + 60
    return replace(
        again,
        at=np.minimum(again.at + pause, world.calendar.end - 1),
        operation=np.full(len(again), RELINK, np.int8),
    )


def relinks(world: World, rows: Rows) -> Rows:
    """Corrections by the same holder, and lines that pass to another."""
    rng = world.rng("relinks")
    later = _again(world, rows, world.country.market.relinked, operation=RELINK, rng=rng)
    passed_on = np.flatnonzero(rng.random(len(later)) < 0.5)
    heir = _heirs(world, later.who[passed_on], rng)
    later.who[passed_on], later.device[passed_on] = heir, heir
    later.handset[passed_on], later.use_handset[passed_on] = heir, heir
    later.liveness[passed_on] = world.people.camera[heir]
    later.segments[passed_on] = BIT["new_holder"] | np.where(
        world.people.tier[heir] >= 0, BIT["official"], 0
    )
    serve(world, later, np.flatnonzero(~is_remote(later)), rng=rng)
    return later


def _heirs(world: World, who: Int32, rng: np.random.Generator) -> Int32:
    """A relative or a neighbour; sometimes anybody."""
    n, count = len(who), len(world.people)
    near = np.minimum(who + rng.integers(1, 9, n), count - 1)
    return np.where(rng.random(n) < 0.7, near, rng.integers(0, count, n)).astype(np.int32)


def _again(
    world: World, rows: Rows, share: float, *, operation: int, rng: np.random.Generator
) -> Rows:
    """Later rows on some of the lines, by the same person; others come from before the span."""
    chosen = rows.take(rng.random(len(rows)) < share)
    n = len(chosen)
    wait = rng.exponential(35 * DAY, n).astype(np.int64) + HOUR
    remote = rng.random(n) < 0.4
    fresh_moment = world.calendar.any_time(~remote, rng)
    at = np.where(chosen.at + wait < world.calendar.end, chosen.at + wait, NONE)
    moment = np.where(at > 0, at // DAY * DAY + fresh_moment % DAY, fresh_moment)
    later = replace(
        chosen,
        at=np.minimum(np.maximum(moment, at), world.calendar.end - 1),
        operation=np.full(n, operation, np.int8),
        channel=channels(world, remote=remote, operation=np.full(n, operation), rng=rng),
        segments=chosen.segments & ~_FIRST_TIME,
    )
    _move_before_the_span(world, later, at < 0)
    far = np.flatnonzero(remote)
    later.device[far] = later.who[far]
    later.ip[far] = addresses(world, later.take(far), world.people.home_ip[later.who[far]], rng=rng)
    later.pos[far], later.agent[far] = NONE, NONE
    return later


def _move_before_the_span(world: World, later: Rows, unseen: NDArray[np.bool_]) -> None:
    """Lines whose first registration is not in the data."""
    later.first_seen[unseen] = _long_ago(later.at[unseen])
    part = later.take(unseen)
    later.line[unseen] = world.ledger.lines(
        len(part), carrier=part.carrier, place=part.place, digit=part.at % 10
    )
    later.sim[unseen] = NONE


def _long_ago(at: Int64) -> Int32:
    """Between one and eight years."""
    return (at // DAY - 365 - at % 2557).astype(np.int32)


def unlink_before(rows: Rows, later: Rows) -> None:
    """A line that gets another holder was unlinked from the first one shortly before."""
    line = np.argsort(rows.line, kind="stable")
    found = np.searchsorted(rows.line[line], later.line).clip(0, len(rows) - 1)
    first = line[found]
    changed = (rows.line[first] == later.line) & (rows.who[first] != later.who)
    first, moment = first[changed], later.at[changed]
    earlier = rows.at[first] < moment
    rows.ending[first[earlier]] = UNLINKS
    rows.ends_at[first[earlier]] = np.maximum(
        moment[earlier] - _short_while(moment[earlier]), rows.at[first[earlier]] + MINUTE
    )


def _short_while(moment: Int64) -> Int64:
    return moment % 7 * 13 * HOUR + 10 * MINUTE


def second_tries(world: World, rows: Rows) -> Rows:
    """ "The network failed": the agent starts again with another SIM and the first one is given up."""
    rng = world.rng("second-tries")
    at_counter = (rows.pos >= 0) & (rows.operation == NEW) & (rows.ending == STAYS)
    first = np.flatnonzero(at_counter & (rng.random(len(rows)) < 0.012) & (rows.channel >= CENTRE))
    again = rows.take(first)
    rows.ending[first] = LEAVES
    rows.first_use[first] = NONE
    rows.ends_at[first] = rows.at[first] + rng.integers(2 * MINUTE, 3 * HOUR, len(first))
    rows.segments[first] |= BIT["retried"]
    pause = np.exp(rng.normal(np.log(6 * MINUTE), 0.7, len(first))).astype(np.int64) + 45
    n = len(first)
    return replace(
        again,
        at=again.at + pause,
        line=np.full(n, NONE, np.int32),
        sim=np.full(n, NONE, np.int32),
        segments=again.segments | BIT["retried"],
    )


_FIRST_TIME = np.int64(
    sum(
        BIT[name]
        for name in (
            "deadline_queue", "village_queue", "employer_drive", "relief_campaign", "shelter",
            "dealer_burst", "kiosk_customer", "helped",
        )
    )
)  # fmt: skip
