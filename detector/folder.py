"""A data folder's tables as they lie on disk, before the door: for the evaluation only.

The evaluation compares with methods that never saw the door (raw columns, exact counts) and reads
the truth, which the engine never opens; so it reads the files themselves, leniently.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq

from detector.errors import BadInput
from detector.registration import Int64

SUFFIXES = (".parquet", ".csv")
KEY = ("carrier_id", "registration_id")
SEPARATOR = "\x1f"  # cannot occur in either part of the key


def table_path(data: Path, table: str) -> Path | None:
    """Where a table of the folder lies, or none where the folder has no such table."""
    if not data.is_dir():
        raise BadInput(f"{data} is not a folder")
    return next((p for s in SUFFIXES if (p := data / f"{table}{s}").is_file()), None)


def columns(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """The named columns of a Parquet or CSV file; an optional one that is missing is empty.

    Raises BadInput where the file cannot be read or lacks a required column.
    """
    if not path.is_file():
        raise BadInput(f"{path} is not a file")
    names = list(dict.fromkeys((*required, *optional)))
    try:
        table = _parquet(path, names) if _is_parquet(path) else _csv(path)
    except (pa.ArrowInvalid, OSError) as fault:
        raise BadInput(f"{path.name} cannot be read as {path.suffix or 'a table'}") from fault
    missing = [name for name in required if name not in table.column_names]
    if missing:
        raise BadInput(f"{path.name} lacks the column {', '.join(missing)}")
    frame: pd.DataFrame = table.select([n for n in names if n in table.column_names]).to_pandas()
    return frame.reindex(columns=names)


def _is_parquet(path: Path) -> bool:
    return path.suffix == ".parquet"


def _parquet(path: Path, names: Sequence[str]) -> pa.Table:
    present = set(pq.read_schema(path).names)
    return pq.read_table(path, columns=[name for name in names if name in present])


def _csv(path: Path) -> pa.Table:
    """Every cell as text, an empty one as missing: what a column means is for its reader to say."""
    with path.open(encoding="utf-8-sig") as file:
        header = file.readline().rstrip("\r\n").replace('"', "").split(",")
    types = {name: pa.string() for name in header}
    options = pv.ConvertOptions(
        column_types=types,
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=True,
    )
    return pv.read_csv(path, convert_options=options)


def keys(frame: pd.DataFrame) -> pa.Array:
    """One text per row naming its registration: carrier and folio together."""
    parts = [texts(frame[name]) for name in KEY]
    return pc.binary_join_element_wise(*parts, pa.scalar(SEPARATOR, pa.large_string()))


def texts(column: pd.Series) -> pa.Array:
    """A column as one array of text, whatever pieces its file was read in."""
    values = pa.array(column.astype("str") if column.dtype == "category" else column)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values.cast(pa.large_string())


def positions(wanted: pa.Array, among: pa.Array) -> Int64:
    """For each wanted key the position of its first appearance among the others, or -1."""
    found = pc.index_in(wanted, value_set=among)
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def times(column: pd.Series) -> Int64:
    """Microseconds since 1970 UTC; the smallest integer where a cell holds no time.

    A time without an offset counts as UTC.
    """
    parsed = pd.to_datetime(column, utc=True, errors="coerce", format=_format(column))
    return parsed.dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)


def _format(column: pd.Series) -> str | None:
    return None if pd.api.types.is_datetime64_any_dtype(column) else "ISO8601"


def flags(column: pd.Series) -> np.ndarray:
    """Truth values however they were written: true, True, 1, 1.0, t, yes."""
    if pd.api.types.is_bool_dtype(column) and not column.isna().any():
        return column.to_numpy(bool)
    return column.astype("str").str.lower().isin(("true", "1", "1.0", "t", "yes")).to_numpy(bool)
