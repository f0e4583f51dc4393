"""What is later seen on the lines, what becomes known of them, and what was known of people before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.travellers import writing
from detector.lands.travellers.acts import DAY, LINK, RELINK, YEAR, Acts, column, moments
from detector.lands.travellers.door import identities, instants
from detector.lands.travellers.people import World
from detector.lands.travellers.rings import METHODS
from detector.lands.travellers.writing import Flags, Floats, Ints, Texts

TIERS = np.array(["federal", "state", "municipal", "security", "other"], dtype=object)
_SOURCES = ["holder", "reverification", "carrier", "authority", "analyst"]
# How readily a victim or an authority finds out, against the usual.
_FOUND = {"star_official": 1.6, "sim_swap": 1.8, "port_out": 1.8, "mockery": 1.8, "dead_souls": 0.5,
          "invented": 0.6, "kin": 0.4, "paid_mule": 0.7, "aid_pretext": 0.6}  # fmt: skip
_BREACHES = (
    # name, day known, fields, what share of whom
    ("voter roll", -900, "name|address|curp", 0.70, "all"),
    ("tax shop", -400, "rfc|name|address|phone", 0.18, "all"),
    ("health service", 21, "curp|name|address|phone", 0.22, "all"),
    ("carrier portal", 3, "curp|rfc|name|phone|email", 0.06, "all"),
    ("officials' declarations", -2000, "curp|rfc|name", 0.80, "officials"),
    ("lender", -120, "curp|name|photo|document_image", 0.45, "exposed"),
    ("onboarding vendor", 95, "curp|document_image|biometric", 0.40, "exposed"),
    ("payroll access", 40, "curp|rfc|credential|document_image", 0.15, "exposed"),
)


def line_events(world: World, frame: Acts, table: pd.DataFrame) -> pd.DataFrame:
    """First and later attachments, customers who left, lines unlinked and reported."""
    rng = world.rng
    parts = [_first_uses(world, frame), _later_uses(world, frame), _ends_of_lines(world, frame)]
    events = pd.concat(parts, ignore_index=True)
    row, at = events["row"].to_numpy(np.int64), events["at"].to_numpy(np.float64)
    carrier = column(frame, "carrier")[row]
    kept = (at < (YEAR + 8) * DAY) & (rng.random(len(row)) >= world.habits.unheard[carrier])
    events, row, at, carrier = events[kept], row[kept], at[kept], carrier[kept]
    handset, place = events["handset"].to_numpy(np.int64), events["place"].to_numpy(np.int64)
    missing = world.habits.missing
    no_imei = (handset == -1) | (rng.random(len(row)) < missing["imei"][carrier])
    no_place = (place < 0) | (rng.random(len(row)) < missing["place"][carrier])
    code = np.array([f"{value:05d}" for value in world.places.code.tolist()], dtype=object)
    out = pd.DataFrame(
        {
            "registration_id": table["registration_id"].to_numpy(object)[row],
            "carrier_id": table["carrier_id"].to_numpy(object)[row],
            "occurred_at": instants(at),
            "kind": events["kind"].to_numpy(object),
            "imei": writing.without(writing.imeis(handset, world.seed + 72), no_imei),
            "place": writing.without(code[place], no_place),
        }
    )
    return out.sort_values(["occurred_at", "registration_id"], ignore_index=True)


def _seen(frame: Acts, rows: Ints, at: Floats, kind: str | Texts, handset: Ints) -> pd.DataFrame:
    lives = column(frame, "lives")[rows]
    place = np.where(handset == -1, -1, lives)
    return pd.DataFrame({"row": rows, "at": at, "kind": kind, "handset": handset, "place": place})


def _first_use(world: World, frame: Acts) -> Floats:
    """When each line is first seen where it lives."""
    delay = frame["delay"].to_numpy(np.float64) * world.rng.lognormal(0.0, 0.5, len(frame))
    return moments(frame) + np.maximum(delay * 3600, 40.0)


def _used(frame: Acts) -> Flags:
    used: Flags = (frame["delay"].to_numpy(np.float64) >= 0) & (column(frame, "abandoned") == 0)
    return used


def _first_uses(world: World, frame: Acts) -> pd.DataFrame:
    rows = np.flatnonzero(_used(frame))
    alive = np.isin(column(frame, "operation")[rows], (LINK, RELINK))
    kind = np.where(alive, "attach", "first_attach").astype(object)
    return _seen(frame, rows, _first_use(world, frame)[rows], kind, column(frame, "user")[rows])


def _later_uses(world: World, frame: Acts) -> pd.DataFrame:
    """A few more sightings of each line in a month, now and then in another handset."""
    rng = world.rng
    used = np.flatnonzero(_used(frame))
    rows = np.repeat(used, rng.poisson(0.9, len(used)))
    at = _first_use(world, frame)[rows] + rng.exponential(9 * DAY, len(rows))
    other = rng.random(len(rows)) < 0.07
    handset = np.where(other, world.things.take(len(rows)), column(frame, "user")[rows])
    return _seen(frame, rows, at, "attach", handset)


def _ends_of_lines(world: World, frame: Acts) -> pd.DataFrame:
    """Activations that never happened; lines let go; numbers people complain of."""
    rng, count = world.rng, len(frame)
    bad = column(frame, "pattern") >= 0
    left = np.flatnonzero(column(frame, "abandoned") == 1)
    gone = np.flatnonzero(rng.random(count) < np.where(bad, 0.05, 0.006))
    told = np.flatnonzero(_used(frame) & (rng.random(count) < np.where(bad, 0.07, 0.0007)))
    at = moments(frame)
    waits = (
        (left, "abandoned", rng.lognormal(6.0, 1.0, len(left))),
        (gone, "unlinked", rng.exponential(45 * DAY, len(gone))),
        (told, "reported", rng.exponential(15 * DAY, len(told)) + DAY),
    )
    parts = [
        _seen(frame, rows, at[rows] + wait, kind, np.full(len(rows), -1))
        for rows, kind, wait in waits
    ]
    return pd.concat(parts, ignore_index=True)


def labels(world: World, frame: Acts, table: pd.DataFrame) -> pd.DataFrame:
    """Verdicts: few, late, and some of them wrong."""
    rng, habits, count = world.rng, world.habits, len(frame)
    pattern = column(frame, "pattern")
    bad = pattern >= 0
    ease = np.array([_FOUND.get(method.name, 1.0) for method in METHODS])[pattern]
    found = bad & (rng.random(count) < habits.labelled * ease)
    alarm = ~bad & (rng.random(count) < habits.false_alarm)
    cleared = ~bad & ~alarm & (rng.random(count) < habits.cleared)
    rows = np.flatnonzero(found | alarm | cleared)
    willing = np.isin(
        pattern[rows], [number for number, each in enumerate(METHODS) if each.name == "paid_mule"]
    )
    wrong = bad[rows] & (rng.random(len(rows)) < np.where(willing, 0.9, 0.04))
    verdict = np.where((bad[rows] & ~wrong) | alarm[rows], "fraud", "legitimate")
    decided = moments(frame)[rows] + rng.lognormal(np.log(24), 0.9, len(rows)) * DAY + DAY
    confidence = np.where(
        rng.random(len(rows)) < 0.3, np.nan, rng.uniform(0.5, 1, len(rows)).round(2)
    )
    out = pd.DataFrame(
        {
            "registration_id": table["registration_id"].to_numpy(object)[rows],
            "carrier_id": table["carrier_id"].to_numpy(object)[rows],
            "label": verdict.astype(object),
            "decided_at": instants(decided),
            "source": rng.choice(_SOURCES, len(rows), p=[0.5, 0.2, 0.12, 0.1, 0.08]).astype(object),
            "confidence": confidence,
        }
    )
    kept = out[decided < (YEAR + 30) * DAY]
    return kept.sort_values(["decided_at", "registration_id"], ignore_index=True)


def breaches(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The incidents, and the identities notified as being in each: most people in one that says little."""
    rng, people = world.rng, world.people
    values, kinds = identities(world), np.where(people.passport, "passport", "curp")
    everybody = np.arange(len(people.place))
    pools = {
        "all": everybody,
        "officials": np.flatnonzero(people.tier >= 0),
        "exposed": np.flatnonzero(people.exposed),
    }
    incidents, members = [], []
    for number, (name, usual, fields, part, whom) in enumerate(_BREACHES):
        day = usual + int(rng.integers(-20, 20)) if usual > 20 else usual
        share = part * rng.uniform(0.6, 1.2)
        chosen = pools[whom][rng.random(len(pools[whom])) < share]
        happened = instants(np.array([(day - 10) * DAY]))[0].date()
        incidents.append((f"b{number + 1}", name, happened, fields))
        known = instants(day * DAY + rng.exponential(3 * DAY, len(chosen)))
        members.append(
            pd.DataFrame(
                {
                    "breach_id": f"b{number + 1}",
                    "identity_type": kinds[chosen].astype(object),
                    "identity_value": values[chosen],
                    "known_at": known,
                }
            )
        )
    columns = ["breach_id", "name", "occurred_on", "fields"]
    return pd.DataFrame(incidents, columns=columns), pd.concat(members, ignore_index=True)


def officials(world: World) -> pd.DataFrame:
    """The register of public officials, with those who take office within the year and those who leave."""
    rng, people = world.rng, world.people
    who = np.flatnonzero(people.tier >= 0)
    since = np.where(rng.random(len(who)) < 0.1, rng.integers(0, YEAR, len(who)), -900)
    until = since + rng.integers(100, 900, len(who))
    leaves = rng.random(len(who)) < 0.15
    begin = np.datetime64("2026-01-09")
    return pd.DataFrame(
        {
            "identity_type": np.where(people.passport[who], "passport", "curp").astype(object),
            "identity_value": identities(world)[who],
            "tier": TIERS[people.tier[who]],
            "since": (begin + since).astype(object),
            "until": writing.without((begin + np.maximum(until, 1)).astype(object), ~leaves),
        }
    )


def truth(world: World, frame: Acts, table: pd.DataFrame) -> pd.DataFrame:
    """What really happened, and to which kinds of people."""
    pattern, ring = column(frame, "pattern"), column(frame, "ring")
    names = np.array([method.name for method in METHODS], dtype=object)
    bad = pattern >= 0
    return pd.DataFrame(
        {
            "registration_id": table["registration_id"],
            "carrier_id": table["carrier_id"],
            "fraud": bad,
            "pattern": writing.without(names[pattern], ~bad),
            "ring": writing.without(
                np.array([f"r{number:04d}" for number in ring.tolist()], dtype=object), ~bad
            ),
            "segments": _segments(world, frame),
        }
    )


def _segments(world: World, frame: Acts) -> Texts:
    """The groups that the person named in a registration belongs to, joined by bars."""
    people, who = world.people, column(frame, "who")
    person = who < len(people.place)
    who = np.where(person, who, 0)
    served = np.zeros(len(people.place), bool)
    served[people.head[people.tier >= 0]] = True
    helps = np.zeros(len(people.place), bool)
    helps[people.aide[people.aide >= 0]] = True
    village = world.places.village[people.place[who]]
    groups: dict[str, Flags] = {
        "breach_victim": person & people.exposed[who],
        "official": person & (people.tier[who] >= 0),
        "aide": (column(frame, "aide") == 1) | (person & helps[who]),
        "official_household": person & served[people.head[who]] & (people.tier[who] < 0),
        "head_of_family": person & (people.children[who] > 0),
        "migrant": person & people.roaming[who],
        "company": ~person & (column(frame, "who") < world.made_up(np.zeros(1, np.int64))[0]),
        "rural": person & village,
        "urban": person & ~village,
        "sex:m": person & people.man[who],
        "sex:f": person & ~people.man[who],
    }
    out = np.full(len(who), "", dtype=object)
    for name, held in groups.items():
        out = np.where(held, out + np.where(out == "", "", "|") + name, out)
    return out
