"""Made-up backtests: two models' answers on the same weeks, each as good as a test wants it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from detector.audit import Segments
from detector.model.backtest import Answers, Backtest

DAY = 86_400_000_000
START = 20_500 * DAY
LINES, WEEKS = 20_000, 4


def backtest(
    *,
    champion: float = 2.0,
    challenger: float = 2.5,
    harsh_on: float = 0.0,
    frauds: int = 200,
    version: str = "new",
    seed: int = 1,
) -> Backtest:
    """Misuse scores `champion` and `challenger` standard deviations above honest lines.

    `harsh_on` is by how much the challenger raises the honest of the group `town`.
    """
    rng = np.random.default_rng(seed)
    fraud = np.zeros(LINES, bool)
    fraud[rng.choice(LINES, frauds, replace=False)] = True
    town = rng.random(LINES) < 0.3
    common = rng.normal(0, 1, LINES)
    first = common + 0.3 * rng.normal(0, 1, LINES) + champion * fraud
    second = common + 0.3 * rng.normal(0, 1, LINES) + challenger * fraud
    second += harsh_on * (town & ~fraud)
    pattern = np.where(fraud, rng.integers(0, 2, LINES), -1)
    at = np.sort(START + rng.integers(0, WEEKS * 7 * DAY, LINES))
    return Backtest(
        stage="activation",
        start=START,
        end=START + WEEKS * 7 * DAY,
        row=np.arange(LINES),
        at=at,
        registration=pa.array([f"r{i}" for i in range(LINES)], pa.large_string()),
        carrier=pa.array(["alfa"] * LINES, pa.large_string()),
        fraud=fraud,
        spoken=fraud | (rng.random(LINES) < 0.05),
        cluster=np.where(fraud, np.arange(LINES) % 50, -2 - np.arange(LINES)),
        pattern=pattern,
        patterns=("star", "spread"),
        official=rng.random(LINES) < 0.05,
        segments=Segments(
            ("town", "country"), ("place", "place"), (np.flatnonzero(town), np.flatnonzero(~town))
        ),
        champion=answers("old", first),
        challenger=answers(version, second),
        truth="truth",
    )


def answers(version: str, margin: np.ndarray) -> Answers:
    decision = np.searchsorted([2.4, 3.0, 4.0], margin).astype(np.int8)
    return Answers(version, 1 / (1 + np.exp(3 - margin)), decision, START - 1)
