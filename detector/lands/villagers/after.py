"""What is later seen on each line: first use, later uses, hand-over, silence, complaints."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.villagers import spelling
from detector.lands.villagers.arrays import Bools, Floats, Ints, Rows, stacked
from detector.lands.villagers.country import Country
from detector.lands.villagers.door import places
from detector.lands.villagers.exposure import moments

DAY = 86_400


def events(country: Country, table: pd.DataFrame, rows: Rows, misuse: Bools) -> pd.DataFrame:
    """All that happens to lines until the country's last day."""
    rng, count = country.rng, len(misuse)
    left = rng.random(count) < 0.012
    wakes = np.isfinite(rows["wake"]) & ~left
    found = [_event(rows, np.flatnonzero(left), rng.uniform(0.3, 60, count) * 3600, "abandoned")]
    first = np.isin(rows["operation"], (0, 2, 4))
    found += [_event(rows, np.flatnonzero(wakes & first), rows["wake"], "first_attach")]
    found += [_event(rows, np.flatnonzero(wakes & ~first), rows["wake"], "attach")]
    found += _later(country, rows, np.flatnonzero(wakes), misuse)
    found += _ends(country, rows, misuse & ~left, np.flatnonzero(~left))
    return _written(country, table, rows, stacked(found))


def _event(rows: Rows, which: Ints, wait: Floats, kind: str) -> Rows:
    """One event on each of some lines, so many seconds after registration."""
    return {
        "row": which,
        "at": rows["at"][which] + np.maximum(wait[which], 2).astype(np.int64),
        "kind": np.full(len(which), kind, dtype=object),
        "handset": rows["handset_used"][which],
        "town": rows["town_used"][which],
    }


def _later(country: Country, rows: Rows, awake: Ints, misuse: Bools) -> list[Rows]:
    """Uses after the first, some of them in another handset and another town."""
    rng, found = country.rng, []
    wait = np.where(np.isfinite(rows["wake"]), rows["wake"], 0.0)
    passed_on = rng.random(len(wait)) < np.where(misuse, 0.14, 0.07)
    handset = np.where(passed_on, country.keys.take(len(wait)), rows["handset_used"])
    elsewhere = rng.integers(0, len(country.towns.code), len(wait))
    far = passed_on & (rng.random(len(wait)) < 0.4)
    moved = rows | {"handset_used": handset}
    moved["town_used"] = np.where(far, elsewhere, rows["town_used"])
    for rate in (0.6, 0.35, 0.2):
        wait = wait + rng.exponential(28 * DAY, len(wait)) + 600
        again = awake[rng.random(len(awake)) < rate]
        found.append(_event(moved, again, wait, "attach"))
    return found


def _ends(country: Country, rows: Rows, misuse: Bools, alive: Ints) -> list[Rows]:
    """Lines that holders unlink, and lines that somebody complains of."""
    rng, count = country.rng, len(misuse)
    wait = rng.gamma(1.5, 30 * DAY, count) + 3600
    undone = alive[(rng.random(count) < np.where(misuse, 0.07, 0.009))[alive]]
    blamed = alive[(rng.random(count) < np.where(misuse, 0.05, 0.002))[alive]]
    found = [_event(rows, undone, wait, "unlinked"), _event(rows, blamed, wait * 0.6, "reported")]
    for each in found:
        each["handset"] = np.full(len(each["row"]), -1)
        each["town"] = np.full(len(each["row"]), -1)
    return found


def _written(country: Country, table: pd.DataFrame, rows: Rows, found: Rows) -> pd.DataFrame:
    rng, row = country.rng, found["row"]
    carrier = rows["carrier"][row]
    imei = spelling.handsets(found["handset"], country.salt)
    unread = rng.random(len(row)) >= country.recorded["imei"][carrier]
    imei[unread | (found["handset"] < 0)] = None
    place = places(country, found["town"])
    place[rng.random(len(row)) >= country.recorded["place"][carrier]] = None
    written = pd.DataFrame(
        {
            "registration_id": table["registration_id"].to_numpy()[row],
            "carrier_id": table["carrier_id"].to_numpy()[row],
            "occurred_at": moments(found["at"] + 1, rng.random(len(row))),
            "kind": found["kind"],
            "imei": imei,
            "place": place,
        }
    )
    seen = found["at"] < country.horizon
    order = np.argsort(found["at"][seen], kind="stable")
    return written[seen].iloc[order].reset_index(drop=True)
