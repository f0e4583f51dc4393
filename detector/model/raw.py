"""A folder's registrations as an ordinary analyst would load them: what the baselines work on.

Identifiers are compared for equality only, as they stand in the file, and never leave this frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from detector import folder
from detector.errors import BadInput
from detector.model.measures import Float64
from detector.registration import (
    CHANNELS,
    DOCUMENT_TYPES,
    IDENTITY_TYPES,
    OPERATIONS,
    PLANS,
    VALIDATION_RESULTS,
    Bool,
    Int64,
)

HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR
ENUMERATED = {
    "operation": OPERATIONS,
    "channel": CHANNELS,
    "plan": PLANS,
    "identity_type": IDENTITY_TYPES,
    "document_type": DOCUMENT_TYPES,
    "validation_result": VALIDATION_RESULTS,
}
MEASURED = ("validation_attempts", "liveness_score")
SHARED = {
    "identity": "identity_value",
    "device": "device_id",
    "handset": "imei",
    "ip": "ip",
    "agent": "agent_id",
    "shop": "point_of_sale_id",
    "contact": "contact",
}
NO_KEY = -1


@dataclass(frozen=True, slots=True)
class Raw:
    """Registrations sorted by time. `order[i]` is the position in the file of row i here.

    `columns` holds the numbers and category codes that a table learner gets: no identifier in it.
    `key` holds, per kind of shared thing, a code per row, NO_KEY where the cell is empty.
    `line_age` is in days, NaN where unknown.
    """

    order: Int64
    at: Int64
    columns: pd.DataFrame
    key: dict[str, Int64]
    line_age: Float64
    company: Bool
    staffed: Bool
    bulk: Bool


def read(data: Path) -> Raw:
    """The registrations of a folder in time order. Raises BadInput where there are none."""
    path = folder.table_path(data, "registrations")
    if path is None:
        raise BadInput(f"{data} holds no registrations")
    optional = (*SHARED.values(), "iccid", "iccid_block", "place", "line_first_seen_on", *MEASURED)
    frame = folder.columns(path, (*folder.KEY, "registered_at"), (*ENUMERATED, *optional))
    at = folder.times(frame["registered_at"])
    order = _time_order(frame, at)
    frame, at = frame.iloc[order].reset_index(drop=True), at[order]
    age = (at - folder.times(frame["line_first_seen_on"])) / DAY
    age[frame["line_first_seen_on"].isna()] = np.nan
    channel = frame["channel"].astype("str")
    return Raw(
        order=order,
        at=at,
        columns=_columns(frame, at, age),
        key=_keys(frame),
        line_age=age,
        company=(frame["identity_type"] == "rfc").to_numpy(bool),
        staffed=channel.isin(("service_center", "dealer")).to_numpy(bool),
        bulk=(channel == "bulk").to_numpy(bool),
    )


def _time_order(frame: pd.DataFrame, at: Int64) -> Int64:
    """Positions by (time, carrier, folio): the order of the contract, whatever that of the file."""
    columns = {"at": at} | {name: frame[name].astype("str") for name in folder.KEY}
    order = pc.sort_indices(pa.table(columns), [(name, "ascending") for name in columns])
    return np.asarray(order.to_numpy(), np.int64)


def _keys(frame: pd.DataFrame) -> dict[str, Int64]:
    codes = {name: _codes(frame[column]) for name, column in SHARED.items()}
    # The last digit of an ICCID is a check digit; the three before it count within a thousand.
    block = frame["iccid"].astype("str").str.slice(stop=-4).where(frame["iccid"].notna())
    return codes | {"sim block": _codes(block.fillna(frame["iccid_block"].astype("object")))}


def _codes(column: pd.Series) -> Int64:
    text = column.astype("str").where(column.notna())
    return np.asarray(pd.factorize(text.str.strip().str.upper())[0], np.int64)


def _columns(frame: pd.DataFrame, at: Int64, age: Float64) -> pd.DataFrame:
    """Category codes and numbers as they come, and which optional cells are filled."""
    made: dict[str, object] = {
        name: pd.Categorical(frame[name], categories=list(names)).codes.astype(np.int16)
        for name, names in ENUMERATED.items()
    }
    made["carrier"] = pd.factorize(frame["carrier_id"], sort=True)[0].astype(np.int16)
    made |= {name: pd.to_numeric(frame[name], errors="coerce") for name in MEASURED}
    place = pd.to_numeric(frame["place"], errors="coerce")
    made |= {"place": place, "state": place // 1000, "line_age": age}
    made |= {"hour": at % DAY / HOUR, "weekday": at // DAY % 7}
    filled = (*SHARED.values(), "iccid", "place", "line_first_seen_on")
    made |= {f"has_{name}": frame[name].notna().to_numpy(np.int8) for name in filled}
    return pd.DataFrame(made)


def earlier(key: Int64) -> Int64:
    """How many rows before each one share its key; 0 for a row that has none."""
    counts = pd.Series(key).groupby(key, sort=False).cumcount().to_numpy(np.int64)
    return np.where(key == NO_KEY, 0, counts)


def in_window(key: Int64, at: Int64, rows: Bool, *, window: int) -> Int64:
    """How many of the chosen rows that share a row's key lie in the window that ends at its moment.

    Rows of the same moment see each other, and a row without a key sees none. `at` is sorted;
    `window` is in microseconds.
    """
    # One number per row, ordered by key and then time; keys lie further apart than the window.
    span = int(at[-1] - at[0]) + window + 1 if len(at) else 1
    place = key * span + (at - at[0] if len(at) else at)
    order = np.argsort(place, kind="stable")
    asked = place[order]
    counted = asked[rows[order]]
    seen = np.searchsorted(counted, asked, side="right")
    seen -= np.searchsorted(counted, asked - window, side="left")
    counts = np.empty(len(at), np.int64)
    counts[order] = seen
    return np.where(key == NO_KEY, 0, counts)


def first_of_pair(key: Int64, other: Int64) -> Bool:
    """Rows where a key meets the other for the first time: a new identity on a known device."""
    pair = key * (int(other.max(initial=0)) + 2) + other + 1
    return ~pd.Series(pair).duplicated().to_numpy(bool)
