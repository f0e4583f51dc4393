"""What each signal sees: on cases, on innocents who come close, and how its features have moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detector.audit import HIDDEN_BELOW
from detector.intervals import wilson
from detector.lifecycle import STAGES
from detector.model.dataset import batches
from detector.model.drift import drift_table
from detector.model.measures import curve, roc_auc
from detector.registration import Bool, Int64
from detector.scoring import rule_hits
from detector.signals import RULES, SIGNALS, features
from detector.workbench import charts
from detector.workbench.charts import Chart
from detector.workbench.country import Country, microseconds


@dataclass(frozen=True, slots=True)
class Vectors:
    """The features of a stage's registrations, what is known of each, and which rules hit."""

    table: pd.DataFrame
    row: Int64
    at: Int64
    fraud: Bool
    cleared: Bool
    hits: dict[str, NDArray[np.bool_]]


def vectors(country: Country, *, stage: str = STAGES[0]) -> Vectors:
    """Every registration's features, each from what was known at its own moment."""
    past = country.past
    asked = past.queries(stage)
    rings = past.rings({stage: asked})[stage]
    made = np.concatenate([batch.vectors for batch in batches(past, stage, asked, rings)])
    _, hits = rule_hits(stage, made)
    known = country.known
    return Vectors(
        pd.DataFrame(made, columns=[f.name for f in features(stage)]),
        asked.rows,
        past.registrations.at[asked.rows],
        known.fraud[asked.rows],
        (known.spoken & ~known.fraud)[asked.rows],
        {rule.name: hit for rule, hit in zip(RULES, hits, strict=True)},
    )


def catalogue() -> pd.DataFrame:
    """Each signal: what it sees, whom it could hurt, and of what it is made."""
    rows = [(s.name, s.sees, s.hurts, len(s.features), len(s.rules)) for s in SIGNALS]
    return pd.DataFrame(rows, columns=["signal", "sees", "could hurt", "features", "rules"])


def rule_table(seen: Vectors) -> pd.DataFrame:
    """Each rule on this country: how often it hits known misuse and everybody else.

    A count from one to nine of other people is not shown.
    """
    rows = []
    for rule in RULES:
        hit = seen.hits[rule.name]
        caught, other = int((hit & seen.fraud).sum()), int((hit & ~seen.fraud).sum())
        shown = other if other >= HIDDEN_BELOW or not other else None
        of = wilson(caught, int(seen.fraud.sum()))
        rows.append((rule.name, rule.at_least, caught, of and of.low, of and of.high, shown))
    columns = ["rule", "at least", "misuse hit", "share low", "share high", "others hit"]
    return pd.DataFrame(rows, columns=columns)


def near_misses() -> pd.DataFrame:
    """For each rule an example that hits and the innocent who comes close, feature by feature."""
    rows = [
        (rule.name, name, rule.hit.get(name), rule.near_miss.get(name))
        for rule in RULES
        for name in dict.fromkeys((*rule.hit, *rule.near_miss))
    ]
    return pd.DataFrame(rows, columns=["rule", "feature", "hits", "innocent near-miss"])


def strength(seen: Vectors) -> pd.DataFrame:
    """How well each feature alone ranks known misuse above the rest (0.5: not at all), with its values.

    A single feature above 0.9 is too good: look for a leak.
    """
    rows = []
    signal = {f.name: s.name for s in SIGNALS for f in s.features}
    for name in seen.table:
        value = seen.table[name].to_numpy(np.float64)
        known = ~np.isnan(value)
        found = roc_auc(curve(value[known], seen.fraud[known]))
        means = [value[known & mine].mean() if (known & mine).any() else np.nan
                 for mine in (seen.fraud, ~seen.fraud)]  # fmt: skip
        best = max(found, 1 - found) if found is not None else np.nan
        rows.append((name, signal.get(str(name)), best, *means, known.mean()))
    columns = ["feature", "signal", "auc alone", "mean on misuse", "mean on others", "filled"]
    table = pd.DataFrame(rows, columns=columns).sort_values("auc alone", ascending=False)
    return table.reset_index(drop=True)


def strength_chart(seen: Vectors, *, most: int = 18) -> Chart:
    """The strongest single features."""
    table = strength(seen).head(most).set_index("feature")
    return charts.bars(
        "What single features tell", table["auc alone"], x="AUC alone (0.5 is nothing)"
    )


def drift(seen: Vectors, since: pd.Timestamp | str, *, before: str = "56D") -> pd.DataFrame:
    """PSI of every feature: the weeks before a date (what a model learned from) against those after it.

    Not all that came before: in a country's first weeks nobody has a past, and that is no drift.
    """
    border = microseconds(since)
    later = seen.at >= border
    earlier = ~later & (seen.at >= border - pd.Timedelta(before) // pd.Timedelta(microseconds=1))
    return drift_table(seen.table[earlier], seen.table[later])


def drift_chart(table: pd.DataFrame, *, most: int = 18) -> Chart:
    """The features that moved most."""
    shown = table.head(most).set_index("feature")["psi"]
    return charts.bars("What has moved since", shown, x="PSI (0.1 moving, 0.25 moved)")
