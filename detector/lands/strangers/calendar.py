"""When people come: a curve over the days, with a wave before each deadline, and hours by channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

START = np.datetime64("2026-01-09")
DAYS = 250
OLD_DEADLINE = 172  # 30 June, moved five days before
# Days of the cut-offs by the number's last digit that fall in the period, and one soon after it.
CUT_OFFS = {0: 218, 1: 234, 2: 249, 3: 264}
IN_PERSON = (9, 10, 10, 11, 11, 11, 12, 12, 12, 13, 13, 14, 15, 16, 16, 17, 17, 17, 18, 18, 19)
REMOTE = (
    0,
    7,
    8,
    9,
    9,
    10,
    11,
    12,
    13,
    14,
    14,
    15,
    16,
    17,
    18,
    19,
    19,
    20,
    20,
    21,
    21,
    21,
    22,
    22,
    23,
)
WEST = 6 * 3600  # Mexico's hours behind UTC


@dataclass(frozen=True, slots=True)
class Calendar:
    """Chances of each day, by last digit for lines that exist, and for everything else."""

    linking: np.ndarray
    buying: np.ndarray

    def days(self, rng: np.random.Generator, digit: np.ndarray, old: np.ndarray) -> np.ndarray:
        """A day for each registration: old lines follow their digit's deadline."""
        draw = rng.random(len(digit))
        out = np.searchsorted(self.buying, draw)
        for value in range(10):
            rows = old & (digit == value)
            out[rows] = np.searchsorted(self.linking[value], draw[rows])
        return np.minimum(out, DAYS - 1)

    def starts(self, rng: np.random.Generator, size: int, span: float) -> np.ndarray:
        """Days on which something that lasts `span` days may begin."""
        whole = 0.6 * self.linking.mean(0) + 0.4 * self.buying
        begin = np.searchsorted(whole, rng.random(size)) - rng.random(size) * span
        return np.clip(begin, 0, max(1.0, DAYS - 1 - span)).astype(int)


def calendar(rng: np.random.Generator) -> Calendar:
    """This country's year."""
    day = np.arange(DAYS)
    weekday = np.array([1.05, 1.0, 1.0, 1.02, 1.1, 1.0, 0.6])[(day + 4) % 7]
    noise = rng.lognormal(0, 0.12, DAYS) * weekday
    base = 0.35 + 1.6 * np.exp(-day / 9) + 0.5 * np.exp(-(((day - 55) / 15) ** 2))
    common = base + 2.6 * np.exp(-np.maximum(OLD_DEADLINE - 5 - day, 0) / 11) * (
        day < OLD_DEADLINE - 4
    )
    rows = []
    for digit in range(10):
        curve = np.where(day < OLD_DEADLINE - 4, common, 0.25)
        if digit in CUT_OFFS:
            left = CUT_OFFS[digit] - day
            curve = curve + 5.5 * np.exp(-np.abs(left) / 6) * (left >= -3) * (
                day > OLD_DEADLINE - 5
            )
        rows.append(_summed(curve * noise))
    return Calendar(np.array(rows), _summed((0.8 + 0.3 * base) * noise))


def _summed(curve: np.ndarray) -> np.ndarray:
    total = np.cumsum(curve)
    return np.asarray(total / total[-1])


def seconds(rng: np.random.Generator, remote: np.ndarray) -> np.ndarray:
    """A time of day in UTC seconds (may run into the next UTC day)."""
    hour = np.where(remote, rng.choice(REMOTE, len(remote)), rng.choice(IN_PERSON, len(remote)))
    return hour * 3600 + rng.integers(0, 3600, len(remote)) + WEST
