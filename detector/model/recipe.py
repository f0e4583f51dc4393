"""How a model is trained, as data: `models/recipe.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from detector.errors import BadInput

LEAVES_TO_FILL = 200


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training run; the file says what each is for."""

    booster: Mapping[str, float]
    coarse: Mapping[str, float]
    most_unlabelled: int
    later_share: float
    maturity: float
    unlabelled_weight: float
    labelled_weight: float
    suspected_least: float
    suspected_most: float
    suspected_weight: float
    hard_share: float
    easy_share: float
    lands: tuple[str, ...]
    countries: int
    practice_registrations: int
    practice_honest_share: float
    practice_weight: float
    novelty_weight: float
    planted_rows: int = 0
    planted_weight: float = 0.0
    impression: Mapping[str, float] = field(default_factory=dict)

    def coarser(self, rows: int) -> Recipe:
        """With a booster that tells fewer people apart, for that many rows: leaves are fewer, and larger where
        there are rows enough to fill two hundred of them."""
        held = dict(self.booster)
        if "num_leaves" in self.coarse:
            held["num_leaves"] = min(held["num_leaves"], self.coarse["num_leaves"])
        if "min_data_in_leaf" in self.coarse:
            least = min(self.coarse["min_data_in_leaf"], rows // LEAVES_TO_FILL)
            held["min_data_in_leaf"] = max(held["min_data_in_leaf"], least)
        return replace(self, booster=held)

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read a recipe. Raises BadInput if it lacks something."""
        try:
            text: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
            rows, practice = text["rows"], text["practice"]
            return cls(
                text["booster"],
                text.get("coarse", {}),
                int(rows["most_unlabelled"]),
                float(rows["later_share"]),
                float(rows["maturity"]),
                float(rows["unlabelled_weight"]),
                float(rows["labelled_weight"]),
                float(rows.get("suspected_least", 0.0)),
                float(rows.get("suspected_most", 0.0)),
                float(rows.get("suspected_weight", 1.0)),
                float(rows["hard_share"]),
                float(rows["easy_share"]),
                tuple(map(str, practice["lands"])),
                int(practice["countries"]),
                int(practice["registrations"]),
                float(practice.get("honest_share", 1.0)),
                float(practice["weight"]),
                float(text["novelty"]["weight"]),
                int(text.get("planted", {}).get("rows", 0)),
                float(text.get("planted", {}).get("weight", 0.0)),
                text.get("impression", {}),
            )
        except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
            raise BadInput(f"recipe {path.name} cannot be used: {type(fault).__name__}") from fault
