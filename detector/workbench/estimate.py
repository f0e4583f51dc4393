"""How a model probably does before verdicts come in, week by week."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.decision import threshold
from detector.model.artefact import Model
from detector.model.dataset import batches
from detector.model.drift import expected_performance
from detector.model.measures import MAIN_RATE
from detector.workbench.country import Country, microseconds
from detector.workbench.replay import answers


def by_week(country: Country, model: Model, *, start: pd.Timestamp | str) -> pd.DataFrame:
    """Expected precision, recall and false alarms where one in a thousand honest may be bothered.

    Estimated from the model's own calibrated scores; `detector.model.drift.ASSUMPTION` says what for.
    """
    past = country.past
    asked = past.queries("activation")
    asked = asked.pick(past.registrations.at[asked.rows] >= microseconds(start))
    rings = past.rings({"activation": asked})["activation"]
    said = [
        answers(country, model, "activation", b) for b in batches(past, "activation", asked, rings)
    ]
    score = np.concatenate([part.score for part in said])
    at = pd.to_datetime(past.registrations.at[asked.rows], unit="us", utc=True)
    weeks = [f"{year}-W{week:02d}" for year, week, _ in at.isocalendar().itertuples(index=False)]
    found = expected_performance(score, threshold=threshold(score, MAIN_RATE), groups=weeks)
    return found.rename(columns={"group": "week"})
