"""Who lives there: households, their phones, officials and aides, companies, leaked lists."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from detector.lands.neighbours.land import OPENING, Land
from detector.lands.neighbours.numbers import (
    STATES,
    Bytes,
    Flags,
    Ints,
    Texts,
    curp_columns,
    passports,
    rfc_columns,
    text,
    with_curp_check,
    with_rfc_check,
)

TIERS = ("federal", "state", "municipal", "security", "other")
CURP, RFC, PASSPORT = range(3)
TODAY = np.datetime64("2026-01-09")
LEAKS = (  # name, fields, share of people, years ago
    ("electoral roll", "name|address", 0.55, 9.0),
    ("old customer file", "name|address|rfc|phone", 0.2, 6.0),
    ("health service", "curp|name|phone|address", 0.12, 1.5),
    ("taxpayer records", "rfc|curp|name|email", 0.15, 0.6),
    ("payroll of the federation", "curp|rfc|name|email", 0.01, 4.0),
    ("linking portal", "curp|name|phone|email", 0.03, 0.0),
    ("pawnshop scans", "curp|name|document_image|photo", 0.02, 0.8),
    ("notary's archive", "curp|rfc|document_image|biometric", 0.008, 0.3),
)
GRAVE = (5, 6, 7)


@dataclass(frozen=True, slots=True)
class People:
    """Every identity: persons by household, then look-alike spellings, inventions, companies."""

    persons: int
    value: Texts
    kind: Ints
    household: Ints
    town: Ints
    carrier: Ints
    adult: Flags
    woman: Flags
    head: Flags
    elder: Flags
    migrant: Flags
    dead: Flags
    tier: Ints  # -1: no official
    since: NDArray[np.datetime64]
    aide: Ints  # of an official; -1: none
    device: Ints
    handset: Ints
    variants: Ints  # identities one homoclave away from a person's
    variant_of: Ints
    invented: Ints
    companies: Ints
    young: Flags  # of companies: founded within the year
    leaked: list[Ints]

    def adults(self) -> Ints:
        """Persons who can hold a line."""
        return np.flatnonzero(self.adult & ~self.dead)


def _households(persons: int, rng: Generator) -> tuple[Ints, Ints]:
    """Each person's household and place in it."""
    sizes = rng.choice(np.arange(1, 9), persons, p=[0.15, 0.2, 0.2, 0.2, 0.12, 0.07, 0.04, 0.02])
    home = np.repeat(np.arange(persons), sizes)[:persons].astype(np.int64)
    first = np.flatnonzero(np.diff(home, prepend=-1))
    return home, np.arange(persons) - first[home]


def _births(rank: Ints, rng: Generator) -> tuple[Flags, NDArray[np.datetime64]]:
    n = len(rank)
    minor = (rank >= 2) & (rng.random(n) < 0.65)
    old = np.where(rank < 2, 22 + 55 * rng.random(n) ** 1.4, 18 + 60 * rng.random(n) ** 2)
    age = np.where(minor, rng.uniform(4, 17.9, n), old)
    return ~minor, TODAY - (age * 365.25).astype(np.int64)


def _officials(adult: Ints, rng: Generator) -> tuple[Ints, Ints]:
    """Some adults who hold office, and for some of these another adult who serves them."""
    count = max(12, int(len(adult) * rng.uniform(0.012, 0.035)))
    chosen = rng.choice(adult, count + count // 5, replace=False)
    return chosen[:count], chosen[count:]


def _bodies(columns: Bytes, of: Ints, rng: Generator) -> Bytes:
    """CURPs of the same root, with another homoclave."""
    body = columns[of].copy()
    body[:, 16] += rng.integers(1, 5, len(of)).astype(np.uint8)
    return body


def _companies(n: int, rng: Generator) -> tuple[Texts, Flags]:
    age = 365 * np.where(rng.random(n) < 0.15, rng.random(n), 1 + 30 * rng.random(n) ** 2)
    founded = TODAY - age.astype(np.int64)
    value = text(with_rfc_check(rfc_columns(founded, rng))).astype("U18")
    own = rng.random(n) < 0.4  # natural persons with business activity: thirteen characters
    letters = np.array(list("BCDFGHJKLMNPQRSTVWYZ"))
    body = np.char.add(np.char.add(value.astype("U1"), rng.choice(letters, n)), _tail(value))
    longer = text(with_rfc_check(body.astype("S12").view(np.uint8).reshape(n, 12)))
    return np.where(own, longer, value), age < 365


def _tail(value: Texts) -> Texts:
    """A company's RFC without its first letter and its check character."""
    cut: Texts = value.astype("U11").view("U1").reshape(-1, 11)[:, 1:]
    return np.ascontiguousarray(cut).view("U10")[:, 0]


def _leaks(persons: int, adult: Ints, officials: Ints, rng: Generator) -> list[Ints]:
    leaked = []
    for name, _, share, _ in LEAKS:
        pool = officials if "payroll" in name else adult
        wanted = len(pool) * 6 // 10 if "payroll" in name else int(persons * share)
        leaked.append(rng.choice(pool, max(20, min(wanted, len(pool))), replace=len(pool) < 20))
    return [np.unique(part).astype(np.int64) for part in leaked]


def draw_people(land: Land, rng: Generator) -> People:
    """The population of a country about as large as its registrations."""
    persons = int(land.size * 1.15) + 200
    home, rank = _households(persons, rng)
    adult, birth = _births(rank, rng)
    grown = np.flatnonzero(adult)
    woman = rng.random(persons) < 0.52
    migrant = rng.random(persons) < 0.02
    home_town = rng.choice(land.towns, persons, p=land.people)
    town = home_town[home]
    abroad = migrant & (rng.random(persons) < 0.5)
    moved = rng.random(persons) < 0.25
    state = np.where(moved, rng.integers(0, len(STATES), persons), land.state[town])
    body = curp_columns(birth, ~woman, np.where(abroad, -1, state), rng)
    value = text(with_curp_check(body))
    foreign = np.flatnonzero(abroad & (rng.random(persons) < 0.7))
    value[foreign] = passports(rng, len(foreign))
    kind = np.zeros(persons, dtype=np.int64)
    kind[foreign] = PASSPORT
    few = max(60, persons // 150)
    variant_of = rng.choice(np.flatnonzero(adult & (kind == CURP)), few, replace=False)
    variants = text(with_curp_check(_bodies(body, variant_of, rng)))
    like = rng.choice(grown, few)
    invented = curp_columns(birth[like], ~woman[like], state[like], rng)
    firms, young = _companies(max(80, persons // 60), rng)
    rows = np.concatenate([np.arange(persons), variant_of, like, rng.choice(grown, len(firms))])
    tier, since, aide, boss = _offices(persons, grown, rng)
    main = land.carrier_for(persons, rng)[home]
    loyal = rng.random(persons) < land.habits.loyal
    inside = np.zeros(len(rows), dtype=np.bool_)
    inside[:persons] = True
    ends = persons + np.cumsum([len(variants), few, len(firms)])
    return People(
        persons=persons,
        value=np.concatenate([value, variants, text(with_curp_check(invented)), firms]),
        kind=np.concatenate([kind, np.zeros(2 * few, int), np.full(len(firms), RFC)]),
        household=home[rows],
        town=town[rows],
        carrier=np.where(loyal, main, land.carrier_for(persons, rng))[rows],
        adult=adult[rows] & inside,
        woman=woman[rows],
        head=(rank == 0)[rows],
        elder=(TODAY - birth > np.timedelta64(65 * 365, "D"))[rows],
        migrant=migrant[rows],
        dead=(rng.random(len(rows)) < 0.012) & (tier[rows] < 0),
        tier=np.where(inside, tier[rows], -1),
        since=since[rows],
        aide=np.where(inside, aide[rows], -1),
        device=_shared(home, land.habits.shared_device, rng)[rows],
        handset=_inherited(town, land.habits.second_hand, rng)[rows],
        variants=np.arange(persons, ends[0]),
        variant_of=variant_of,
        invented=np.arange(ends[0], ends[1]),
        companies=np.arange(ends[1], ends[2]),
        young=young,
        leaked=_leaks(persons, grown, boss, rng),
    )


def _offices(
    persons: int, grown: Ints, rng: Generator
) -> tuple[Ints, NDArray[np.datetime64], Ints, Ints]:
    """Tier and first day of each official, whom each aide serves, and the officials."""
    boss, serving = _officials(grown, rng)
    tier = np.full(persons, -1, dtype=np.int64)
    tier[boss] = rng.choice(len(TIERS), len(boss), p=[0.2, 0.25, 0.35, 0.15, 0.05])
    since = np.full(persons, np.datetime64("2200-01-01"))
    since[boss] = TODAY + rng.integers(-1500, 120, len(boss)) * (rng.random(len(boss)) < 0.9)
    aide = np.full(persons, -1, dtype=np.int64)
    aide[serving] = boss[: len(serving)]
    return tier, since, aide, boss


def _shared(home: Ints, share: float, rng: Generator) -> Ints:
    """The device each person registers on: their own or that of the household's first."""
    first = np.flatnonzero(np.diff(home, prepend=-1))[home]
    own = np.arange(len(home))
    return np.where(rng.random(len(home)) < share, first, own).astype(np.int64)


def _inherited(town: Ints, share: float, rng: Generator) -> Ints:
    """The handset each person uses: their own or, second-hand, one of the same town's."""
    order = np.argsort(town, kind="stable")
    place = np.empty(len(town), dtype=np.int64)
    place[order] = np.arange(len(town))
    near = order[np.clip(place + rng.integers(-30, 31, len(town)), 0, len(town) - 1)]
    return np.where(rng.random(len(town)) < share, near, np.arange(len(town))).astype(np.int64)


def breach_tables(people: People, rng: Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The incidents, and whom each is known to have exposed, and since when."""
    opening = pd.Timestamp(OPENING)
    incidents, members = [], []
    for number, (leak, exposed) in enumerate(zip(LEAKS, people.leaked, strict=True)):
        name, fields, _, years = leak
        happened = opening - pd.Timedelta(days=365 * years + rng.uniform(-20, 20))
        incidents.append((f"b{number + 1}", name, happened.date(), fields))
        lag = rng.exponential(25, len(exposed)) + 3
        known = np.maximum((happened - opening).total_seconds() + lag * 86_400, -400 * 86_400)
        members.append(
            pd.DataFrame(
                {
                    "breach_id": f"b{number + 1}",
                    "identity_type": np.array(["curp", "rfc", "passport"])[people.kind[exposed]],
                    "identity_value": people.value[exposed],
                    "known_at": opening + pd.to_timedelta(known.astype(np.int64), unit="s"),
                }
            )
        )
    columns = ["breach_id", "name", "occurred_on", "fields"]
    return pd.DataFrame(incidents, columns=columns), pd.concat(members, ignore_index=True)


def officials_table(people: People, rng: Generator) -> pd.DataFrame:
    """The register of public officials."""
    holders = np.flatnonzero(people.tier >= 0)
    left = rng.random(len(holders)) < 0.06
    until = pd.Series(pd.to_datetime(people.since[holders]) + pd.Timedelta(days=1600))
    return pd.DataFrame(
        {
            "identity_type": np.array(["curp", "rfc", "passport"])[people.kind[holders]],
            "identity_value": people.value[holders],
            "tier": np.array(TIERS)[people.tier[holders]],
            "since": pd.Series(people.since[holders]).dt.date,
            "until": until.where(left).dt.date,
        }
    )
