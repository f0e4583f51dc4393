"""Data folders: the formats agree, what is no data folder is refused in one line, nothing leaks."""

import gzip
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from detector import intake
from detector.errors import BadInput
from detector.registration import DataFolder, Rejection
from tests import builders
from tests.builders import folder, label, line_event, pseudonymiser, registration

PSEUDONYMISER = pseudonymiser()
SECRET = "SECRETO-7"  # stands for whatever a carrier would not want to read in a log
Spoil = Callable[[Path], object]


def read(path: Path) -> DataFolder:
    return intake.read_folder(path, PSEUDONYMISER)


def country() -> dict[str, list[dict[str, Any]]]:
    """Some rows of every table."""
    rows = [registration(registered_at=f"2026-03-01T12:00:{59 - n}Z") for n in range(30)]
    return {
        "registrations": rows,
        "line_events": [line_event(row, imei=row["imei"]) for row in rows[:9]],
        "labels": [label(row, confidence="0.5") for row in rows[3:7]],
        "breaches": [builders.breach(), builders.breach(breach_id="b0", fields="name|secret")],
        "breach_members": [builders.breach_member(row) for row in rows[:5]],
        "officials": [builders.official(rows[2], until="2027-01-01")],
    }


def assert_same(one: Any, other: Any) -> None:
    for field in fields(one):
        here, there = getattr(one, field.name), getattr(other, field.name)
        if isinstance(here, np.ndarray):
            np.testing.assert_array_equal(here, there, err_msg=field.name)
            assert here.dtype == there.dtype
        elif hasattr(here, "__dataclass_fields__"):
            assert_same(here, there)
        else:
            assert here == there


def test_csv_and_parquet_are_the_same_folder(tmp_path: Path) -> None:
    rows = country()

    parquet = read(folder(tmp_path / "p", **rows))

    assert len(parquet.line_events) == 9
    assert_same(parquet, read(folder(tmp_path / "c", "csv", **rows)))


def test_typed_columns_are_the_same_as_text(tmp_path: Path) -> None:
    rows = country()
    typed = builders.table(rows["registrations"])
    for name, type_ in {
        "registered_at": pa.timestamp("ns", "UTC"),
        "place": pa.int32(),
        "validation_attempts": pa.int8(),
        "liveness_score": pa.float64(),
        "operation": pa.dictionary(pa.int8(), pa.string()),
        "iccid": pa.decimal128(20, 0),
        "imei": pa.int64(),
        "device_id": pa.large_string(),
    }.items():
        column = typed.column(name)
        column = column.dictionary_encode() if name == "operation" else column.cast(type_)
        typed = typed.set_column(typed.column_names.index(name), name, column)

    one = read(folder(tmp_path / "t", registrations=typed))

    assert_same(one, read(folder(tmp_path / "p", registrations=rows["registrations"])))


def test_batches_are_joined_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder(tmp_path, **country())
    whole = read(path)
    monkeypatch.setattr("detector.intake.source.BATCH_ROWS", 4)

    assert_same(whole, read(path))


def test_the_truth_is_not_opened(tmp_path: Path) -> None:
    path = folder(tmp_path, registrations=[registration()])
    (path / "truth.parquet").write_bytes(b"not even Parquet")

    assert len(read(path).registrations) == 1


def test_a_folder_needs_registrations_only(tmp_path: Path) -> None:
    taken = read(folder(tmp_path, registrations=[registration()]))

    assert not taken.has_line_events
    assert len(taken.labels) == len(taken.officials) == len(taken.breach_members) == 0


def test_an_optional_table_without_rows_is_there_all_the_same(tmp_path: Path) -> None:
    row = registration()
    none = builders.table([line_event(row)]).slice(0, 0)
    path = folder(tmp_path, registrations=[row])
    pq.write_table(none, path / "line_events.parquet")

    assert read(path).has_line_events


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    told: list[float] = []

    intake.read_folder(folder(tmp_path, **country()), PSEUDONYMISER, progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0


def only(**changes: Any) -> Spoil:
    """A folder whose one registration is like this."""
    return lambda path: folder(path, registrations=[registration(**changes)])


def without(*names: str) -> Spoil:
    """A folder whose registrations lack these columns."""
    table = builders.table([registration()]).drop_columns(list(names))
    return lambda path: folder(path, registrations=table)


def holding(name: str, content: bytes) -> Spoil:
    """A good folder in which one file holds this."""

    def spoil(path: Path) -> None:
        folder(path, registrations=[registration()])
        (path / "registrations.parquet").unlink()
        (path / name).write_bytes(content)

    return spoil


def cut(path: Path) -> None:
    """A Parquet file with a hole in its middle."""
    file = (
        folder(path, registrations=[registration() for _ in range(500)]) / "registrations.parquet"
    )
    content = bytearray(file.read_bytes())
    content[100:8_000] = bytes(7_900)
    file.write_bytes(content)


def both(path: Path) -> None:
    """Two files for one table."""
    folder(path, registrations=[registration()])
    folder(path, "csv", registrations=[registration()])


BAD: dict[str, tuple[Spoil, str]] = {
    "no folder": (lambda path: None, "is not a folder"),
    "no registrations": (lambda path: path.mkdir(), "holds no registrations"),
    "an empty file": (holding("registrations.csv", b""), "registrations.csv is empty"),
    "a header only": (
        holding("registrations.csv", ",".join(registration()).encode() + b"\n"),
        "registrations.csv holds no rows",
    ),
    "not Parquet": (holding("registrations.parquet", SECRET.encode()), "is not a Parquet file"),
    "not CSV": (holding("registrations.csv", b"\n\n\n"), "is not a CSV file"),
    "another table": (holding("registrations.csv", b"a,b\n1,2\n"), "lacks the required columns"),
    "a hole": (cut, "is damaged"),
    "a header in Latin-1": (holding("registrations.csv", b"a\xf1o,b\n1,2\n"), "is not in UTF-8"),
    "UTF-16": (holding("registrations.csv", "a,b\n".encode("utf-16")), "is not in UTF-8"),
    "a compressed file": (holding("registrations.csv", gzip.compress(b"a,b\n")), "is not in UTF-8"),
    "both formats": (both, "keep one of them"),
    "no plan": (without("plan"), "lacks the required column plan$"),
    "two missing": (without("plan", "msisdn"), "lacks the required columns plan, msisdn$"),
    "a wrong type": (only(msisdn=5.5), "msisdn is double .expected text."),
    "a number for a time": (only(registered_at=5), "registered_at is int64 .expected RFC 3339"),
    "a flag for text": (only(imei=True), "imei is bool"),
    "a folder for a file": (
        lambda path: (path / "registrations.parquet").mkdir(parents=True),
        "is not a file",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_is_no_data_folder_is_refused_in_one_line(fault: str, tmp_path: Path) -> None:
    spoil, words = BAD[fault]
    spoil(tmp_path / "data")

    with pytest.raises(BadInput, match=words) as refused:
        read(tmp_path / "data")

    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)


def csv_lines(path: Path, change: Callable[[list[bytes]], None]) -> DataFolder:
    """Reads a CSV folder of five rows after a change to its lines (the header is line 0)."""
    file = (
        folder(path, "csv", registrations=[registration() for _ in range(5)]) / "registrations.csv"
    )
    lines = file.read_bytes().splitlines()
    change(lines)
    file.write_bytes(b"\n".join(lines) + b"\n")
    return read(path)


def test_a_line_with_too_few_cells_loses_one_row(tmp_path: Path) -> None:
    def shorten(lines: list[bytes]) -> None:
        lines[2] = f"{SECRET},x".encode()
        lines[4] = lines[4].replace(b"prepaid", b"free")

    taken = csv_lines(tmp_path, shorten)

    assert [(r.row, r.field) for r in taken.rejections] == [(2, "row"), (4, "plan")]
    assert SECRET not in str(taken.rejections)


def test_a_line_that_is_no_utf8_loses_one_row(tmp_path: Path) -> None:
    def spoil(lines: list[bytes]) -> None:
        lines[3] = lines[3].replace(b"+52", b"+5\xff")

    assert [(r.row, r.field) for r in csv_lines(tmp_path, spoil).rejections] == [(3, "msisdn")]


def test_a_line_that_is_neither_utf8_nor_whole_loses_one_row(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def spoil(lines: list[bytes]) -> None:
        lines[3] = b"Pe\xf1a,x"

    taken = csv_lines(tmp_path, spoil)

    assert [(r.row, r.field) for r in taken.rejections] == [(3, "row")]
    assert capfd.readouterr() == ("", "")


def test_keys_that_are_no_utf8_stay_different(tmp_path: Path) -> None:
    def spoil(lines: list[bytes]) -> None:
        where = lines[0].split(b",").index(b'"device_id"')
        for row, name in enumerate((b"\xf1", b"\xe1", b"\xf1", "ñ".encode()), 1):
            cells = lines[row].split(b",")
            cells[where] = b"tablet " + name
            lines[row] = b",".join(cells)

    device = csv_lines(tmp_path, spoil).registrations.device

    assert len(np.unique(device)) == 4
    assert len(np.unique(device[:4])) == 3


def test_a_letter_across_two_blocks_is_one_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [registration(contact=f"peña{n}@example.org") for n in range(40)]
    path = folder(tmp_path, "csv", registrations=rows)
    whole = read(path)
    monkeypatch.setattr("detector.intake.source.CSV_BLOCK", 1_023)

    assert_same(whole, read(path))


def test_a_column_without_a_name_is_said_to_have_none(tmp_path: Path) -> None:
    def number(lines: list[bytes]) -> None:
        lines[:] = [b'"",' + lines[0], *(b"7," + line for line in lines[1:])]

    assert csv_lines(tmp_path, number).warnings == (
        "registrations.csv: ignored the unknown column (no name)",
    )


def test_a_quoted_line_break_is_part_of_a_cell(tmp_path: Path) -> None:
    def add(lines: list[bytes]) -> None:
        lines[:] = [line + b',"a\nb"' for line in lines]

    assert len(csv_lines(tmp_path, add).registrations) == 5


def test_no_line_with_enough_cells_is_refused(tmp_path: Path) -> None:
    def shorten(lines: list[bytes]) -> None:
        lines[1:] = [b"x,y"] * 3

    with pytest.raises(BadInput, match="no rows with as many cells as its header"):
        csv_lines(tmp_path, shorten)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    def mark(lines: list[bytes]) -> None:
        lines[0] = b"\xef\xbb\xbf" + lines[0]

    assert len(csv_lines(tmp_path, mark).registrations) == 5


def test_rejections_are_written_beside_the_output_in_the_tables_own_format(tmp_path: Path) -> None:
    rejections = [
        Rejection("labels", 3, "label", "odd"),
        Rejection("registrations", 9, "ip", "odd"),
    ]
    data = folder(tmp_path / "data", "csv", labels=[label(registration())])
    (tmp_path / "out").mkdir()

    written = intake.write_rejections(rejections, tmp_path / "out" / "scores.parquet", data)

    assert [path.name for path in written] == [
        "labels.rejected.csv",
        "registrations.rejected.parquet",
    ]
    assert pv.read_csv(written[0]).to_pylist() == [{"row": 3, "field": "label", "reason": "odd"}]
    assert pq.read_table(written[1]).column_names == ["row", "field", "reason"]
    assert sorted((tmp_path / "out").iterdir()) == sorted(written)


def test_no_raw_value_is_anywhere_behind_the_door(tmp_path: Path) -> None:
    rows = country()
    rows["registrations"].append(registration(identity_value="CASI-UNA-CURP"))
    raw = [
        row[name] for row in rows["registrations"] for name in ("identity_value", "msisdn", "imei")
    ]

    held = repr(read(folder(tmp_path, **rows)))

    assert not any(value in held for value in raw)
