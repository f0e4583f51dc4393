"""What a rule is: a plain condition on features that asks for at least a given decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.history import Column
from detector.lifecycle import STAGES

Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule hits where `condition` holds; it then asks for `at_least` that decision and gives `reason`.

    It is asked at `stages` only: what is true of a person later need not be so because of this line.
    `hit` and `near_miss` are the feature values of an example and of an innocent who comes close;
    what they leave out is NaN. A test runs them.
    """

    name: str
    doc: str
    reason: str
    at_least: str
    condition: Callable[[Columns], NDArray[np.bool_]]
    hit: Mapping[str, float]
    near_miss: Mapping[str, float]
    stages: tuple[str, ...] = STAGES
