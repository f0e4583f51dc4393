"""What the notebooks take: seconds and the peak memory of each, on simulated countries of some sizes.

    python -m benchmarks.notebooks [registrations ...] [--only 01 04 ...]

Each notebook runs from top to bottom in a kernel of its own, in a folder with the country and an MLflow
store. Memory is the resident memory of the kernel and all it started, looked at ten times a second. With
two sizes or more it prints what a straight line through them says of a million registrations, which is
an extrapolation and no measurement.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
import numpy as np
import psutil
from nbclient import NotebookClient

from detector.model import shadowed
from detector.simulate import Country, simulate, write
from tests.model.shadows import in_the_shadow

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
MILLION, LIMIT = 1_000_000, 8.0  # registrations, gigabytes
PATIENCE = 3_600  # seconds for one cell


@dataclass(frozen=True, slots=True)
class Taken:
    """What one notebook took."""

    seconds: float
    gigabytes: float


def country() -> Country:
    """Much of what is misused is reported, so that there is something to compare in a small one too."""
    plain = Country()
    return replace(plain, verdicts=replace(plain.verdicts, coverage=0.6, delay=8.0))


def executed(path: Path, home: Path) -> Taken:
    """Run one; seconds and peak."""
    peak, stop = [0.0], threading.Event()
    here = psutil.Process()

    def look() -> None:
        while not stop.wait(0.1):
            peak[0] = max(peak[0], sum(_resident(child) for child in here.children(recursive=True)))

    watching = threading.Thread(target=look)
    watching.start()
    began = time.perf_counter()
    try:
        NotebookClient(
            nbformat.read(path, as_version=4),
            timeout=PATIENCE,
            kernel_name="python3",
            resources={"metadata": {"path": home}},
        ).execute()
    finally:
        stop.set()
        watching.join()
    return Taken(time.perf_counter() - began, peak[0])


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss / 1e9)
    except psutil.Error:
        return 0.0  # it has ended meanwhile


def measured(size: int, only: list[str]) -> dict[str, Taken]:
    """All notebooks on a country of a size."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        write(simulate(country(), registrations=size, seed=1), home / "country")
        shadowed.write(in_the_shadow(), home / "country" / shadowed.FILE)
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{home / 'mlflow.db'}"
        for path in NOTEBOOKS:
            if not only or path.stem[:2] in only:
                taken = found[path.stem] = executed(path, home)
                said = f"{taken.seconds:>8.0f} s{taken.gigabytes:>8.2f} GB"
                print(f"{size:>10,}  {path.stem:<28}{said}", flush=True)
    print(f"{size:>10,}  {'together':<28}{sum(t.seconds for t in found.values()):>8.0f} s\n")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registrations", nargs="*", type=int, default=[10_000])
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    sizes = sorted(given.registrations)
    found = {size: measured(size, given.only) for size in sizes}
    if len(sizes) > 1:
        print(f"a straight line says of {MILLION:,} (limit {LIMIT:g} GB):")
        for name in found[sizes[0]]:
            slope, base = np.polyfit(sizes, [found[size][name].gigabytes for size in sizes], 1)
            print(f"  {name:<28}{base + slope * MILLION:>8.1f} GB")


if __name__ == "__main__":
    main()
