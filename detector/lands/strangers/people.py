"""Who lives in the country: households, ages, offices, leaks, phones and where everybody is now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.lands.strangers import calendar, ids
from detector.lands.strangers.places import Places

TODAY = int(calendar.START.astype(np.int64))
TIERS = ("federal", "state", "municipal", "security", "other")
ABROAD = ("GTM", "HND", "SLV", "VEN", "CUB", "COL", "USA", "HTI", "NIC", "ESP")
LEAKS = (  # name, day, fields, share of people, share of officials, days until it is known here
    ("voter roll on an open cloud", "2016-04-22", "name|address", 0.52, 0.52, 0),
    ("declarations of public servants", "2020-06-30", "rfc|curp", 0.0, 0.3, 0),
    ("health institute", "2024-03-02", "curp|name|address|phone", 0.16, 0.12, 0),
    ("press accreditations", "2024-01-26", "document_image|rfc|address|phone", 0.0004, 0.004, 0),
    ("many bodies at once", "2026-01-30", "curp|rfc|address|phone|photo", 0.2, 0.3, 12),
    ("taxpayers and employees", "2026-02-20", "curp|rfc|credential", 0.12, 0.28, 25),
    ("linking portal of a carrier", "2026-01-10", "name|curp|rfc|email|phone", 0.05, 0.06, 4),
    ("lender with card images", "2026-04-14", "curp|document_image|phone|photo", 0.012, 0.015, 40),
)


@dataclass(slots=True)
class People:
    """A position is a person. Whom an identity belongs to has no other meaning in this package."""

    kind: np.ndarray  # curp or passport
    value: np.ndarray
    curp: np.ndarray
    female: np.ndarray
    age: np.ndarray
    household: np.ndarray
    home: np.ndarray
    now: np.ndarray  # where they are these months
    migrant: np.ndarray
    dead: np.ndarray
    tier: np.ndarray  # 0, or 1 + position in TIERS
    with_official: np.ndarray
    leaked: np.ndarray  # one column per leak
    carrier: np.ndarray
    phone: np.ndarray

    def __len__(self) -> int:
        return len(self.value)


def people(rng: np.random.Generator, size: int, *, where: Places, carriers: np.ndarray) -> People:
    """A population of adults."""
    household = np.repeat(
        np.arange(size), rng.choice([1, 2, 3, 4, 5, 6], size, p=[0.2, 0.36, 0.2, 0.14, 0.07, 0.03])
    )[:size]
    home = where.drawn(rng, household[-1] + 1)[household]
    age = np.clip(18 + rng.gamma(1.9, 13, size), 18, 96)
    dead = rng.random(size) < np.where(age > 62, 0.05, 0.004)
    now, migrant = _whereabouts(rng, home, age=age, where=where)
    tier = _offices(rng, home, age=age, where=where)
    kind, value, curp, female = _identities(rng, home, age=age, where=where)
    official = (tier > 0) & ~dead
    homes = np.zeros(household[-1] + 1, bool)
    homes[household[official]] = True
    rate = np.array([[leak[3] for leak in LEAKS], [leak[4] for leak in LEAKS]])
    leaked = rng.random((size, len(LEAKS))) < rate[official.astype(int)]
    return People(
        kind=kind,
        value=value,
        curp=curp,
        female=female,
        age=age,
        household=household,
        home=home,
        now=now,
        migrant=migrant,
        dead=dead,
        tier=np.where(official, tier, 0),
        with_official=homes[household] & ~official,
        leaked=leaked,
        carrier=rng.choice(len(carriers), size, p=carriers),
        phone=_phones(rng, size),
    )


def _whereabouts(
    rng: np.random.Generator, home: np.ndarray, *, age: np.ndarray, where: Places
) -> tuple[np.ndarray, np.ndarray]:
    """Where people are now, and who works far from home; students move within the state."""
    migrant = rng.random(len(home)) < np.where(age < 50, 0.05, 0.012)
    student = ~migrant & (age < 25) & (rng.random(len(home)) < 0.2)
    now = np.where(migrant, where.drawn(rng, len(home)), home)
    return np.where(student, where.near(rng, home), now), migrant


def _offices(
    rng: np.random.Generator, home: np.ndarray, *, age: np.ndarray, where: Places
) -> np.ndarray:
    """Tiers: about three in a hundred hold an office, more of them in large places."""
    chance = np.where(where.rural[home], 0.022, 0.037) * ((age > 23) & (age < 68))
    tier = 1 + rng.choice(len(TIERS), len(home), p=[0.26, 0.3, 0.22, 0.14, 0.08])
    return np.where(rng.random(len(home)) < chance, tier, 0)


def _identities(
    rng: np.random.Generator, home: np.ndarray, *, age: np.ndarray, where: Places
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    size = len(home)
    female = rng.random(size) < 0.515
    born = TODAY - (age * 365.25).astype(int) - rng.integers(0, 365, size)
    state = np.where(rng.random(size) < 0.8, where.state[home], where.state[where.drawn(rng, size)])
    abroad = rng.random(size) < 0.012
    curp = ids.curps(rng, female, born, np.where(abroad, 32, state))
    twin = np.flatnonzero(rng.random(size - 1) < 0.002)  # same birth, same letters
    curp[twin + 1] = ids.siblings(rng, curp[twin])
    passport = abroad & (rng.random(size) < 0.5)
    number = ids.digits(rng.permutation(10**7)[:size], 7)
    letter = rng.choice(ids.LETTERS, size)[:, None]
    country = rng.choice(ABROAD, size, p=[0.2, 0.16, 0.1, 0.14, 0.1, 0.08, 0.08, 0.06, 0.05, 0.03])
    foreign = country.astype(object) + ":X" + ids.texts(np.hstack([letter, number]))
    value = np.where(passport, foreign, ids.texts(curp))
    return np.where(passport, "passport", "curp").astype(object), value, curp, female


def _phones(rng: np.random.Generator, size: int) -> np.ndarray:
    """Whose handset everybody carries: mostly their own, some a second-hand or shared one."""
    own = np.arange(size)
    sold = rng.random(size) < 0.035
    shared = ~sold & (rng.random(size) < 0.02)
    other = np.where(sold, rng.integers(0, size, size), np.maximum(own - 1, 0))
    return np.where(sold | shared, other, own)
