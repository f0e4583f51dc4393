"""Whether a country can be judged on: what leaks, and how far plain counting gets."""

import re

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from detector.lands.neighbours.numbers import Flags, Floats

KEYS = {
    "identity": "identity_value", "root": "root", "device": "device_id", "handset": "imei",
    "address": "ip", "network": "network", "contact": "contact", "agent": "agent_id",
    "shop": "point_of_sale_id", "strip": "strip", "box": "box", "line": "msisdn",
}  # fmt: skip
TRAINED = 0.6
WEEK = 168.0


def _model(features: pd.DataFrame, fraud: Flags, *, leaves: int = 15, rounds: int = 250) -> Floats:
    """Scores of the last 40 % by boosted trees that saw the truth of the first 60 %."""
    cut = int(len(features) * TRAINED)
    model = lgb.LGBMClassifier(
        n_estimators=rounds, learning_rate=0.05, num_leaves=leaves, min_child_samples=20,
        subsample=0.8, subsample_freq=1, colsample_bytree=0.6, reg_lambda=5.0, n_jobs=1,
        random_state=0, verbose=-1,
    )  # fmt: skip
    model.fit(features.iloc[:cut], fraud[:cut])
    scores: Floats = np.asarray(model.predict_proba(features.iloc[cut:]))[:, 1]
    return scores


def auc(features: pd.DataFrame, fraud: Flags) -> float:
    """How well boosted trees on these columns tell the last 40 % apart."""
    held = fraud[int(len(fraud) * TRAINED) :]
    return float(roc_auc_score(held, _model(features, fraud, leaves=7, rounds=60)))


def caught(scores: Floats, fraud: Flags, false: float = 0.001) -> float:
    """Share of the fraud found when `false` of the honest are accused."""
    held = fraud[-len(scores) :]
    return float((scores[held] > np.quantile(scores[~held], 1 - false)).mean())


def column_features(column: pd.Series) -> pd.DataFrame:
    """All a raw column can say by itself: absent, how long, which, its figures and last letters."""
    absent = column.isna()
    if pd.api.types.is_numeric_dtype(column):
        return pd.DataFrame({"absent": absent, "value": column.astype(float)})
    words = column.astype(str)
    figures = words.str.replace(r"\D", "", regex=True).str[:15]
    return pd.DataFrame(
        {
            "absent": absent,
            "length": words.str.len(),
            "which": pd.factorize(words, sort=True)[0],
            "figures": pd.to_numeric(figures, errors="coerce"),
            "last": words.str[-1].map(ord, na_action="ignore"),
            "before": words.str[-2].map(ord, na_action="ignore"),
            "fourth": words.str[3].map(ord, na_action="ignore"),
        }
    ).fillna(-1)


def time_features(at: pd.Series) -> pd.DataFrame:
    """The clock and the calendar."""
    return pd.DataFrame(
        {
            "hour": at.dt.hour,
            "second": at.dt.second + 60 * at.dt.minute,
            "weekday": at.dt.day_of_week,
            "day": at.dt.day_of_year,
        }
    )


def _keyed(book: pd.DataFrame) -> pd.DataFrame:
    """The registrations in time order, with the keys that are parts of columns."""
    keyed = book.sort_values(["registered_at", "carrier_id", "registration_id"], ignore_index=True)
    keyed["identity_value"] = keyed["identity_value"].str.upper()
    keyed["root"] = keyed["identity_value"].str[:16]
    keyed["network"] = keyed["ip"].str.replace(r"[.:][^.:]*:*1?$", "", regex=True)
    keyed["strip"] = keyed["iccid"].str[:-2]
    keyed["box"] = keyed["iccid"].str[:-3]
    return keyed


def link_counts(book: pd.DataFrame) -> pd.DataFrame:
    """Earlier registrations, other identities and hours since, at each thing two rows can share."""
    keyed = _keyed(book)
    hours = (keyed["registered_at"] - keyed["registered_at"].iloc[0]).dt.total_seconds() / 3600
    features: dict[str, pd.Series] = {}
    for name, column in KEYS.items():
        key = keyed[column]
        known = key.notna()
        new = known & ~pd.DataFrame({"k": key, "i": keyed["identity_value"]}).duplicated()
        before = new.astype(int).groupby(key).cumsum() - new
        features[f"{name} earlier"] = keyed.groupby(column).cumcount().where(known, -1)
        features[f"{name} others"] = (before - ~new).where(known, -1)
        features[f"{name} hours"] = hours.groupby(key).diff()
    features["operation"] = pd.Series(pd.factorize(keyed["operation"], sort=True)[0])
    features["channel"] = pd.Series(pd.factorize(keyed["channel"], sort=True)[0])
    features["answer"] = pd.Series(pd.factorize(keyed["validation_result"], sort=True)[0])
    features["liveness"] = keyed["liveness_score"]
    return pd.DataFrame(features)


def week_counts(book: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """What the first week on the line adds: when, in how many handsets, how far away, whose."""
    keyed = _keyed(book)
    keys = ["carrier_id", "registration_id"]
    facts = keyed[[*keys, "registered_at", "imei", "place"]].assign(row=np.arange(len(keyed)))
    seen = events.merge(facts, on=keys, suffixes=("", "_then"))
    seen["hours"] = (seen["occurred_at"] - seen["registered_at"]).dt.total_seconds() / 3600
    seen = seen[
        (seen["hours"] <= WEEK) & seen["kind"].isin(("first_attach", "attach", "abandoned"))
    ]
    seen = seen.sort_values("occurred_at")
    fresh = ~seen.duplicated(["imei", "row"]) & seen["imei"].notna()
    seen["met"] = (fresh.astype(int).groupby(seen["imei"]).cumsum() - 1).fillna(0)
    seen["moved"] = seen["imei"] != seen["imei_then"]
    seen["away"] = seen["place"] != seen["place_then"]
    by_row = seen.groupby("row")
    week = pd.DataFrame(
        {
            "first": by_row["hours"].min(),
            "sightings": by_row.size(),
            "moved": by_row["moved"].mean(),
            "away": by_row["away"].mean(),
            "handsets": by_row["imei"].nunique(),
            "met": by_row["met"].max(),
        }
    )
    return week.reindex(range(len(keyed))).fillna(-1)


def report(country: dict[str, pd.DataFrame]) -> list[str]:
    """Lines to print."""
    book, truth = country["registrations"], country["truth"]
    order = book.sort_values(["registered_at", "carrier_id", "registration_id"]).index
    fraud = truth["fraud"].to_numpy(dtype=bool)[order]
    sorted_book = book.loc[order].reset_index(drop=True)
    lines = [f"fraud {fraud.mean():.3%} of {len(book):,}, {truth['ring'].nunique()} rings"]
    counts = truth["pattern"].value_counts()
    lines += [f"  {name} {count}" for name, count in counts.items()]
    said = country["labels"].drop_duplicates(["carrier_id", "registration_id"], keep="last")
    told = truth.merge(said, on=["carrier_id", "registration_id"])
    lines.append(f"labelled {told['fraud'].sum() / fraud.sum():.1%} of the fraud, "
                 f"{(told['fraud'] != (told['label'] == 'fraud')).mean():.1%} of verdicts wrong")  # fmt: skip
    for name in book.columns.drop(["registered_at", "registration_id"]):
        figure = auc(column_features(sorted_book[name]), fraud)
        lines.append(f"  {name} alone {figure:.3f}{' TOO MUCH' if figure > 0.85 else ''}")
    ids = column_features(sorted_book["registration_id"])
    lines.append(f"ids alone {auc(ids, fraud):.3f}")
    lines.append(f"time alone {auc(time_features(sorted_book['registered_at']), fraud):.3f}")
    links = link_counts(book)
    week = pd.concat([links, week_counts(book, country["line_events"])], axis=1)
    for words, features in (("links", links), ("links and a week of events", week)):
        safe = features.rename(columns=lambda name: re.sub(r"\W", "_", name))
        scores = _model(safe, fraud)
        held = fraud[-len(scores) :]
        lines.append(f"{words}: {caught(scores, fraud):.3f} at 0.1 % false, "
                     f"AUC {roc_auc_score(held, scores):.3f}")  # fmt: skip
    return lines
