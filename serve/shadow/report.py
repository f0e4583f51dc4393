"""A shadow's results out of the store, as the tables that people read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from detector.decision import DECISIONS
from detector.lifecycle import STAGES
from detector.model.shadowed import Shadowed
from detector.registration import OPERATIONS
from serve.shadow import ledger
from serve.shadow.ledger import Shadow
from serve.store.books import Books
from serve.store.database import Connection

RULES = "rules-only"


def shadowed(own: Connection, shadow: Shadow) -> Shadowed:
    """Everything that a challenger said, with verdicts as they are now. Raises TooLittleData."""
    models, found = ledger.results(own, shadow)
    _, last = np.unique(found["sequence"] * len(STAGES) + found["stage"], return_index=True)
    found = found[last]
    books = Books(own)
    carriers = np.array([*books.carriers(), ""], object)
    names = np.array([*(name or RULES for name in models), ""], object)
    table = pd.DataFrame(
        {
            "at": pd.to_datetime(found["moment"], unit="us", utc=True),
            "stage": np.array(STAGES, object)[found["stage"]],
            "carrier": carriers[found["carrier"]],
            "operation": np.array(OPERATIONS, object)[found["operation"]],
            "live_model": names[found["live_model"]],
            "live_score": found["live_score"],
            "live_decision": np.array(DECISIONS, object)[found["live_decision"]],
            "score": found["score"],
            "decision": np.array(DECISIONS, object)[found["decision"]],
            "fraud": _verdicts(books, found["sequence"]),
        }
    )
    return Shadowed(shadow.model, ledger.answered(own, shadow), table)


def _verdicts(books: Books, sequence: np.ndarray) -> pd.Series:
    last = {v.sequence: None if v.withdrawn else v.fraud for v in books.all_verdicts()}
    return pd.Series([last.get(number) for number in sequence.tolist()], dtype="boolean")
