"""Already tokenised rows: taken as they are, and made by the same door."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from detector import intake
from detector.pseudonym import Key, Pseudonymiser
from detector.registration import KEYS, NO_KEY, Registrations
from tests import builders
from tests.builders import folder, pseudonymiser, registration
from tests.test_intake_files import assert_same, country

PSEUDONYMISER = pseudonymiser()
OTHER = Pseudonymiser(Key(bytes(range(50, 82))))
TOKENS = {
    name: f"tok1:{name}"
    for name in ("identity_value", "msisdn", "iccid", "imei", "device_id", "ip", "contact")
}


def read(*rows: Mapping[str, Any]) -> Registrations:
    return intake.read_registrations(builders.table(rows), PSEUDONYMISER).registrations


def odd_rows() -> list[dict[str, Any]]:
    """Registrations with something to note, something missing and something given."""
    return [
        registration(identity_value=builders.curp_of(3)[:-1] + "7", imei="3569380356438"),
        registration(identity_type="rfc", identity_value="AAA930714AB1", iccid=None, place="99001"),
        registration(identity_type="passport", identity_value="USA:A1234567", ip="2001:db8::7"),
        registration(**TOKENS),
        registration(plan="free"),
        registration(contact="call me", agent_id=None),
    ]


def test_a_tokenised_folder_is_the_folder(tmp_path: Path) -> None:
    rows = country()
    rows["registrations"] += odd_rows()
    tokens = {n: intake.tokenise(builders.table(t), PSEUDONYMISER) for n, t in rows.items()}

    raw = intake.read_folder(folder(tmp_path / "raw", **rows), PSEUDONYMISER)

    assert_same(raw, intake.read_folder(folder(tmp_path / "tok", **tokens), PSEUDONYMISER))


def test_a_tokenised_folder_reads_the_same_from_csv(tmp_path: Path) -> None:
    tokens = intake.tokenise(builders.table(odd_rows()), PSEUDONYMISER)

    parquet = intake.read_folder(folder(tmp_path / "p", registrations=tokens), PSEUDONYMISER)

    csv = folder(tmp_path / "c", "csv", registrations=tokens)
    assert_same(parquet, intake.read_folder(csv, PSEUDONYMISER))


def test_tokenising_twice_changes_nothing() -> None:
    once = intake.tokenise(builders.table(odd_rows()), PSEUDONYMISER)

    assert intake.tokenise(once, PSEUDONYMISER).equals(once)


def test_nothing_raw_and_no_unknown_column_is_left() -> None:
    row = registration(name="Ana")

    made = intake.tokenise(builders.table([row]), PSEUDONYMISER)

    raw = {row[name] for name in TOKENS}
    assert "name" not in made.column_names
    assert not raw & {value for value in made.to_pylist()[0].values() if isinstance(value, str)}


def test_a_row_that_would_be_rejected_keeps_its_place_and_says_nothing() -> None:
    made = intake.tokenise(builders.table([registration(identity_value="X9")]), PSEUDONYMISER)

    assert made.num_rows == 1
    assert made["identity_value"].to_pylist() == [None]


def test_tokens_of_another_client_are_taken_as_they_are() -> None:
    taken = read(registration(**TOKENS), registration(**TOKENS), registration())

    assert taken.identity[0] == taken.identity[1] != taken.identity[2]
    assert taken.device[0] == taken.device[1] != taken.device[2]


def test_a_token_tells_no_structure_by_itself() -> None:
    taken = read(registration(**TOKENS))

    assert [taken.root[0], taken.block[0], taken.model[0], taken.network[0]] == [NO_KEY] * 4
    assert taken.block_offset[0] == taken.last_two[0] == -1


def test_structure_beside_a_token_is_taken() -> None:
    beside = {
        "identity_root": "tok1:root",
        "iccid_block": "tok1:block",
        "iccid_offset": 7,
        "tac": "35693803",
        "ip_network": "tok1:net",
        "line_block": "tok1:lines",
        "last_two": "08",
        "rfc_since": "1993-07-14",
        "noted": "identity_check_digit|unheard_of",
    }

    taken = read(registration(**TOKENS, **beside))

    assert all(getattr(taken, key)[0] != NO_KEY for key in KEYS)
    assert (taken.block_offset[0], taken.last_two[0], taken.notes[0]) == (7, 8, 1)
    assert taken.rfc_since[0] == 8595


def test_a_model_told_in_digits_is_the_model_of_a_raw_imei() -> None:
    taken = read(
        registration(imei="tok1:h", tac="35693803"), registration(imei="356938035643809", tac=None)
    )

    assert taken.model[0] == taken.model[1]


def test_structure_beside_a_raw_value_is_made_here() -> None:
    row = registration()

    told = read(row | {"iccid_block": "tok1:elsewhere", "iccid_offset": 999, "last_two": 50})

    plain = read(row)
    assert told.block[0] == plain.block[0]
    assert told.block_offset[0] == plain.block_offset[0]
    assert told.last_two[0] == plain.last_two[0]


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_equal_under_one_key_where_they_are_under_another(key: str) -> None:
    rows = [registration(), registration()]
    shared = {name: rows[0][name] for name in TOKENS} | {"agent_id": "a", "point_of_sale_id": "p"}
    table: pa.Table = builders.table([row | shared for row in rows] + [registration()])

    one, other = (
        getattr(intake.read_registrations(table, p).registrations, key)
        for p in (PSEUDONYMISER, OTHER)
    )

    assert (one[0] == one[1]) == (other[0] == other[1])
    assert one[0] != other[0]
