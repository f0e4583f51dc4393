"""How fast registrations come through the door: `python -m benchmarks.intake [rows] [parquet|csv]`.

The rows are made up and all different, the hardest case for pseudonyms; every column is filled.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from detector import intake
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import CHANNELS, OPERATIONS, PLANS

BATCH = 500_000


def digits(numbers: np.ndarray, width: int, before: str = "", after: str = "") -> pa.Array:
    """Numbers of a fixed width as text."""
    text = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(before, text, after, "")


def words(rng: np.random.Generator, among: tuple[str, ...], count: int) -> pa.Array:
    """Words drawn at random."""
    return pa.array(among).take(pa.array(rng.integers(0, len(among), count)))


def curps(numbers: np.ndarray) -> pa.Array:
    """A well-formed CURP per number (check digits as they fall)."""
    letters = np.stack([65 + numbers // 26**k % 26 for k in range(5)], axis=1).astype(np.uint8)
    text = np.tile(np.frombuffer(b"AAAA900203HNEAXX01", np.uint8), (len(numbers), 1))
    text[:, [0, 1, 2, 3, 13]] = letters
    return pa.array(text.reshape(-1).view("S18")).cast(pa.string())


def registrations(first: int, count: int, rng: np.random.Generator) -> pa.Table:
    """Made-up registrations, numbered from `first`."""
    n = np.arange(first, first + count)
    at = 1_767_225_600_000_000 + rng.permutation(count) * 1_000_000 + first * 100_000
    return pa.table(
        {
            "registration_id": digits(n, 9, "R-"),
            "carrier_id": words(rng, ("alfa", "beta", "gama"), count),
            "registered_at": pa.array(at).cast(pa.timestamp("us", "UTC")),
            "operation": words(rng, OPERATIONS, count),
            "channel": words(rng, CHANNELS, count),
            "plan": words(rng, PLANS, count),
            "identity_type": words(rng, ("curp",), count),
            "identity_value": curps(n),
            "document_type": words(rng, ("ine", "passport"), count),
            "validation_result": words(rng, ("match", "partial"), count),
            "validation_attempts": pa.array(rng.integers(1, 4, count)),
            "liveness_score": pa.array(rng.random(count)),
            "msisdn": digits(n, 10, "+52"),
            "iccid": digits(n, 13, "895202"),
            "imei": digits(n, 7, "3569380"),
            "device_id": digits(n, 24, "device-"),
            "ip": pc.binary_join_element_wise(
                "10",
                *(pa.array(n // 250**k % 250).cast(pa.string()) for k in (2, 1, 0)),
                ".",
            ),
            "point_of_sale_id": digits(n % 5_000, 6, "pos-"),
            "agent_id": digits(n % 20_000, 6, "agent-"),
            "place": digits(rng.integers(1, 33, count) * 1_000 + 1, 5),
            "line_first_seen_on": pa.array(
                rng.integers(15_000, 20_000, count).astype(np.int32)
            ).cast(pa.date32()),
            "contact": digits(n, 9, "person", "@example.org"),
        }
    )


def write(folder: Path, count: int, ending: str) -> int:
    """Writes a data folder of registrations; its size in bytes."""
    rng = np.random.default_rng(1)
    path = folder / f"registrations.{ending}"
    schema = registrations(0, 1, rng).schema
    opened = pq.ParquetWriter if ending == "parquet" else pv.CSVWriter
    with opened(path, schema) as file:
        for first in range(0, count, BATCH):
            file.write_table(registrations(first, min(BATCH, count - first), rng))
    return path.stat().st_size


def main() -> None:
    """Times one reading and prints rows per second and the most memory held."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    ending = sys.argv[2] if len(sys.argv) > 2 else "parquet"
    pseudonymiser = Pseudonymiser(Key(bytes(32)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "", 1_000, ending)
        intake.read_folder(folder, pseudonymiser)  # compiles
        size = write(folder, count, ending)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        start = perf_counter()
        taken = intake.read_folder(folder, pseudonymiser)
        seconds = perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    assert len(taken.registrations) == count
    print(f"{count:,} rows of {ending} ({size / 1e6:.0f} MB): {seconds:.2f} s, ", end="")
    print(f"{count / seconds:,.0f} a second, peak {peak:.2f} GB ({before:.2f} GB before)")


if __name__ == "__main__":
    main()
