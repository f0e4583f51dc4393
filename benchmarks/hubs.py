"""How much of the country hangs together by shared keys: why one writer lock, not a lock per key.

    python -m benchmarks.hubs [--registrations N]

Of a simulated country's registrations, in order: how many of those that arrive within a batch share a key
with another of the batch, and how many hang together, directly or through others, in its largest group.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from detector.intake import read_folder
from detector.pseudonym import Key, Pseudonymiser
from detector.simulate import Country, simulate, write
from serve.shelf import record_ids

Ids = list[list[bytes | None]]


def groups(rows: Ids) -> np.ndarray:
    """Sizes of the groups that share keys."""
    keys = {id_: len(rows) + n for n, id_ in enumerate({i for row in rows for i in row if i})}
    pairs = np.array([(n, keys[id_]) for n, row in enumerate(rows) for id_ in row if id_])
    size = len(rows) + len(keys)
    shared = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (size, size))
    return np.bincount(connected_components(shared)[1][: len(rows)])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registrations", type=int, default=40_000)
    count = parser.parse_args().registrations
    with tempfile.TemporaryDirectory() as name:
        write(simulate(Country(), registrations=count, seed=7), Path(name))
        own = read_folder(Path(name), Pseudonymiser(Key.fresh())).registrations
    ids = record_ids(own)
    held = np.mean([sum(id_ is not None for id_ in row) for row in ids])
    print(f"{held:.1f} records per registration")
    for batch in (2, 16, 64):
        found = [groups(ids[low : low + batch]) for low in range(count // 2, count - batch, batch)]
        tied = np.mean([sizes[sizes > 1].sum() / batch for sizes in found])
        largest = np.mean([sizes.max() / batch for sizes in found])
        print(f"of {batch:>2} in a row {tied:4.0%} share a key, {largest:4.0%} hang together")


if __name__ == "__main__":
    main()
