import numpy as np
import pytest
from stdnum.mx import curp, rfc

from detector.simulate.identities import (
    BORN_ABROAD,
    COMPANY,
    CURP,
    LOWER_CASE,
    MISTYPED,
    PASSPORT,
    PLAIN,
    SPACED,
    TRADER,
    WRONG_HOMOCLAVE,
    Identities,
    identity_text,
)

MANY = 2000


def made(kind: int, *, typed: int = PLAIN, n: int = MANY) -> list[str]:
    rng = np.random.default_rng(3)
    identities = Identities(
        kind=np.full(n, kind, np.int8),
        birth=rng.integers(-20_000, 13_000, n).astype(np.int32),
        female=rng.random(n) < 0.5,
        state=rng.integers(0, 12 if kind == PASSPORT else BORN_ABROAD + 1, n).astype(np.int8),
        namesake=rng.integers(0, 5, n).astype(np.int8),
        bits=rng.integers(0, 2**63, n, dtype=np.uint64),
    )
    text: list[str] = identity_text(
        identities, np.arange(n), typed=np.full(n, typed, np.int8), rng=rng
    ).to_pylist()
    return text


@pytest.mark.parametrize("typed", [PLAIN, LOWER_CASE, SPACED, WRONG_HOMOCLAVE])
def test_curps_pass_every_check_of_the_library(typed: int) -> None:
    assert all(curp.is_valid(text.replace(" ", "")) for text in made(CURP, typed=typed))


def test_no_curp_can_have_been_issued() -> None:
    one_letter_surname = {text[1] + text[13] for text in made(CURP)}
    fifth_namesake_or_later = {text[16] for text in made(CURP)}

    assert one_letter_surname == {"XX"}
    assert fifth_namesake_or_later <= set("56789VWXYZ")


def test_a_typing_error_mostly_breaks_the_check_digit() -> None:
    broken = [not curp.is_valid(text) for text in made(CURP, typed=MISTYPED)]

    assert np.mean(broken) > 0.9


def test_another_homoclave_keeps_the_sixteen_letters_of_birth() -> None:
    right, other = made(CURP), made(CURP, typed=WRONG_HOMOCLAVE)

    assert all(a[:16] == b[:16] and a != b for a, b in zip(right, other, strict=True))


@pytest.mark.parametrize(("kind", "length"), [(COMPANY, 12), (TRADER, 13)])
def test_tax_numbers_pass_with_check_digits(kind: int, length: int) -> None:
    texts = made(kind)

    assert {len(text) for text in texts} == {length}
    assert all(rfc.is_valid(text, validate_check_digits=True) for text in texts)


def test_no_company_number_can_have_been_issued() -> None:
    assert {text[9] for text in made(COMPANY)} == {"O"}


def test_a_trader_shares_ten_letters_with_the_persons_curp() -> None:
    assert [text[:10] for text in made(TRADER)] == [text[:10] for text in made(CURP)]


def test_passports_name_their_country() -> None:
    assert all(
        text[:3].isupper() and text[3] == ":" and text[4:].isdigit() for text in made(PASSPORT)
    )
