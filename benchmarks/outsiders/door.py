"""The contract's `registrations` out of everybody's rows, honest or not, by the same hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.outsiders import identity as ids
from benchmarks.outsiders.country import DAY, OPTIONAL, Country
from benchmarks.outsiders.identity import Bools, Ints, Texts
from benchmarks.outsiders.ordinary import CENTER, CHANNELS, NEW, OPERATIONS, PORT, REPLACE

START = np.datetime64("2026-01-09T06:00:00", "ns")
PLANS = np.array(["prepaid", "postpaid"])
RESULTS = np.array(["match", "partial", "not_found", "deceased", "unavailable"])
# By status of the identity: alive, company, dead, invented, sibling, mistyped.
ANSWERS = np.array([
    [0.915, 0.040, 0.009, 0.001, 0.035], [0.930, 0.020, 0.010, 0.000, 0.040],
    [0.430, 0.070, 0.050, 0.300, 0.150], [0.200, 0.200, 0.350, 0.000, 0.250],
    [0.300, 0.350, 0.200, 0.000, 0.150], [0.150, 0.400, 0.400, 0.000, 0.050],
])  # fmt: skip


def stamps(seconds: Ints | pd.Series) -> pd.Series:
    """UTC times from seconds of the simulated year."""
    whole = np.asarray(seconds, dtype=np.float64).astype(np.int64).astype("timedelta64[s]")
    return pd.Series(START + whole).dt.tz_localize("UTC")


def sim_keys(frame: pd.DataFrame, country: Country) -> Ints:
    """One number per SIM: a line keeps its SIM unless it is ported or replaced."""
    changed = frame["operation"].isin([PORT, REPLACE]).to_numpy()
    return np.where(changed, country.fresh(len(frame)), frame["line"].to_numpy())


def sim_serials(frame: pd.DataFrame, country: Country) -> Ints:
    """Serials: SIMs of one source come out of its boxes in turn; old ones from anywhere."""
    rng, box = country.rng, country.habits.box
    sims = frame.assign(key=sim_keys(frame, country)).drop_duplicates("key")
    stock = sims["operation"].isin([NEW, PORT, REPLACE])
    rank = sims.groupby(["carrier", "source"])["at"].rank(method="first").astype(np.int64) - 1
    number = rank + rng.integers(0, 3, len(sims))
    boxes = pd.MultiIndex.from_arrays([sims["carrier"], sims["source"], number // box]).factorize()[
        0
    ]
    count = int(boxes.max()) + 1
    slots = rng.permutation(int(count * 1.6) + 2 * len(sims))
    slot, old = slots[boxes], slots[count + np.arange(len(sims)) // 2]
    serial = np.where(stock, slot * box + number % box, old * box + rng.integers(0, box, len(sims)))
    return pd.Series(serial, index=sims["key"]).reindex(sim_keys_again(frame, sims)).to_numpy()


def sim_keys_again(frame: pd.DataFrame, sims: pd.DataFrame) -> Ints:
    """The SIM of every row: its own where it changed one, else that of its line."""
    changed = frame["operation"].isin([PORT, REPLACE]).to_numpy()
    own = sims["key"].reindex(frame.index).fillna(-1).to_numpy().astype(np.int64)
    return np.where(changed, own, frame["line"].to_numpy())


def iccids(serial: Ints, carrier: Ints) -> Texts:
    """SIM numbers: country, issuer, serial, Luhn."""
    body = np.char.add(np.char.add("8952", ids.digits(20 + carrier * 7, 3)), ids.digits(serial, 11))
    return ids.with_luhn(body, 18)


def tries(country: Country, frame: pd.DataFrame, answer: Ints) -> Ints:
    """Attempts at validation: bad light, old people and bad answers take more."""
    age = (46_000 - country.people.born[frame["person"].to_numpy()]) / 365.25
    chance = 0.12 + 0.1 * (age > 60) + 0.2 * (answer > 0) - 0.4 * frame["care"].to_numpy()
    found: Ints = 1 + country.rng.binomial(2, chance.clip(0.02, 0.7))
    return found


def documents(country: Country, frame: pd.DataFrame) -> Texts:
    """Which paper was shown."""
    kind = country.people.type[frame["person"].to_numpy()]
    usual = country.rng.choice(["ine", "passport", "curp_card"], len(frame), p=[0.86, 0.06, 0.08])
    return np.where(
        kind == "rfc", "tax_certificate", np.where(kind == "passport", "passport", usual)
    )


def optional(country: Country, frame: pd.DataFrame, salt: int) -> dict[str, tuple[Texts, Bools]]:
    """Every optional column with the rows to which it applies."""
    rng, n = country.rng, len(frame)
    all_rows = np.ones(n, bool)
    person, shop, agent = (frame[name].to_numpy() for name in ("person", "shop", "agent"))
    remote = shop < 0
    status = country.people.status[person]
    answer = (rng.random(n)[:, None] > ANSWERS[status].cumsum(1)).sum(1).clip(0, 4)
    age = (46_000 - country.people.born[person]) / 365.25
    face = rng.beta(9, 1.3, n) + frame["care"].to_numpy() - 0.002 * (age - 40).clip(0)
    place = frame["place"].to_numpy()
    code = ids.digits((country.states[place] + 1) * 1_000 + 700 + place % 290, 5)
    names = np.where(frame["channel"] == CENTER, "CAC-", "PV-")
    first_seen = (
        (stamps(frame["at"] - frame["age"].to_numpy() * DAY)).dt.strftime("%Y-%m-%d").to_numpy()
    )
    serial = sim_serials(frame, country)
    return {
        "document_type": (documents(country, frame), all_rows),
        "validation_result": (RESULTS[answer], all_rows),
        "validation_attempts": (tries(country, frame, answer), all_rows),
        "liveness_score": (face.clip(0.02, 0.999).round(3), remote),
        "iccid": (iccids(serial, frame["carrier"].to_numpy()), all_rows),
        "imei": (ids.imeis(frame["handset"].to_numpy(), salt), all_rows),
        "device_id": (ids.device_ids(frame["device"].to_numpy(), salt + 11), all_rows),
        "ip": (ids.addresses(frame["address"].to_numpy().clip(0), salt + 12), remote),
        "point_of_sale_id": (np.char.add(names.astype("<U4"), ids.digits(shop.clip(0), 5)), ~remote),
        "agent_id": (np.char.add("A", ids.digits(agent.clip(0), 6)), agent >= 0),
        "place": (code, all_rows),
        "line_first_seen_on": (first_seen, frame["age"].to_numpy() > 0),
        "contact": (ids.contacts(frame["contact"].to_numpy(), salt + 13), all_rows),
    }  # fmt: skip


def registrations(country: Country, frame: pd.DataFrame, salt: int) -> pd.DataFrame:
    """The contract's table; row order and folios follow time alone."""
    rng, n = country.rng, len(frame)
    person, carrier = frame["person"].to_numpy(), frame["carrier"].to_numpy()
    folio = frame.groupby("carrier").cumcount().to_numpy() * 3 + rng.integers(0, 3, n)
    table = pd.DataFrame({
        "registration_id": np.char.add("F", ids.digits(folio, 9)).astype(object),
        "carrier_id": np.array(country.carriers, dtype=object)[carrier],
        "registered_at": stamps(frame["at"]),
        "operation": OPERATIONS[frame["operation"]], "channel": CHANNELS[frame["channel"]],
        "plan": PLANS[frame["plan"]], "identity_type": country.people.type[person],
        "identity_value": country.people.text[person],
        "msisdn": ids.msisdns(frame["line"].to_numpy(), salt + 14),
    })  # fmt: skip
    for position, (name, (values, applies)) in enumerate(optional(country, frame, salt).items()):
        assert OPTIONAL[position] == name
        kept = applies & (rng.random(n) < country.recorded[carrier, position])
        table[name] = pd.Series(np.asarray(values, dtype=object)).where(kept)
    table["validation_attempts"] = table["validation_attempts"].astype("Int64")
    table["liveness_score"] = table["liveness_score"].astype(float)
    return table
