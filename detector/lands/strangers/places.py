"""Municipalities (INEGI codes) with a made-up share of people each: few are large, most are rural."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# State: letters in a CURP, municipalities, millions of people, area code of its numbers.
STATES = (
    ("AS", 11, 1.5, "449"),
    ("BC", 7, 3.9, "664"),
    ("BS", 5, 0.8, "612"),
    ("CC", 13, 0.9, "981"),
    ("CL", 38, 3.3, "844"),
    ("CM", 10, 0.7, "312"),
    ("CS", 124, 5.7, "961"),
    ("CH", 67, 3.8, "614"),
    ("DF", 16, 9.2, "55"),
    ("DG", 39, 1.9, "618"),
    ("GT", 46, 6.3, "477"),
    ("GR", 81, 3.5, "744"),
    ("HG", 84, 3.2, "771"),
    ("JC", 125, 8.5, "33"),
    ("MC", 125, 17.2, "722"),
    ("MN", 113, 4.8, "443"),
    ("MS", 36, 2.0, "777"),
    ("NT", 20, 1.3, "311"),
    ("NL", 51, 6.0, "81"),
    ("OC", 570, 4.2, "951"),
    ("PL", 217, 6.7, "222"),
    ("QT", 18, 2.5, "442"),
    ("QR", 11, 2.0, "998"),
    ("SP", 58, 2.9, "444"),
    ("SL", 20, 3.1, "667"),
    ("SR", 72, 3.0, "662"),
    ("TC", 17, 2.5, "993"),
    ("TS", 43, 3.6, "834"),
    ("TL", 60, 1.4, "246"),
    ("VZ", 212, 8.1, "229"),
    ("YN", 106, 2.4, "999"),
    ("ZS", 58, 1.7, "492"),
)
CAPITAL_CITY = 8  # its boroughs are numbered from 002


@dataclass(frozen=True, slots=True)
class Places:
    """Municipalities by position: code, state, share of people, whether rural."""

    code: np.ndarray
    state: np.ndarray
    share: np.ndarray
    rural: np.ndarray

    def drawn(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Municipalities as people live in them."""
        return rng.choice(len(self.code), size, p=self.share)

    def near(self, rng: np.random.Generator, places: np.ndarray) -> np.ndarray:
        """Another municipality of the same state, larger ones oftener."""
        found = np.array(places)
        for state in np.unique(self.state[found]):
            here = np.flatnonzero(self.state == state)
            rows = self.state[places] == state
            weight = self.share[here] / self.share[here].sum()
            found[rows] = rng.choice(here, int(rows.sum()), p=weight)
        return found


def places(rng: np.random.Generator) -> Places:
    """All municipalities; the largest of a state follow a power law, in no order of their codes."""
    code, state, share = [], [], []
    for number, (_, count, millions, _) in enumerate(STATES):
        weight = 1.0 / np.arange(2, count + 2) ** 1.15
        rng.shuffle(weight)
        first = 2 if number == CAPITAL_CITY else 1
        code += [f"{number + 1:02d}{first + i:03d}" for i in range(count)]
        state += [number] * count
        share += list(weight / weight.sum() * millions)
    shares = np.array(share) / sum(share)
    rural = shares < np.quantile(shares, 0.75)
    return Places(np.array(code, dtype=object), np.array(state), shares, rural)
