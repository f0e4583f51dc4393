"""Whether time tells who is enrolled: `python -m benchmarks.portal FOLDER` (its store goes there), then visits.

Visits for somebody enrolled and for nobody take turns at the portal's own pages: identity, a wrong code,
another code. For each page: both medians, and Welch's t of the times below the 90th percentile. Beyond 4.5
in size the two differ by more than chance.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

import numpy as np
from scipy.stats import ttest_ind

from serve.store.database import connect
from serve.store.keys import StoreKeys
from tests.builders import curp_of
from tests.serve.portal.people import DANI, World

VISITS = 2_000
PAGES = {
    "identity": ("/identidad", {}),
    "wrong code": ("/clave", {"code": "1234"}),
    "another": ("/otra", {}),
}


async def visited(world: World, value: str) -> list[float]:
    """Seconds that each page took."""
    visitor = world.visitor()
    await visitor.open()
    await visitor.send("/folio", none="1")
    spent = []
    for path, fields in PAGES.values():
        given = {"kind": "curp", "value": value} if path == "/identidad" else fields
        began = time.perf_counter()
        await visitor.send(path, **given)
        spent.append(time.perf_counter() - began)
    await visitor.http.aclose()
    return spent


async def measured(world: World, visits: int) -> dict[str, list[list[float]]]:
    """Times of both, in turn."""
    found: dict[str, list[list[float]]] = {"enrolled": [], "nobody": []}
    for number in range(visits):
        world.own.run("DELETE FROM portal_challenges")  # else the tenth code a day is the last
        world.own.run("DELETE FROM outbox")
        for who, value in (("enrolled", DANI), ("nobody", curp_of(100 + number % 800))):
            found[who].append(await visited(world, value))
    return found


def main(folder: Path, visits: int) -> None:
    """Print the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    StoreKeys.generate(folder)
    world = World(connect(f"sqlite:///{folder / 'portal.db'}"))
    world.enrol()
    found = {
        who: np.array(times) * 1e3 for who, times in asyncio.run(measured(world, visits)).items()
    }
    for place, page in enumerate(PAGES):
        ours, others = (times[:, place] for times in found.values())
        most = np.quantile(np.concatenate([ours, others]), 0.9)
        t = ttest_ind(ours[ours < most], others[others < most], equal_var=False).statistic
        print(
            f"{page:12s} enrolled {np.median(ours):6.2f} ms  nobody {np.median(others):6.2f} ms  "
            f"Welch's t {t:+5.1f}  ({visits} visits each)"
        )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path, help="Where its stores go.")
    asked.add_argument("visits", type=int, nargs="?", default=VISITS)
    main(**vars(asked.parse_args()))
