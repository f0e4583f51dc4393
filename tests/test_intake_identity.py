"""An identity typed by itself has the key that it has in a registration."""

import pytest

from detector.intake import identity, registration
from tests.builders import curp_of, pseudonymiser
from tests.builders import registration as row

DAY = 20_500
DOOR = pseudonymiser()


@pytest.mark.parametrize(
    ("kind", "value"),
    [("curp", curp_of(3)), ("rfc", "GODE561231GR8"), ("passport", "MEX:G12345678")],
)
def test_it_has_the_key_of_a_registration(kind: str, value: str) -> None:
    kept = registration(row(identity_type=kind, identity_value=value), DOOR)

    assert identity(kind, value, DOOR, day=DAY) == int(kept.identity[0])


def test_case_and_spaces_are_no_difference() -> None:
    typed = f" {curp_of(3).lower()} "

    assert identity("curp", typed, DOOR, day=DAY) == identity("curp", curp_of(3), DOOR, day=DAY)


@pytest.mark.parametrize("value", ["", " ", "XX", "ñ" * 18, "\ud800", curp_of(3)[:-1]])
def test_what_is_malformed_has_none(value: str) -> None:
    assert identity("curp", value, DOOR, day=DAY) == 0
