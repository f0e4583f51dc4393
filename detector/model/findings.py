"""What an evaluation says: every number of the report, in plain immutable values.

Shares are from 0 to 1; none (JSON null) means that nothing could be measured there.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from detector.audit import Audit
from detector.intervals import Interval
from detector.model.measures import Calibration, Point, Trace


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on what. Moments are RFC 3339 in UTC; `truth` is "truth" or "labels"."""

    truth: str
    simulated: bool
    start: str | None
    first: str
    last: str
    registrations: int
    carriers: int
    frauds: int
    prevalence: float
    rings: int
    model_versions: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageRecall:
    """The headline of one stage: recall when one honest registration in a thousand is bothered."""

    stage: str
    recall: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Headline:
    """What to remember. `ratio` is recall at activation over that of the best baseline."""

    rate: float
    stages: tuple[StageRecall, ...]
    best_baseline: str | None
    best_baseline_recall: float | None
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Review:
    """What reviewers find who look each day at the top share of the day's registrations."""

    share_reviewed: float
    reviews_per_day: float
    precision: float
    recall: float | None


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision, and what it and every stronger one do together."""

    decision: str
    registrations: int
    frauds: int
    false_alarms: int
    precision: float | None
    recall_or_stronger: float | None
    false_alarm_rate_or_stronger: float | None


@dataclass(frozen=True, slots=True)
class PatternRecall:
    """Recall on one attack at the stage's own threshold of one false alarm in a thousand.

    The interval counts rings, not lines: those of one ring are found or missed together.
    """

    pattern: str
    frauds: int
    rings: int
    recall: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Alerts:
    """Alerts a day: mean, median, and on the busiest day. `series` has one number per day."""

    by: str
    mean: float
    median: float
    busiest: int
    false_mean: float
    series: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Restated:
    """Precision that the same recall and false-alarm rate would have where misuse is rarer or not."""

    prevalence: float
    rate: float
    precision: float | None


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything measured at one stage. `days` are the dates that the alert series run over."""

    stage: str
    registrations: int
    frauds: int
    roc_auc: float | None
    average_precision: float | None
    points: tuple[Point, ...]
    recall_at_activation_on_these: float | None
    trace: Trace
    reviews: tuple[Review, ...]
    calibration: Calibration
    decisions: tuple[DecisionRow, ...]
    patterns: tuple[PatternRecall, ...]
    days: tuple[str, ...]
    volume: tuple[int, ...]
    alerts: tuple[Alerts, ...]
    restated: tuple[Restated, ...]


@dataclass(frozen=True, slots=True)
class RingSummary:
    """How many lines rings got through before the first of them was flagged.

    A ring that is never flagged counts with all its lines. `counts` gives rings by lines let
    through, in the classes of `labels`; never flagged ones are in `never_flagged` only.
    """

    rings: int
    lines: int
    median_let_through: float
    p90_let_through: float
    never_flagged: float
    flagged_at_first_line: float
    median_minutes_to_flag: float | None
    labels: tuple[str, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rings:
    """Rings of two lines or more: those that began after the start, and those already running."""

    new: RingSummary | None
    running: RingSummary | None


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """A baseline on the same registrations. `remark` says why one could not be run."""

    name: str
    method: str
    remark: str | None
    roc_auc: float | None
    average_precision: float | None
    points: tuple[Point, ...]
    trace: Trace


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Recall on an attack by a model that never saw it, beside that of the full model."""

    pattern: str
    stage: str
    frauds: int
    recall: float | None
    interval: Interval | None
    full_recall: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is known about how good a set of scores is."""

    measured: Measured
    headline: Headline
    stages: tuple[Stage, ...]
    baselines: tuple[BaselineResult, ...]
    left_out: tuple[LeftOut, ...]
    rings: Rings | None
    audits: tuple[Audit, ...]

    def stage(self, name: str) -> Stage | None:
        """What was measured at a stage, none where it was not scored."""
        return next((stage for stage in self.stages if stage.stage == name), None)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values; a number that is none of the finite ones is null."""
        plain: dict[str, Any] = _plain(dataclasses.asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
