"""The ladder that carriers see instead of the exact score: coarse on purpose, and published.

Whoever may try registrations must not learn from an answer how many lines somebody has elsewhere. A
rung says the decision and, within `step_up`, whether the score lies above a fixed cut. Within `allow`
there is one rung: a cut there would part those who have any other line from those who have none.
"""

from __future__ import annotations

BANDS = {"allow": "LOW", "allow_notify": "MEDIUM", "step_up": "HIGH", "hold": "VERY_HIGH"}
# By decision: the lower rung, the calibrated probability from which the upper one counts, the upper rung.
RUNGS = {
    "allow": (0, 2.0, 0),
    "allow_notify": (25, 2.0, 25),
    "step_up": (50, 0.5, 75),
    "hold": (90, 2.0, 90),
}
LADDER = tuple(sorted({rung for low, _, high in RUNGS.values() for rung in (low, high)}))


def risk_score(score: float, decision: str) -> int:
    """The rung of an exact score under a decision."""
    low, cut, high = RUNGS[decision]
    return high if score >= cut else low


def risk_band(decision: str) -> str:
    """The band of a decision, in capitals."""
    return BANDS[decision]
