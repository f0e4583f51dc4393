"""A made-up gazetteer: municipalities with the shape of INEGI codes, heavy-tailed sizes and neighbours.

Only the two-digit state numbers and the states' dialling codes are Mexico's; every municipality,
its size and its neighbours are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from detector.registration import Bool, Int16, Int32, Table

NEIGHBOURS = 8
# Dialling codes by state in INEGI's order; where a state has two, the larger towns use the first.
DIALLING_CODES = (
    (449,), (664, 686), (612,), (981,), (844, 871), (312,), (961,), (614, 656), (551, 558), (618,),
    (477, 462), (744, 747), (771,), (331, 333), (722, 729), (443,), (777,), (311,), (811, 818), (951,),
    (222,), (442,), (998,), (444,), (667,), (662,), (993,), (834, 899), (246,), (229, 228), (999,), (492,),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places(Table):
    """Municipalities, sorted by code. Positions in this table are what the simulator calls a place."""

    code: Int32  # state number times 1000 plus municipality number
    state: Int16  # 0-31
    weight: NDArray[np.float64]  # share of the population
    rural: Bool
    dialling: Int16
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    near: Int32  # (places, NEIGHBOURS): nearest first
    prison: Bool

    def draw(self, n: int, rng: np.random.Generator) -> Int32:
        """Places of people drawn at random."""
        return (
            np.searchsorted(np.cumsum(self.weight), rng.random(n))
            .clip(0, len(self) - 1)
            .astype(np.int32)
        )

    def neighbour(self, place: Int32, rng: np.random.Generator) -> Int32:
        """A municipality close by, for each place."""
        return self.near[place, rng.integers(0, self.near.shape[1], len(place))]


def draw_places(count: int, *, rural_share: float, rng: np.random.Generator) -> Places:
    """A gazetteer of `count` municipalities of which the smallest hold `rural_share` of the people."""
    state = np.sort(np.concatenate([np.arange(32), rng.integers(0, 32, max(count - 32, 0))]))
    number = np.arange(len(state)) - np.searchsorted(state, state)
    weight = rng.pareto(1.15, len(state)) + 0.05
    weight = np.minimum(weight, np.quantile(weight, 0.995))
    weight /= weight.sum()
    centre = rng.random((32, 2)) * 10
    spot = centre[state] + rng.normal(0, 0.6, (len(state), 2))
    near = KDTree(spot).query(spot, k=min(NEIGHBOURS, len(state) - 1) + 1)[1][:, 1:]
    smallest_first = np.argsort(weight)
    rural = np.zeros(len(state), bool)
    rural[smallest_first[np.cumsum(weight[smallest_first]) < rural_share]] = True
    prison = np.zeros(len(state), bool)
    prison[rng.choice(np.flatnonzero(~rural), min(12, (~rural).sum()), replace=False)] = True
    return Places(
        code=(state + 1).astype(np.int32) * 1000 + number.astype(np.int32) + 1,
        state=state.astype(np.int16),
        weight=weight,
        rural=rural,
        dialling=_dialling(state, weight),
        x=spot[:, 0],
        y=spot[:, 1],
        near=near.astype(np.int32),
        prison=prison,
    )


def _dialling(state: NDArray[np.int64], weight: NDArray[np.float64]) -> Int16:
    large = weight > np.median(weight)
    first = np.array([codes[0] for codes in DIALLING_CODES], np.int16)
    last = np.array([codes[-1] for codes in DIALLING_CODES], np.int16)
    return np.where(large, first[state], last[state])
