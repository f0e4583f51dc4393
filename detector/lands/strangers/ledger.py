"""What the carriers export: settled wishes as rows of the contract, with each carrier's gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.lands.strangers import calendar, ids
from detector.lands.strangers.carriers import APP, BULK, CHANNELS
from detector.lands.strangers.clerk import DOCUMENTS, PHONE_CONTACT, VALIDATIONS, at_salt
from detector.lands.strangers.places import STATES
from detector.lands.strangers.world import LINK, NEW, NOTHING, OPERATIONS, PORT, World

AREA = np.array([int(s[3]) for s in STATES])


def registrations(world: World, done: pd.DataFrame) -> pd.DataFrame:
    """The table, in the order of `done`."""
    rng, salt = world.rng, at_salt(world)
    folk, size = world.people, len(done)
    carrier = done["carrier"].to_numpy()
    vendor = np.array([c.vendor for c in world.kind.carriers])[carrier]
    names = np.array([c.name for c in world.kind.carriers], object)
    kinds = np.concatenate([folk.kind, np.array(world.extra_kind, object)])[done["identity"]]
    values = np.concatenate([folk.value, np.array(world.extra_value, object)])[done["identity"]]
    moments = (calendar.START.astype("datetime64[s]") + done["time"].to_numpy()).astype(
        "datetime64[s]"
    )
    shop = done["shop"].to_numpy()
    out = pd.DataFrame(
        {
            "registration_id": folios(world, size),
            "carrier_id": names[carrier],
            "registered_at": rfc3339(moments),
            "operation": np.array(OPERATIONS, object)[done["operation"]],
            "channel": np.array(CHANNELS, object)[done["channel"]],
            "plan": np.array(["prepaid", "postpaid"], object)[done["plan"]],
            "identity_type": kinds,
            "identity_value": mistyped(rng, kinds, values),
            "document_type": _documents(world, done, kinds),
            "msisdn": numbers(world, done),
            "iccid": iccids(world, done),
            "imei": ids.texts(ids.imeis(done["imei"].to_numpy(), salt)),
            "device_id": ids.devices(done["device"].to_numpy(), vendor, salt + 20),
            "ip": np.where(
                done["ip"] >= 0, ids.addresses(done["ip"].to_numpy(), salt + 30), NOTHING
            ),
            "point_of_sale_id": np.where(
                shop >= 0,
                [f"P{x:05d}" for x in ids.below(np.maximum(shop, 0), salt, 10**5)],
                NOTHING,
            ),
            "agent_id": np.where(
                shop >= 0,
                [f"{x:06d}" for x in ids.below(shop * 64 + done["agent"], salt + 3, 10**6)],
                NOTHING,
            ),
            "place": world.where.code[done["place"]],
            "line_first_seen_on": _first_seen(world, done, moments),
            "contact": _contacts(world, done),
        }
    )
    out = out.join(_quality(world, done, kinds))
    return _with_gaps(world, done, out)


def rfc3339(moments: np.ndarray) -> np.ndarray:
    """UTC moments as text."""
    return np.char.add(np.datetime_as_string(moments, unit="s"), "Z").astype(object)


def folios(world: World, size: int) -> np.ndarray:
    """Folios without order."""
    numbers = ids.mixed(np.arange(size), at_salt(world) + 99)
    return np.array([f"F{x:016x}" for x in numbers.tolist()], object)


def mistyped(rng: np.random.Generator, kinds: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Four CURPs in a thousand with a wrong last character or homoclave."""
    out = values.copy()
    for row in np.flatnonzero((kinds == "curp") & (rng.random(len(values)) < 0.004)):
        out[row] = out[row][:17] + str(rng.integers(0, 10))
    return out


def _documents(world: World, done: pd.DataFrame, kinds: np.ndarray) -> np.ndarray:
    usual = DOCUMENTS[world.rng.choice(3, len(done), p=[0.8, 0.07, 0.13])]
    usual = np.where(kinds == "passport", "passport", usual)
    return np.where(kinds == "rfc", "tax_certificate", usual)


def numbers(world: World, done: pd.DataFrame) -> np.ndarray:
    """One number per line: area of its user's home, last digit as the deadline saw it."""
    rng = world.rng
    line = done["line"].to_numpy()
    first = ~pd.Series(line).duplicated().to_numpy()
    area = AREA[world.where.state[world.people.home[done["user"]]]]
    width = np.where(area < 100, 8, 7)
    high = np.where(
        done["operation"] == NEW,
        ids.below(done["box"].to_numpy() // 4, at_salt(world) + 5, 1000),
        rng.integers(0, 1000, len(done)),
    )
    low = rng.integers(0, 10 ** (width - 4)) * 10 + done["digit"]
    low = np.where(done["operation"] == NEW, rng.integers(0, 10 ** (width - 3)), low)
    value = area * 10**width + high * 10 ** (width - 3) + low
    again = pd.Series(value[first]).duplicated().to_numpy()
    while again.any():
        rows = np.flatnonzero(first)[again]
        value[rows] += 10 * rng.integers(1, 999, len(rows))
        again = pd.Series(value[first]).duplicated().to_numpy()
    mine = pd.Series(value[first], index=line[first])
    return np.array([f"+52{x}" for x in mine.reindex(line).to_numpy()], object)


def iccids(world: World, done: pd.DataFrame) -> np.ndarray:
    """Boxes of one carrier, generation and region lie together, ten to the thousand, with gaps."""
    carrier = done["carrier"].to_numpy()
    width = np.array([c.iccid_width for c in world.kind.carriers])[carrier]
    code, _ = pd.factorize(done["box"])
    first = np.flatnonzero(~pd.Series(code).duplicated().to_numpy())
    place = world.people.now[done["user"].to_numpy()[first]]  # codes of a state follow one another
    old = (done["operation"].to_numpy()[first] == LINK).astype(int)
    order = np.lexsort(
        (
            world.rng.random(len(first)),
            place + world.rng.integers(0, 4, len(first)),
            old,
            carrier[first],
        )
    )
    number = np.empty(len(first), np.int64)
    number[order] = np.cumsum(world.rng.choice([1, 2, 3, 7], len(first), p=[0.5, 0.2, 0.15, 0.15]))
    return ids.iccids(10 + carrier * 7, number[code] * 100 + done["slot"].to_numpy(), width)


def _first_seen(world: World, done: pd.DataFrame, moments: np.ndarray) -> np.ndarray:
    """Existing lines have years; new ones were first seen that day or are not yet known."""
    rng, size = world.rng, len(done)
    years = rng.lognormal(1.05, 0.9, size) * 365
    usual = np.where(rng.random(size) < 0.13, rng.integers(3, 120, size), years).astype(int)
    usual = np.where(
        done["operation"] == NEW, (rng.random(size) < 0.12) * rng.integers(1, 9, size), usual
    )
    usual = np.where((done["operation"] == PORT) & (rng.random(size) < 0.5), 0, usual)
    tenure = np.where(done["tenure"] >= 0, done["tenure"], np.minimum(usual, 7300))
    text = np.datetime_as_string(moments.astype("datetime64[D]") - tenure).astype(object)
    unknown = (done["operation"] == NEW) & (rng.random(size) < 0.3)
    return np.asarray(np.where(unknown, NOTHING, text))


def _contacts(world: World, done: pd.DataFrame) -> np.ndarray:
    keys, salt = done["contact"].to_numpy(), at_salt(world)
    phone = [f"+5255{x:08d}" for x in ids.below(keys, salt + 41, 10**8)]
    chosen = ids.below(keys, salt + 42, 100) < PHONE_CONTACT * 100
    return np.where(chosen, phone, ids.mails(keys, salt + 50))


def _quality(world: World, done: pd.DataFrame, kinds: np.ndarray) -> pd.DataFrame:
    """Validation, attempts and liveness; `craft` 1 is a forger at work, 2 somebody inside."""
    rng, size = world.rng, len(done)
    forged, inside = done["craft"].to_numpy() == 1, done["craft"].to_numpy() == 2
    ghost = done["craft"].to_numpy() == 3
    table = np.array(
        [
            [0.93, 0.032, 0.01, 0, 0.028],
            [0.9, 0.048, 0.017, 0, 0.035],
            [0.975, 0.01, 0.005, 0, 0.01],
            [0.3, 0.3, 0.2, 0, 0.2],
        ]
    )
    pick = (rng.random((size, 1)) > np.cumsum(table[done["craft"]], axis=1)[:, :4]).sum(1)
    dead = (
        world.people.dead[done["person"]] & (kinds == "curp") & ~ghost & (rng.random(size) < 0.35)
    )
    tries = np.where(forged, 0.73, 0.83)
    attempts = 1 + (rng.random(size) > tries) + (rng.random(size) > 0.94)
    worse = np.clip((world.people.age[done["person"]] - 50) / 40, 0, 1) * 3
    face = rng.beta(12 - worse - 1.5 * forged, 2.2 + 0.4 * forged)
    remote = (done["channel"] <= APP).to_numpy() & ~inside
    return pd.DataFrame(
        {
            "validation_result": np.where(dead, "deceased", VALIDATIONS[pick]),
            "validation_attempts": pd.array(
                np.where(done["channel"] == BULK, 1, np.minimum(attempts, 3)), dtype="Int64"
            ),
            "liveness_score": np.where(remote, np.round(face, 3), np.nan),
        },
        index=done.index,
    )


def _with_gaps(world: World, done: pd.DataFrame, out: pd.DataFrame) -> pd.DataFrame:
    """Empties cells as each carrier does."""
    for name in world.kind.carriers[0].missing:
        if name in out:
            chance = np.array([c.missing[name] for c in world.kind.carriers])[done["carrier"]]
            gone = world.rng.random(len(out)) < chance
            out[name] = out[name].mask(gone, None if out[name].dtype == object else pd.NA)
    esim = (world.rng.random(len(out)) < 0.06) | (done["esim"] == 1).to_numpy()
    out["iccid"] = out["iccid"].mask(esim, None)
    return out
