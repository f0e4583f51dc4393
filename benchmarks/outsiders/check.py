"""What a country gives away: by a column, by its ids, by its clock, and by forty plain link counts."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from benchmarks.outsiders.country import DAY
from benchmarks.outsiders.identity import Bools, Floats, Ints

Tables = dict[str, pd.DataFrame]
SHARED = (
    "identity_value",
    "device_id",
    "imei",
    "ip",
    "contact",
    "agent_id",
    "point_of_sale_id",
    "msisdn",
)
# Ids that everybody has; a device or mailbox used again is a link, not a give-away of its signs.
IDS = ("registration_id", "msisdn", "iccid", "imei", "identity_value")


def learner(rounds: int = 120) -> lgb.LGBMClassifier:
    """The tree model of every check."""
    return lgb.LGBMClassifier(
        n_estimators=rounds, learning_rate=0.06, num_leaves=24, min_child_samples=30, subsample=0.8,
        subsample_freq=1, colsample_bytree=0.5, reg_lambda=5.0, n_jobs=1, random_state=0, verbose=-1,
    )  # fmt: skip


def later(features: pd.DataFrame, bad: Bools, rounds: int = 120) -> tuple[Bools, Floats]:
    """Truth and scores of the last 40 %, by a model of the first 60 %."""
    cut = int(len(bad) * 0.6)
    model = learner(rounds).fit(features[:cut], bad[:cut])
    return bad[cut:], np.asarray(model.predict_proba(features[cut:]))[:, 1]


def recall(bad: Bools, score: Floats, rate: float = 0.001) -> float:
    """Share of fraud above the threshold that so many of the honest exceed."""
    return float((score[bad] > np.quantile(score[~bad], 1 - rate)).mean())


def reached(bad: Bools, score: Floats) -> str:
    """Recall and area in words."""
    return f"recall at 0.1 % {recall(bad, score):.2f}, AUC {auc(bad, score):.3f}"


def auc(bad: Bools, score: Floats) -> float:
    """Area under the curve, whichever way round the score runs."""
    found = float(roc_auc_score(bad, score))
    return max(found, 1 - found)


def column_aucs(table: pd.DataFrame, bad: Bools) -> dict[str, float]:
    """Every raw column alone: its rank, or the fraud rate its value had earlier."""
    half = np.arange(len(bad)) < 0.6 * len(bad)
    found = {}
    for name in table.columns.drop("registered_at"):
        column = table[name]
        if pd.api.types.is_numeric_dtype(column):
            values = column.astype(float).fillna(-1).to_numpy()
            found[name] = auc(bad, values)
            continue
        codes = pd.Series(pd.factorize(column)[0])
        sums = pd.Series(bad[half]).groupby(codes[half].to_numpy()).agg(["sum", "count"])
        rate = (sums["sum"] + 50 * bad.mean()) / (sums["count"] + 50)
        guess = codes[~half].map(rate).fillna(bad.mean()).to_numpy()
        found[name] = float(roc_auc_score(bad[~half], guess))
        found[f"{name} missing"] = auc(bad, column.isna().to_numpy())
    return found


def id_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Ids as numbers: what is left if somebody only looks at their signs."""
    found = {}
    for name in IDS:
        text = table[name].fillna("").astype(str)
        found[f"{name} length"] = text.str.len()
        for part, piece in (("start", text.str[:8]), ("end", text.str[-4:])):
            found[f"{name} {part}"] = piece.map(
                lambda t: int.from_bytes(t.encode()[:8], "big") % 2**52
            )
    return pd.DataFrame(found)


def keys(table: pd.DataFrame) -> dict[str, pd.Series]:
    """What registrations can have in common."""
    found = {name: table[name] for name in SHARED}
    found["root"] = table["identity_value"].str[:16].where(table["identity_type"] == "curp")
    found["block"] = table["iccid"].str[:-4]
    found["pack"] = table["iccid"].str[:-3]
    return found


def link_counts(table: pd.DataFrame) -> pd.DataFrame:
    """About forty counts of earlier registrations and other identities, by what they share."""
    seconds = table["registered_at"].astype("int64").to_numpy() // 10**9
    person = pd.factorize(table["identity_value"])[0]
    found: dict[str, Floats] = {}
    for name, key in keys(table).items():
        code = pd.Series(pd.factorize(key)[0])
        seen = (code >= 0).to_numpy()
        by = code.groupby(code)
        found[f"{name} before"] = np.where(seen, by.cumcount(), -1.0)
        first = ~pd.DataFrame({"k": code, "p": person}).duplicated()
        others = first.astype(np.int64).groupby(code).cumsum()
        found[f"{name} people"] = np.where(seen, others, -1.0)
        gap = pd.Series(seconds).groupby(code).diff()
        found[f"{name} gap"] = np.where(seen, gap.fillna(1e9), -1.0)
        found[f"{name} week"] = np.where(seen, within(code.to_numpy(), seconds, 7 * DAY), -1.0)
    frame = pd.DataFrame(found)
    for name in ("operation", "channel", "validation_result", "carrier_id", "document_type"):
        frame[name] = pd.factorize(table[name], sort=True)[0]
    known = pd.to_datetime(table["line_first_seen_on"], utc=True)
    return frame.assign(
        tenure=(table["registered_at"] - known).dt.days, attempts=table["validation_attempts"].astype(float),
        liveness=table["liveness_score"], hour=table["registered_at"].dt.hour,
    )  # fmt: skip


def within(code: Ints, seconds: Ints, window: float) -> Ints:
    """Earlier rows of the same key inside a window."""
    wide = int(seconds.max() - seconds.min() + 10**7)
    line = code.astype(np.int64) * wide + (seconds - seconds.min())
    order = np.argsort(line, kind="stable")
    ranked = line[order]
    found = np.empty(len(code), np.int64)
    found[order] = np.arange(len(code)) - np.searchsorted(ranked, ranked - int(window))
    return found


def first_week(table: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """What the first week of a line adds: when, in which telephone, with whom, where."""
    rows = table.reset_index().rename(
        columns={"index": "row", "imei": "its_imei", "place": "its_place"}
    )
    joined = events.merge(
        rows[["registration_id", "carrier_id", "row", "registered_at", "its_imei", "its_place"]]
    )
    joined = joined[
        joined["occurred_at"] <= joined["registered_at"] + pd.Timedelta(days=7)
    ].sort_values("occurred_at")
    on = joined["kind"].isin(["first_attach", "attach"])
    new_pair = ~joined.duplicated(["imei", "row"]) & joined["imei"].notna()
    joined["company"] = new_pair.astype(int).groupby(joined["imei"]).cumsum()
    joined["late"] = (joined["occurred_at"] - joined["registered_at"]).dt.total_seconds()
    by = joined[on].groupby("row")
    moved = (
        (joined["place"] != joined["its_place"])
        & joined["place"].notna()
        & joined["its_place"].notna()
    )
    frame = pd.DataFrame({
        "late": by["late"].min(), "company": by["company"].max(), "handsets": by["imei"].nunique(),
        "same": (joined["imei"] == joined["its_imei"])[on].groupby(joined["row"]).mean(),
        "moved": moved[on].groupby(joined["row"]).mean(),
    })  # fmt: skip
    for kind in ("abandoned", "unlinked", "reported"):
        frame[kind] = joined[joined["kind"] == kind].groupby("row").size()
    return frame.reindex(range(len(table)))


def report(country: Tables) -> str:
    """The whole check in words and numbers."""
    table, truth = country["registrations"], country["truth"]
    bad = truth["fraud"].to_numpy()
    fraud = country["labels"].merge(truth, on=["registration_id", "carrier_id"])
    named = fraud[fraud["fraud"] & (fraud["label"] == "fraud")]
    links = link_counts(table)
    both = pd.concat([links, first_week(table, country["line_events"])], axis=1)
    clock = pd.DataFrame({"day": (table["registered_at"].astype("int64") // 86_400_000_000_000) % 7,
                          "second": table["registered_at"].astype("int64") // 10**9 % 86_400})  # fmt: skip
    aucs = sorted(column_aucs(table, bad).items(), key=lambda item: -item[1])
    rings = truth.groupby("pattern")["ring"].agg(["size", "nunique"])
    lines = [
        f"registrations {len(bad):,}, fraud {bad.mean():.2%}, carriers {table['carrier_id'].nunique()}",
        f"fraud ever labelled {len(named) / bad.sum():.1%}, fraud labels wrong "
        f"{1 - len(named) / max(1, (fraud['label'] == 'fraud').sum()):.1%}, labels {len(fraud):,}",
        *(f"  {name}: {row['size']} in {row['nunique']} rings" for name, row in rings.iterrows()),
        "columns alone: " + ", ".join(f"{name} {value:.2f}" for name, value in aucs[:12]),
        f"ids alone {auc(*later(id_numbers(table), bad, 60)):.3f}, "
        f"time alone {auc(*later(clock, bad, 60)):.3f}",
        f"link counts ({links.shape[1]} columns): {reached(*later(links, bad))}",
        f"with the first week: {reached(*later(both, bad))}",
    ]
    return "\n".join(lines)
