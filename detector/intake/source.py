"""Where rows come from: a Parquet file, a CSV file or a table in memory, all read in batches.

A reader's own complaint quotes the row that it stumbled over, so none is passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

from detector import spans
from detector.errors import BadInput
from detector.intake import schema, utf8
from detector.intake.columns import Column
from detector.intake.schema import Schema
from detector.registration import Int64, Rejection

BATCH_ROWS = 250_000
CSV_BLOCK = 32 << 20  # bytes
CSV_ROW = 250  # bytes, about; only a guess of how much room to make
FORMATS = (".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table. `rows` are their numbers in the file, the first being 1."""

    columns: dict[str, Column]
    rows: Int64

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Column:
        """The cells of a column; all missing where the table has no such column."""
        held = self.columns.get(name)
        return spans.absent(len(self)) if held is None else held


@dataclass(frozen=True, slots=True)
class Source:
    """One table, checked against the contract and ready to be read once."""

    schema: Schema
    name: str
    weight: float  # bytes on disk; rows where there are none
    expected: int  # rows, as far as known before reading
    warnings: tuple[str, ...]
    stream: Callable[[], Iterator[tuple[pa.RecordBatch, Int64, float]]]
    malformed: list[Rejection] = field(default_factory=list)  # filled while reading

    def batches(self) -> Iterator[tuple[Batch, float]]:
        """The rows in file order, each time with the share of the table read so far."""
        for held, rows, share in self.stream():
            yield Batch({n: _plain(held.column(n)) for n in held.schema.names}, rows), share


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def of_table(wanted: Schema, table: pa.Table) -> Source:
    """Rows in memory."""
    schema.check(wanted, table.schema, wanted.table)
    warnings = schema.unknown_columns(wanted, table.column_names, wanted.table)
    known = table.select([n for n in table.column_names if n in wanted.names])
    stream = partial(_counted, known.to_batches(max_chunksize=BATCH_ROWS), table.num_rows)
    return Source(wanted, wanted.table, float(table.num_rows), table.num_rows, warnings, stream)


def in_folder(wanted: Schema, folder: Path) -> Source | None:
    """The table's file in a data folder, or none where it has no such file.

    Raises BadInput where the file is not what its name says, is empty, is there in both formats, or
    lacks what the contract requires.
    """
    files = [path for ending in FORMATS if (path := folder / f"{wanted.table}{ending}").exists()]
    if len(files) > 1:
        raise BadInput(f"{folder} holds both {files[0].name} and {files[1].name}: keep one of them")
    if not files:
        return None
    if not files[0].is_file():
        raise BadInput(f"{files[0]} is not a file")
    if files[0].stat().st_size == 0:
        raise BadInput(f"{files[0].name} is empty")
    return _parquet(wanted, files[0]) if files[0].suffix == ".parquet" else _csv(wanted, files[0])


def _parquet(wanted: Schema, path: Path) -> Source:
    try:
        file = pq.ParquetFile(path)
        held, rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError):
        raise BadInput(f"{path.name} is not a Parquet file") from None
    schema.check(wanted, held, path.name)
    names = [name for name in held.names if name in wanted.names]
    batches = file.iter_batches(batch_size=BATCH_ROWS, columns=names)
    return Source(
        wanted,
        path.name,
        float(path.stat().st_size),
        rows,
        schema.unknown_columns(wanted, held.names, path.name),
        lambda: _whole(_counted(batches, rows), path),
    )


def _csv(wanted: Schema, path: Path) -> Source:
    malformed: list[Rejection] = []
    utf8.check_header(path)
    try:
        with pa.OSFile(str(path)) as file:
            header = _csv_reader(file, None, []).schema.names
    except (pa.ArrowException, OSError):
        raise BadInput(f"{path.name} is not a CSV file with a header row") from None
    schema.check(wanted, pa.schema([(name, pa.binary()) for name in header]), path.name)
    names = [name for name in header if name in wanted.names]
    return Source(
        wanted,
        path.name,
        float(path.stat().st_size),
        path.stat().st_size // CSV_ROW,
        schema.unknown_columns(wanted, header, path.name),
        lambda: _whole(_csv_batches(path, names, malformed), path),
        malformed,
    )


def _csv_reader(
    file: pa.NativeFile, names: Sequence[str] | None, odd: list[pv.InvalidRow]
) -> pv.CSVStreamingReader:
    """Every cell as bytes: one that is no UTF-8 must cost its own row and no other."""

    def set_aside(row: pv.InvalidRow) -> str:
        odd.append(row)
        return "skip"

    return pv.open_csv(
        utf8.as_utf8(file),
        pv.ReadOptions(use_threads=False, block_size=CSV_BLOCK),
        pv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
        pv.ConvertOptions(
            include_columns=names,
            column_types=dict.fromkeys(names or (), pa.binary()),
            check_utf8=False,
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def _csv_batches(
    path: Path, names: Sequence[str], malformed: list[Rejection]
) -> Iterator[tuple[pa.RecordBatch, Int64, float]]:
    odd: list[pv.InvalidRow] = []
    size = path.stat().st_size
    after = 0
    with pa.OSFile(str(path)) as file:
        for batch in _csv_reader(file, names, odd):
            rows = _rows_between(after, batch.num_rows, {row.number - 1 for row in odd})
            after = int(rows[-1]) if len(rows) else after
            yield batch, rows, file.tell() / size
    malformed.extend(
        Rejection(
            path.stem,
            r.number - 1,
            "row",
            f"has {r.actual_columns} cells, not {r.expected_columns}",
        )
        for r in odd
    )


def _rows_between(after: int, count: int, skipped: set[int]) -> Int64:
    """The next `count` row numbers that were not set aside."""
    rows = np.arange(after + 1, after + 1 + count + len(skipped), dtype=np.int64)
    if skipped:
        rows = rows[~np.isin(rows, np.fromiter(skipped, np.int64))]
    return rows[:count]


def _counted(
    batches: Sequence[pa.RecordBatch] | Iterator[pa.RecordBatch], total: int
) -> Iterator[tuple[pa.RecordBatch, Int64, float]]:
    done = 0
    for batch in batches:
        rows = np.arange(done + 1, done + 1 + batch.num_rows, dtype=np.int64)
        done += batch.num_rows
        yield batch, rows, done / total


def _whole(
    stream: Iterator[tuple[pa.RecordBatch, Int64, float]], path: Path
) -> Iterator[tuple[pa.RecordBatch, Int64, float]]:
    try:
        yield from stream
    except (pa.ArrowException, OSError):
        raise BadInput(f"{path.name} is damaged: it cannot be read to its end") from None
