"""What comes after a registration: use of the line, complaints, verdicts, and what was true."""

import numpy as np
import pandas as pd
from numpy.random import Generator

from detector.lands.neighbours.book import Names, moments
from detector.lands.neighbours.land import DAY, LINK, RELINK, Land
from detector.lands.neighbours.numbers import Flags, Ints, digits, text
from detector.lands.neighbours.orders import AUTO, NONE, SEGMENTS, Mint, pick
from detector.lands.neighbours.people import GRAVE, PASSPORT, People

# Of each use: attached at all; hours till then, and their spread; first and later in the handset
# (and the place) of the registration; later sightings; unlinked; complained of.
USES = np.array(
    [
        [0.97, 0.3, 1.6, 0.95, 0.92, 1.2, 0.012, 0.0012],  # own
        [0.92, 50, 1.4, 0.35, 0.25, 1.0, 0.012, 0.0012],  # gift
        [0.86, 30, 1.6, 0.6, 0.5, 1.0, 0.02, 0.001],  # fleet
        [0.5, 150, 1.3, 0.6, 0.5, 0.7, 0.03, 0.001],  # drawer
        [0.82, 60, 1.4, 0.4, 0.15, 1.1, 0.06, 0.04],  # sold
        [0.95, 14, 1.2, 0.2, 0.2, 3.0, 0.05, 0.04],  # farm
        [0.9, 60, 1.2, 0.2, 0.15, 2.0, 0.05, 0.12],  # cells
        [0.96, 0.4, 1.5, 0.93, 0.85, 1.2, 0.1, 0.04],  # seized
        [0.3, 3, 1.2, 0.9, 0.85, 0.3, 0.1, 0.001],  # ghost
    ]
)
GRACE = 8 * DAY  # events are written down for a week after the last registration


def _sightings(
    orders: pd.DataFrame, at: Ints, stays: Flags, kind: str, *, land: Land, rng: Generator
) -> pd.DataFrame:
    """Events of those orders' lines, where they were registered or where they are used."""
    n = len(orders)
    town = orders["town"].to_numpy()
    away = rng.choice(land.towns, n, p=land.people)
    own = pick((orders["use_town"] == AUTO).to_numpy(), town, orders["use_town"])
    drifting = (orders["use_town"] == AUTO).to_numpy() & (rng.random(n) < 0.35)
    used = pick(drifting, away, own)
    roaming = rng.random(n) < 0.08
    place = pick(roaming, away, pick(stays, town, used))
    handset = pick(stays, orders["handset"].to_numpy(), orders["use_handset"])
    return pd.DataFrame(
        {"row": orders.index, "at": at, "kind": kind, "handset": handset, "town": place}
    )


def draw_events(orders: pd.DataFrame, land: Land, mint: Mint, rng: Generator) -> pd.DataFrame:
    """Everything later seen on the lines, by number of the order."""
    habits = USES[orders["use"].to_numpy()]
    unset = (orders["use_handset"] == AUTO).to_numpy()
    orders = orders.assign(
        use_handset=pick(unset, mint.fresh("handset", len(orders)), orders["use_handset"])
    )
    alive = (orders["gone"] == 0).to_numpy()
    existing = orders["op"].isin((LINK, RELINK)).to_numpy()
    hours = np.where(existing, np.minimum(habits[:, 1], 2.0), habits[:, 1])
    wait = (3600 * hours * rng.lognormal(0, habits[:, 2])).astype(np.int64) + 20
    at = orders["at"].to_numpy() + wait
    met = alive & (rng.random(len(orders)) < habits[:, 0])
    stays = rng.random(len(orders)) < habits[:, 3]
    parts = [
        _sightings(orders[met], at[met], stays[met], "first_attach", land=land, rng=rng),
        _later(orders, at, met, land, rng),
    ]
    for kind, column, days in (("unlinked", 6, 45.0), ("reported", 7, 25.0)):
        struck = alive & (rng.random(len(orders)) < habits[:, column])
        when = at[struck] + (rng.exponential(days * DAY, int(struck.sum()))).astype(np.int64)
        parts.append(_bare(orders[struck], when, kind))
    left = ~alive
    when = orders["at"].to_numpy()[left] + rng.lognormal(6.5, 1.2, int(left.sum())).astype(np.int64)
    parts.append(_bare(orders[left], when, "abandoned"))
    events = pd.concat(parts, ignore_index=True)
    return events[events["at"] < land.days * DAY + GRACE].sort_values(["at", "row"])


def _later(orders: pd.DataFrame, at: Ints, met: Flags, land: Land, rng: Generator) -> pd.DataFrame:
    """Further attachments in the weeks after the first."""
    habits = USES[orders["use"].to_numpy()]
    times = np.where(met, rng.poisson(habits[:, 5]), 0)
    again = np.repeat(np.arange(len(orders)), times)
    when = at[again] + (rng.exponential(6 * DAY, len(again))).astype(np.int64) + 60
    stays = rng.random(len(again)) < habits[again, 4]
    return _sightings(orders.iloc[again], when, stays, "attach", land=land, rng=rng)


def _bare(orders: pd.DataFrame, at: Ints, kind: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"row": orders.index, "at": at, "kind": kind, "handset": NONE, "town": NONE}
    )


def events_table(
    events: pd.DataFrame, orders: pd.DataFrame, book: pd.DataFrame, land: Land, handsets: Names
) -> pd.DataFrame:
    """The contract's `line_events`."""
    row = events["row"].to_numpy()
    silent = land.silent[orders["carrier"].to_numpy()[row]]
    place = pd.Series(text(digits(land.code[events["town"].to_numpy()], 5)))
    return pd.DataFrame(
        {
            "registration_id": book["registration_id"].to_numpy()[row],
            "carrier_id": book["carrier_id"].to_numpy()[row],
            "occurred_at": moments(events["at"].to_numpy()),
            "kind": events["kind"].to_numpy(),
            "imei": handsets.of(pick(silent, NONE, events["handset"])),
            "place": place.where(~silent & (events["town"] >= 0).to_numpy()),
        }
    )


def labels_table(
    orders: pd.DataFrame, book: pd.DataFrame, land: Land, rng: Generator
) -> pd.DataFrame:
    """Verdicts: few, weeks late, a part of them wrong and a part of these put right later."""
    fraud = (orders["fraud"] == 1).to_numpy()
    share = rng.uniform(0.1, 0.13) if land.kind == "sparse" else rng.uniform(0.14, 0.27)
    luck = rng.lognormal(0, 0.6, int(orders["ring"].max()) + 1)[orders["ring"].to_numpy()[fraud]]
    told = rng.choice(
        np.flatnonzero(fraud), max(4, int(share * fraud.sum())), replace=False, p=luck / luck.sum()
    )
    looked = np.where(orders["segment"] >= 0, 4.0, 1.0)[~fraud]
    cleared = rng.choice(
        np.flatnonzero(~fraud), int(len(told) * rng.uniform(0.8, 2.0)) + 4, replace=False,
        p=looked / looked.sum(),
    )  # fmt: skip
    rows = np.concatenate([told, cleared])
    wrong = rng.random(len(rows)) < land.habits.forgetful
    verdict = fraud[rows] ^ wrong
    wait = (rng.lognormal(3.4, 0.8, len(rows)) * DAY).astype(np.int64)
    put_right = wrong & (rng.random(len(rows)) < 0.4)
    rows = np.concatenate([rows, rows[put_right]])
    verdict = np.concatenate([verdict, ~verdict[put_right]])
    more = (rng.exponential(20, int(put_right.sum())) * DAY).astype(np.int64) + DAY
    wait = np.concatenate([wait, wait[put_right] + more])
    sources = np.array(["holder", "reverification", "carrier", "authority", "analyst"])
    sure = pd.Series(rng.uniform(0.5, 1, len(rows)).round(2))
    table = pd.DataFrame(
        {
            "registration_id": book["registration_id"].to_numpy()[rows],
            "carrier_id": book["carrier_id"].to_numpy()[rows],
            "label": np.where(verdict, "fraud", "legitimate"),
            "decided_at": moments(orders["at"].to_numpy()[rows] + wait),
            "source": rng.choice(sources, len(rows), p=[0.4, 0.2, 0.15, 0.1, 0.15]),
            "confidence": sure.where(rng.random(len(rows)) < 0.6),
        }
    )
    return table.sort_values("decided_at", ignore_index=True)


def truth_table(
    orders: pd.DataFrame, book: pd.DataFrame, people: People, land: Land, patterns: list[str]
) -> pd.DataFrame:
    """What really happened, and to what sort of person."""
    fraud = (orders["fraud"] == 1).to_numpy()
    ring = pd.Series(text(digits(np.maximum(orders["ring"].to_numpy(), 0), 5)))
    return pd.DataFrame(
        {
            "registration_id": book["registration_id"],
            "carrier_id": book["carrier_id"],
            "fraud": fraud,
            "pattern": pd.Series(np.array(patterns)[orders["pattern"].to_numpy()]).where(fraud),
            "ring": ("ring-" + ring).where(fraud),
            "segments": _segments(orders, people, land),
        }
    )


def _segments(orders: pd.DataFrame, people: People, land: Land) -> pd.Series:
    """The segments of each row's identity and of the habit it came by, joined."""
    person = orders["person"].to_numpy()
    exposed = np.zeros(len(people.value), dtype=np.bool_)
    for leak in GRAVE:
        exposed[people.leaked[leak]] = True
    ruled = np.unique(people.household[people.tier >= 0])
    official = people.tier[person] >= 0
    housed = np.isin(people.household[person], ruled) & ~official
    natural = person < people.companies[0]
    urban = land.urban[people.town[person]]
    habit = orders["segment"].to_numpy()
    marks: dict[str, Flags] = {
        "breach_victim": exposed[person],
        "official": official,
        "official_household": housed & natural,
        "aide": (people.aide[person] >= 0) | (habit == SEGMENTS.index("aide")),
        "head_of_family": people.head[person] & (habit == SEGMENTS.index("family")),
        "migrant": people.migrant[person] | (people.kind[person] == PASSPORT),
        "elder": people.elder[person] & natural,
        "rural": ~urban,
        "urban": urban,
        "sex:f": people.woman[person] & natural,
        "sex:m": ~people.woman[person] & natural,
    }
    marks |= {name: habit == number for number, name in enumerate(SEGMENTS[1:], 1)}
    bits = np.zeros(len(orders), dtype=np.int64)
    for number, mark in enumerate(marks.values()):
        bits |= mark.astype(np.int64) << number
    sets, which = np.unique(bits, return_inverse=True)
    words = [
        "|".join(name for number, name in enumerate(marks) if found >> number & 1)
        for found in sets.tolist()
    ]
    return pd.Series(np.array(words)[which])
