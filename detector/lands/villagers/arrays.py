"""Words for columns of numbers, and small tools on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = dict[str, NDArray[Any]]


class Keys:
    """Hands out numbers that nothing else has: of tools, lines, boxes."""

    def __init__(self, first: int) -> None:
        self._next = first

    def take(self, count: int) -> Ints:
        """So many numbers never given before."""
        found = np.arange(self._next, self._next + count, dtype=np.int64)
        self._next += count
        return found


def mixed(keys: NDArray[Any], salt: int) -> NDArray[np.uint64]:
    """The same key and salt give the same number, which tells nothing of either."""
    with np.errstate(over="ignore"):
        x = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def part(keys: NDArray[Any], salt: int, below: int) -> Ints:
    """A whole number under a bound, always the same for a key."""
    return (mixed(keys, salt) % np.uint64(below)).astype(np.int64)


def pick(rng: np.random.Generator, chances: NDArray[Any], count: int) -> Ints:
    """Places in a list of chances, drawn by them."""
    steps = np.cumsum(chances, dtype=float)
    found = np.searchsorted(steps, rng.random(count) * steps[-1], side="right")
    return np.asarray(np.minimum(found, len(steps) - 1), dtype=np.int64)


def group_sizes(rng: np.random.Generator, least: int, most: int, total: int) -> Ints:
    """Sizes of groups, small ones the commonest, that add up to a total."""
    found = np.zeros(0, dtype=np.int64)
    while found.sum() < total:
        low, high = np.log(least), np.log(most + 1)
        more = np.exp(low + (high - low) * rng.random(total // least + 1))
        found = np.concatenate([found, np.clip(more.astype(np.int64), least, most)])
    ends = np.cumsum(found)
    last = int(np.searchsorted(ends, total))
    found = found[: last + 1]
    found[-1] -= ends[last] - total
    return found


def within(sizes: Ints) -> Ints:
    """The place of each row inside its group."""
    starts = np.cumsum(sizes) - sizes
    return np.asarray(np.arange(sizes.sum()) - np.repeat(starts, sizes), dtype=np.int64)


def stacked(parts: list[Rows]) -> Rows:
    """Several batches of rows as one."""
    return {name: np.concatenate([each[name] for each in parts]) for name in parts[0]}


def chosen(rows: Rows, which: NDArray[Any]) -> Rows:
    """Some of the rows."""
    return {name: values[which] for name, values in rows.items()}
