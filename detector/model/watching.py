"""What a person should look at: the latest weeks of a running service against the weeks before them.

Four questions, each answered in words: are more people bothered than the policy allows; does the score
keep its promise as verdicts come; what does it probably find before they come; do registrations and
scores look different. Whoever reads answers from a store or a folder brings them as `Seen`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from detector.audit import HIDDEN_BELOW
from detector.decision import DECISIONS, NOTIFY
from detector.errors import TooLittleData
from detector.intervals import CONFIDENCE, wilson
from detector.model import drift
from detector.registration import OPERATIONS

LEAST = 100  # answers
OVER = 1.25  # times the budget before a person has to look
LOST = 0.8  # of the recall that the scores expected before
BANDS = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)
RIPE = 0.8  # share of verdicts that come within the time after which silence counts
LOOK, NOTE, FINE = "look", "note", "fine"
WEIGHT = (LOOK, NOTE, FINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """Activations answered in some weeks.

    `answers` has `at`, `operation`, `score`, `decision`, `model` (empty: rules alone), `fraud` (the last
    verdict, missing where nobody has spoken) and `told_at` (when it came). `vectors` are the features of
    a sample of them. `answered` is how many there were, should `answers` be a sample too.
    """

    answers: pd.DataFrame
    vectors: pd.DataFrame
    answered: int

    @property
    def days(self) -> float:
        """From the first to the last, in days; at least one."""
        span = self.answers["at"].max() - self.answers["at"].min()
        return max(float(span / pd.Timedelta("1D")), 1.0)

    @property
    def flagged(self) -> np.ndarray:
        """Which answers are more than `allow`."""
        return np.isin(self.answers["decision"], DECISIONS[NOTIFY:])


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked into: `look` at it, `note` it, or `fine`."""

    state: str
    about: str
    words: str


@dataclass(frozen=True, slots=True)
class Watched:
    """Findings, what to look at first, and the tables behind them."""

    findings: tuple[Finding, ...]
    tables: Mapping[str, pd.DataFrame]

    @property
    def alarming(self) -> bool:
        """Whether a person should look."""
        return any(finding.state == LOOK for finding in self.findings)

    @property
    def words(self) -> str:
        """All findings, one to a line, what to look at first on top."""
        return "\n".join(f"{f.state:<4}  {f.about}: {f.words}" for f in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Findings and tables as plain values."""
        tables = {
            name: table.astype(object).where(table.notna(), None).to_dict("records")
            for name, table in self.tables.items()
        }
        findings = [{"state": f.state, "about": f.about, "words": f.words} for f in self.findings]
        return {"look": self.alarming, "findings": findings, "tables": tables}


def watched(
    before: Seen, now: Seen, *, budgets: Mapping[str, tuple[float, float, float]]
) -> Watched:
    """Everything about the latest weeks. Raises TooLittleData where either side has hardly any answers."""
    for side, seen in (("weeks before", before), ("latest weeks", now)):
        if len(seen.answers) < LEAST:
            raise TooLittleData(
                f"the {side} hold {len(seen.answers)} answers, watching needs {LEAST}"
            )
    tables = {
        "alerts": alerts(now, budgets),
        "calibration": calibration(_together(before, now)),
        "expected": expected(before, now),
        "score": drift.drift_table(before.answers[["score"]], now.answers[["score"]]),
        "features": drift.drift_table(before.vectors, now.vectors),
        "together": together(before, now),
    }
    found = [
        *_served(now),
        *_alerts(tables["alerts"]),
        *_calibration(tables["calibration"]),
        *_expected(tables["expected"]),
        *_score(tables["score"]),
        *_features(tables["features"]),
        *_apart(tables["together"]),
    ]
    found.sort(key=lambda finding: WEIGHT.index(finding.state))
    return Watched(tuple(found), tables)


def alerts(seen: Seen, budgets: Mapping[str, tuple[float, float, float]]) -> pd.DataFrame:
    """By operation: the share that meets each decision or a stricter one, and how many honest it expects.

    `honest` is the share of honest registrations that the scores themselves expect among them; `low` the
    lower end of its 95 % interval; both against `budget`. A share of fewer than ten answers is not shown.
    """
    rows = []
    times = seen.answered / len(seen.answers) / seen.days
    for operation in OPERATIONS:
        mine = seen.answers[seen.answers["operation"] == operation]
        for code, budget in enumerate(budgets[operation], start=1):
            hit = np.isin(mine["decision"], DECISIONS[code:])
            count = int(hit.sum())
            if not len(mine) or 0 < count < HIDDEN_BELOW:
                continue
            innocent = float((1 - mine["score"][hit]).sum())
            sure = wilson(round(innocent), len(mine))
            low = sure.low if sure else np.nan
            share, honest = count / len(mine), innocent / len(mine)
            rows.append(
                (operation, DECISIONS[code], len(mine), count * times, share, honest, low, budget)
            )
    columns = ["operation", "decision", "answers", "a_day", "share", "honest", "low", "budget"]
    return pd.DataFrame(rows, columns=columns)


def calibration(answers: pd.DataFrame) -> pd.DataFrame:
    """Promised and reported misuse by score, over answers old enough for most verdicts to be there.

    `ratio` is reported over promised with its 95 % interval (exact, Poisson). As only part of all misuse
    is ever reported it is below 1 where the score keeps its promise; above 1 the score promises too little.
    """
    spoken = answers["told_at"].notna()
    columns = ["band", "answers", "promised", "reported", "ratio", "low", "high"]
    if not spoken.any():
        return pd.DataFrame(columns=columns)
    waited = (answers["told_at"] - answers["at"])[spoken].quantile(RIPE)
    ripe = answers[answers["at"] <= answers["at"].max() - waited]
    names = [f"{low:g} to {high:g}" for low, high in pairwise(BANDS)]
    band = pd.cut(ripe["score"], BANDS, labels=names, include_lowest=True).astype(str)
    rows = [_promise("all", ripe), *(_promise(name, ripe[band == name]) for name in names)]
    return pd.DataFrame([row for row in rows if row[1]], columns=columns)


def _promise(name: str, ripe: pd.DataFrame) -> tuple[object, ...]:
    promised = float(ripe["score"].sum())
    reported = int((ripe["fraud"] == True).sum())  # noqa: E712  missing is neither
    tail = (1 - CONFIDENCE) / 2
    low = float(chi2.ppf(tail, 2 * reported) / 2) if reported else 0.0
    high = float(chi2.ppf(1 - tail, 2 * reported + 2) / 2)
    over = max(promised, 1e-9)
    return name, len(ripe), promised, reported, reported / over, low / over, high / over


def expected(before: Seen, now: Seen) -> pd.DataFrame:
    """What the scores expect of all that is more than `allow`, in the weeks before and the latest."""
    rows = [
        drift.expected_performance(seen.answers["score"].to_numpy(), flagged=seen.flagged)
        for seen in (before, now)
    ]
    table = pd.concat(rows, ignore_index=True)
    table["group"] = ["before", "now"]
    return table.rename(columns={"group": "weeks"})


def together(before: Seen, now: Seen) -> pd.DataFrame:
    """How surely a classifier tells the latest weeks from those before, and by which features."""
    found = drift.told_apart(before.vectors, now.vectors)
    named = found.by or (("", 0.0),)
    return pd.DataFrame(
        {"auc": found.auc, "feature": [n for n, _ in named], "share": [s for _, s in named]}
    )


def _together(before: Seen, now: Seen) -> pd.DataFrame:
    return pd.concat([before.answers, now.answers], ignore_index=True)


def _served(now: Seen) -> Iterator[Finding]:
    alone = float((now.answers["model"] == "").mean())
    if alone:
        yield Finding(
            LOOK,
            "the service",
            f"{alone:.1%} of answers came from rules alone: look at why no model was in force.",
        )


def _alerts(table: pd.DataFrame) -> Iterator[Finding]:
    over = table[table["low"] > OVER * table["budget"]]
    over = over.iloc[np.argsort(-(over["low"] / over["budget"]).to_numpy())]
    for row in over.itertuples():
        yield Finding(
            LOOK,
            "alerts against budget",
            f"{row.decision} or stricter on {row.operation} meets {row.a_day:,.0f} a day; by the scores' own "
            f"estimate {row.honest:.2%} of all are honest and bothered, where the policy allows "
            f"{row.budget:.2%}. Look at which carrier and reason they come from before you move a threshold.",
        )
    if over.empty:
        a_day = table[table["decision"] == DECISIONS[NOTIFY]]["a_day"].sum()
        yield Finding(FINE, "alerts against budget", f"{a_day:,.0f} a day, within every budget.")


def _calibration(table: pd.DataFrame) -> Iterator[Finding]:
    if table.empty:
        yield Finding(NOTE, "calibration", "no verdict has come yet: nothing can be said.")
        return
    everything = table.iloc[0]
    told = (
        f"of {everything['promised']:,.1f} cases promised by answers old enough, {everything['reported']:,} "
        f"were reported ({everything['ratio']:.2f}; 95 %: {everything['low']:.2f} to {everything['high']:.2f})"
    )
    low = table[table["low"] > 1]
    if not low.empty:
        bands = ", ".join(str(band) for band in low["band"])
        yield Finding(
            LOOK,
            "calibration",
            f"{told}; more than promised in: {bands}. The score promises too little there: something new "
            "is going on, or the model is old. Look at those cases, then train a challenger.",
        )
    else:
        yield Finding(FINE, "calibration", f"{told}. Only part of all misuse is ever reported.")


def _expected(table: pd.DataFrame) -> Iterator[Finding]:
    before, now = (table.iloc[i] for i in (0, 1))
    told = (
        f"by its own scores the service now finds {_percent(now['recall'])} of misuse (before: "
        f"{_percent(before['recall'])}) and is right in {_percent(now['precision'])} of what it flags "
        f"(before: {_percent(before['precision'])})"
    )
    lost = now["recall"] < LOST * before["recall"]
    words = f"{told}. Look at which scores fell; do not wait for verdicts." if lost else f"{told}."
    yield Finding(LOOK if lost else FINE, "expected performance", f"{words} {drift.ASSUMPTION}")


def _percent(share: float) -> str:
    return "nothing" if np.isnan(share) else f"{share:.0%}"


def _score(table: pd.DataFrame) -> Iterator[Finding]:
    row = table.iloc[0]
    state = {"stable": FINE, "moving": NOTE, "moved": LOOK}[str(row["reading"])]
    more = " Look at the features that moved, and at which carrier sends them." * (state == LOOK)
    yield Finding(state, "scores", f"{row['reading']} (PSI {row['psi']:.2f}).{more}")


def _features(table: pd.DataFrame) -> Iterator[Finding]:
    moved = bool((table["reading"] == "moved").any())
    yield Finding(LOOK if moved else FINE, "features", drift.words(table))


def _apart(table: pd.DataFrame) -> Iterator[Finding]:
    auc, apart = float(table["auc"].iloc[0]), float(table["auc"].iloc[0]) > drift.APART
    by = f", most by {', '.join(table['feature'])}" if apart else ""
    yield Finding(
        NOTE if apart else FINE,
        "features together",
        f"a classifier tells the latest weeks from those before with an AUC of {auc:.2f}{by} "
        "(0.5: not at all).",
    )
