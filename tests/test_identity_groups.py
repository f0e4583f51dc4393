"""What a CURP says of its holder, coarsely: sex, age on the day, and where they were born."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from stdnum.mx import curp

from detector.identity.groups import AGES, CODES, NOBODY, STATES, named
from detector.identity.people import people
from detector.registration import IDENTITY_TYPES
from detector.spans import from_cells

EPOCH = date(1970, 1, 1)
TODAY = date(2026, 5, 1)


def written(born: date, sex: str = "H", state: str = "DF") -> str:
    """A CURP that holds; its root is nobody's."""
    body = f"XAXX{born:%y%m%d}{sex}{state}ZZZ{'0' if born.year < 2000 else 'A'}"
    return body + curp.calc_check_digit(body)


def groups(value: str, on: date = TODAY, kind: str = "curp") -> dict[str, str]:
    kinds = np.array([IDENTITY_TYPES.index(kind)], np.int8)
    days = np.array([(on - EPOCH).days], np.int32)
    codes = people(from_cells([value.encode()]), kinds, days).groups
    assert 0 <= codes[0] < CODES
    return {kind: name for kind, name, who in named(codes) if who[0]}


def test_sex_age_and_birthplace() -> None:
    found = groups(written(date(1990, 1, 1), "M", "OC"))
    assert found == {"sex": "women", "age": "30 to 44", "born in": "Oaxaca"}
    assert groups(written(date(2005, 1, 1), "X", "NE")) == {
        "sex": "another sex", "age": "18 to 29", "born in": "another country",
    }  # fmt: skip


def test_an_age_begins_on_the_birthday() -> None:
    born = date(2008, 5, 2)
    assert groups(written(born), TODAY)["age"] == "under 18"
    assert groups(written(born), TODAY + timedelta(days=1))["age"] == "18 to 29"


@given(
    born=st.dates(date(1930, 1, 1), date(2020, 1, 1)),
    sex=st.sampled_from("HMX"),
    state=st.sampled_from(sorted(STATES)),
)
def test_it_is_what_the_letters_say(born: date, sex: str, state: str) -> None:
    found = groups(written(born, sex, state))
    years = TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))
    assert found["sex"] == {"H": "men", "M": "women", "X": "another sex"}[sex]
    assert found["born in"] == STATES[state]
    low = [0, *AGES][sum(years >= edge for edge in AGES)]
    assert found["age"].startswith("under 18" if low == 0 else str(low))


def test_nothing_is_known_of_anybody_else() -> None:
    assert groups("XAXX900101AAA", kind="rfc") == {}
    assert groups("ABC:X1234567", kind="passport") == {}
    assert groups("XAXX900101HZZXXX00") == {}, "no such state"
    assert groups("XAXX909901HDFXXX00") == {}, "no such day"


def test_whoever_is_not_born_yet_has_no_age() -> None:
    assert "age" not in groups(written(date(2010, 1, 1)), date(2009, 1, 1))


def test_nobody_is_in_no_group() -> None:
    assert list(named(np.array([NOBODY], np.int16))) == []
