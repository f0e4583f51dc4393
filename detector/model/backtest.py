"""Champion against challenger on the same frozen weeks: what each finds, of what, when, and on whom.

Both answered the same registrations with the same knowledge, so differences are paired: what chance
gives both it gives to neither. Tables are pandas frames, one row for each thing compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from detector.audit import HIDDEN_BELOW, Segments
from detector.decision import NOTIFY, STEP_UP
from detector.errors import TooLittleData
from detector.intervals import CONFIDENCE, Interval, wilson
from detector.model.measures import FALSE_ALARM_RATES, MAIN_RATE, Float64, curve, point
from detector.registration import Bool, Int8, Int64

DRAWS = 400
LEAST_FRAUDS = 10
WEEK = 7 * 86_400_000_000  # microseconds
NAMES = ("champion", "challenger")
WATCHED = 0.01  # bothers ten times as many as the main rate, and so can judge small groups
WAYS = ("allow_notify or stronger", "step_up or hold", "top 1 %")


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model said of each row, and until when it learned (microseconds; none where unknown)."""

    version: str
    score: Float64
    decision: Int8
    learned_until: int | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """The frozen weeks and both models' answers, row by row.

    `fraud` is what is known or true now, an unlabelled row counting as innocent; `cluster` says which
    rows stand and fall together (a ring, else the row itself). `row` is the registration's position in
    the folder, which `segments` refer to. `official` is never shown row by row, only counted.
    """

    stage: str
    start: int
    end: int
    row: Int64
    at: Int64
    registration: pa.Array
    carrier: pa.Array
    fraud: Bool
    spoken: Bool
    cluster: Int64
    pattern: Int64
    patterns: tuple[str, ...]
    official: Bool
    segments: Segments
    champion: Answers
    challenger: Answers
    truth: str  # "truth" or "labels"

    def __post_init__(self) -> None:
        if (found := int(self.fraud.sum())) < LEAST_FRAUDS:
            raise TooLittleData(
                f"the frozen weeks hold {found} known cases of misuse; a comparison needs at least "
                f"{LEAST_FRAUDS}: take more weeks, or wait until verdicts have come in"
            )

    @property
    def fingerprint(self) -> str:
        """A hash of what was replayed: which registrations, and what is known of each."""
        digest = hashlib.sha256(f"{self.stage} {self.start} {self.end} {self.truth}".encode())
        for name in (*self.registration.to_pylist(), *self.carrier.to_pylist()):
            digest.update(f"{name}\n".encode())
        for column in (self.at, self.fraud, self.spoken):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()[:16]

    @property
    def models(self) -> dict[str, Answers]:
        """Both, by role."""
        return dict(zip(NAMES, (self.champion, self.challenger), strict=True))

    @property
    def days(self) -> float:
        """Length of the frozen weeks in days."""
        return max((self.end - self.start) / (WEEK / 7), 1.0)

    def above(self, answers: Answers, rate: float) -> Bool:
        """Which rows a model flags when at most `rate` of the innocent may be bothered."""
        lowest = point(curve(answers.score, self.fraud), rate).threshold
        none = np.zeros(len(answers.score), np.bool_)
        return none if lowest is None else answers.score >= lowest

    def bothered(self, answers: Answers, way: str) -> Bool:
        """Whom a model bothers in one of WAYS."""
        if way == WAYS[2]:
            return self.above(answers, WATCHED)
        hit: Bool = answers.decision >= (NOTIFY if way == WAYS[0] else STEP_UP)
        return hit


def recall_table(
    test: Backtest, *, rng: np.random.Generator, rates: Sequence[float] = FALSE_ALARM_RATES
) -> pd.DataFrame:
    """Recall of both at budgets of false alarms, and by how much the challenger is better.

    The interval of the gain draws whole rings, the same for both, at thresholds as they are.
    """
    rows = []
    for rate in rates:
        one, two = (test.above(answers, rate)[test.fraud] for answers in test.models.values())
        gained = paired_interval(two, one, test.cluster[test.fraud], rng=rng)
        rows.append(
            (rate, one.mean(), two.mean(), two.mean() - one.mean(), gained.low, gained.high)
        )
    return pd.DataFrame(rows, columns=["budget", *NAMES, "gain", "gain_low", "gain_high"])


def paired_interval(two: Bool, one: Bool, cluster: Int64, *, rng: np.random.Generator) -> Interval:
    """Bootstrap interval of mean(two) - mean(one), drawing clusters whole."""
    groups, place = np.unique(cluster, return_inverse=True)
    size = np.bincount(place)
    gain = np.bincount(place, two.astype(float) - one.astype(float))
    drawn = rng.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=DRAWS)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn @ gain / np.maximum(drawn @ size, 1), (tail, 1 - tail))
    return Interval(float(low), float(high))


def recall_interval(hit: Bool, cluster: Int64, *, rng: np.random.Generator) -> Interval:
    """Bootstrap interval of a recall, drawing clusters whole.

    Where every draw gives the same, drawing shows nothing: then clusters count as single trials.
    """
    drawn = paired_interval(hit, np.zeros(len(hit), np.bool_), cluster, rng=rng)
    groups = len(np.unique(cluster))
    counted = wilson(round(float(hit.mean()) * groups), groups)
    return drawn if drawn.high > drawn.low or counted is None else counted


def pattern_table(test: Backtest, *, rate: float = MAIN_RATE) -> pd.DataFrame:
    """Recall of both by attack pattern, at one threshold each; intervals count rings.

    Without truth no pattern is known, and there is one row, `reported misuse`.
    """
    flagged = [test.above(answers, rate) for answers in test.models.values()]
    of = np.where(test.fraud, test.pattern, -2)
    rows = [
        _pattern_row(name, test, flagged, of == code)
        for code, name in enumerate(test.patterns)
        if (of == code).any()
    ]
    if (of == -1).any():
        rows.append(_pattern_row("reported misuse", test, flagged, of == -1))
    columns = ["pattern", "lines", "rings", *NAMES, "gain", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _pattern_row(name: str, test: Backtest, flagged: list[Bool], mine: Bool) -> tuple[object, ...]:
    one, two = (hit[mine].mean() for hit in flagged)
    rings = len(np.unique(test.cluster[mine]))
    sure = wilson(round(two * rings), rings) or Interval(0.0, 1.0)
    return name, int(mine.sum()), rings, one, two, two - one, sure.low, sure.high


@dataclass(frozen=True, slots=True)
class Bothered:
    """Honest people of a group, and how many of them each model bothers, and both."""

    segment: str
    kind: str
    innocents: int
    champion: int
    challenger: int
    both: int

    @property
    def worsened(self) -> tuple[float, Interval]:
        """Challenger's rate over champion's with a paired interval; half a person is added to each."""
        first, second = self.champion + 0.5, self.challenger + 0.5
        differ = max(first + second - 2 * self.both, 0.0)
        wide = np.exp(1.96 * np.sqrt(differ / (first * second)))
        return second / first, Interval(second / first / wide, second / first * wide)


def bothered_by_segment(test: Backtest, *, way: str = WAYS[0]) -> list[Bothered]:
    """Everybody and every group, with true counts: for gates, not for eyes."""
    innocent = np.flatnonzero(~test.fraud)
    one, two = (test.bothered(answers, way)[innocent] for answers in test.models.values())
    place = np.full(int(test.row.max(initial=-1)) + 1, -1)
    place[test.row[innocent]] = np.arange(len(innocent))
    found = [_bothered("everybody", "all", one, two)]
    for name, kind, member in zip(
        test.segments.names, test.segments.kinds, test.segments.member, strict=True
    ):
        mine = place[member[member < len(place)]]
        mine = mine[mine >= 0]
        found.append(_bothered(name, kind, one[mine], two[mine]))
    return found


def _bothered(name: str, kind: str, one: Bool, two: Bool) -> Bothered:
    return Bothered(name, kind, len(one), int(one.sum()), int(two.sum()), int((one & two).sum()))


def segment_table(test: Backtest, *, way: str = WAYS[0]) -> pd.DataFrame:
    """How often honest people of each group are bothered by either model.

    `worsened` is challenger over champion with a paired interval. Where fewer than ten bothered people
    stand behind either rate, neither is shown; a group that could be had by subtraction neither.
    """
    rows = [_shown(found) for found in bothered_by_segment(test, way=way)]
    columns = ["segment", "kind", "innocents", *NAMES, "worsened", "low", "high"]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], float))
    return _without_remainders(table)


def _shown(found: Bothered) -> tuple[object, ...]:
    named, people = (found.segment, found.kind), found.innocents
    if people < HIDDEN_BELOW:
        return (*named, *[None] * 6)
    if min(found.champion, found.challenger) < HIDDEN_BELOW:
        return (*named, people, *[None] * 5)
    times, sure = found.worsened
    rates = found.champion / people, found.challenger / people
    return (*named, people, *rates, times, sure.low, sure.high)


def _without_remainders(table: pd.DataFrame) -> pd.DataFrame:
    """Hides a second group of a kind where one hidden group could be had by subtraction."""
    for _, group in table.groupby("kind"):
        hidden = group[NAMES[0]].isna()
        if len(group) > 1 and hidden.sum() == 1:
            least = (group[NAMES[0]] * group["innocents"]).idxmin()
            table.loc[least, list(table.columns[3:])] = np.nan
    return table


def weekly_table(
    test: Backtest, *, rng: np.random.Generator, rate: float = MAIN_RATE
) -> pd.DataFrame:
    """Recall week by week at each model's one threshold, with intervals that draw whole rings."""
    week = (test.at - test.start) // WEEK
    flagged = {name: test.above(answers, rate) for name, answers in test.models.items()}
    rows = []
    for number in np.unique(week):
        here = week == number
        mine = here & test.fraud
        begins = pd.Timestamp(int(test.start + number * WEEK), unit="us", tz="UTC")
        for name, hit in flagged.items():
            found: tuple[float | None, ...] = (None, None, None)
            if mine.any():
                sure = recall_interval(hit[mine], test.cluster[mine], rng=rng)
                found = (float(hit[mine].mean()), sure.low, sure.high)
            false = int((hit & here & ~test.fraud).sum())
            rows.append((begins, name, int(here.sum()), int(mine.sum()), *found, false))
    columns = ["week", "model", "registrations", "frauds", "recall", "low", "high", "false_alarms"]
    return pd.DataFrame(rows, columns=columns)
