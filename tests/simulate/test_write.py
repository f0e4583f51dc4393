from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detector.simulate import write

TABLE = pa.table({"a": [1, 2]})


class Unwritable:
    """Not a table."""


def test_each_table_is_a_file(tmp_path: Path) -> None:
    write({"labels": TABLE, "truth": TABLE}, tmp_path / "data")

    assert pq.read_table(tmp_path / "data" / "labels.parquet").equals(TABLE)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(FileExistsError, match="not empty"):
        write({"labels": TABLE}, tmp_path)


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        write({"labels": TABLE, "truth": Unwritable()}, tmp_path / "data")  # type: ignore[dict-item]

    assert list(tmp_path.iterdir()) == []
