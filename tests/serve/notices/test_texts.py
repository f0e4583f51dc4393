import re

import pytest

from serve.notices import texts

FOLIO = "ABCD-2345-WXYZ"


def everything(language: str) -> dict[str, str]:
    letters = {
        kind: texts.notice(FOLIO, language=language, count=3, kind=kind)
        for kind in (texts.SINGLE, texts.SCATTERED, texts.BATCH)
    }
    letters["code"] = texts.invitation("12345678", institution="Congreso", language=language)
    found = {name: f"{letter.subject}\n{letter.text}" for name, letter in letters.items()}
    found["short"] = texts.short_notice(FOLIO, language=language)
    found["short code"] = texts.short_invitation("12345678", language=language)
    return found


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_notice_has_a_link_an_address_or_a_number_to_call(language: str) -> None:
    for text in everything(language).values():
        assert not re.search(r"https?:|www\.|\w\.(mx|com|org|gob)|@|\+?\d{9,}", text)


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_notice_names_the_folio_or_the_code(language: str) -> None:
    assert all(FOLIO in text or "12345678" in text for text in everything(language).values())


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_short_message_fits_two_parts_of_a_text_message(language: str) -> None:
    assert len(texts.short_notice(FOLIO, language=language, count=99)) <= 2 * 134
    assert len(texts.short_invitation("12345678", language=language)) <= 2 * 134


def test_spanish_reads_as_it_should() -> None:
    letter = texts.notice(FOLIO, language="es")

    assert letter.subject == "Se registró una línea móvil con su identidad"
    assert letter.text.startswith("Se registró una línea móvil con la identidad que usted pidió")
    assert "\n\n\n" not in letter.text


def test_a_burst_says_what_it_looks_like() -> None:
    found = everything("es")

    assert "burlarse" in found[texts.SCATTERED]
    assert "lote" in found[texts.BATCH]
    assert "Se registraron 3 líneas" in found[texts.BATCH]
