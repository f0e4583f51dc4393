"""A made-up challenger in the shadow: a little harsher than the service, on two weeks of answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.decision import DECISIONS
from detector.model.shadowed import Shadowed

N = 8_000


def in_the_shadow(*, answered: int = N, harsher: float = 0.4, seed: int = 1) -> Shadowed:
    rng = np.random.default_rng(seed)
    fraud = rng.random(N) < 0.02
    margin = rng.normal(-4, 1, N) + 3 * fraud
    second = margin + rng.normal(harsher, 0.4, N)
    told = fraud & (rng.random(N) < 0.5) | (rng.random(N) < 0.01)
    words = np.array(DECISIONS, object)
    limits = [-1.5, -1.0, 0.0]
    return Shadowed(
        "new",
        answered,
        pd.DataFrame(
            {
                "at": pd.Timestamp("2026-05-01", tz="UTC")
                + pd.to_timedelta(np.sort(rng.random(N)) * 14, unit="D"),
                "stage": np.where(np.arange(N) % 4 == 3, "day_1", "activation"),
                "carrier": "alfa",
                "operation": np.where(np.arange(N) % 2 == 0, "new_line", "link_existing"),
                "live_model": "old",
                "live_score": 1 / (1 + np.exp(-margin)),
                "live_decision": words[np.searchsorted(limits, margin)],
                "score": 1 / (1 + np.exp(-second)),
                "decision": words[np.searchsorted(limits, second)],
                "fraud": pd.array(np.where(told, fraud, None), dtype="boolean"),
            }
        ),
    )
