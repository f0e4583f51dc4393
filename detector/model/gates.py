"""The rules a challenger must pass before it may become champion, each with its reason in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from detector.model.backtest import (
    NAMES,
    WAYS,
    Backtest,
    bothered_by_segment,
    paired_interval,
    pattern_table,
)
from detector.model.desk import workload
from detector.model.measures import MAIN_RATE


@dataclass(frozen=True, slots=True)
class Limits:
    """How much worse a challenger may be. Shares are from 0 to 1."""

    least_frauds: int = 30
    recall_lost: float = 0.02
    pattern_lost: float = 0.15
    pattern_rings: int = 5  # an attack known by fewer rings proves nothing about itself
    segment_worsened: float = 1.25
    segment_expected: int = 20  # bothered people of either model before a group is judged
    hours_added: float = 0.25


@dataclass(frozen=True, slots=True)
class Gate:
    """One rule, whether it holds, and what was found."""

    name: str
    passed: bool
    reason: str


def gates(
    test: Backtest, *, rng: np.random.Generator, limits: Limits | None = None
) -> tuple[Gate, ...]:
    """Every rule on one backtest; a challenger is promoted only if all hold."""
    limits = limits or Limits()
    rules: tuple[Callable[[], Iterator[Gate]], ...] = (
        partial(_another_model, test),
        partial(_later_weeks, test),
        partial(_enough, test, limits),
        partial(_recall, test, limits, rng),
        partial(_patterns, test, limits),
        partial(_segments, test, limits),
        partial(_hours, test, limits),
    )
    return tuple(gate for rule in rules for gate in rule())


def _another_model(test: Backtest) -> Iterator[Gate]:
    same = test.champion.version == test.challenger.version
    words = "both are the same model" if same else "champion and challenger are different models"
    yield Gate("another model", not same, words)


def _later_weeks(test: Backtest) -> Iterator[Gate]:
    """Figures on rows that a model learned from flatter it."""
    learned = {name: answers.learned_until for name, answers in test.models.items()}
    inside = [name for name, until in learned.items() if until is not None and until >= test.start]
    words = "the frozen weeks lie after all that either model learned from"
    if inside:
        words = f"the {' and the '.join(inside)} learned from registrations of the frozen weeks"
    elif learned[NAMES[1]] is None:
        words = f"the {NAMES[1]} does not say until when it learned: train it again"
    elif learned[NAMES[0]] is None:
        words = f"{words}, as far as known: the {NAMES[0]} does not say until when"
    yield Gate("later weeks", not inside and learned[NAMES[1]] is not None, words)


def _enough(test: Backtest, limits: Limits) -> Iterator[Gate]:
    found = int(test.fraud.sum())
    words = f"{found} known cases of misuse in the frozen weeks; at least {limits.least_frauds}"
    yield Gate("enough cases", found >= limits.least_frauds, f"{words} are needed")


def _recall(test: Backtest, limits: Limits, rng: np.random.Generator) -> Iterator[Gate]:
    """Refused if the loss is larger than allowed, or certain to be one however small."""
    one, two = (test.above(a, MAIN_RATE)[test.fraud] for a in test.models.values())
    gained = float(two.mean() - one.mean())
    sure = paired_interval(two, one, test.cluster[test.fraud], rng=rng)
    worse = gained < -limits.recall_lost or sure.high < 0
    yield Gate(
        "recall",
        not worse,
        f"when one honest registration in a thousand is bothered, {NAMES[1]} finds {two.mean():.1%} "
        f"and {NAMES[0]} {one.mean():.1%} ({gained:+.1%}, 95 % interval {sure.low:+.1%} to "
        f"{sure.high:+.1%}); at most {limits.recall_lost:.0%} may be lost",
    )


def _patterns(test: Backtest, limits: Limits) -> Iterator[Gate]:
    table = pattern_table(test)
    judged = table[table["rings"] >= limits.pattern_rings]
    lost = judged[judged["gain"] < -limits.pattern_lost]
    told = ", ".join(f"{row.pattern} ({row.gain:+.0%})" for row in lost.itertuples())
    words = f"recall falls on {told}" if told else f"no attack of {len(judged)} judged is given up"
    yield Gate(
        "attacks", lost.empty, f"{words}; at most {limits.pattern_lost:.0%} may be lost on one"
    )


def _segments(test: Backtest, limits: Limits) -> Iterator[Gate]:
    for way in (WAYS[0], WAYS[2]):
        hurt = []
        for found in bothered_by_segment(test, way=way):
            times, sure = found.worsened
            judged = max(found.champion, found.challenger) >= limits.segment_expected
            if judged and times > limits.segment_worsened and sure.low > 1:
                hurt.append(f"{found.segment} ({found.kind}) {times:.1f} times as often")
        more = f" and {len(hurt) - 5} more" if len(hurt) > 5 else ""
        told = f"honest people are bothered more: {', '.join(hurt[:5])}{more}"
        words = told if hurt else "no group of honest people is bothered clearly more"
        limit = f"at most {limits.segment_worsened:g} times as often is allowed"
        yield Gate(f"segments, {way}", not hurt, f"{words}; {limit}")


def _hours(test: Backtest, limits: Limits) -> Iterator[Gate]:
    one, two = workload(test)["review_hours_a_day"]
    passed = two <= one * (1 + limits.hours_added) or two < 0.5
    words = f"review takes {two:.1f} hours a day instead of {one:.1f}"
    yield Gate("review hours", passed, f"{words}; {limits.hours_added:.0%} more is allowed")
