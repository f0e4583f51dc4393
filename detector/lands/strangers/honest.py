"""Lives of people who mean no harm, with all that looks like harm from a distance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers.crowds import crowds, operations
from detector.lands.strangers.world import (
    AIDE,
    HEAD,
    HELPED,
    LINK,
    PORT,
    RELINK,
    SWAP,
    World,
    wishes,
)

OWN, HELP, FAMILY, SPARE = range(4)


def honest(world: World, size: int) -> pd.DataFrame:
    """So many registrations: crowds first, then households until there are enough."""
    folk, rng = world.people, world.rng
    household = rng.choice(4, folk.household[-1] + 1, p=[0.55, 0.17, 0.1, 0.18])
    role = np.where(folk.dead, -1, household[folk.household])
    spare = rng.permutation(np.flatnonzero(role == SPARE))
    parts = [*crowds(world, spare, size), _family(world, role), _helped(world, role)]
    parts.append(_aides(world, size))
    parts = [_dated(world, part) for part in parts]
    own = _dated(world, _own(world, np.flatnonzero(role == OWN)))
    follow = _later(world, own, int(size * 0.035))
    left = size - sum(map(len, parts)) - len(follow)
    kept = np.sort(rng.permutation(len(own))[: max(left, 0)])
    out = pd.concat([*parts, own.iloc[kept], follow], ignore_index=True)
    out = _with_accidents(world, out)
    return out.iloc[np.sort(rng.permutation(len(out))[:size])].reset_index(drop=True)


def _dated(world: World, wish: pd.DataFrame) -> pd.DataFrame:
    """Digits, and a day for each row that has none."""
    wish["digit"] = np.where(wish["digit"] < 0, world.rng.integers(0, 10, len(wish)), wish["digit"])
    day = world.calendar.days(
        world.rng, wish["digit"].to_numpy(), (wish["operation"] == LINK).to_numpy()
    )
    wish["day"] = np.where(wish["day"] < 0, day, wish["day"])
    return wish


def _own(world: World, people: np.ndarray) -> pd.DataFrame:
    """One to four lines each, in one's own name; the second is often the old phone or a tablet."""
    lines = world.rng.choice([1, 2, 3, 4], len(people), p=[0.62, 0.27, 0.08, 0.03])
    person = np.repeat(people, lines)
    later = pd.Series(person).duplicated().to_numpy()
    spare = world.either(0.6, world.fresh(len(person)), -1)
    return wishes(
        person=person,
        operation=operations(world, len(person)),
        day=-1,
        imei=np.where(later, spare, -1),
        used_in=np.where(later, spare, -1),
    )


def _helped(world: World, role: np.ndarray) -> pd.DataFrame:
    """The youngest adult does it for the whole house, often in one evening."""
    folk, rng = world.people, world.rng
    person = np.flatnonzero(role == HELP)
    frame = pd.DataFrame(
        {"home": folk.household[person], "age": folk.age[person], "person": person}
    )
    doer = (
        frame.sort_values("age").groupby("home")["person"].first().reindex(frame["home"]).to_numpy()
    )
    evening = world.calendar.starts(rng, folk.household[-1] + 1, 1)[folk.household[person]]
    together = (rng.random(folk.household[-1] + 1) < 0.55)[folk.household[person]]
    start = rng.integers(0, 4 * 3600, folk.household[-1] + 1)[folk.household[person]]
    minutes = frame.groupby("home").cumcount().to_numpy() * 420 + rng.integers(0, 400, len(person))
    second = np.where(together, 22 * 3600 + start + minutes, -1)
    return wishes(
        person=person,
        doer=doer,
        operation=operations(world, len(person), (0.8, 0.14, 0.04, 0.02)),
        day=np.where(together, evening, -1),
        second=second,
        channel=np.where(together, rng.integers(0, 2, len(person)), -1),
        imei=world.either(0.1, folk.phone[doer], -1),
        tag=HELPED,
    )


def _family(world: World, role: np.ndarray) -> pd.DataFrame:
    """Heads of family carry the children's and the grandparents' lines in their own name."""
    folk, rng = world.people, world.rng
    head = np.flatnonzero(role == FAMILY)
    head = head[~pd.Series(folk.household[head]).duplicated().to_numpy()]
    person = np.repeat(
        head, rng.choice([2, 3, 4, 5, 6, 8], len(head), p=[0.22, 0.3, 0.24, 0.13, 0.07, 0.04])
    )
    child = pd.Series(person).duplicated().to_numpy()
    handset = np.where(child, world.fresh(len(person)), -1)
    away = child & (rng.random(len(person)) < 0.13)
    once = world.calendar.starts(rng, len(folk), 1)[person]
    return wishes(
        person=person,
        operation=operations(world, len(person), (0.68, 0.25, 0.05, 0.02)),
        day=world.either(0.35, once, -1),
        imei=world.either(0.8, handset, -1),
        used_in=handset,
        used_at=np.where(away, world.where.drawn(rng, len(person)), -1),
        tag=HEAD,
    )


def _aides(world: World, size: int) -> pd.DataFrame:
    """Somebody of the office handles a few officials' lines, and uses some of them."""
    folk, rng = world.people, world.rng
    count = max(4, size // 900)
    officials = rng.choice(np.flatnonzero(folk.tier > 0), count, replace=False)
    aide = rng.choice(np.flatnonzero(~folk.dead & (folk.tier == 0)), count)
    aide[rng.random(count) < 0.35] = aide[0 : count : max(1, count // 12)][0]
    lines = rng.integers(1, 7, count)
    person, doer = np.repeat(officials, lines), np.repeat(aide, lines)
    day = np.repeat(world.calendar.starts(rng, count, 20), lines) + rng.integers(0, 20, len(person))
    return wishes(
        person=person,
        doer=doer,
        user=world.either(0.5, doer, person),
        operation=operations(world, len(person), (0.42, 0.45, 0.1, 0.03)),
        day=day,
        used_in=world.either(0.7, world.fresh(len(person)), -1),
        contact=world.either(0.6, doer, -1),
        tag=AIDE,
    )


def _later(world: World, own: pd.DataFrame, size: int) -> pd.DataFrame:
    """A lost phone: another SIM for the same line, in another handset; some link it again afterwards."""
    rng = world.rng
    lost = own.iloc[rng.permutation(len(own))[: size // 5 * 4]].copy()
    own.loc[lost.index, "line"] = world.fresh(len(lost))
    lost["line"] = own.loc[lost.index, "line"]
    handset = world.fresh(len(lost))
    lost = lost.assign(
        operation=world.either(0.75, SWAP, PORT),
        day=np.minimum(lost["day"] + rng.integers(1, 90, len(lost)), 249),
        imei=handset,
        used_in=handset,
        channel=-1,
        second=-1,
        tenure=-1,
    )
    linked = lost.iloc[: size // 5].assign(operation=RELINK)
    linked["day"] = np.minimum(linked["day"] + rng.integers(0, 9, len(linked)), 249)
    return pd.concat([lost, linked])


def _with_accidents(world: World, out: pd.DataFrame) -> pd.DataFrame:
    """Registrations given up and tried again, lines given back, and complaints about the wrong number."""
    rng, size = world.rng, len(out)
    out["abandoned"] = (rng.random(size) < 0.012).astype(int)
    again = out[(out["abandoned"] == 1) & (rng.random(size) < 0.6)].copy()
    again["abandoned"] = 0
    out["unlinked"] = world.either(0.006, rng.integers(3, 90, size), out["unlinked"])
    out["reported"] = world.either(0.001, rng.integers(3, 60, size), out["reported"])
    return pd.concat([out, again], ignore_index=True)
