"""The door that everybody comes through: SIMs from boxes, numbers from series, the table a carrier sends.

Nothing here looks at whether an act is honest.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from detector.lands.travellers import writing
from detector.lands.travellers.acts import (
    APP,
    BULK,
    CHANNELS,
    DAY,
    NEW,
    OPERATIONS,
    WEB,
    Acts,
    column,
    moments,
)
from detector.lands.travellers.people import World
from detector.lands.travellers.writing import Bytes, Flags, Floats, Ints, Texts, scatter

BEGIN = pd.Timestamp("2026-01-09T06:00:00", tz="UTC")  # midnight in Mexico City
_OLD_SIMS = 500_000_000  # SIM numbers from here on were sold before the year


def instants(at: Floats) -> pd.DatetimeIndex:
    """UTC times of seconds since the start."""
    return BEGIN + pd.to_timedelta(np.round(at).astype(np.int64), unit="s")


def allot(world: World, frame: Acts) -> Acts:
    """Give every act its SIM and its number."""
    new = column(frame, "line") < 0
    line = column(frame, "line").copy()
    line[new] = world.lines.take(int(new.sum()))
    frame = frame.assign(line=line)
    frame = frame.assign(sim=_sims(world, frame))
    return frame.assign(number=_numbers(world, frame, new))


def _sims(world: World, frame: Acts) -> Ints:
    """SIMs in the order in which they leave each shop's boxes; old SIMs from the town's series."""
    stock, carrier, box = column(frame, "stock"), column(frame, "carrier"), world.habits.box
    _, first, back = np.unique(column(frame, "line"), return_index=True, return_inverse=True)
    where = (column(frame, "place") * 16 + carrier)[first][back]
    old = _OLD_SIMS + (where * 40 + column(frame, "line") % 40) * 1000
    sims = old + scatter(column(frame, "line"), world.seed + 31) % 1000
    sold = np.flatnonzero(stock >= 0)
    bought = frame["bought"].to_numpy(np.float64)
    order = sold[np.lexsort((bought[sold], carrier[sold], stock[sold]))]
    counter = stock[order] * 16 + carrier[order]
    lot = np.r_[False, (np.diff(bought[order]) == 0) & (np.diff(counter) == 0)]
    step = np.cumsum(1 + np.where(lot, 0, world.rng.poisson(0.5, len(order))))
    starts = np.maximum.accumulate(
        np.where(np.r_[True, np.diff(counter) != 0], np.arange(len(order)), 0)
    )
    serial = step - step[starts]
    # A distributor's boxes go to the shops of one town in the order in which they are opened.
    town = world.shops.place[stock[order]]
    boxes = pd.DataFrame({"carrier": carrier[order], "town": town, "counter": counter})
    rank = boxes.assign(box=serial // box).groupby(["carrier", "town", "counter", "box"]).ngroup()
    thousand = rank.to_numpy(np.int64) * box + carrier[order] * 50_000_000
    sims[order] = thousand + serial % box
    return sims


def _numbers(world: World, frame: Acts, new: Flags) -> Ints:
    """Ten digits for each line: area by town, new numbers in the order of their SIMs, none given twice."""
    line = column(frame, "line")
    _, first, back = np.unique(line, return_index=True, return_inverse=True)
    town, fresh = column(frame, "place")[first], new[first]
    key = np.where(fresh, column(frame, "sim")[first], scatter(line[first], world.seed + 32))
    order = np.lexsort((key, fresh, town))
    starts = np.searchsorted(town[order], town[order])
    rank = np.empty(len(first), np.int64)
    rank[order] = np.arange(len(first)) - starts
    series = (rank // 100 * 7919 + town * 31) % 10_000
    digit = np.where(fresh, scatter(rank, world.seed + 33) % 10, column(frame, "digit")[first])
    number = (200 + town * 7 % 790) * 10**7 + series * 1000 + rank % 100 * 10 + digit
    return number[back]


def registrations(world: World, frame: Acts) -> pd.DataFrame:
    """The contract's table, in the words and with the gaps of each carrier."""
    habits, seed, carrier = world.habits, world.seed, column(frame, "carrier")
    at = moments(frame) // habits.clock[carrier] * habits.clock[carrier]
    people = column(frame, "who") < len(world.people.place)
    passport = people & world.people.passport[np.where(people, frame["who"], 0)]
    company = ~people & (column(frame, "who") < world.made_up(np.zeros(1, np.int64))[0])
    identity = np.where(company, "rfc", np.where(passport, "passport", "curp"))
    table = pd.DataFrame(
        {
            "registration_id": _folios(world, carrier, moments(frame)),
            "carrier_id": np.array(habits.carriers, dtype=object)[carrier],
            "registered_at": instants(at),
            "operation": np.array(OPERATIONS, dtype=object)[column(frame, "operation")],
            "channel": np.array(CHANNELS, dtype=object)[column(frame, "channel")],
            "plan": np.where(column(frame, "postpaid") == 1, "postpaid", "prepaid"),
            "identity_type": identity,
            "identity_value": identities(world)[column(frame, "who")],
            "document_type": _documents(world, identity),
            "msisdn": "+52" + writing.text_of(writing.digits_of(column(frame, "number"), 10)),
            "iccid": writing.iccids(
                column(frame, "sim"), carrier, habits.long_iccid[carrier] == 1, seed + 41
            ),
            **_things(world, frame),
            **_checks(world, frame),
            "line_first_seen_on": _first_seen(frame, at),
        }
    )
    slip = (column(frame, "typo") == 1) & (identity == "curp")
    table.loc[slip, "identity_value"] = _mistyped(world, table.loc[slip, "identity_value"])
    return _with_gaps(world, table, carrier)


def identities(world: World) -> Texts:
    """Everybody's identity: people, then companies, then those who do not exist."""
    people, seed = world.people, world.seed
    own = writing.text_of(writing.curps(people.born, people.man, people.state, seed + 51))
    abroad = writing.passports(np.arange(len(own)), seed + 52)
    firms = np.arange(world.companies)
    opened = 33_000 + scatter(firms, seed + 53) % 12_500
    sole = scatter(firms, seed + 54) % 5 < 2
    root = np.arange(world.invented) // 6
    fake = writing.curps(
        15_000 + scatter(root, seed + 55) % 20_000,
        scatter(root, seed + 56) % 2 == 0,
        scatter(root, seed + 57) % 32,
        seed + 58,
    )[root]
    fake = writing.with_homoclave(fake, np.arange(world.invented))
    return np.concatenate(
        [
            np.where(people.passport, abroad, own),
            writing.rfcs(opened, sole, seed + 59),
            writing.text_of(fake),
        ]
    )


def _mistyped(world: World, values: pd.Series[str]) -> Texts:
    """The same root with another homoclave."""
    codes: Bytes = np.array(values.tolist(), dtype="S18").view(np.uint8).reshape(-1, 18)
    choice = codes[:, 16].astype(np.int64) + world.rng.integers(1, 8, len(codes))
    return writing.text_of(writing.with_homoclave(codes, choice))


def _folios(world: World, carrier: Ints, at: Floats) -> Texts:
    """A folio: a running number at some carriers, a random one at others."""
    rank = pd.Series(at).groupby(carrier).rank(method="first").to_numpy(np.float64).astype(np.int64)
    running = scatter(carrier, world.seed + 61) % 2 == 0
    # A factor without a divisor of ten meets every number once before it comes round.
    number = np.where(running, 10**8 + rank, rank * 387_420_489 % 10**9)
    letters = np.array(list("ABCDEFGH"), dtype=object)[carrier]
    return np.asarray(letters + writing.text_of(writing.digits_of(number, 9)))


def _things(world: World, frame: Acts) -> dict[str, Texts]:
    """Device, handset, address, shop, agent, town and contact as text, empty where there is none."""
    seed = world.seed
    code = np.array([f"{value:05d}" for value in world.places.code.tolist()], dtype=object)
    columns: dict[str, tuple[str, Callable[[Ints], Texts]]] = {
        "imei": ("handset", lambda ids: writing.imeis(ids, seed + 72)),
        "device_id": ("device", lambda ids: writing.devices(ids, seed + 73)),
        "ip": ("ip", lambda ids: writing.addresses(ids, seed + 74)),
        "point_of_sale_id": ("shop", lambda ids: _coded("P", ids, seed + 71)),
        "agent_id": ("agent", lambda ids: _coded("A", ids, seed + 71)),
        "place": ("place", lambda ids: code[ids]),
        "contact": ("contact", lambda ids: writing.contacts(ids, seed + 75)),
    }
    written: dict[str, Texts] = {}
    for column_name, (field, write) in columns.items():
        ids = column(frame, field)
        out = np.full(len(ids), None, dtype=object)
        out[ids != -1] = write(ids[ids != -1])
        written[column_name] = out
    return written


def _coded(prefix: str, ids: Ints, salt: int) -> Texts:
    return np.asarray(prefix + writing.text_of(writing.digits_of(scatter(ids, salt) % 10**8, 8)))


def _documents(world: World, identity: Texts) -> Texts:
    """The paper shown: mostly the voter's card."""
    usual = world.rng.choice(["ine", "passport", "curp_card"], len(identity), p=[0.91, 0.04, 0.05])
    usual = np.where(identity == "passport", "passport", usual)
    return np.where(identity == "rfc", "tax_certificate", usual).astype(object)


def _checks(world: World, frame: Acts) -> dict[str, Texts]:
    """What the trusted source answered, how many tries it took, and the vendor's score of the face."""
    rng, count = world.rng, len(frame)
    strain, who = frame["strain"].to_numpy(np.float64), column(frame, "who")
    person = who < len(world.people.place)
    dead = person & world.people.dead[np.where(person, who, 0)]
    typo = column(frame, "typo") == 1
    fake = who >= world.made_up(np.zeros(1, np.int64))[0]
    kinds = np.array(["match", "partial", "not_found", "deceased", "unavailable"], dtype=object)
    usual = np.tile([0.930, 0.040, 0.004, 0.001, 0.025], (count, 1))
    usual[:, 1] += 0.15 * strain
    usual[dead] = [0.52, 0.06, 0.02, 0.28, 0.12]
    usual[fake] = [0.30, 0.20, 0.25, 0.00, 0.25]
    usual[typo] = [0.00, 0.30, 0.65, 0.00, 0.05]
    steps = np.cumsum(usual, axis=1)
    answer = kinds[(rng.random((count, 1)) * steps[:, -1:] > steps).sum(axis=1)]
    tries = 1 + rng.binomial(2, np.clip(0.07 + 0.2 * strain, 0, 1))
    remote = np.isin(column(frame, "channel"), (WEB, APP))
    face = np.clip(rng.beta(9, 2, count) - 0.2 * strain * rng.random(count), 0.01, 0.999).round(3)
    bulk = column(frame, "channel") == BULK
    return {
        "validation_result": answer,
        "validation_attempts": writing.without(tries.astype(object), bulk),
        "liveness_score": writing.without(face.astype(object), ~remote),
    }


def _first_seen(frame: Acts, at: Floats) -> Texts:
    """The day on which the carrier first saw the line; a new line's is the day itself, or empty."""
    new = column(frame, "operation") == NEW
    back = np.where(new, 0, column(frame, "since"))
    day = (BEGIN.tz_localize(None).to_datetime64().astype("datetime64[D]")) + (
        (at / DAY).astype(np.int64) - back
    )
    unseen: Flags = new & (column(frame, "line") % 3 > 0)
    return writing.without(day.astype("datetime64[D]").astype(object), unseen)


def _with_gaps(world: World, table: pd.DataFrame, carrier: Ints) -> pd.DataFrame:
    """Empty what each carrier forgets or never records."""
    for name, share in world.habits.missing.items():
        table.loc[world.rng.random(len(table)) < share[carrier], name] = None
    return table.assign(
        validation_attempts=table["validation_attempts"].astype("Int64"),
        liveness_score=table["liveness_score"].astype("Float64"),
    )
