"""What one country is like: its towns, carriers, calendar and habits, drawn anew for each seed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from detector.lands.villagers.arrays import Floats, Ints, Keys, pick

KINDS = ("plain", "hard", "sparse")
START = 1_767_938_400  # 9 January 2026, midnight in central Mexico
DAYS = 296
DEADLINES = (172, 218, 234, 249, 264, 279, 295)  # 30 June, then a cut-off each fortnight or so
NAMES = ("jacal", "milpa", "tequio", "comal", "faena", "nopal", "tianguis", "petate", "atrio")
# Municipalities per state, Aguascalientes to Zacatecas.
COUNTIES = (
    11, 7, 5, 13, 38, 10, 124, 67, 16, 39, 46, 81, 84, 125, 125, 113,
    36, 20, 51, 570, 217, 18, 11, 58, 20, 72, 17, 43, 60, 212, 106, 58,
)  # fmt: skip
PEOPLE = (
    1.4, 3.8, 0.8, 0.9, 3.1, 0.7, 5.5, 3.7, 9.2, 1.8, 6.2, 3.5, 3.1, 8.3, 17.0, 4.7,
    2.0, 1.2, 5.8, 4.1, 6.6, 2.4, 1.9, 2.8, 3.0, 2.9, 2.4, 3.5, 1.3, 8.1, 2.3, 1.6,
)  # fmt: skip
SENDERS = (7, 12, 16, 20, 21, 30, 11, 32, 24)  # states that people leave
OPTIONAL = (
    "document_type", "validation_result", "validation_attempts", "liveness_score", "iccid", "imei",
    "device_id", "ip", "point_of_sale_id", "agent_id", "place", "line_first_seen_on", "contact",
)  # fmt: skip

LAX = ("document_type", "liveness_score", "agent_id", "place", "line_first_seen_on", "contact")


@dataclass(frozen=True)
class Towns:
    """Municipalities, with the place that each one's emigrants mostly go to."""

    state: Ints
    code: Ints
    rural: Floats
    weight: Floats
    corridor: Ints


@dataclass(frozen=True)
class Country:
    """Everything drawn once per country, and the one source of chance."""

    kind: str
    size: int
    rng: np.random.Generator
    keys: Keys
    towns: Towns
    carriers: tuple[str, ...]
    shares: Floats
    days: Floats
    hours: Floats
    recorded: dict[str, Floats]
    habits: dict[str, float]
    salt: int
    horizon: int

    def moment(self, share: Floats) -> Ints:
        """The day on which a share of the year's registrations is done; past the end turns back."""
        folded = np.abs(share) % 2
        folded = np.where(folded > 1, 2 - folded, folded)
        found = np.searchsorted(self.days, folded * self.days[-1])
        return np.asarray(np.minimum(found, DAYS - 1), dtype=np.int64)


def founded(kind: str, size: int, seed: int) -> Country:
    """The country of a kind, size and seed."""
    if kind not in KINDS:
        raise ValueError(f"no such kind of country: {kind}")
    rng = np.random.default_rng([zlib.crc32(b"villagers" + kind.encode()), size, seed])
    carriers, shares = _carriers(rng, kind)
    return Country(
        kind=kind,
        size=size,
        rng=rng,
        keys=Keys(1_000_000_000),
        towns=_towns(rng, size),
        carriers=carriers,
        shares=shares,
        days=np.cumsum(_calendar(rng)),
        hours=_hours(rng),
        recorded=_recorded(rng, kind, len(carriers)),
        habits=_habits(rng),
        salt=int(rng.integers(1, 2**62)),
        horizon=START + 86_400 * (DAYS + int(rng.integers(15, 60))),
    )


def _carriers(rng: np.random.Generator, kind: str) -> tuple[tuple[str, ...], Floats]:
    count = int(rng.integers(1, 3)) if kind == "sparse" else int(rng.integers(3, 7))
    names = tuple(str(name) for name in rng.permutation(NAMES)[:count])
    return names, np.sort(rng.dirichlet(np.full(count, 1.6)))[::-1] + 0.02


def _towns(rng: np.random.Generator, size: int) -> Towns:
    count = min(int(rng.integers(60, 240)), size // 12)
    state = pick(rng, np.array(PEOPLE) ** 0.7, count) + 1
    most = np.array(COUNTIES)[state - 1]
    number = 1 + (rng.random(count) * most).astype(np.int64)
    weight = rng.pareto(1.1, count) + 0.15
    rural = np.clip(1.05 - 0.45 * np.log1p(weight) + rng.normal(0, 0.15, count), 0, 1)
    sends = np.isin(state, SENDERS)
    pull = np.where(sends, 0.2, 1.0) * weight
    return Towns(state, state * 1000 + number, rural, weight, pick(rng, pull, count))


def _calendar(rng: np.random.Generator) -> Floats:
    """How busy each day is: weekdays, a slow rise, a queue before each deadline."""
    day = np.arange(DAYS)
    busy = 1 + rng.uniform(-0.4, 1.0) * day / DAYS
    for at in DEADLINES:
        before = at - day
        width = rng.uniform(2, 11)
        busy += np.where(before >= 0, rng.uniform(0.4, 4) * np.exp(-before / width), 0)
    weekday = (day + 4) % 7  # the first was a Friday
    busy *= np.where(weekday == 6, rng.uniform(0.3, 0.9), 1)
    return np.asarray(busy * rng.uniform(0.8, 1.2, DAYS), dtype=np.float64)


def _hours(rng: np.random.Generator) -> Floats:
    hour = np.arange(24)
    noon, evening = rng.uniform(10.5, 13), rng.uniform(17, 20)
    morning = np.exp(-((hour - noon) ** 2) / rng.uniform(8, 20))
    later = np.exp(-((hour - evening) ** 2) / rng.uniform(4, 12))
    found = morning + rng.uniform(0.3, 1.1) * later + rng.uniform(0.005, 0.03)
    return np.asarray(found, dtype=np.float64)


def _recorded(rng: np.random.Generator, kind: str, carriers: int) -> dict[str, Floats]:
    """How often each carrier writes a column down; a sparse country leaves half of them empty."""
    full = {name: rng.uniform(0.86, 1.0, carriers) for name in OPTIONAL}
    if kind == "sparse":
        empty = rng.permutation(len(OPTIONAL))[: len(OPTIONAL) // 2 + 1]
        full |= {OPTIONAL[at]: rng.uniform(0.02, 0.3, carriers) for at in empty}
    for name in rng.permutation(LAX)[:2]:
        full[name] = full[name] * rng.uniform(0.4, 1, carriers)
    return full


def _habits(rng: np.random.Generator) -> dict[str, float]:
    """Customs of a country that everybody in it shares, the dishonest too."""
    ranges = {
        "fraud": (0.0055, 0.0095), "existing": (0.5, 0.74), "counter": (0.25, 0.5),
        "app": (0.2, 0.6), "dealer": (0.3, 0.7), "nat": (0.3, 0.7), "plaza": (0.01, 0.08),
        "email": (0.2, 0.6), "typo": (0.003, 0.014), "postpaid": (0.08, 0.25),
        "one_device": (0.05, 0.25), "trader": (0.02, 0.07), "foreign": (0.005, 0.03),
        "official": (0.015, 0.05), "moves": (0.02, 0.08), "abroad": (0.01, 0.05),
        "migrant": (0.12, 0.3), "ipv6": (0.05, 0.4), "young": (0.12, 0.3), "match": (0.82, 0.95),
        "verdict": (0.08, 0.28), "wrong": (0.11, 0.18), "cleared": (0.002, 0.008),
        "look_alike": (0.28, 0.44), "later": (0.03, 0.07), "boxes": (4, 16), "aged": (0.04, 0.18),
    }  # fmt: skip
    return {name: float(rng.uniform(*ends)) for name, ends in ranges.items()}
