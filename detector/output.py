"""Scores on disk, whole or not at all."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from detector.decision import DECISIONS
from detector.errors import BadInput
from detector.scoring import SCHEMA


def check_target(out: Path) -> None:
    """Raises BadInput unless scores can be written there: .parquet or .csv."""
    if out.suffix not in {".parquet", ".csv"}:
        raise BadInput(f"scores are written as .parquet or .csv, not as {out.suffix or 'that'}")


def write_scores(tables: Iterable[pa.Table], out: Path) -> dict[str, int]:
    """Write the tables as they come and move the file into place; how many of each decision."""
    check_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        part = Path(scratch) / out.name
        schema = SCHEMA if out.suffix == ".parquet" else _flat(SCHEMA.empty_table()).schema
        opened = pq.ParquetWriter if out.suffix == ".parquet" else pv.CSVWriter
        with opened(part, schema) as writer:
            for table in tables:
                counts.update(dict(_counts(table)))
                writer.write_table(table if out.suffix == ".parquet" else _flat(table))
        part.replace(out)
    return {decision: counts[decision] for decision in DECISIONS}


def _counts(table: pa.Table) -> Iterable[tuple[str, int]]:
    counted = pc.value_counts(table["decision"])
    return zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
    )


def _flat(table: pa.Table) -> pa.Table:
    """Reasons joined by `|`, as CSV wants them."""
    at = table.schema.get_field_index("reasons")
    return table.set_column(at, "reasons", pc.binary_join(table["reasons"], "|"))
