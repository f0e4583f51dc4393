"""What people read: the same sentences in both languages."""

from __future__ import annotations

from serve.portal.pages import STYLE, WORDS
from serve.portal.states import STATES, name


def test_both_languages_have_the_same_sentences() -> None:
    spanish, english = (
        {
            (section, key)
            for section, told in WORDS[language].items()
            if section != "lang"
            for key in told
        }
        for language in ("es", "en")
    )

    assert spanish == english


def test_there_are_thirty_two_states() -> None:
    assert len(STATES) == 32
    assert name("09") == "Ciudad de México"
    assert name("00") == "—"


def test_the_style_can_stand_inside_a_page() -> None:
    assert "</" not in STYLE
    assert len(STYLE) < 10_000
