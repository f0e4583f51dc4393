"""Files that got out of offices, and the register of public officials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from detector.lands.villagers.arrays import Bools, Floats, Ints, Rows, pick
from detector.lands.villagers.country import START, Country
from detector.lands.villagers.people import People

# Office, what it kept, least and most of the people in it, whether it bears on this misuse.
OFFICES = (
    ("voters", "name|address", 0.1, 0.35, False),
    ("party_affiliation", "curp|name|address|phone", 0.03, 0.1, False),
    ("social_programme", "curp|name|address|phone", 0.02, 0.09, False),
    ("clinics", "curp|name|address|photo", 0.01, 0.05, False),
    ("tax_consultant", "rfc|curp|email|phone", 0.005, 0.03, False),
    ("carrier_portal", "curp|rfc|name|phone|email", 0.02, 0.07, False),
    ("loan_application", "curp|name|phone|photo|document_image", 0.006, 0.03, True),
    ("school_enrolment", "curp|name|document_image", 0.003, 0.015, True),
    ("town_hall_archive", "curp|name|address|document_image", 0.003, 0.02, True),
    ("bank_branch", "curp|rfc|name|document_image|biometric", 0.002, 0.012, True),
    ("declarations_of_officials", "rfc|curp|credential", 0.3, 0.8, False),
)
TIERS = ("municipal", "state", "federal", "security", "other")


@dataclass(frozen=True)
class Breach:
    """One file that got out, and the people in it."""

    name: str
    fields: str
    day: date
    members: Ints
    grave: bool


def leaks(country: Country, people: People) -> list[Breach]:
    """The breaches of a country: some of the offices, each with its own catchment."""
    rng, found = country.rng, []
    grave = [office for office in OFFICES if office[4]]
    mild = [office for office in OFFICES if not office[4]]
    some = [grave[at] for at in rng.permutation(len(grave))[: rng.integers(1, 4)]]
    some += [mild[at] for at in rng.permutation(len(mild))[: rng.integers(3, len(mild) + 1)]]
    for name, fields, least, most, bad in some:
        back = int(rng.integers(-200, 400 if bad else 3000))
        day = date(2026, 1, 9) - timedelta(days=back)
        share = rng.uniform(least, most)
        inside = _catchment(country, people, name, share)
        found.append(Breach(name, fields, day, np.flatnonzero(inside), bad))
    return found


def _catchment(country: Country, people: People, name: str, share: float) -> Bools:
    """Offices hold the papers of some towns far more than of others."""
    rng = country.rng
    luck = rng.random(people.count)
    if name == "declarations_of_officials":
        return np.asarray(people.official[: people.count] & (luck < share))
    local = rng.gamma(0.5, 2, len(country.towns.code))[people.town[: people.count]]
    return np.asarray(luck < share * np.minimum(local, 6))


def exposed(breaches: list[Breach]) -> Ints:
    """Everybody in a grave breach."""
    return np.unique(np.concatenate([each.members for each in breaches if each.grave]))


def breach_tables(
    country: Country, people: People, breaches: list[Breach]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The incidents, and whom those who told of them knew to be inside."""
    rng, heads, members = country.rng, [], []
    for at, each in enumerate(breaches):
        name = f"{each.name}-{each.day.year}"
        heads.append((f"b{at:02d}", name, each.day, each.fields))
        who = each.members[rng.random(len(each.members)) < rng.uniform(0.5, 0.95)]
        told = (each.day - date(1970, 1, 1)).days + rng.integers(2, 120)
        seconds = (told + rng.exponential(20, len(who))) * 86_400
        members.append(
            pd.DataFrame(
                {
                    "breach_id": f"b{at:02d}",
                    "identity_type": people.identity_type[who],
                    "identity_value": people.identity[who],
                    "known_at": moments(seconds.astype(np.int64), seconds % 1),
                }
            )
        )
    columns = ["breach_id", "name", "occurred_on", "fields"]
    return pd.DataFrame(heads, columns=columns), pd.concat(members, ignore_index=True)


def officials(country: Country, people: People) -> pd.DataFrame:
    """Who is on the register, in what office and since when."""
    rng = country.rng
    who = np.flatnonzero(people.official)
    ago = rng.integers(-250, 3000, len(who)).tolist()
    since = [date(2026, 1, 1) - timedelta(days=days) for days in ago]
    ends = rng.random(len(who)) < 0.15
    until = [
        day + timedelta(days=int(days)) if end else None
        for day, days, end in zip(since, rng.integers(200, 2200, len(who)), ends, strict=True)
    ]
    tier = np.array(TIERS, dtype=object)[pick(rng, np.array([4, 5, 4, 1.5, 1]), len(who))]
    return pd.DataFrame(
        {
            "identity_type": people.identity_type[who],
            "identity_value": people.identity[who],
            "tier": tier,
            "since": since,
            "until": until,
        }
    )


def moments(seconds: Ints, fraction: Floats) -> pd.Series:
    """Moments in UTC, to the microsecond."""
    ticks = seconds * 1_000_000 + (fraction * 1_000_000).astype(np.int64)
    return pd.Series(ticks.astype("datetime64[us]")).dt.tz_localize("UTC")


def segments(people: People, breaches: list[Breach], rows: Rows, rural: Bools) -> list[str]:
    """Words about the holder of each row."""
    who = rows["who"]
    person = who < people.count
    homes = np.zeros(people.home.max() + 2, dtype=bool)
    homes[people.home[people.official]] = True
    grave = np.zeros(len(people.town), dtype=bool)
    grave[exposed(breaches)] = True
    marks = {
        "rural": rural, "urban": ~rural, "sex:f": person & people.female[who],
        "sex:m": person & ~people.female[who], "breach_victim": grave[who],
        "official": people.official[who],
        "official_household": person & homes[people.home[who]] & ~people.official[who],
        "aide": people.aide[who], "head_of_family": people.head[who],
        "migrant": people.migrant[who], "abroad": people.abroad[who], "company": ~person,
        "elder": person & (people.age[who] > 65), "dead": people.dead[who],
        "moved": rows["share"] > people.moves[who],
    }  # fmt: skip
    words = np.full(len(who), "", dtype=object)
    for name, holds in marks.items():
        words[holds] += name + "|"
    return [word.rstrip("|") for word in words + rows["tie"]]


def day_of(seconds: Ints) -> Ints:
    """The day in Mexico, counted from 1970."""
    return np.asarray((seconds - START) // 86_400 + 20_462)
