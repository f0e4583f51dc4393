"""Breaches over the years: old rolls that hold nearly everybody, shops' data, fresh lists with images.

Attackers buy from these lists; the engine gets to know most members, some only later, some never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.registration import Int32, Int64
from detector.simulate.calendar import DAY
from detector.simulate.world import World

_SHOP_FIELDS = (
    "curp|name|phone|email", "rfc|curp|name|address", "name|address|phone", "curp|phone",
    "rfc|name|email|credential", "curp|rfc|name|address|phone|photo",
)  # fmt: skip
_FRESH_FIELDS = (
    "curp|name|photo|document_image", "curp|rfc|name|phone|email", "curp|name|address|document_image",
    "curp|name|photo|document_image|biometric", "rfc|curp|email|phone",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Breach:
    """One incident, its members, and what attackers think of it (0: stale, 1: with images)."""

    name: str
    occurred_on: int  # days since 1970
    fields: str
    members: Int32
    worth: float
    disclosed: bool


def draw_breaches(world: World) -> list[Breach]:
    """All incidents of a country, oldest first."""
    rng = world.rng("breaches")
    found = [*_rolls(world, rng), *_shops(world, rng), *_officials(world, rng), *_fresh(world, rng)]
    return sorted(found, key=lambda breach: breach.occurred_on)


def breach_tables(world: World, breaches: Sequence[Breach]) -> tuple[Int32, Int32, Int64]:
    """Members known to the engine: breach number, who, and since when (seconds)."""
    rng = world.rng("notices")
    numbers, members, since = (
        [np.zeros(0, np.int32)],
        [np.zeros(0, np.int32)],
        [np.zeros(0, np.int64)],
    )
    for number, breach in enumerate(breaches):
        if not breach.disclosed:
            continue
        told = breach.members[rng.random(len(breach.members)) < world.country.leaks.notified]
        announced = breach.occurred_on * DAY + int(np.exp(rng.normal(np.log(25), 0.8)) * DAY)
        late = np.where(rng.random(len(told)) < 0.2, rng.exponential(20 * DAY, len(told)), 0)
        numbers.append(np.full(len(told), number, np.int32))
        members.append(told)
        since.append(announced + late.astype(np.int64))
    return np.concatenate(numbers), np.concatenate(members), np.concatenate(since)


def _sample(world: World, share: float, rng: np.random.Generator) -> Int32:
    """Members from some states more than from others."""
    state = world.places.state[world.people.home]
    liking = rng.gamma(12.0, 1 / 12, 32)[state]
    chance = np.minimum(share * liking / max(float(liking.mean()), 1e-9), 0.97)
    return np.flatnonzero(rng.random(len(state)) < chance).astype(np.int32)


def _rolls(world: World, rng: np.random.Generator) -> list[Breach]:
    today = world.calendar.start // DAY
    return [
        Breach(
            name=f"Padrón antiguo {i + 1}",
            occurred_on=int(today - rng.uniform(2, 9) * 365),
            fields="curp|name|address",
            members=_sample(world, share, rng),
            worth=0.05,
            disclosed=True,
        )
        for i, share in enumerate(world.country.leaks.rolls)
    ]


def _shops(world: World, rng: np.random.Generator) -> list[Breach]:
    today = world.calendar.start // DAY
    return [
        Breach(
            name=f"Clientes de un comercio {i + 1}",
            occurred_on=int(today - rng.uniform(0.1, 5) * 365),
            fields=str(rng.choice(_SHOP_FIELDS)),
            members=_sample(world, float(np.exp(rng.uniform(np.log(0.005), np.log(0.06)))), rng),
            worth=0.3,
            disclosed=bool(rng.random() < 0.9),
        )
        for i in range(world.country.leaks.shops)
    ]


def _officials(world: World, rng: np.random.Generator) -> list[Breach]:
    today, officials = world.calendar.start // DAY, np.flatnonzero(world.people.tier >= 0)
    return [
        Breach(
            name=f"Declaraciones de servidores públicos {i + 1}",
            occurred_on=int(today - rng.uniform(-0.2, 4) * 365),
            fields="rfc|curp|name" if rng.random() < 0.6 else "curp|name|photo|document_image",
            members=officials[rng.random(len(officials)) < rng.uniform(0.1, 0.5)].astype(np.int32),
            worth=0.6,
            disclosed=True,
        )
        for i in range(world.country.leaks.official_lists)
    ]


def _fresh(world: World, rng: np.random.Generator) -> list[Breach]:
    today, days = world.calendar.start // DAY, world.calendar.days
    return [
        Breach(
            name=f"Expedientes con imagen {i + 1}",
            occurred_on=int(today + rng.uniform(-90, 0.75 * days)),
            fields=str(rng.choice(_FRESH_FIELDS)),
            members=_sample(world, float(np.exp(rng.uniform(np.log(0.001), np.log(0.012)))), rng),
            worth=1.0,
            disclosed=bool(rng.random() < 0.75),
        )
        for i in range(world.country.leaks.fresh)
    ]
