"""How good a set of scores is, in the numbers that a carrier, a regulator and a citizen ask for.

Everything is measured on registrations at or after a start that training did not see. Thresholds are
set on the measured rows themselves (recall at a fixed share of false alarms); what the shipped
thresholds do is in the table of decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from detector.audit import Audit, audit, read_segments
from detector.intervals import wilson
from detector.model import campaigns, workload
from detector.model.baselines import Baseline
from detector.model.baselines import baselines as every_baseline
from detector.model.findings import (
    BaselineResult,
    Evaluation,
    Headline,
    LeftOut,
    Measured,
    Stage,
    StageRecall,
)
from detector.model.measures import (
    FALSE_ALARM_RATES,
    MAIN_RATE,
    Curve,
    Float64,
    Point,
    Trace,
    average_precision,
    calibration,
    curve,
    point,
    recall_intervals,
    roc_auc,
    trace,
)
from detector.model.scored import (
    Population,
    Source,
    StageScores,
    microseconds,
    population,
    read_scores,
    stage_scores,
)
from detector.registration import Bool, Int64

__all__ = ["evaluate", "read_scores"]

REVIEW_SHARES = (0.001, 0.005)
FEWEST_TO_LEAVE_OUT = 10
WATCH_RATE = 0.01
SEED = 20_260_109
Progress = Callable[[str], None]
LeaveOut = Callable[[str], pd.DataFrame]


def evaluate(
    scores: pd.DataFrame,
    data: Path,
    *,
    start: pd.Timestamp | None,
    baselines: bool = False,
    leave_out: LeaveOut | None = None,
    review_shares: Sequence[float] = REVIEW_SHARES,
    progress: Progress | None = None,
    seed: int = SEED,
) -> Evaluation:
    """The evaluation of a scores table against its data folder.

    `scores` is what `read_scores` gives; `start` leaves out earlier registrations (all count where
    none is given); `baselines` trains and runs the comparisons, on what lies before the start or,
    without one, before the first scored registration; `leave_out` gives, for an attack pattern, the
    scores of a model trained without it; `progress` is told each step. Raises BadInput where the
    tables do not fit the contract or each other, TooLittleData where nothing is left to measure.
    """
    tell = progress or _silent
    tell("reading truth and registrations")
    people, source = population(data)
    stages, remarks = stage_scores(scores, people, start=start)
    run = _Run(data, people, stages, start, tell, seed)
    found = tuple(_stages(run, review_shares))
    compared = tuple(_compared(run)) if baselines else ()
    versions = tuple(sorted(str(v) for v in scores["model_version"].dropna().unique()))
    return Evaluation(
        measured=_measured(run, source, notes=(*source.notes, *remarks), versions=versions),
        headline=_headline(found, compared),
        stages=found,
        baselines=compared,
        left_out=tuple(_left_out(run, leave_out)) if leave_out else (),
        rings=campaigns.rings(people, run.first, _flagged(people, run.first)),
        audits=tuple(_audits(run)),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """What every part of one evaluation works on."""

    data: Path
    people: Population
    stages: tuple[StageScores, ...]
    start: pd.Timestamp | None
    tell: Progress
    seed: int

    @property
    def first(self) -> StageScores:
        """The earliest stage scored: activation, unless the table leaves it out."""
        return self.stages[0]

    @property
    def since(self) -> int:
        """What lies before this moment may be learned from, in microseconds since 1970."""
        earliest = int(self.people.at[self.first.row].min())
        return earliest if self.start is None else microseconds(self.start)


def _silent(step: str) -> None:
    """Nobody wants to know."""


def _stages(run: _Run, shares: Sequence[float]) -> Iterator[Stage]:
    for stage in run.stages:
        run.tell(f"measuring {stage.stage}")
        yield _stage(run, stage, shares)


def _stage(run: _Run, stage: StageScores, shares: Sequence[float]) -> Stage:
    people, fraud = run.people, run.people.fraud[stage.row]
    ranking = curve(stage.score, fraud)
    flagged = _above(ranking, stage.score)
    points = _points(run, stage.row, ranking)
    dates, volume = workload.days(people, stage.row)
    return Stage(
        stage=stage.stage,
        registrations=len(stage.row),
        frauds=int(fraud.sum()),
        roc_auc=roc_auc(ranking),
        average_precision=average_precision(ranking),
        points=points,
        recall_at_activation_on_these=_same_rows(people, stage, run.first),
        trace=trace(ranking),
        reviews=workload.reviews(people, stage, fraud, shares=shares),
        calibration=calibration(stage.score, fraud),
        decisions=workload.decisions(stage, fraud),
        patterns=campaigns.patterns(people, stage, flagged),
        days=dates,
        volume=volume,
        alerts=workload.alerts(people, stage, fraud, flagged=flagged),
        restated=workload.restated(points),
    )


def _points(run: _Run, row: Int64, ranking: Curve) -> tuple[Point, ...]:
    drawn = recall_intervals(
        ranking,
        run.people.fraud[row],
        campaigns.clusters(run.people, row),
        rates=FALSE_ALARM_RATES,
        rng=np.random.default_rng(run.seed),
    )
    return tuple(
        point(ranking, rate, interval=interval)
        for rate, interval in zip(FALSE_ALARM_RATES, drawn, strict=True)
    )


def _above(ranking: Curve, score: Float64, rate: float = MAIN_RATE) -> Bool:
    """Which rows an alert is raised for at a false-alarm rate."""
    lowest = point(ranking, rate).threshold
    return np.zeros(len(score), bool) if lowest is None else score >= lowest


def _flagged(people: Population, stage: StageScores) -> Bool:
    return _above(curve(stage.score, people.fraud[stage.row]), stage.score)


def _same_rows(people: Population, stage: StageScores, first: StageScores) -> float | None:
    """Recall at activation on the very registrations that reached this stage."""
    if stage is first or first.stage != "activation":
        return None
    reached = np.isin(first.row, stage.row)
    fraud = people.fraud[first.row[reached]]
    return point(curve(first.score[reached], fraud), MAIN_RATE).recall


def _compared(run: _Run) -> Iterator[BaselineResult]:
    for made in every_baseline(run.data, start=run.since, seed=run.seed, progress=run.tell):
        yield _baseline(run, made)


def _baseline(run: _Run, made: Baseline) -> BaselineResult:
    if made.score is None:
        none = Trace((), (), ())
        return BaselineResult(made.name, made.method, made.remark, None, None, (), none)
    row = run.first.row
    ranking = curve(made.score[row], run.people.fraud[row])
    return BaselineResult(
        name=made.name,
        method=made.method,
        remark=made.remark,
        roc_auc=roc_auc(ranking),
        average_precision=average_precision(ranking),
        points=_points(run, row, ranking),
        trace=trace(ranking),
    )


def _left_out(run: _Run, leave_out: LeaveOut) -> Iterator[LeftOut]:
    people = run.people
    scored = np.bincount(people.pattern[run.first.row] + 1, minlength=len(people.patterns) + 1)
    full = {stage.stage: stage for stage in run.stages}
    for code in np.flatnonzero(scored[1:] >= FEWEST_TO_LEAVE_OUT):
        name = people.patterns[code]
        run.tell(f"training without {name}")
        without, _ = stage_scores(leave_out(name), people, start=run.start)
        for stage in without:
            if (people.pattern[stage.row] == code).any() and stage.stage in full:
                yield _without(people, stage, full[stage.stage], code=int(code))


def _without(people: Population, stage: StageScores, full: StageScores, *, code: int) -> LeftOut:
    mine = people.pattern[stage.row] == code
    hit = _flagged(people, stage)[mine]
    rings = len(np.unique(campaigns.clusters(people, stage.row[mine])))
    seen = _flagged(people, full)[people.pattern[full.row] == code]
    return LeftOut(
        pattern=people.patterns[code],
        stage=stage.stage,
        frauds=int(mine.sum()),
        recall=float(hit.mean()),
        interval=wilson(round(float(hit.mean()) * rings), rings),
        full_recall=float(seen.mean()) if len(seen) else None,
    )


def _audits(run: _Run) -> Iterator[Audit]:
    run.tell("who is bothered")
    segments = read_segments(run.data, run.people.key)
    for stage in run.stages:
        innocent = ~run.people.fraud[stage.row]
        for by, bothered in _ways(run.people, stage).items():
            yield audit(segments, stage.row, bothered, innocent=innocent, stage=stage.stage, by=by)


def _ways(people: Population, stage: StageScores) -> dict[str, Bool]:
    """The ways of being bothered: by decision, and by standing among the top one per cent.

    The last has ten times the false alarms of a strict decision, and so can judge small groups.
    """
    ways = {name: stage.decision >= weakest for name, weakest in workload.ALARMED.items()}
    ranking = curve(stage.score, people.fraud[stage.row])
    return ways | {"top 1 % threshold": _above(ranking, stage.score, WATCH_RATE)}


def _measured(
    run: _Run, source: Source, *, notes: tuple[str, ...], versions: tuple[str, ...]
) -> Measured:
    row = run.first.row
    at, fraud, ring = run.people.at[row], run.people.fraud[row], run.people.ring[row]
    return Measured(
        truth=source.truth,
        simulated=source.truth == "truth",
        start=None if run.start is None else _moment(microseconds(run.start)),
        first=_moment(int(at.min())),
        last=_moment(int(at.max())),
        registrations=len(row),
        carriers=run.people.carriers,
        frauds=int(fraud.sum()),
        prevalence=float(fraud.mean()),
        rings=len(np.unique(ring[ring >= 0])),
        model_versions=versions,
        notes=notes,
    )


def _moment(at: int) -> str:
    return f"{np.datetime64(at, 'us').astype('datetime64[s]')}Z"


def _headline(stages: Sequence[Stage], compared: Sequence[BaselineResult]) -> Headline:
    recalls = tuple(
        StageRecall(stage.stage, main.recall, main.recall_interval)
        for stage in stages
        for main in stage.points
        if main.rate == MAIN_RATE
    )
    rivals = {
        made.name: main.recall or 0.0
        for made in compared
        for main in made.points
        if main.rate == MAIN_RATE
    }
    best = max(rivals, key=lambda name: rivals[name], default=None)
    own = recalls[0].recall if recalls else None
    against = rivals[best] if best else None
    return Headline(
        rate=MAIN_RATE,
        stages=recalls,
        best_baseline=best,
        best_baseline_recall=against,
        ratio=own / against if own is not None and against else None,
    )
