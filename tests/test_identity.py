"""The column checks against the libraries that they stand for: stdnum, phonenumbers, ipaddress."""

import ipaddress
import itertools
import string
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.mx import curp, rfc

from detector import dates, spans
from detector.identity import line, network, sim
from detector.identity.people import CHECK_BIT, FAULTS, HOMOCLAVE_BIT, People, people
from detector.registration import IDENTITY_TYPES, NO_DATE
from detector.spans import Spans

TODAY = (date(2026, 3, 1) - date(1970, 1, 1)).days
LETTERS, DIGITS = string.ascii_uppercase, string.digits
EDGES = st.sampled_from([" ", "-", "Ñ", "ñ", "0", "9", "A", "a", "X", "Z", "&", ":", "é", ""])


def column(*texts: str | None) -> Spans:
    return spans.from_arrow(pa.array(texts, pa.string()))


def person(kind: str, *texts: str, day: int = TODAY) -> People:
    kinds = np.full(len(texts), IDENTITY_TYPES.index(kind), np.int8)
    return people(column(*texts), kinds, np.full(len(texts), day, np.int32))


def text(alphabet: str, size: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=size, max_size=size)


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[str]) -> str:
    """A value, as it is or with one character replaced, dropped or put in."""
    value = draw(whole)
    at, kept = draw(st.integers(0, len(value) - 1)), draw(st.integers(0, 1))
    return draw(st.sampled_from([value, value[:at] + draw(EDGES) + value[at + kept :]]))


six_digits = st.dates(date(1920, 1, 1), date(2025, 1, 1)).map(lambda d: d.strftime("%y%m%d"))
curp_bodies = st.builds(
    "".join,
    st.tuples(
        text(LETTERS, 4),
        six_digits | text("0123", 6),
        st.sampled_from("HMXQ"),
        st.sampled_from(["NE", "DF", "JC", "XX"]),
        text(LETTERS, 3),
        text(LETTERS + DIGITS, 1),
    ),
)
curps = curp_bodies.flatmap(lambda b: st.sampled_from([b + d for d in DIGITS]))
rfcs = st.builds(
    "".join,
    st.tuples(
        text(LETTERS + "&Ñ", 3) | text(LETTERS + "&Ñ", 4),
        six_digits | text("0123", 6),
        text(LETTERS + DIGITS, 3),
    ),
)


def library_takes(check: Callable[[str], str], value: str) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True


def curp_shape(value: str) -> str:
    """Stdnum's own check, with the two differences that `people` states."""
    packed = curp.compact(value)
    if packed[10:11] == "X":
        packed = packed[:10] + "H" + packed[11:]
    return curp.validate("AAAA" + packed[4:] if packed[:4].isalpha() else packed, False)


@given(damaged(curps))
def test_a_curp_is_taken_where_stdnum_takes_it(value: str) -> None:
    assert (person("curp", value).faults[0] == 0) == (
        value.isascii() and library_takes(curp_shape, value)
    )


@given(curps.filter(lambda v: library_takes(curp_shape, v)))
def test_the_check_digit_of_a_curp_is_stdnums(value: str) -> None:
    noted = bool(person("curp", value).notes[0] & CHECK_BIT)

    assert noted == (curp.calc_check_digit(value) != value[-1])


def test_the_states_of_a_curp_are_stdnums() -> None:
    pairs = ["".join(pair) for pair in itertools.product(LETTERS, repeat=2)]
    values = [f"AAAA900203H{pair}BCD00" for pair in pairs]

    taken = person("curp", *values).faults == 0

    assert taken.tolist() == [library_takes(curp_shape, value) for value in values]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("AAAA900203HNEXXX00", True),
        ("AAAA900203HNEXXXA0", False),  # a letter says 2090
        ("AAAA050203HNEXXXA0", True),
        ("AAAA050203HNEXXX00", False),  # a digit says 1905
    ],
)
def test_a_homoclave_of_another_century_is_noted(value: str, fits: bool) -> None:
    assert bool(person("curp", value).notes[0] & HOMOCLAVE_BIT) is not fits


@given(damaged(rfcs))
def test_an_rfc_is_taken_where_stdnum_takes_it(value: str) -> None:
    whole = len(rfc.compact(value)) in (12, 13) and "É" not in value.upper()
    proper = whole and library_takes(lambda v: rfc.validate("AAA" + rfc.compact(v)[3:]), value)
    named = whole and all(c in LETTERS + "&Ñ" for c in rfc.compact(value)[:3])

    assert (person("rfc", value).faults[0] == 0) == (proper and named)


@given(rfcs.filter(rfc.is_valid))
def test_the_check_digit_of_an_rfc_is_stdnums(value: str) -> None:
    noted = bool(person("rfc", value).notes[0] & CHECK_BIT)

    assert noted == (not rfc.is_valid(value, validate_check_digits=True))


def test_case_blanks_and_dashes_make_no_other_person() -> None:
    same = person("curp", "SABC560626MDFLRN01", " sabc 560626-mdflrn01")

    assert same.identity.value(0) == same.identity.value(1) == b"curp|SABC560626MDFLRN01"


@pytest.mark.parametrize(
    ("kind", "value", "root"),
    [
        ("curp", "SABC560626MDFLRN01", "curp|SABC560626MDFLRN"),
        ("rfc", "GODE561231GR8", "rfc|GODE561231"),
        ("rfc", "Ñ&A930714AB1", "rfc|Ñ&A930714"),
        ("passport", "usa: a1234567", "passport|USA:A1234567"),
    ],
)
def test_the_root_leaves_out_what_the_registry_added(kind: str, value: str, root: str) -> None:
    assert person(kind, value).root.value(0).decode() == root


@pytest.mark.parametrize(
    "value", ["MEX:1234", "ME:1234567", "MEX1234567", "MEX:1234567890123456", "MEX:12_45É"]
)
def test_a_passport_is_country_and_number(value: str) -> None:
    assert FAULTS[int(person("passport", value).faults[0])].startswith("not of the shape")


@pytest.mark.parametrize(
    ("value", "founded"),
    [
        ("AAA250101AB1", date(2025, 1, 1)),
        ("AAA930714AB1", date(1993, 7, 14)),
        ("AAA260302AB1", date(1926, 3, 2)),  # tomorrow, so a hundred years ago
        ("AAAA250101AB1", None),  # a person
    ],
)
def test_a_companys_rfc_says_since_when_it_is(value: str, founded: date | None) -> None:
    wanted = NO_DATE if founded is None else (founded - date(1970, 1, 1)).days

    assert person("rfc", value).rfc_since[0] == wanted


@given(text(DIGITS, 19) | text(DIGITS, 20))
def test_the_check_digit_of_an_iccid_is_luhns(value: str) -> None:
    assert bool(sim.sims(column(value)).checked[0]) == luhn.is_valid(value)


@given(text(DIGITS, 15).filter(lambda v: v[:8] != "00000000"))
def test_the_check_digit_of_an_imei_is_luhns(value: str) -> None:
    assert bool(sim.handsets(column(value)).checked[0]) == luhn.is_valid(value)


def test_a_sim_is_the_same_with_and_without_its_check_digit() -> None:
    body = "895202123456789012"
    found = sim.sims(column(body, body + luhn.calc_check_digit(body)))

    assert found.sim.value(0) == found.sim.value(1)
    assert found.block.value(1).decode() == body[:-3]
    assert found.offset.tolist() == [12, 12]


def test_a_handset_is_the_same_in_all_lengths_of_its_imei() -> None:
    found = sim.handsets(column("49015420323751", "490154203237518", "4901542032375101"))

    assert {found.handset.value(row) for row in range(3)} == {b"49015420323751"}
    assert found.model.value(0) == b"49015420"


@pytest.mark.parametrize(
    "value", ["1234567890123", "12345678901234567", "4901542032375A", "0" * 15]
)
def test_what_is_no_imei_is_none(value: str) -> None:
    assert not sim.handsets(column(value)).fine[0]


@pytest.mark.parametrize("value", ["8" * 17, "8" * 21, "89520212345678901F"])
def test_what_is_no_iccid_is_none(value: str) -> None:
    found = sim.sims(column(value))

    assert not found.fine[0]
    assert found.offset[0] == -1


def test_every_countrys_example_number_is_a_line() -> None:
    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    pairs = itertools.product(phonenumbers.SUPPORTED_REGIONS, kinds)
    found = [phonenumbers.example_number_for_type(*pair) for pair in pairs]
    form = phonenumbers.PhoneNumberFormat.E164
    numbers = [phonenumbers.format_number(number, form) for number in found if number]

    assert line.lines(column(*numbers)).fine.all()


@pytest.mark.parametrize(
    "value", ["5512345678", "+0123456789", "+52", "+1234567890123456", "+52x5"]
)
def test_what_is_no_number_is_no_line(value: str) -> None:
    assert not line.lines(column(value)).fine[0]


def test_a_line_is_the_same_with_blanks_and_with_mexicos_old_mobile_prefix() -> None:
    found = line.lines(column("+525512345678", "+52 55 1234-5678", "+5215512345678"))

    assert {found.line.value(row) for row in range(3)} == {b"+525512345678"}
    assert found.block.value(0) == b"+52551234"
    assert found.last_two.tolist() == [78, 78, 78]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ana.Soto+sim2@Example.ORG", b"ana.soto@example.org"),
        ("+52 55 1234 5678", b"+525512345678"),
        ("ana@example", b""),
        ("ana@@example.org", b""),
        ("ana soto@example.org", b""),
        ("5512345678", b""),
    ],
)
def test_a_contact_is_an_address_or_a_number(written: str, meant: bytes) -> None:
    assert line.contacts(column(written)).value(0) == meant


addresses = st.ip_addresses().map(str) | st.integers(0, 2**32 - 1).map(
    lambda n: f"::ffff:{ipaddress.IPv4Address(n)}"
)


@given(damaged(addresses) | st.text("0:1f.", min_size=2, max_size=12))
def test_an_address_is_what_the_standard_library_says(value: str) -> None:
    try:
        known = ipaddress.ip_address(value.strip())
    except ValueError:
        wanted = b""
    else:
        inner = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
        wanted = (inner or known).packed.hex()[:16].encode()

    assert network.addresses(column(value)).ip.value(0) == wanted


def test_the_network_is_what_a_site_holds() -> None:
    found = network.addresses(column("203.0.113.9", "2001:db8:1:2:3::4"))

    assert found.network.value(0) == bytes([203, 0, 113]).hex().encode()
    assert found.network.value(1) == b"20010db80001"


@given(
    st.datetimes(),
    st.integers(-23 * 60, 23 * 60),
    st.sampled_from(["T", "t", " "]),
)
def test_a_moment_is_what_the_standard_library_says(at: datetime, east: int, between: str) -> None:
    aware = at.replace(tzinfo=timezone(timedelta(minutes=east)))
    found = column(aware.isoformat(between))

    moments, fine = dates.moments(found.data, found.starts, found.lengths)

    assert fine[0]
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    assert moments[0] == since // timedelta(microseconds=1)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-01T12:00:00",  # which zone?
        "2026-02-29T12:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00+6:00",
        "2026-03-01T12:00:00+06:00x",
        "01/03/2026 12:00:00 Z",
    ],
)
def test_what_is_no_moment_is_none(value: str) -> None:
    found = column(value)

    assert not dates.moments(found.data, found.starts, found.lengths)[1][0]


@given(st.dates(), st.booleans())
def test_a_date_is_what_the_standard_library_says(day: date, damage: bool) -> None:
    found = column(day.isoformat().replace("-0", "-4") if damage else day.isoformat())

    days, fine = dates.dates(found.data, found.starts, found.lengths)

    assert bool(fine[0]) == (found.value(0).decode() == day.isoformat())
    assert not fine[0] or days[0] == (day - date(1970, 1, 1)).days
