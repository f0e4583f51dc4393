"""Days and hours: weekly rhythm, opening hours, and the rush before each deadline.

Attackers have no clock of their own: they take their moments from those of honest registrations in the
days they work, so that neither hour nor day tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from detector.registration import Bool, Int8, Int64
from detector.simulate.country import Rhythm

DAY = 86_400
UTC_OFFSET = 6 * 3600  # local midnight is 06:00 UTC
_REMOTE_HOURS = np.array(
    [3, 1.5, 0.8, 0.5, 0.5, 0.8, 2, 4, 6, 8, 9, 10, 10, 9.5, 9, 9, 9, 9.5, 10, 10.5, 10, 9, 7, 5]
)
_SHOP_HOURS = np.array([0] * 8 + [1, 5, 9, 11, 12, 11, 9, 8, 9, 10, 10, 7, 2, 0, 0, 0], float)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The span of the simulation, in local days counted from its first."""

    start: int  # seconds since 1970 of the first local midnight
    days: int
    weekly: NDArray[np.float64]  # weight per day
    by_digit: NDArray[np.float64]  # (10, days): weights for lines that have a deadline
    rush: NDArray[np.bool_]  # (10, days)

    @property
    def end(self) -> int:
        """The first second after the span."""
        return self.start + self.days * DAY

    def any_time(self, shop: Bool, rng: np.random.Generator) -> Int64:
        """Moments of people under no deadline; `shop` rows keep opening hours."""
        day = np.searchsorted(np.cumsum(self.weekly / self.weekly.sum()), rng.random(len(shop)))
        return self._moment(day, shop, rng)

    def before_deadline(self, digit: Int8, shop: Bool, rng: np.random.Generator) -> Int64:
        """Moments of people whose line falls due by its last digit."""
        day = np.zeros(len(digit), np.int64)
        for d in range(10):
            mine = np.flatnonzero(digit == d)
            steps = np.cumsum(self.by_digit[d] / self.by_digit[d].sum())
            day[mine] = np.searchsorted(steps, rng.random(len(mine)))
        return self._moment(day, shop, rng)

    def rushed(self, at: Int64, digit: Int8) -> Bool:
        """Whether a moment lies in the last days before that digit's deadline."""
        day = ((at - self.start) // DAY).clip(0, self.days - 1)
        rushed: Bool = self.rush[digit, day]
        return rushed

    def _moment(self, day: NDArray[np.int64], shop: Bool, rng: np.random.Generator) -> Int64:
        u = rng.random(len(day))
        remote = np.searchsorted(np.cumsum(_REMOTE_HOURS / _REMOTE_HOURS.sum()), u)
        indoors = np.searchsorted(np.cumsum(_SHOP_HOURS / _SHOP_HOURS.sum()), u)
        hour = np.where(shop, indoors, remote).clip(0, 23)
        day = day.clip(0, self.days - 1)
        second = hour * 3600 + rng.integers(0, 3600, len(day))
        moment: Int64 = self.start + day.astype(np.int64) * DAY + second
        return moment


def calendar_of(rhythm: Rhythm, rng: np.random.Generator) -> Calendar:
    """The calendar of a country: weekday weights with some noise, and its waves."""
    first = datetime(
        rhythm.starts_on.year, rhythm.starts_on.month, rhythm.starts_on.day, tzinfo=UTC
    )
    weekday = (first.weekday() + np.arange(rhythm.days)) % 7
    weights = np.array([1.0, 0.97, 0.98, 1.0, 1.05, 1.0, rhythm.sunday])[weekday]
    weights = weights * np.exp(rng.normal(0, 0.08, rhythm.days))
    by_digit, rush = _waves(rhythm, weights)
    start = int(first.timestamp()) + UTC_OFFSET
    return Calendar(start=start, days=rhythm.days, weekly=weights, by_digit=by_digit, rush=rush)


def _waves(
    rhythm: Rhythm, weekly: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    base = np.tile(weekly / weekly.sum(), (10, 1))
    if rhythm.waves == 0:
        return base, np.zeros(base.shape, bool)
    group = np.arange(10) * rhythm.waves // 10
    deadline = rhythm.days * (
        rhythm.first_wave + (0.97 - rhythm.first_wave) * group / max(rhythm.waves - 1, 1)
    )
    left = deadline[:, None] - np.arange(rhythm.days)
    pulled = np.where(left >= 0, np.exp(-left / rhythm.rush_days), 0)
    pulled /= pulled.sum(axis=1, keepdims=True)
    calm = base * np.where(left < 0, 0.35, 1.0)
    calm /= calm.sum(axis=1, keepdims=True)
    mixed = (1 - rhythm.pull) * calm + rhythm.pull * pulled
    return mixed, (left >= 0) & (left <= rhythm.rush_days)
