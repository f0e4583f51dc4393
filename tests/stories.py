"""Stories: rows in the contract's words, taken through the door, and what the signals say of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from detector.intake import read_folder
from detector.model.impressions import prepared
from detector.scoring import rule_hits
from detector.signals import RULES, features, vectors
from tests import builders

Row = Mapping[str, Any]
MORNING = datetime(2026, 3, 2, 15, tzinfo=UTC)


def at(**later: float) -> str:
    """A moment so much later than the morning on which stories begin."""
    return (MORNING + timedelta(**later)).isoformat()


class Story:
    """A data folder read by the engine: `story[row]` are the features of that registration."""

    def __init__(self, path: Path, *, stage: str = "activation", **tables: Sequence[Row]) -> None:
        data = read_folder(builders.folder(path / stage, **tables), builders.pseudonymiser())
        assert not data.rejections, "a story is told in valid rows"
        past = prepared(data)
        queries = past.queries(stage)
        rings = past.rings({stage: queries})[stage]
        self._stage = stage
        self._vectors = vectors(past.context(stage, queries, rings))
        ids = data.registrations.registration_id.take(queries.rows).to_pylist()
        self._place = {name: i for i, name in enumerate(ids)}

    def vector(self, row: Row) -> np.ndarray:
        """All features of a registration, in the model's order."""
        return self._vectors[self._place[row["registration_id"]]]

    def __getitem__(self, row: Row) -> dict[str, float]:
        names = (f.name for f in features(self._stage))
        return dict(zip(names, self.vector(row).tolist(), strict=True))

    def __contains__(self, row: Row) -> bool:
        return row["registration_id"] in self._place

    def rules(self, row: Row) -> set[str]:
        """Names of the rules that hit it."""
        _, hits = rule_hits(self._stage, self.vector(row)[None])
        return {rule.name for rule, hit in zip(RULES, hits, strict=True) if hit[0]}
