"""From a score to what is done, and nothing else: the one place where a decision is made.

A decision is graded (`allow`, `allow_notify`, `step_up`, `hold`) and never harsher than the moment
permits: `hold` exists only at activation and never for linking a line that people already use; no
decision suspends a line in use.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.errors import BadInput
from detector.lifecycle import STAGES
from detector.registration import OPERATIONS

Array = NDArray[Any]
DECISIONS = ("allow", "allow_notify", "step_up", "hold")
ALLOW, NOTIFY, STEP_UP, HOLD = range(4)
ANY = "*"
LEAST_DOUBT = (
    0.25  # that a flag is a false alarm: at most four times the budget of all rows is flagged
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Budgets of false alarms by operation, and the bounds on a person's own status."""

    budgets: Mapping[str, tuple[float, float, float]]  # allow_notify, step_up, hold
    official: float
    breached: float
    least_rows: int

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Read `policy.toml`. Raises BadInput naming what is wrong."""
        try:
            text = tomllib.loads(path.read_text("utf-8"))
            default = text["budget"]["default"]
            budgets = {
                operation: _budget(default | text["budget"].get(operation, {}))
                for operation in (*OPERATIONS, "default")
            }
            own = text["own_status"]
            least = int(text["thresholds"]["least_rows"])
            return cls(budgets, float(own["official"]), float(own["breached"]), least)
        except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
            raise BadInput(f"policy {path.name} cannot be used: {type(fault).__name__}") from fault


def _budget(text: Mapping[str, float]) -> tuple[float, float, float]:
    notify, step_up, hold = (float(text[d]) for d in DECISIONS[1:])
    if not 0 <= hold <= step_up <= notify <= 1:
        raise ValueError("budgets must satisfy 0 <= hold <= step_up <= allow_notify <= 1")
    return notify, step_up, hold


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Least scores for allow_notify, step_up and hold, by (stage, carrier or *, operation)."""

    table: Mapping[tuple[str, str, str], tuple[float, float, float]]

    def rows(
        self, stage: str, *, carriers: Array, operations: Array, names: tuple[str, ...]
    ) -> Array:
        """One row of three thresholds for each registration."""
        lookup = np.empty((len(names), len(OPERATIONS), 3))
        for c, carrier in enumerate(names):
            for o, operation in enumerate(OPERATIONS):
                own = self.table.get((stage, carrier, operation))
                lookup[c, o] = own or self.table[(stage, ANY, operation)]
        found: Array = lookup[carriers, operations]
        return found

    def to_json(self) -> list[list[object]]:
        """As stored with a model."""
        return [[*key, *value] for key, value in self.table.items()]

    @classmethod
    def from_json(cls, rows: list[list[Any]]) -> Thresholds:
        """As read from a model."""
        return cls({(r[0], r[1], r[2]): (r[3], r[4], r[5]) for r in rows})


def threshold(scores: Array, budget: float, *, honest: bool = False) -> float:
    """The least score whose expected false alarms stay within `budget` of all rows.

    Scores are calibrated, so a row of score p is a false alarm with probability 1 - p; but a calibration
    may be wrong in a country it has seen little of, so no row counts for less than LEAST_DOUBT. Where all rows
    are known to be `honest` each is one. Rows of equal score are flagged together or not at all.
    """
    if not len(scores):
        return 1.0
    ordered = np.sort(scores)[::-1]
    alarms = np.cumsum(np.maximum(1.0 - ordered, 1.0 if honest else LEAST_DOUBT))
    within = int(np.searchsorted(alarms, budget * len(scores), side="right"))
    if within == len(ordered):
        return float(ordered[-1])
    above = ordered[ordered > ordered[within]]
    return float(above[-1] if len(above) else np.nextafter(ordered[within], 2.0))


def thresholds(
    scores: Mapping[str, Array],
    *,
    carriers: Mapping[str, Array],
    operations: Mapping[str, Array],
    names: tuple[str, ...],
    policy: Policy,
    honest: bool = False,
) -> Thresholds:
    """Budgets into thresholds, by stage on that stage's scores of rows not learned from."""

    def three(scores: Array, budget: tuple[float, float, float]) -> tuple[float, float, float]:
        notify, step_up, hold = (threshold(scores, share, honest=honest) for share in budget)
        return notify, max(step_up, notify), max(hold, step_up)

    table: dict[tuple[str, str, str], tuple[float, float, float]] = {}
    for stage, score in scores.items():
        pooled = three(score, policy.budgets["default"])
        for o, operation in enumerate(OPERATIONS):
            budget = policy.budgets[operation]
            here = operations[stage] == o
            enough = here.sum() >= policy.least_rows
            table[stage, ANY, operation] = three(score[here], budget) if enough else pooled
            for c, carrier in enumerate(names):
                mine = here & (carriers[stage] == c)
                if mine.sum() >= policy.least_rows:
                    table[stage, carrier, operation] = three(score[mine], budget)
    return Thresholds(table)


def decide(scores: Array, floors: Array, *, limits: Array, stage: str, operations: Array) -> Array:
    """Decision codes of registrations: by score against `limits`, never below what a rule asks.

    Capped by what the stage and the operation allow. A further rule hit can only raise a floor, so
    it never lowers a decision.
    """
    by_score = (scores[:, None] >= limits).sum(axis=1)
    decision = np.maximum(by_score, floors)
    no_hold = (stage != STAGES[0]) | (operations == OPERATIONS.index("link_existing"))
    capped: Array = np.where(no_hold, np.minimum(decision, STEP_UP), decision).astype(np.int8)
    return capped
