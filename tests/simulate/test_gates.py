"""The gates against a country that gives its fraud away: what a generator must not leak.

A ring shares devices, SIM lots and days, so its rows are one observation rather than many: rings that
reach over the time split are left out of the training side, and the two leakage gates look at a country
of many small rings, averaged over seeds, so that 0.02 means something.
"""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from detector.simulate import Country
from tests.simulate.conftest import Frames, frames

SIZE = 60_000
SEEDS = range(8)
KEYS = (
    "identity_value", "msisdn", "iccid", "imei", "device_id", "ip", "agent_id", "point_of_sale_id",
    "contact", "place", "block", "network", "model", "root",
)  # fmt: skip
NUMBERS = {"msisdn": 10, "iccid": 15, "imei": 13}
CATEGORIES = (
    "operation", "channel", "plan", "identity_type", "document_type", "validation_result", "carrier_id",
)  # fmt: skip


def with_many_small_rings() -> Country:
    country = Country()
    return replace(country, threat=replace(country.threat, fraud_share=0.0145, ring_size=3.0))


@pytest.fixture(scope="module")
def countries() -> list[Frames]:
    return [frames(with_many_small_rings(), registrations=SIZE, seed=seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def usual() -> Frames:
    return frames(Country(), registrations=SIZE, seed=1)


def simple_features(data: Frames) -> pd.DataFrame:
    """Everything that one column, or one count over the past, can say."""
    rows = data["joined"].assign(
        block=lambda r: r.iccid.str[:15],
        network=lambda r: r.ip.str.rpartition(".")[0],
        model=lambda r: r.imei.str[:8],
        root=lambda r: r.identity_value.str[:16],
    )
    born = pd.to_datetime(rows.line_first_seen_on).dt.tz_localize("UTC")
    found = {
        "hour": rows.registered_at.dt.hour,
        "tenure": (rows.registered_at - born).dt.days,
        "attempts": rows.validation_attempts,
        "liveness": rows.liveness_score,
        "official": rows.identity_value.isin(data["officials"].identity_value),
        "exposures": rows.identity_value.map(data["breach_members"].identity_value.value_counts()),
    }
    for name in CATEGORIES:
        found |= {f"{name} {word}": rows[name] == word for word in rows[name].dropna().unique()}
    for key in KEYS:
        found |= _history(rows, key)
    return pd.DataFrame(found).astype(float).fillna(-1.0)


def _history(rows: pd.DataFrame, key: str) -> dict[str, pd.Series]:
    known, group = rows[key].notna(), rows.groupby(key, dropna=False)
    new_name = ~rows.duplicated([key, "identity_value"])
    return {
        f"{key} missing": ~known,
        f"{key} so far": group.cumcount().where(known),
        f"{key} names so far": new_name.groupby(rows[key]).cumsum(),
        f"{key} since last": group.registered_at.diff().dt.total_seconds(),
    }


def identifiers(rows: pd.DataFrame) -> pd.DataFrame:
    """The digits of every number, the folio, and the position in the file."""
    folio = pd.DataFrame({"folio": rows.registration_id.map(lambda text: int(text, 16))})
    places = [_digits(rows[name].str[-width:], width) for name, width in NUMBERS.items()]
    return pd.concat([folio.assign(row=rows.index % 997), *places], axis=1).astype(float)


def _digits(text: pd.Series, width: int) -> pd.DataFrame:
    letters = np.array(text.fillna(" " * width), dtype=f"S{width}").view("S1").reshape(-1, width)
    values = letters.view(np.uint8).astype(float) - ord("0")
    columns = [f"{text.name} {place}" for place in range(width)]
    return pd.DataFrame(np.where(values < 0, np.nan, values), columns=columns, index=text.index)


def moments(rows: pd.DataFrame) -> pd.DataFrame:
    at = rows.registered_at.dt
    return pd.DataFrame(
        {
            "day": (rows.registered_at - rows.registered_at.min()).dt.days,
            "weekday": at.day_of_week,
            "hour": at.hour,
            "minute": at.minute,
            "second": at.second,
            "millisecond": at.microsecond // 1000,
        }
    ).astype(float)


def auc_on_later_rings(rows: pd.DataFrame, features: pd.DataFrame) -> float:
    later = rows.registered_at > rows.registered_at.quantile(0.5)
    earlier = ~later & ~rows.ring.isin(rows.ring[later].dropna())
    settings = {
        "objective": "binary",
        "num_leaves": 31,
        "min_data_in_leaf": 50,
        "verbose": -1,
        "seed": 1,
    }
    model = lgb.train(
        settings | {"num_threads": 1, "deterministic": True},
        lgb.Dataset(features[earlier], rows.fraud[earlier]),
        40,
    )
    return float(roc_auc_score(rows.fraud[later], model.predict(features[later])))


def test_no_single_feature_separates_fraud(usual: Frames) -> None:
    fraud = usual["joined"].fraud
    aucs = simple_features(usual).apply(lambda values: roc_auc_score(fraud, values))
    strongest = np.maximum(aucs, 1 - aucs).sort_values()

    assert len(strongest) > 70
    assert strongest.iloc[-1] < 0.90, strongest.index[-1]


def test_identifiers_alone_tell_nothing(countries: list[Frames]) -> None:
    aucs = [auc_on_later_rings(c["joined"], identifiers(c["joined"])) for c in countries]

    assert np.mean(aucs) == pytest.approx(0.5, abs=0.02), np.round(aucs, 3)


def test_the_moment_alone_tells_nothing(countries: list[Frames]) -> None:
    aucs = [auc_on_later_rings(c["joined"], moments(c["joined"])) for c in countries]

    assert np.mean(aucs) == pytest.approx(0.5, abs=0.02), np.round(aucs, 3)


def test_the_gate_itself_sees_a_leak(countries: list[Frames]) -> None:
    rows = countries[0]["joined"]
    leaking = identifiers(rows).assign(leak=rows.fraud & (rows.index % 3 == 0))

    assert auc_on_later_rings(rows, leaking) > 0.6
