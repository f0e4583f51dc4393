import re

import pytest

from serve.notices import texts
from serve.notices.outfit import LONGEST_PORTAL

FOLIO, CODE = "ABCD-2345-WXYZ", "12345678"
PORTAL = "Mis líneas, en la página del Congreso".ljust(LONGEST_PORTAL, "x")


def everything(language: str, portal: str = "") -> dict[str, str]:
    words = {
        kind: texts.notice(FOLIO, language=language, count=3, kind=kind, portal=portal)
        for kind in (texts.SINGLE, texts.SCATTERED, texts.BATCH)
    }
    words["invitation"] = texts.invitation(
        CODE, institution="Congreso", language=language, portal=portal
    )
    words["entry"] = texts.entry(CODE, language=language)
    letters = {name: f"{one.letter.subject}\n{one.letter.text}" for name, one in words.items()}
    return letters | {f"short {name}": one.short for name, one in words.items()}


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_notice_has_a_link_an_address_or_a_number_to_call(language: str) -> None:
    for text in everything(language).values():
        assert not re.search(r"https?:|www\.|\w\.(mx|com|org|gob)|@|\+?\d{9,}", text)


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_notice_names_the_folio_or_the_code(language: str) -> None:
    assert all(FOLIO in text or CODE in text for text in everything(language).values())


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_short_message_fits_two_parts_of_a_text_message(language: str) -> None:
    found = everything(language, PORTAL)

    assert all(len(text) <= 2 * 134 for name, text in found.items() if name.startswith("short"))


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_portal_is_named_in_the_words_agreed_at_enrolment(language: str) -> None:
    found = everything(language, PORTAL)

    assert all(PORTAL in text for name, text in found.items() if "entry" not in name)


def test_spanish_reads_as_it_should() -> None:
    letter = texts.notice(FOLIO, language="es").letter

    assert letter.subject == "Se registró una línea móvil con su identidad"
    assert letter.text.startswith("Se registró una línea móvil con la identidad que usted pidió")
    assert "\n\n\n" not in letter.text


def test_a_burst_says_what_it_looks_like() -> None:
    found = everything("es")

    assert "burlarse" in found[texts.SCATTERED]
    assert "lote" in found[texts.BATCH]
    assert "Se registraron 3 líneas" in found[texts.BATCH]
