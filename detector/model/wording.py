"""The words and number formats of the report: what an analyst, a regulator and a citizen read alike."""

from __future__ import annotations

import math
from datetime import datetime

from detector.intervals import Interval
from detector.model.findings import Evaluation, Headline, Measured

MISSING = "–"
STAGE_WHEN = {
    "activation": "at registration",
    "first_attach": "when the SIM is first used",
    "day_1": "after one day",
    "day_7": "after seven days",
}
DECISION_MEANS = {
    "allow": "nothing to do",
    "allow_notify": "passes; the holder is told through an older contact",
    "step_up": "must prove more",
    "hold": "a person decides first",
}


def percent(value: float | None) -> str:
    """A measured share as a percentage: one decimal, below one per cent two figures that count.

    >>> percent(0.634), percent(0.81), percent(0.00662), percent(0.0007123), percent(1.0)
    ('63.4 %', '81.0 %', '0.66 %', '0.071 %', '100 %')
    >>> percent(0.0), percent(None)
    ('0 %', '–')
    """
    if value is None:
        return MISSING
    if value in (0.0, 1.0):
        return f"{100 * value:.0f} %"
    places = 1 if value >= 0.00995 else max(1, 1 - math.floor(math.log10(100 * value)))
    return f"{100 * value:.{places}f} %"


def level(value: float) -> str:
    """A share that somebody chose, as a percentage without idle zeros.

    >>> level(0.0001), level(0.005), level(0.01)
    ('0.01 %', '0.5 %', '1 %')
    """
    return f"{100 * value:g} %"


def whole_percent(value: float | None) -> str:
    """A share as a percentage for a headline: no decimals from ten per cent up.

    >>> whole_percent(0.634), whole_percent(0.0634)
    ('63 %', '6.3 %')
    """
    return f"{100 * value:.0f} %" if value is not None and value >= 0.0995 else percent(value)


def interval(value: Interval | None) -> str:
    """An interval of a share.

    >>> interval(Interval(0.601, 0.66))
    '60.1–66.0 %'
    """
    if value is None:
        return MISSING
    return f"{percent(value.low).removesuffix(' %')}–{percent(value.high)}"


def count(value: float | None) -> str:
    """A number of things, thousands set apart.

    >>> count(1234567), count(2.5), count(None)
    ('1,234,567', '2.5', '–')
    """
    if value is None:
        return MISSING
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.1f}"


def times(value: float | None) -> str:
    """A ratio.

    >>> times(5.71), times(11.2), times(0.043)
    ('5.7×', '11×', '0.04×')
    """
    if value is None:
        return MISSING
    return f"{value:.0f}×" if value >= 10 else f"{value:.1f}×" if value >= 1 else f"{value:.2f}×"


def one_in(value: float) -> str:
    """A share as one in so many.

    >>> one_in(0.0068), one_in(0.0)
    ('1 in 147', 'none')
    """
    return f"1 in {1 / value:,.0f}" if value > 0 else "none"


def day(moment: str) -> str:
    """The date of a moment, as a person writes it.

    >>> day("2026-05-03T10:00:00Z")
    '3 May 2026'
    """
    at = datetime.fromisoformat(moment)
    return f"{at.day} {at:%B %Y}"


def span(minutes: float | None) -> str:
    """A length of time in the unit that fits.

    >>> span(0.0), span(42.0), span(300.0), span(5291.0)
    ('under a minute', '42 minutes', '5.0 hours', '3.7 days')
    """
    if minutes is None:
        return MISSING
    if minutes < 1:
        return "under a minute"
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 2880 else f"{minutes / 1440:.1f} days"


def subject(measured: Measured) -> str:
    """What was measured on what."""
    carriers = f"{measured.carriers} carrier{'s' if measured.carriers != 1 else ''}"
    what = "a simulated country" if measured.simulated else "labelled registrations"
    return (
        f"{measured.registrations:,} registrations at {carriers} of {what}, made from "
        f"{day(measured.first)} to {day(measured.last)}; {measured.frauds:,} of them "
        f"({one_in(measured.prevalence)}) misuse an identity"
    )


def verdict(headline: Headline) -> str:
    """The result in one or two sentences."""
    parts = [
        f"{_of_hundred(stage.recall)} {STAGE_WHEN[stage.stage]}"
        for stage in headline.stages
        if stage.recall is not None and (stage.stage != "first_attach" or len(headline.stages) < 3)
    ]
    if not parts:
        return "No misuse is known among these registrations, so no recall can be given."
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    found = (
        f"Of 100 registrations that misuse an identity, {listed.replace(' ', ' are found ', 1)}, "
        "while one honest registration in a thousand is bothered."
    )
    return f"{found} {against(headline)}".strip()


def _of_hundred(value: float | None) -> str:
    found = 100 * (value or 0.0)
    return f"{found:.0f}" if found >= 1 or not found else f"{found:.1f}"


def against(headline: Headline) -> str:
    """How that compares with the best baseline at the same price; empty where none was run."""
    if headline.best_baseline is None:
        return ""
    found = f"The best baseline, {headline.best_baseline}, finds "
    found += f"{_of_hundred(headline.best_baseline_recall)} of 100 at registration"
    if headline.ratio is None:
        return f"{found}."
    return f"{found}: the engine finds {times(headline.ratio).removesuffix('×')} times as many."


def title(evaluation: Evaluation) -> str:
    """The report's title."""
    where = "a simulated country" if evaluation.measured.simulated else "labelled registrations"
    return f"How well misused identities are found, measured on {where}"
