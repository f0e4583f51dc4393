"""The slow and partial part: verdicts, leaks, offices, and the truth that nobody in the country knows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers import calendar
from detector.lands.strangers.ledger import rfc3339
from detector.lands.strangers.people import LEAKS, TIERS, TODAY
from detector.lands.strangers.world import AIDE, HEAD, NOTHING, World

SOURCES = np.array(["holder", "reverification", "carrier", "authority", "analyst"], object)


def labels(world: World, done: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Few verdicts, late: a ring that is found is found in part; some honest lines are looked at too."""
    rng, kind = world.rng, world.kind
    fraud, ring = done["fraud"].to_numpy() == 1, np.maximum(done["ring"].to_numpy(), 0)
    luck = rng.beta(0.6, 1.6, world.next_ring + 1)[ring] / (0.6 / 2.2)
    official = world.people.tier[done["person"]] > 0
    found = fraud & (rng.random(len(done)) < kind.labelled * luck * np.where(official, 1.5, 0.95))
    lines = pd.Series(done["person"]).map(pd.Series(done["person"]).value_counts()).to_numpy()
    asked = 0.004 * kind.labelled / 0.2 * (1 + (lines > 3) * 3 + official)
    looked = ~fraud & (rng.random(len(done)) < asked)
    rows = np.flatnonzero(found | looked)
    wrong = rng.random(len(rows)) < np.where(fraud[rows], 0.03, 0.025)
    delay = rng.lognormal(np.log(19), 0.85, len(rows)) * 86_400
    time = done["time"].to_numpy()[rows] + np.maximum(delay, 30_000).astype(np.int64)
    verdict = np.where(fraud[rows] ^ wrong, "fraud", "legitimate").astype(object)
    source = SOURCES[rng.choice(5, len(rows), p=[0.5, 0.2, 0.15, 0.05, 0.1])]
    out = pd.DataFrame(
        {
            "registration_id": table["registration_id"].to_numpy()[rows],
            "carrier_id": table["carrier_id"].to_numpy()[rows],
            "label": verdict,
            "decided_at": rfc3339(calendar.START.astype("datetime64[s]") + time),
            "source": source,
            "confidence": np.round(rng.beta(9, 2, len(rows)), 2),
        }
    )
    late = time < (calendar.DAYS + 1) * 86_400
    return _corrected(rng, out[late].reset_index(drop=True))


def _corrected(rng: np.random.Generator, out: pd.DataFrame) -> pd.DataFrame:
    """A few verdicts were overturned: the first one said the opposite."""
    again = out[rng.random(len(out)) < 0.03].copy()
    again["label"] = np.where(again["label"] == "fraud", "legitimate", "fraud")
    days = rng.integers(2, 8, len(again)).astype("timedelta64[D]")
    said = pd.to_datetime(again["decided_at"]).dt.tz_localize(None)
    earlier = said.to_numpy().astype("datetime64[s]") - days
    again["decided_at"] = rfc3339(earlier)
    return pd.concat([out, again], ignore_index=True)


def breaches() -> pd.DataFrame:
    """The incidents."""
    return pd.DataFrame(
        [(f"leak-{i}", leak[0], leak[1], leak[2]) for i, leak in enumerate(LEAKS)],
        columns=["breach_id", "name", "occurred_on", "fields"],
    )


def breach_members(world: World) -> pd.DataFrame:
    """Who is known to be in which; for new incidents that takes a while."""
    folk, parts = world.people, []
    for number, leak in enumerate(LEAKS):
        rows = np.flatnonzero(folk.leaked[:, number])
        day = max(np.datetime64(leak[1]), calendar.START - 30) + leak[5]
        late = world.rng.exponential(4 + leak[5] / 3, len(rows)) * 86_400
        known = day.astype("datetime64[s]") + late.astype(np.int64)
        parts.append(
            pd.DataFrame(
                {
                    "breach_id": f"leak-{number}",
                    "identity_type": folk.kind[rows],
                    "identity_value": folk.value[rows],
                    "known_at": rfc3339(known),
                }
            )
        )
    return pd.concat(parts, ignore_index=True).sample(
        frac=1, random_state=world.seed, ignore_index=True
    )


def officials(world: World) -> pd.DataFrame:
    """The register: who holds office and of which tier; some began or left in these months."""
    folk, rng = world.people, world.rng
    rows = np.flatnonzero(folk.tier > 0)
    since = TODAY - rng.integers(30, 3000, len(rows))
    since = np.where(
        rng.random(len(rows)) < 0.05, TODAY + rng.integers(0, calendar.DAYS, len(rows)), since
    )
    leaves = (rng.random(len(rows)) < 0.04) & (since < TODAY)
    until = (TODAY + rng.integers(20, 400, len(rows))).astype("datetime64[D]")
    return pd.DataFrame(
        {
            "identity_type": folk.kind[rows],
            "identity_value": folk.value[rows],
            "tier": np.array(TIERS, object)[folk.tier[rows] - 1],
            "since": np.datetime_as_string(since.astype("datetime64[D]")).astype(object),
            "until": np.where(leaves, np.datetime_as_string(until).astype(object), NOTHING),
        }
    )


def truth(
    world: World, done: pd.DataFrame, table: pd.DataFrame, patterns: tuple[str, ...]
) -> pd.DataFrame:
    """What happened, and which groups the person named belongs to."""
    folk, person = world.people, done["person"].to_numpy()
    own = done["identity"].to_numpy() == person
    tag = done["tag"].to_numpy()
    groups = {
        "breached": folk.leaked[person].any(1) & own,
        "official": (folk.tier[person] > 0) & own,
        "female": folk.female[person] & own,
        "male": ~folk.female[person] & own,
        "rural": world.where.rural[folk.home[person]],
        "urban": ~world.where.rural[folk.home[person]],
        "head_of_family": (tag & HEAD) > 0,
        "migrant": folk.migrant[person] & own,
        "household_of_official": folk.with_official[person] & own,
        "aide": (tag & AIDE) > 0,
    }
    bits = sum(mask.astype(np.int64) << i for i, mask in enumerate(groups.values()))
    names = {b: "|".join(n for i, n in enumerate(groups) if b >> i & 1) for b in np.unique(bits)}
    fraud = done["fraud"].to_numpy() == 1
    pattern = np.array([*patterns, None], object)[done["pattern"]]
    ring = np.array([f"ring-{r}" if r >= 0 else None for r in done["ring"]], object)
    return pd.DataFrame(
        {
            "registration_id": table["registration_id"],
            "carrier_id": table["carrier_id"],
            "fraud": fraud,
            "pattern": np.where(fraud, pattern, NOTHING),
            "ring": np.where(fraud, ring, NOTHING),
            "segments": pd.Series(bits).map(names).to_numpy(),
        }
    )
