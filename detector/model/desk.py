"""What a change of model means at the review desk: hours, pesos, and whose decision would change."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from detector.audit import HIDDEN_BELOW
from detector.decision import ANY, DECISIONS, HOLD, NOTIFY, STEP_UP, Thresholds
from detector.errors import BadInput
from detector.model.artefact import Model
from detector.model.backtest import NAMES, Backtest
from detector.model.measures import curve
from detector.model.scorers import Costs
from detector.registration import OPERATIONS

POINTS = 200
DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Pick:
    """A threshold chosen on the curve, and what it would have meant in the frozen weeks."""

    model: str
    threshold: float
    hours_a_day: float
    recall: float
    precision: float
    pesos_a_day: float

    def frame(self) -> pd.DataFrame:
        """As a table of one row."""
        return pd.DataFrame([asdict(self)])


def money_curve(test: Backtest, *, costs: Costs | None = None) -> pd.DataFrame:
    """For thresholds from strict to lax: cases and hours of review a day, recall, pesos saved a day."""
    costs = costs or Costs()
    parts = []
    for name, answers in test.models.items():
        ranking = curve(answers.score, test.fraud)
        cases = ranking.caught + ranking.false_alarms
        shown = np.searchsorted(cases, np.geomspace(1, max(len(test.fraud) * 0.1, 2), POINTS))
        at = np.unique(shown.clip(0, len(cases) - 1))
        caught, false = ranking.caught[at], ranking.false_alarms[at]
        saved = costs.misuse * caught - costs.bothered * false - costs.review * (caught + false)
        parts.append(
            pd.DataFrame(
                {
                    "model": name,
                    "threshold": ranking.threshold[at],
                    "cases_a_day": (caught + false) / test.days,
                    "hours_a_day": (caught + false) * costs.review_minutes / 60 / test.days,
                    "recall": caught / max(ranking.frauds, 1),
                    "precision": caught / (caught + false),
                    "pesos_a_day": saved / test.days,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def picked(
    curve_of: pd.DataFrame, *, model: str = NAMES[1], hours_a_day: float | None = None
) -> Pick:
    """The point that saves most, within the review hours there are where these are given.

    Raises BadInput where not even the strictest threshold fits the hours.
    """
    mine = curve_of[curve_of["model"] == model]
    if hours_a_day is not None:
        mine = mine[mine["hours_a_day"] <= hours_a_day]
    if mine.empty:
        raise BadInput(f"no threshold of the {model} fits the review hours given")
    best = mine.iloc[int(np.argmax(mine["pesos_a_day"]))]
    names = ("threshold", "hours_a_day", "recall", "precision", "pesos_a_day")
    return Pick(model, *(float(best[name]) for name in names))


def with_threshold(model: Model, pick: Pick, *, stage: str, decision: str = "step_up") -> Model:
    """The model with the picked score as the least for a decision at a stage, for all carriers alike.

    Milder decisions keep their threshold or are lowered to it, stricter ones raised to it. Save it as a
    model of its own: its version is another.
    """
    level = DECISIONS.index(decision) - 1
    if level < 0:
        raise BadInput("allow has no threshold")
    table = dict(model.thresholds.table)
    for key in [(s, c, o) for s, c, o in table if s == stage]:
        three = np.array(table[key])
        three[level] = pick.threshold
        three[:level] = np.minimum(three[:level], pick.threshold)
        three[level:] = np.maximum(three[level:], pick.threshold)
        table[key] = (float(three[0]), float(three[1]), float(three[2]))
    if not any((stage, ANY, operation) in table for operation in OPERATIONS):
        raise BadInput(f"the model knows no stage {stage}")
    return replace(model, thresholds=Thresholds(table), version="")


def flips(test: Backtest) -> pd.DataFrame:
    """How many registrations go from which decision (rows) to which (columns)."""
    pair = test.champion.decision * len(DECISIONS) + test.challenger.decision
    counts = np.bincount(pair, minlength=len(DECISIONS) ** 2)
    table = pd.DataFrame(counts.reshape(len(DECISIONS), -1), list(DECISIONS), list(DECISIONS))
    return table.rename_axis(index=NAMES[0], columns=NAMES[1])


def flipped_cases(test: Backtest, *, most: int = 200) -> pd.DataFrame:
    """The registrations whose decision changes, the greatest changes first. Names folios, nobody else."""
    moved = test.challenger.decision.astype(int) - test.champion.decision
    rows = np.flatnonzero(moved)
    rows = rows[np.argsort(-np.abs(moved[rows]), kind="stable")][:most]
    known = np.where(test.fraud, "misuse", np.where(test.spoken, "legitimate", "unlabelled"))
    words = np.array(DECISIONS)
    return pd.DataFrame(
        {
            "registration_id": test.registration.take(rows).to_pylist(),
            "carrier_id": test.carrier.take(rows).to_pylist(),
            "registered_at": pd.to_datetime(test.at[rows], unit="us", utc=True),
            "known": known[rows],
            **{f"{n}_score": a.score[rows] for n, a in test.models.items()},
            **{f"{n}_decision": words[a.decision[rows]] for n, a in test.models.items()},
        }
    )


def flips_by_outcome(test: Backtest) -> pd.DataFrame:
    """Registrations that become stricter, milder or stay, by what is known of them."""
    moved = np.sign(test.challenger.decision.astype(int) - test.champion.decision)
    known = np.where(test.fraud, "misuse", np.where(test.spoken, "legitimate", "unlabelled"))
    words = np.array(["milder", "same", "stricter"])[moved + 1]
    return pd.crosstab(pd.Series(known, name="known"), pd.Series(words, name="decision becomes"))


def officials_warned(test: Backtest) -> pd.DataFrame:
    """How many registrations in an official's name would have warned the holder, by outcome.

    Counts from one to nine are hidden: with the list of flipped cases they could point at a person.
    """
    rows = []
    for outcome, mine in (("misuse", test.fraud), ("other", ~test.fraud)):
        here = mine & test.official
        one, two = (a.decision[here] >= NOTIFY for a in test.models.values())
        counts = (here.sum(), one.sum(), two.sum(), (two & ~one).sum(), (one & ~two).sum())
        rows.append((outcome, *(_veiled(int(count)) for count in counts)))
    columns = ["outcome", "registrations", *NAMES, "newly_warned", "no_longer_warned"]
    return pd.DataFrame(rows, columns=columns)


def _veiled(count: int) -> str:
    return "fewer than 10" if 0 < count < HIDDEN_BELOW else f"{count:,}"


def workload(test: Backtest, *, costs: Costs | None = None) -> pd.DataFrame:
    """Cases a day by decision, review hours a day and busiest day of both models."""
    costs = costs or Costs()
    day = (test.at - test.start) // DAY
    rows = []
    for name, answers in test.models.items():
        reviewed = answers.decision >= STEP_UP
        per_day = np.bincount(day[reviewed], minlength=1)
        counts = [
            (answers.decision == level).sum() / test.days for level in (NOTIFY, STEP_UP, HOLD)
        ]
        hours = reviewed.sum() * costs.review_minutes / 60 / test.days
        rows.append((name, *counts, hours, int(per_day.max())))
    columns = ["model", *(f"{d}_a_day" for d in DECISIONS[1:]), "review_hours_a_day", "busiest_day"]
    return pd.DataFrame(rows, columns=columns)
