"""What becomes of lines, verdicts about them, leaks, officials, and the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.outsiders import identity as ids
from benchmarks.outsiders.country import DAY, DAYS, Country
from benchmarks.outsiders.door import stamps
from benchmarks.outsiders.identity import Bools, Floats, Ints
from benchmarks.outsiders.ordinary import EXISTING

START_DAY = np.datetime64("2026-01-09", "D")
SOURCES = ("holder", "reverification", "carrier", "authority", "analyst")
LEAKS = (
    ("Padrón en una nube abierta", "name|address", 0.7, 0.0, -1400),
    ("Base de una tienda de datos", "curp|rfc|address|phone", 0.35, 0.1, -600),
    ("Portal de vinculación sin contraseña", "curp|name|phone|email", 0.2, 0.2, 1),
    ("Declaraciones patrimoniales", "curp|rfc", 0.02, 0.45, -2000),
    ("Expedientes de una bolsa de trabajo", "curp|name|document_image", 0.03, 0.6, 40),
    ("Credenciales fotografiadas en un mostrador", "curp|document_image|photo", 0.02, 0.75, 90),
    ("Constancias y claves de dependencias", "curp|rfc|credential", 0.03, 0.65, 150),
)


def line_events(
    country: Country, frame: pd.DataFrame, table: pd.DataFrame, salt: int
) -> pd.DataFrame:
    """First attach, later attaches, given-up attempts, disowned and reported lines."""
    rng, n, at = country.rng, len(frame), frame["at"].to_numpy()
    left = rng.random(n) < frame["give_up"].to_numpy()
    alive = ~left & (rng.random(n) < 0.93)
    born = at + frame["wait"].to_numpy() * 3600
    parts = [(alive, born, "first_attach", frame["use_handset"].to_numpy())]
    for mean in (0.6, 3.0, 9.0, 20.0):
        again = alive & (rng.random(n) < 0.45)
        parts.append(
            (again, born + rng.exponential(mean * DAY, n), "attach", next_handset(country, frame))
        )
    parts.append((left, at + rng.lognormal(6.5, 1.2, n), "abandoned", frame["handset"].to_numpy()))
    for column, kind in (("disown", "unlinked"), ("complain", "reported")):
        seen = ~left & (rng.random(n) < frame[column].to_numpy())
        parts.append(
            (seen, born + rng.gamma(1.4, 18, n) * DAY, kind, frame["use_handset"].to_numpy())
        )
    return written_events(country, frame, table, parts, salt)


def next_handset(country: Country, frame: pd.DataFrame) -> Ints:
    """The telephone of a later attach: the same, a new one, or another of a rotating pool."""
    rng, n = country.rng, len(frame)
    changed = np.where(rng.random(n) < 0.06, country.fresh(n), frame["use_handset"].to_numpy())
    pooled = frame["cycle"].to_numpy() + (rng.random(n) * frame["cycle_size"].to_numpy()).astype(
        np.int64
    )
    return np.where(frame["cycle"].to_numpy() >= 0, pooled, changed)


def written_events(
    country: Country,
    frame: pd.DataFrame,
    table: pd.DataFrame,
    parts: list[tuple[Bools, Floats, str, Ints]],
    salt: int,
) -> pd.DataFrame:
    """The contract's table of the parts, within the year and a week."""
    pieces = []
    for rows, when, kind, handset in parts:
        kept = np.flatnonzero(rows & (when < (DAYS + 7) * DAY))
        place = frame["use_place"].to_numpy()[kept]
        code = ids.digits((country.states[place] + 1) * 1_000 + 700 + place % 290, 5).astype(object)
        seen = pd.Series(np.full(len(kept), kind in {"first_attach", "attach"}))
        full = seen & (country.rng.random(len(kept)) < 0.9)
        pieces.append(pd.DataFrame({
            "registration_id": table["registration_id"].to_numpy()[kept],
            "carrier_id": table["carrier_id"].to_numpy()[kept],
            "occurred_at": stamps(when[kept]), "kind": kind,
            "imei": pd.Series(ids.imeis(handset[kept], salt)).where(full),
            "place": pd.Series(code).where(seen & (country.rng.random(len(kept)) < 0.85)),
        }))  # fmt: skip
    return pd.concat(pieces, ignore_index=True).sort_values("occurred_at", ignore_index=True)


def labels(country: Country, frame: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Verdicts: few, late, partly wrong; re-verifications clear many and miss some."""
    rng, n, bad = country.rng, len(frame), frame["ring"].to_numpy() >= 0
    by_ring = rng.gamma(0.8, 1 / 0.8, int(frame["ring"].max()) + 2)[frame["ring"].to_numpy()]
    luck = np.where(bad, by_ring * country.habits.labelled, 0.0)
    called_bad = rng.random(n) < np.where(bad, luck, 0.0003)
    cleared = ~called_bad & (rng.random(n) < np.where(bad, 0.012, 0.02))
    rows = np.flatnonzero(called_bad | cleared)
    when = frame["at"].to_numpy()[rows] + (2 + rng.gamma(1.6, 16, len(rows))) * DAY
    guilty = called_bad[rows]
    source = np.where(
        guilty,
        rng.choice(SOURCES, len(rows), p=[0.4, 0.15, 0.2, 0.15, 0.1]),
        rng.choice(SOURCES, len(rows), p=[0.1, 0.6, 0.2, 0.0, 0.1]),
    )  # fmt: skip
    confidence = pd.Series(rng.beta(8, 2, len(rows)).round(2)).where(rng.random(len(rows)) < 0.5)
    found = table.iloc[rows][["registration_id", "carrier_id"]].reset_index(drop=True)
    return found.assign(
        label=np.where(guilty, "fraud", "legitimate"), decided_at=stamps(when), source=source,
        confidence=confidence,
    ).sort_values("decided_at", ignore_index=True)  # fmt: skip


def leaks(country: Country) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Incidents that touch most people a little and some gravely, known sooner or later."""
    rng, people = country.rng, country.people
    alive = np.flatnonzero(np.isin(people.status, (0, 1)))
    incidents, members = [], []
    for number, (name, fields, share, grave, usual_day) in enumerate(LEAKS):
        day = usual_day + int(rng.integers(-20, 21))
        lean = (people.exposure[alive] >= 0.5) if grave else np.ones(len(alive), bool)
        chance = share * rng.uniform(0.6, 1.2) * (1 - grave) + grave * rng.uniform(0.2, 0.6) * lean
        hit = alive[rng.random(len(alive)) < chance]
        if number == 3:
            hit = hit[people.official[hit] | (rng.random(len(hit)) < 0.1)]
        code = f"B{number + 1:02d}"
        incidents.append((code, name, str(START_DAY + np.timedelta64(day, "D")), fields))
        known = (max(day, -30) + rng.gamma(1.2, 15, len(hit))) * DAY
        members.append(pd.DataFrame({
            "breach_id": code, "identity_type": people.type[hit],
            "identity_value": people.text[hit], "known_at": stamps(known),
        }))  # fmt: skip
    return (
        pd.DataFrame(incidents, columns=["breach_id", "name", "occurred_on", "fields"]),
        pd.concat(members, ignore_index=True),
    )


def officials(country: Country) -> pd.DataFrame:
    """The register of public officials: most since long, some newly, some no longer."""
    rng, who = country.rng, np.flatnonzero(country.people.official)
    since = np.where(
        rng.random(len(who)) < 0.9, rng.integers(-900, 0, len(who)), rng.integers(0, DAYS, len(who))
    )
    until = pd.Series(stamps((since + rng.integers(200, 2_000, len(who))) * DAY))
    tier = rng.choice(
        ["federal", "state", "municipal", "security", "other"],
        len(who),
        p=[0.3, 0.3, 0.2, 0.12, 0.08],
    )
    return pd.DataFrame({
        "identity_type": country.people.type[who], "identity_value": country.people.text[who],
        "tier": tier, "since": stamps(since * DAY), "until": until.where(rng.random(len(who)) < 0.3),
    })  # fmt: skip


def truth(country: Country, frame: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """What really happened, and which kinds of people it happened to."""
    bad = frame["ring"].to_numpy() >= 0
    ring = pd.Series(
        np.char.add("R", ids.digits(frame["ring"].to_numpy().clip(0), 4)).astype(object)
    )
    return pd.DataFrame({
        "registration_id": table["registration_id"], "carrier_id": table["carrier_id"], "fraud": bad,
        "pattern": frame["pattern"].where(bad), "ring": ring.where(bad), "segments": segments(country, frame),
    })  # fmt: skip


def segments(country: Country, frame: pd.DataFrame) -> pd.Series:
    """The groups in which false alarms must be counted apart."""
    people, person = country.people, frame["person"].to_numpy()
    seats = np.unique(people.household[people.official])
    kin = np.isin(people.household[person], seats) & ~people.official[person]
    age = (46_000 - people.born[person]) / 365.25
    natural = people.type[person] != "rfc"
    marks = (
        ("breach_victim", people.exposure[person] >= 0.5), ("official", people.official[person]),
        ("official_household", kin), ("migrant", people.migrant[person]),
        ("rural", country.rural[people.home[person]]), ("urban", ~country.rural[people.home[person]]),
        ("sex:f", people.female[person] & natural), ("sex:m", ~people.female[person] & natural),
        ("age:60+", natural & (age >= 60)), ("old_line", (frame["operation"] == EXISTING).to_numpy()),
    )  # fmt: skip
    text = frame["segment"].astype(object)
    for name, rows in marks:
        text = text + np.where(rows, f"|{name}", "")
    return text.str.strip("|")
