"""`simvigia enrol`: the institution's file, refused by row and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from detector.cli import main
from detector.errors import BadInput
from serve.notices.enrol import people
from tests.serve.notices.living import DANI

HEAD = "identity_type,identity_value,contact,tier,language,delegate,vouched_by,every\n"
ROW = f"curp,{DANI},dani@congreso.example,federal,es,,,si\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "people.csv"
    path.write_text(text, "utf-8-sig")
    return path


def test_a_row_becomes_an_entry_of_the_api(tmp_path: Path) -> None:
    assert people(written(tmp_path, HEAD + ROW)) == [
        {
            "identityType": "CURP",
            "identityValue": DANI,
            "contact": "dani@congreso.example",
            "tier": "FEDERAL",
            "language": "ES",
            "every": True,
        }
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("identity_type,contact\n", "identity_value is missing"),
        (HEAD.replace("tier", "secret-plan"), "column 4"),
        (HEAD, "1 to 1000"),
        (HEAD + ROW + "curp,x\n", "row 2: has more or fewer cells"),
        (HEAD + ROW.replace("federal", "king"), "row 1, tier"),
        (HEAD + ROW.replace(",si", ",perhaps"), "row 1, every"),
        (HEAD + ROW.replace(DANI, "?"), "row 1, identityValue"),
    ],
)
def test_a_bad_file_is_refused_by_place_and_quotes_nothing(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(BadInput, match=told) as refusal:
        people(written(tmp_path, text))

    assert not {"secret-plan", "king", "perhaps", DANI} & set(str(refusal.value).split())


def test_wrong_credentials_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "ana.json").write_text("{}")
    written(tmp_path, HEAD + ROW)
    options = ["--institution", "congreso", "--credentials", str(tmp_path / "ana.json")]
    told = CliRunner().invoke(main, ["enrol", str(tmp_path / "people.csv"), *options])

    assert told.exit_code
    assert "holds no client_id" in told.output
