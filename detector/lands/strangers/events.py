"""What is seen on a line afterwards: when, where and in which handset it wakes, moves, or ends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers import calendar, ids
from detector.lands.strangers.clerk import at_salt
from detector.lands.strangers.ledger import rfc3339
from detector.lands.strangers.world import LINK, NEW, NOTHING, SILENT, World

DAY = 86_400
END = calendar.DAYS * DAY


def line_events(world: World, done: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The table. A carrier hears some of its lines only, and leaves cells empty."""
    at = {str(name): column.to_numpy() for name, column in done.items()}
    first = _first(world, at)
    parts = [
        _part(at, first, "first_attach", *_used(world, at)),
        _again(world, at, first),
        _part(at, _moved_time(world, at, first), "attach", *_moved(world, at)),
        _ended(
            world, at, "abandoned", at["abandoned"] * world.rng.integers(300, 90_000, len(done))
        ),
        _ended(world, at, "unlinked", at["unlinked"] * DAY),
        _ended(world, at, "reported", at["reported"] * DAY),
    ]
    events = pd.concat(parts, ignore_index=True)
    events = events[(events["time"] < END) & _heard(world, at)[events["row"]]]
    return _written(world, at, events, table)


def _first(world: World, at: dict[str, np.ndarray]) -> np.ndarray:
    """Seconds from the start at which each line is first used; -1 where it never is."""
    rng, size = world.rng, len(at["time"])
    old, new = at["operation"] == LINK, at["operation"] == NEW
    wait = np.where(old, rng.lognormal(6.6, 1.6, size), rng.lognormal(7.9, 1.7, size))
    wait = np.where(~old & (rng.random(size) < 0.09), rng.exponential(5 * DAY, size), wait)
    silent = rng.random(size) < np.where(new, 0.06, 0.025)
    wait = np.where(
        at["attach"] >= 0, at["attach"], np.where(silent | (at["attach"] == SILENT), np.inf, wait)
    )
    wait = np.where(at["abandoned"] > 0, np.inf, wait)
    return np.where(
        np.isfinite(wait), at["time"] + np.maximum(np.minimum(wait, END), 20).astype(np.int64), -1
    )


def _used(world: World, at: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Handset and place of first use: mostly the user's own."""
    folk, size = world.people, len(at["time"])
    own = world.either(0.94, folk.phone[at["user"]], world.fresh(size))
    same = world.either(np.where(at["operation"] == LINK, 0.85, 0.35), at["imei"], own)
    place = world.either(
        0.9, folk.now[at["user"]], world.where.near(world.rng, folk.now[at["user"]])
    )
    place = world.either(0.03, world.where.drawn(world.rng, size), place)
    return np.where(at["used_in"] >= 0, at["used_in"], same), np.where(
        at["used_at"] >= 0, at["used_at"], place
    )


def _again(world: World, at: dict[str, np.ndarray], first: np.ndarray) -> pd.DataFrame:
    """Some lines are reported once more, unchanged, as networks do."""
    rng, size = world.rng, len(first)
    again = (first >= 0) & (rng.random(size) < 0.25)
    handset, place = _used(world, at)
    return _part(
        at, np.where(again, first + rng.integers(DAY, 20 * DAY, size), -1), "attach", handset, place
    )


def _moved_time(world: World, at: dict[str, np.ndarray], first: np.ndarray) -> np.ndarray:
    rng, size = world.rng, len(first)
    moves = (first >= 0) & (rng.random(size) < 0.14)
    when = np.where(moves, first + rng.integers(3600, 40 * DAY, size), -1)
    told = (at["moved_after"] >= 0) & (first >= 0)
    return np.where(told, first + at["moved_after"] * DAY + rng.integers(600, DAY, size), when)


def _moved(world: World, at: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Travel, or another handset."""
    folk, size = world.people, len(at["time"])
    handset = world.either(0.3, world.fresh(size), folk.phone[at["user"]])
    place = world.either(
        0.4, world.where.drawn(world.rng, size), world.where.near(world.rng, folk.now[at["user"]])
    )
    return np.where(at["moved_in"] >= 0, at["moved_in"], handset), np.where(
        at["moved_at"] >= 0, at["moved_at"], place
    )


def _ended(world: World, at: dict[str, np.ndarray], kind: str, wait: np.ndarray) -> pd.DataFrame:
    """Unhappy ends; `wait` is zero or less where there is none."""
    nothing = np.full(len(wait), -1)
    when = np.where(wait > 0, at["time"] + wait + world.rng.integers(60, DAY // 2, len(wait)), -1)
    return _part(at, when, kind, nothing, nothing)


def _part(
    at: dict[str, np.ndarray], when: np.ndarray, kind: str, handset: np.ndarray, place: np.ndarray
) -> pd.DataFrame:
    rows = np.flatnonzero(when >= 0)
    return pd.DataFrame(
        {
            "row": rows,
            "time": when[rows],
            "kind": kind,
            "handset": handset[rows],
            "spot": place[rows],
        }
    )


def _heard(world: World, at: dict[str, np.ndarray]) -> np.ndarray:
    share = np.array([c.heard for c in world.kind.carriers])[at["carrier"]]
    return np.asarray(ids.below(at["line"], at_salt(world) + 70, 10_000) < share * 10_000)


def _written(
    world: World, at: dict[str, np.ndarray], events: pd.DataFrame, table: pd.DataFrame
) -> pd.DataFrame:
    rows = events["row"].to_numpy()
    moments = calendar.START.astype("datetime64[s]") + events["time"].to_numpy()
    missing = [
        np.array([c.missing[name] for c in world.kind.carriers])[at["carrier"][rows]]
        for name in ("event_imei", "event_place")
    ]
    known = [
        (world.rng.random(len(rows)) >= gap) & (events["spot"] >= 0).to_numpy() for gap in missing
    ]
    handset = np.where(
        known[0], ids.texts(ids.imeis(events["handset"].to_numpy(), at_salt(world))), NOTHING
    )
    return pd.DataFrame(
        {
            "registration_id": table["registration_id"].to_numpy()[rows],
            "carrier_id": table["carrier_id"].to_numpy()[rows],
            "occurred_at": rfc3339(moments),
            "kind": events["kind"].to_numpy(),
            "imei": handset,
            "place": np.where(known[1], world.where.code[events["spot"].to_numpy()], None),
        }
    ).sample(frac=1, random_state=world.seed, ignore_index=True)
