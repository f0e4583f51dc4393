"""The one door: every row, whatever its story, is written down here and in the same way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detector.lands.villagers import spelling
from detector.lands.villagers.arrays import Bools, Ints, Rows, part, pick
from detector.lands.villagers.country import Country
from detector.lands.villagers.doing import CHANNELS, OPERATIONS
from detector.lands.villagers.exposure import day_of, moments
from detector.lands.villagers.papers import mistyped
from detector.lands.villagers.people import People

TEXTS = {
    "curp": (("ine", "curp_card", "passport"), (0.8, 0.14, 0.06)),
    "rfc": (("tax_certificate", "ine", "passport"), (0.75, 0.2, 0.05)),
    "passport": (("passport",), (1.0,)),
}
RESULTS = ("match", "partial", "not_found", "unavailable", "deceased")
REQUIRED = (
    "registration_id", "carrier_id", "registered_at", "operation", "channel", "plan",
    "identity_type", "identity_value", "document_type", "validation_result",
    "validation_attempts", "liveness_score", "msisdn", "iccid", "imei", "device_id", "ip",
    "point_of_sale_id", "agent_id", "place", "line_first_seen_on", "contact",
)  # fmt: skip


def registrations(country: Country, people: People, rows: Rows) -> pd.DataFrame:
    """The table that carriers hand over."""
    identity, wrong = _identities(country, people, rows["who"])
    cells = _keys(country, rows) | _words(country, people, rows, wrong)
    cells |= {
        "identity_type": people.identity_type[rows["who"]],
        "identity_value": identity,
        "registered_at": moments(rows["at"], country.rng.random(len(identity))),
        "line_first_seen_on": _dates(day_of(rows["at"]) - rows["age"].astype(np.int64)),
        "place": places(country, rows["town"]),
    }
    for name, rates in country.recorded.items():
        lost = country.rng.random(len(identity)) >= rates[rows["carrier"]]
        cells[name] = _without(cells[name], lost)
    return pd.DataFrame({name: cells[name] for name in REQUIRED})


def places(country: Country, town: Ints) -> NDArray[Any]:
    """Municipality codes; none abroad."""
    codes = np.array([f"{code:05d}" for code in country.towns.code] + [None], dtype=object)
    return np.asarray(codes[town])


def _keys(country: Country, rows: Rows) -> dict[str, Any]:
    """Everything that is a number of some thing."""
    salt, habits, count = country.salt, country.habits, len(rows["who"])
    found = {
        "registration_id": spelling.folios(count, salt),
        "carrier_id": np.array(country.carriers, dtype=object)[rows["carrier"]],
        "msisdn": spelling.lines(rows["line"], rows["area"], salt),
        "iccid": spelling.sims(rows["box"], rows["slot"], rows["carrier"], salt),
        "imei": spelling.handsets(rows["handset"], salt),
        "device_id": spelling.devices(rows["device"], salt + 3),
        "ip": spelling.networks(rows["ip"], salt + 4, habits["ipv6"]),
        "contact": spelling.contacts(rows["contact"], salt + 6, habits["email"]),
        "point_of_sale_id": spelling.named(rows["shop"], salt + 9, "T", 10**8),
        "agent_id": spelling.named(rows["agent"], salt + 10, "E", 10**9),
    }
    sources = {"imei": "handset", "device_id": "device", "ip": "ip", "contact": "contact",
               "point_of_sale_id": "shop", "agent_id": "agent"}  # fmt: skip
    for name, source in sources.items():
        found[name] = _without(found[name], rows[source] < 0)
    return found


def _identities(country: Country, people: People, who: Ints) -> tuple[NDArray[Any], Bools]:
    value = people.identity[who].copy()
    curp = people.identity_type[who] == "curp"
    wrong = curp & (country.rng.random(len(who)) < country.habits["typo"])
    value[wrong] = mistyped(country.rng, value[wrong])
    return value, wrong


def _words(country: Country, people: People, rows: Rows, wrong: Bools) -> dict[str, Any]:
    """Everything that is a word or score about how it went."""
    rng, who = country.rng, rows["who"]
    old = rows["operation"] != 0
    billed = rng.random(len(who)) < country.habits["postpaid"] * np.where(old, 1, 0.5)
    billed |= rows["channel"] == 4
    kinds, elder = people.identity_type[who], people.age[who] > 65
    document = np.full(len(who), None, dtype=object)
    for kind, (names, chances) in TEXTS.items():
        here = np.flatnonzero(kinds == kind)
        document[here] = np.array(names, dtype=object)[pick(rng, np.array(chances), len(here))]
    tries = 1 + (rng.random(len(who)) < 0.12 + 0.1 * elder)
    remote = rows["channel"] < 2
    mood = part(rows["group"], country.salt + 12, 1000) / 1000 - 0.5
    score = np.clip(rng.beta(9, 1.5, len(who)) - 0.06 * elder + 0.08 * mood, 0.02, 1)
    result = _results(country, people, rows, wrong)
    return {
        "operation": np.array(OPERATIONS, dtype=object)[rows["operation"]],
        "channel": np.array(CHANNELS, dtype=object)[rows["channel"]],
        "plan": np.where(billed, "postpaid", "prepaid").astype(object),
        "document_type": document,
        "validation_result": np.array(RESULTS, dtype=object)[result],
        "validation_attempts": pd.array(tries + (rng.random(len(who)) < 0.04), dtype="Int64"),
        "liveness_score": np.where(remote, np.round(score, 4), np.nan),
    }


def _results(country: Country, people: People, rows: Rows, wrong: Bools) -> Ints:
    """The trusted source's answers; the civil registry learns of most deaths, and late."""
    rng, who = country.rng, rows["who"]
    match = country.habits["match"]
    usual = np.array([match, (1 - match) * 0.5, (1 - match) * 0.2, (1 - match) * 0.3])
    found = pick(rng, usual, len(who))
    found = np.where(wrong, 1 + rng.integers(0, 2, len(who)), found)
    gone = people.dead[who] | (people.dies[who] + 0.1 < rows["share"])
    return np.where(gone & (rng.random(len(who)) < 0.6), 4, found)


def _dates(days: Ints) -> NDArray[Any]:
    return days.astype("datetime64[D]").astype(object)


def _without(cells: Any, lost: Bools) -> Any:
    """The same cells, some of them empty."""
    if isinstance(cells, pd.api.extensions.ExtensionArray):
        cells[lost] = pd.NA
        return cells
    if cells.dtype == float:
        return np.where(lost, np.nan, cells)
    cells = cells.copy()
    cells[lost] = None
    return cells
