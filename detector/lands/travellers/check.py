"""Whether a country is fair: no column gives the answer away, and plain counting gets only so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from scipy.stats import rankdata

from detector.lands.travellers.writing import Flags, Floats, Ints

_ENTITIES = {
    "identity": "identity_value",
    "device": "device_id",
    "handset": "imei",
    "address": "ip",
    "contact": "contact",
    "shop": "point_of_sale_id",
    "agent": "agent_id",
    "number": "msisdn",
}
_WINDOWS = {"hour": 3600, "week": 7 * 86_400}


@dataclass(frozen=True, slots=True)
class Findings:
    """What the check found in one country."""

    fraud: float  # share of registrations
    patterns: dict[str, tuple[int, int]]  # pattern -> registrations, rings
    columns: dict[str, float]  # raw column -> area under the curve
    ids_alone: float
    time_alone: float
    recall: float  # of link counts, at one false positive in a thousand
    recall_week: float  # the same with the line events of the first week
    by_pattern: dict[str, float]  # pattern -> share caught with those


def inspect(tables: dict[str, pd.DataFrame]) -> Findings:
    """Measure a country: columns on all rows, models on the last two fifths after learning on the rest."""
    rows, truth = tables["registrations"], tables["truth"]
    bad = truth["fraud"].to_numpy(bool)
    counts = link_counts(rows)
    week = pd.concat([counts, first_week(rows, tables["line_events"])], axis=1)
    found = truth[bad].groupby("pattern")["ring"].agg(["size", "nunique"])
    later = np.arange(len(bad)) >= int(len(bad) * 0.6)
    scores = _learnt(week, bad, later)
    flagged = scores >= _threshold(scores, bad[later])
    caught = pd.Series(flagged[bad[later]]).groupby(truth["pattern"][bad & later].to_numpy()).mean()
    return Findings(
        fraud=float(bad.mean()),
        patterns={str(name): (int(size), int(rings)) for name, size, rings in found.itertuples()},
        columns={name: auc(_rank(rows, name, bad), bad) for name in rows.columns},
        ids_alone=auc(_learnt(_id_digits(rows), bad, later), bad[later]),
        time_alone=auc(_learnt(_times(rows), bad, later), bad[later]),
        recall=_recall(_learnt(counts, bad, later), bad[later]),
        recall_week=float(flagged[bad[later]].mean()),
        by_pattern={str(name): float(share) for name, share in caught.items()},
    )


def auc(scores: Floats, bad: Flags) -> float:
    """Area under the curve, turned the right way up."""
    ranks = rankdata(scores)
    wins = ranks[bad].sum() - bad.sum() * (bad.sum() + 1) / 2
    area = float(wins / (bad.sum() * (~bad).sum()))
    return max(area, 1 - area)


def _threshold(scores: Floats, bad: Flags) -> float:
    return float(np.quantile(scores[~bad], 0.999)) + 1e-12


def _recall(scores: Floats, bad: Flags) -> float:
    return float((scores[bad] >= _threshold(scores, bad)).mean())


def _learnt(features: pd.DataFrame, bad: Flags, later: Flags) -> Floats:
    """Scores of the later rows by trees that learnt the truth of the earlier ones."""
    model = LGBMClassifier(
        n_estimators=150,
        learning_rate=0.05,
        num_leaves=15,
        min_child_samples=20,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.6,
        reg_lambda=5.0,
        random_state=1,
        n_jobs=1,
        verbose=-1,
    )
    model.fit(features[~later], bad[~later])
    scores: Floats = np.asarray(model.predict_proba(features[later]))[:, 1]
    return scores


def _rank(rows: pd.DataFrame, name: str, bad: Flags) -> Floats:
    """A column as numbers: its own order when it has many values, else the fraud share of each value."""
    values = rows[name]
    if values.nunique() <= 30:
        key = values.astype(str).fillna("empty")
        return pd.Series(bad).groupby(key.to_numpy()).transform("mean").to_numpy(np.float64)
    ordered = values if name in ("registered_at", "liveness_score") else values.astype(str)
    order = np.asarray(ordered.rank(na_option="top"), dtype=np.float64)
    gap = np.asarray(values.isna(), dtype=np.float64)
    return order if auc(order, bad) >= auc(gap, bad) else gap


def _id_digits(rows: pd.DataFrame) -> pd.DataFrame:
    """What can be read off the identifiers themselves: their digits, and whether they are there."""
    digits = {
        f"{name}_{place}": rows[name].astype("string").str[place].map(ord, na_action="ignore")
        for name in ("registration_id", "msisdn", "iccid", "imei", "identity_value", "device_id")
        for place in (-1, -2, -3, -5, 4, 6)
    }
    return pd.DataFrame(digits).astype(np.float64)


def _times(rows: pd.DataFrame) -> pd.DataFrame:
    """Hour, minute, second, weekday and day of a registration."""
    at = rows["registered_at"].dt
    parts = {"hour": at.hour, "minute": at.minute, "second": at.second, "weekday": at.day_of_week}
    return pd.DataFrame(parts | {"day": at.day_of_year}).astype(np.float64)


def link_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Some forty counts of what was seen before at the same things; no value of a column itself."""
    at = _seconds(rows["registered_at"])
    keys = {name: rows[field] for name, field in _ENTITIES.items()}
    keys["root"] = rows["identity_value"].str[:16]
    keys["sims"] = rows["iccid"].str[:-4]
    keys["series"] = rows["msisdn"].str[:-3]
    keys["network"] = rows["ip"].str.replace(r"[.:][^.:]*$", "", regex=True)
    who = pd.factorize(rows["identity_value"])[0].astype(np.int64)
    out: dict[str, Floats] = {}
    for name, key in keys.items():
        out |= {f"{name}_{count}": value for count, value in _counts(key, who, at).items()}
    carriers = pd.factorize(rows["carrier_id"])[0].astype(np.int64)
    out["identity_carriers"] = _others(pd.factorize(rows["identity_value"])[0], carriers)
    out["sim_step"] = _sim_step(rows)
    return pd.DataFrame(out)


def _seconds(times: pd.Series[pd.Timestamp]) -> Ints:
    return times.to_numpy("datetime64[s]").astype(np.int64)


def _counts(key: pd.Series[str], who: Ints, at: Ints) -> dict[str, Floats]:
    """Earlier registrations at a thing, those of the last hour and week, and other identities there."""
    code = pd.factorize(key)[0].astype(np.int64)
    known = code >= 0
    before = pd.Series(code).groupby(code).cumcount().to_numpy(np.float64)
    counts = {"before": before, "others": _others(code, who)}
    stamp = code * 10**10 + at
    order = np.argsort(stamp, kind="stable")
    place = np.empty(len(code), np.int64)
    place[order] = np.arange(len(code))
    for name, seconds in _WINDOWS.items():
        begin = np.searchsorted(stamp[order], stamp - seconds)
        counts[name] = (place - begin).astype(np.float64)
    return {name: np.where(known, value, np.nan) for name, value in counts.items()}


def _others(code: Ints, who: Ints) -> Floats:
    """Different values of `who` met earlier under the same code, leaving out the row's own."""
    pair = pd.DataFrame({"code": code, "who": who})
    fresh = ~pair.duplicated()
    met = fresh.astype(np.int64).groupby(code).cumsum()
    return np.asarray(met - 1, dtype=np.float64)


def _sim_step(rows: pd.DataFrame) -> Floats:
    """How far in number the SIM lies from the last one registered of its thousand."""
    serial = pd.to_numeric(rows["iccid"].str[-4:-1], errors="coerce")
    step = serial.groupby(rows["iccid"].str[:-4]).diff().abs()
    return step.to_numpy(np.float64)


def first_week(rows: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Where and in what a line was seen in its first seven days, and who else was seen there before."""
    names = ["carrier_id", "registration_id"]
    extra = ["registered_at", "imei", "place", "identity_value"]
    seen = events.merge(rows[names + extra], on=names, suffixes=("", "_then"))
    wait = (seen["occurred_at"] - seen["registered_at"]).dt.total_seconds()
    seen = seen.assign(wait=wait)[(wait <= 7 * 86_400)].sort_values("occurred_at")
    code = pd.factorize(seen["imei"])[0].astype(np.int64)
    who = pd.factorize(seen["identity_value"])[0].astype(np.int64)
    seen = seen.assign(
        others=np.where(code >= 0, _others(code, who), np.nan),
        moved=_differs(seen["place"], seen["place_then"]),
        handset=_differs(seen["imei"], seen["imei_then"]),
        left=(seen["kind"] == "abandoned").to_numpy(np.float64),
        told=(seen["kind"].isin(["reported", "unlinked"])).to_numpy(np.float64),
    )
    columns = ["others", "moved", "handset", "left", "told"]
    best = seen.groupby(names)[[*columns, "wait"]].agg(
        dict.fromkeys(columns, "max") | {"wait": "min"}
    )
    return rows[names].join(best, on=names)[[*columns, "wait"]].reset_index(drop=True)


def _differs(now: pd.Series[str], then: pd.Series[str]) -> Floats:
    return np.where(now.isna() | then.isna(), np.nan, (now != then).to_numpy(np.float64))


def told(found: Findings) -> str:
    """The findings as lines to read."""
    worst = sorted(found.columns.items(), key=lambda item: -item[1])
    lines = [
        f"fraud {found.fraud:.4f}",
        "pattern: registrations, rings, caught with the first week",
    ]
    for name, (size, rings) in sorted(found.patterns.items(), key=lambda item: -item[1][0]):
        lines.append(f"  {name}: {size}, {rings}, {found.by_pattern.get(name, float('nan')):.2f}")
    lines += ["columns by AUC: " + ", ".join(f"{name} {area:.2f}" for name, area in worst)]
    lines += [f"ids alone {found.ids_alone:.3f}", f"time alone {found.time_alone:.3f}"]
    lines += [f"link counts: recall {found.recall:.3f} at 0.1 % false positives"]
    lines += [f"with the first week's line events: {found.recall_week:.3f}"]
    return "\n".join(lines)
