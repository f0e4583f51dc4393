"""What was scored, set beside what was true: the rows on which an evaluation is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from detector import folder
from detector.errors import BadInput, TooLittleData
from detector.model.measures import Float64
from detector.registration import Bool, Int8, Int64

STAGES = ("activation", "first_attach", "day_1", "day_7")
DECISIONS = ("allow", "allow_notify", "step_up", "hold")  # weakest first
SCORE_COLUMNS = (*folder.KEY, "stage", "score", "decision", "model_version")
MATURITY = pd.Timedelta(days=30)  # what a holder is given to notice and say so
LOCAL_OFFSET = -6 * 3_600_000_000  # central Mexico, without summer time since 2022
DAY = 86_400_000_000  # microseconds
NONE = -1


@dataclass(frozen=True, slots=True)
class Population:
    """Every registration of the folder once, with what is known to be true of it.

    `pattern` and `ring` are positions in their names, NONE where the registration has none.
    """

    key: pa.Array
    at: Int64
    fraud: Bool
    counted: Bool  # has a truth, or a verdict or the time to get one
    pattern: Int64
    patterns: tuple[str, ...]
    ring: Int64
    carriers: int

    def day(self, rows: Int64) -> Int64:
        """Days since 1970 on the clocks of central Mexico."""
        return (self.at[rows] + LOCAL_OFFSET) // DAY


@dataclass(frozen=True, slots=True)
class StageScores:
    """The scores given at one stage; `row` is the registration's position in the population."""

    stage: str
    row: Int64
    score: Float64
    decision: Int8


@dataclass(frozen=True, slots=True)
class Source:
    """Where the truth came from, and what a reader must know about it."""

    truth: str  # "truth" or "labels"
    notes: tuple[str, ...]


def read_scores(path: Path) -> pd.DataFrame:
    """What an evaluation needs of a table that `simvigia score` wrote, Parquet or CSV.

    Raises BadInput where it is not such a table.
    """
    return folder.columns(path, SCORE_COLUMNS)


def population(data: Path) -> tuple[Population, Source]:
    """The registrations of a folder and what was true of them: from `truth`, else from `labels`."""
    table = folder.table_path(data, "registrations")
    if table is None:
        raise BadInput(f"{data} holds no registrations")
    frame = folder.columns(table, (*folder.KEY, "registered_at"))
    key, at = folder.keys(frame), folder.times(frame["registered_at"])
    carriers = int(frame["carrier_id"].nunique())
    truth = folder.table_path(data, "truth")
    if truth is not None:
        return _from_truth(truth, key, at, carriers)
    labels = folder.table_path(data, "labels")
    if labels is None:
        raise BadInput(f"{data} holds neither truth nor labels: nothing to measure against")
    return _from_labels(labels, key, at, carriers)


def _from_truth(path: Path, key: pa.Array, at: Int64, carriers: int) -> tuple[Population, Source]:
    told = folder.columns(path, (*folder.KEY, "fraud"), ("pattern", "ring"))
    of_row = folder.positions(key, folder.keys(told))
    known = of_row >= 0
    fraud = known & folder.flags(told["fraud"])[of_row]
    pattern, patterns = _codes(told["pattern"], of_row, fraud)
    ring, _ = _codes(told["ring"], of_row, fraud)
    notes = []
    if not known.all():
        notes.append(f"{int((~known).sum()):,} registrations have no truth and are left out.")
    return (
        Population(key, at, fraud, known, pattern, patterns, ring, carriers),
        Source("truth", tuple(notes)),
    )


def _codes(column: pd.Series, of_row: Int64, fraud: Bool) -> tuple[Int64, tuple[str, ...]]:
    """Positions in the names that misused registrations bear; an innocent row bears none."""
    text = column.astype("str").where(column.notna() & (column.astype("str") != ""))
    codes, names = pd.factorize(text, sort=True)
    mine = np.where(fraud, np.asarray(codes, np.int64)[of_row], NONE)
    used, compact = np.unique(mine[mine >= 0], return_inverse=True)
    mine[mine >= 0] = compact
    return mine, tuple(str(names[code]) for code in used)


def _from_labels(path: Path, key: pa.Array, at: Int64, carriers: int) -> tuple[Population, Source]:
    verdict, last = _verdicts(path)
    of_row = folder.positions(key, folder.keys(verdict))
    labelled = of_row >= 0
    fraud = labelled & (verdict["label"] == "fraud").to_numpy(bool)[of_row]
    ripe = at <= last - MATURITY // pd.Timedelta(microseconds=1)
    notes = [_labels_note(int((~labelled & ripe).sum()), int((labelled & ripe).sum()))]
    if (fraud & ripe).sum() < 10:
        ripe = np.ones(len(at), bool)
        notes.append("Too few verdicts have matured: young registrations are counted too.")
    else:
        notes.append(f"{int((~ripe).sum()):,} registrations younger than 30 days are left out.")
    empty = np.full(len(at), NONE)
    return (
        Population(key, at, fraud, ripe, empty, (), empty, carriers),
        Source("labels", tuple(notes)),
    )


def _verdicts(path: Path) -> tuple[pd.DataFrame, int]:
    """The latest verdict per registration, and when the last of all was decided."""
    told = folder.columns(path, (*folder.KEY, "label", "decided_at"))
    told["decided"] = folder.times(told["decided_at"])
    if told.empty:
        raise TooLittleData("labels holds no verdict: nothing to measure against")
    told = told.sort_values("decided", kind="stable")
    return told.drop_duplicates(list(folder.KEY), keep="last"), int(told["decided"].iloc[-1])


def _labels_note(unlabelled: int, labelled: int) -> str:
    return (
        "No truth is known, only verdicts: of the registrations old enough to judge, "
        f"{labelled:,} have one and {unlabelled:,} have none. Those without a verdict count as "
        "innocent. Some are misused and nobody noticed, so false alarms are overstated, and recall "
        "at a given rate of false alarms is understated. Nor is recall of what nobody ever reports "
        "measured at all."
    )


def stage_scores(
    scores: pd.DataFrame, people: Population, *, start: pd.Timestamp | None
) -> tuple[tuple[StageScores, ...], tuple[str, ...]]:
    """The scores by stage, of registrations that count and began at or after `start`; and remarks.

    Raises BadInput where the table breaks the contract or belongs to another folder.
    """
    _check(scores)
    row = folder.positions(folder.keys(scores), people.key)
    if len(scores) and (row < 0).all():
        raise BadInput("no scored registration is in the data folder: are these its scores?")
    kept = (row >= 0) & people.counted[row]
    if start is not None:
        kept &= people.at[row] >= microseconds(start)
    if not kept.any():
        raise TooLittleData("no scored registration is left to evaluate at or after the start")
    stage = _positions(scores["stage"], STAGES, "stage")
    decision = _positions(scores["decision"], DECISIONS, "decision")
    score = scores["score"].to_numpy(np.float64)
    # By registration, so that the order of the table's rows cannot reach even a last digit.
    order = np.argsort(row, kind="stable")
    parts = (order[(kept & (stage == code))[order]] for code in range(len(STAGES)))
    stages = tuple(
        _without_repeats(StageScores(STAGES[code], row[part], score[part], decision[part]))
        for code, part in enumerate(parts)
        if len(part)
    )
    lost = int((row < 0).sum())
    return stages, (f"{lost:,} scores belong to no registration of the folder.",) if lost else ()


def microseconds(at: pd.Timestamp) -> int:
    """A moment as microseconds since 1970 UTC; without an offset it counts as UTC."""
    aware = at.tz_localize("UTC") if at.tzinfo is None else at.tz_convert("UTC")
    return int(aware.value // 1000)


def _check(scores: pd.DataFrame) -> None:
    missing = [name for name in SCORE_COLUMNS if name not in scores.columns]
    if missing:
        raise BadInput(f"the scores lack the column {', '.join(missing)}")
    if scores.empty:
        raise TooLittleData("the scores hold no row")
    numbers = pd.to_numeric(scores["score"], errors="coerce")
    if not numbers.between(0, 1).all():
        raise BadInput("the scores hold a score that is not a number from 0 to 1")


def _positions(column: pd.Series, names: tuple[str, ...], what: str) -> Int8:
    found = pc.index_in(pa.array(column.astype("str")), value_set=pa.array(names, pa.string()))
    codes = np.asarray(found.fill_null(NONE).to_numpy(zero_copy_only=False), np.int8)
    if (codes < 0).any():
        raise BadInput(f"the scores hold a {what} other than {', '.join(names)}")
    return codes


def _without_repeats(given: StageScores) -> StageScores:
    if len(np.unique(given.row)) != len(given.row):
        raise BadInput(f"the scores hold a registration twice at stage {given.stage}")
    return given
