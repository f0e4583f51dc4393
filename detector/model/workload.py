"""What scores mean for the people who work with them: decisions, alerts a day, reviews, precision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.model.findings import Alerts, DecisionRow, Restated, Review
from detector.model.measures import FALSE_ALARM_RATES, Point, review_precision, share
from detector.model.scored import DECISIONS, Population, StageScores
from detector.registration import Bool, Int64

PREVALENCES = (0.001, 0.003, 0.005, 0.01)
ALARMED = {"allow_notify or stronger": 1, "step_up or hold": 2}  # weakest decision that counts
MAIN_ALERT = "top 0.1 % threshold"


def decisions(stage: StageScores, fraud: Bool) -> tuple[DecisionRow, ...]:
    """How many registrations met each decision, strongest first, and what that is worth."""
    size = np.bincount(stage.decision, minlength=len(DECISIONS))
    caught = np.bincount(stage.decision[fraud], minlength=len(DECISIONS))
    innocents, frauds = int((~fraud).sum()), int(fraud.sum())
    return tuple(
        DecisionRow(
            decision=DECISIONS[code],
            registrations=int(size[code]),
            frauds=int(caught[code]),
            false_alarms=int(size[code] - caught[code]),
            precision=share(int(caught[code]), int(size[code])),
            recall_or_stronger=share(int(caught[code:].sum()), frauds),
            false_alarm_rate_or_stronger=share(int((size - caught)[code:].sum()), innocents),
        )
        for code in reversed(range(len(DECISIONS)))
    )


def reviews(
    people: Population, stage: StageScores, fraud: Bool, *, shares: Sequence[float]
) -> tuple[Review, ...]:
    """Precision and recall of looking each day at the top share of the day's registrations."""
    day = people.day(stage.row)
    days = len(np.unique(day))
    made = []
    for reviewed in shares:
        sums = review_precision(day, stage.score, fraud, reviewed=reviewed)
        looked, found, there = (float(value) for value in sums)
        made.append(Review(reviewed, looked / days, found / looked, share(found, there)))
    return tuple(made)


def days(people: Population, row: Int64) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The dates that scored registrations fall on, first to last, and how many on each."""
    day = people.day(row)
    every = np.arange(day.min(), day.max() + 1)
    volume = np.bincount(day - every[0], minlength=len(every))
    return tuple(str(d) for d in every.astype("datetime64[D]")), tuple(int(n) for n in volume)


def alerts(
    people: Population, stage: StageScores, fraud: Bool, *, flagged: Bool
) -> tuple[Alerts, ...]:
    """Alerts a day at the threshold of one false alarm in a thousand and by decision."""
    day = people.day(stage.row)
    day = day - day.min()
    ways = {MAIN_ALERT: flagged}
    ways |= {name: stage.decision >= weakest for name, weakest in ALARMED.items()}
    return tuple(_alerts(name, day, alarmed, fraud) for name, alarmed in ways.items())


def _alerts(name: str, day: Int64, alarmed: Bool, fraud: Bool) -> Alerts:
    count = int(day.max()) + 1
    series = np.bincount(day[alarmed], minlength=count)
    return Alerts(
        by=name,
        mean=float(series.mean()),
        median=float(np.median(series)),
        busiest=int(series.max()),
        false_mean=float((alarmed & ~fraud).sum() / count),
        series=tuple(int(n) for n in series),
    )


def restated(points: Sequence[Point]) -> tuple[Restated, ...]:
    """Precision at other prevalences: 0.77 recall at 1 % false alarms is 28 % where 0.5 % is misuse."""
    return tuple(
        Restated(prevalence, point.rate, _precision(point, prevalence))
        for prevalence in PREVALENCES
        for point in points
        if point.rate in FALSE_ALARM_RATES
    )


def _precision(point: Point, prevalence: float) -> float | None:
    found = prevalence * (point.recall or 0.0)
    wrong = (1 - prevalence) * (point.false_alarm_rate or 0.0)
    return share(found, found + wrong)
