"""What gives a simulated country away, and how far plain links reach in it.

    python -m benchmarks.lands --data DATA

Each column alone, ids alone and time alone: what they tell, no honest country would. Then a reference:
boosted trees on the whole truth of the first part of the year, with little more than counts of other
people at the same thing. It says how hard the country is, not how good an engine.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

UNTIL = 0.6  # of the registrations
SHARED = (
    "device_id",
    "imei",
    "ip",
    "contact",
    "agent_id",
    "point_of_sale_id",
    "identity_value",
    "msisdn",
)
PLAIN = (
    "carrier_id",
    "operation",
    "channel",
    "plan",
    "identity_type",
    "document_type",
    "validation_result",
    "place",
)
NUMBERS = ("validation_attempts", "liveness_score")
RATES = (0.0001, 0.001, 0.01)


def report(found: dict[str, pd.DataFrame]) -> Iterator[str]:
    """The gates' figures, a line each."""
    table = found["registrations"].merge(found["truth"], on=["registration_id", "carrier_id"])
    table["at"] = _seconds(pd.to_datetime(table["registered_at"])).astype("int64")
    table = table.sort_values(["at", "carrier_id", "registration_id"], ignore_index=True)
    fraud = table["fraud"].to_numpy()
    yield f"fraud {fraud.mean():.2%}, {table['pattern'].nunique()} patterns, {table['ring'].nunique()} rings"
    cut = int(len(table) * UNTIL)
    for name, values in _alone(table).items():
        yield f"  alone {name:24} AUC {_auc(values[cut:], fraud[cut:]):.3f}"
    yield f"ids alone   AUC {_learned(_id_cells(table), fraud)[0]:.3f}"
    yield f"time alone  AUC {_learned(_time_cells(table), fraud)[0]:.3f}"
    yield f"raw columns AUC {_learned(_alone(table), fraud)[0]:.3f}"
    links = _links(table)
    yield f"links at activation: {_recalls(_learned(links, fraud)[1], fraud)}"
    after = links.join(_afterwards(table, found["line_events"]))
    yield f"links by day 7:      {_recalls(_learned(after, fraud)[1], fraud)}"
    yield from _by_pattern(table, _learned(links, fraud)[1], _learned(after, fraud)[1])


def _auc(values: pd.Series, fraud: np.ndarray) -> float:
    """Either direction; a missing cell is a value like another."""
    filled = values.astype(float).fillna(-1e9)
    found = roc_auc_score(fraud, filled)
    return float(max(found, 1 - found))


def _alone(table: pd.DataFrame) -> pd.DataFrame:
    """Each column as one number: rates of the first part for words, presence for keys."""
    cut = int(len(table) * UNTIL)
    out = {}
    for name in PLAIN:
        known = table[name].fillna("-")
        seen = table["fraud"][:cut].groupby(known[:cut]).agg(["sum", "count"])
        rate = (seen["sum"] + 0.006 * 50) / (seen["count"] + 50)
        out[name] = known.map(rate).fillna(0.006)
    for name in NUMBERS:
        out[name] = table[name].astype(float)
    first = pd.to_datetime(table["line_first_seen_on"])
    out["line_first_seen_on"] = (table["at"] - _seconds(first)) / 86_400
    for name in (*SHARED, "iccid"):
        out[f"{name} there"] = table[name].notna().astype(float)
    return pd.DataFrame(out)


def _seconds(moments: pd.Series) -> pd.Series:
    """Seconds since 1970; unknown where there is no moment."""
    ticks = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[moments.dt.unit]
    return moments.astype("int64").where(moments.notna()) / ticks


def _id_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Anything in the spelling of identifiers that chance alone should have put there."""
    digits = {
        f"{name} {at}": pd.to_numeric(table[name].str[at], errors="coerce").fillna(5)
        for name in ("msisdn", "iccid", "imei")
        for at in (-1, -2, -4)
    }
    folio = table["registration_id"].str[1:9].map(lambda x: int(x, 16))
    return pd.DataFrame(digits | {"folio": folio, "second": table["at"] % 60})


def _time_cells(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": table["at"] // 86_400,
            "weekday": table["at"] // 86_400 % 7,
            "hour": table["at"] // 3600 % 24,
        }
    )


def _learned(cells: pd.DataFrame, fraud: np.ndarray) -> tuple[float, np.ndarray]:
    """AUC and scores on the last part, from trees on the first."""
    cut = int(len(cells) * UNTIL)
    model = lightgbm.LGBMClassifier(
        n_estimators=120,
        num_leaves=20,
        learning_rate=0.06,
        min_child_samples=40,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.7,
        reg_lambda=5,
        random_state=1,
        verbose=-1,
        n_jobs=1,
    )
    train = cells.astype(float)
    model.fit(train[:cut], fraud[:cut])
    score = model.predict_proba(train[cut:])[:, 1]
    return float(roc_auc_score(fraud[cut:], score)), score


def _links(table: pd.DataFrame) -> pd.DataFrame:
    """Earlier registrations, and other people among them, at the same thing."""
    out = {}
    person = pd.factorize(table["identity_value"])[0]
    state = table["place"].str[:2].astype(float).to_numpy()
    bought = (table["operation"] == "new_line").to_numpy()
    thousand = table["iccid"].str[:-4]
    for name, key in [*((n, table[n]) for n in SHARED), ("thousand SIMs", thousand)]:
        code = pd.factorize(key)[0]
        code = np.where(code < 0, len(code) + np.arange(len(code)), code)
        cells = pd.DataFrame({"at": table["at"], "state": state, "bought": bought})
        group = cells.groupby(code)
        new = ~pd.DataFrame({"k": code, "i": person}).duplicated()
        out[f"{name} before"] = group.cumcount()
        out[f"{name} people"] = new.groupby(code).cumsum() - new
        out[f"{name} gap"] = (table["at"] - group["at"].shift()).fillna(1e9)
        out[f"{name} bought"] = (group["bought"].cumsum() - bought) / np.maximum(
            out[f"{name} before"], 1
        )
        last = group["state"].shift()
        out[f"{name} away"] = (last != state).astype(float).where(last.notna() & np.isfinite(state))
    words = {
        name: table[name].astype("category").cat.codes
        for name in ("operation", "channel", "identity_type", "carrier_id")
    }
    return pd.DataFrame(
        out | words | _alone(table)[[*NUMBERS, "line_first_seen_on"]].to_dict("series")
    )


def _afterwards(table: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """First use within a week: when, where, in which handset, and who else was seen there by then."""
    key = ["registration_id", "carrier_id"]
    first = events[events["kind"] == "first_attach"].drop_duplicates(key)
    seen = table[[*key, "at", "imei", "place"]].merge(
        first, on=key, how="left", suffixes=("", "_used")
    )
    used = pd.to_datetime(seen["occurred_at"])
    wait = _seconds(used) - seen["at"]
    week = wait <= 7 * 86_400
    handset = seen["imei_used"].where(week & seen["imei_used"].notna(), seen["registration_id"])
    order = (seen["at"] + wait.fillna(0)).sort_values().index
    code = pd.Series(pd.factorize(handset)[0], index=seen.index).loc[order]
    before = code.groupby(code).cumcount().reindex(seen.index)
    return pd.DataFrame(
        {
            "wait": wait.where(week),
            "before in it": before,
            "other handset": (seen["imei"] != seen["imei_used"]).where(
                week & seen["imei"].notna() & seen["imei_used"].notna()
            ),
            "other state": (seen["place"].str[:2] != seen["place_used"].str[:2]).where(
                week & seen["place"].notna() & seen["place_used"].notna()
            ),
        }
    )


def _recalls(score: np.ndarray, fraud: np.ndarray) -> str:
    truth = fraud[-len(score) :]
    found = [(score[truth] > np.quantile(score[~truth], 1 - rate)).mean() for rate in RATES]
    return ", ".join(f"{share:.1%} at {rate:.2%}" for share, rate in zip(found, RATES, strict=True))


def _by_pattern(table: pd.DataFrame, score: np.ndarray, later: np.ndarray) -> Iterator[str]:
    last = table[-len(score) :].reset_index(drop=True)
    honest = ~last["fraud"].to_numpy()
    for name, rows in last[~honest].groupby("pattern").groups.items():
        hit = [(s[rows] > np.quantile(s[honest], 0.999)).mean() for s in (score, later)]
        yield f"  {name:18} {len(rows):>5} rows, found {hit[0]:.0%} then {hit[1]:.0%}"


def main() -> None:
    """Prints the gates' figures of a data folder with a truth."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.lands", description=__doc__)
    asked.add_argument("--data", type=Path, required=True)
    folder = asked.parse_args().data
    names = ("registrations", "line_events", "truth")
    for line in report({name: pd.read_parquet(folder / f"{name}.parquet") for name in names}):
        print(line)


if __name__ == "__main__":
    main()
