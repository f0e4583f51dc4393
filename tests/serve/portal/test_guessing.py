"""The odds of guessing, as the guide for officials says them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.guessing import odds

GUIDE = Path(__file__).parents[3] / "docs" / "oficiales.md"


def test_the_guide_says_the_odds_that_the_code_gives() -> None:
    told, found = GUIDE.read_text("utf-8"), odds()
    for what in (
        "days of all tries until a code is hit, on average",
        "one person's clerk's folio, by one guess",
        "the same in a year from one address",
        "the same in a year at the portal's own limit",
    ):
        assert f"{found[what]:,.0f}" in told, what
    for what in ("bits of a notice's folio", "bits of a clerk's folio"):
        assert f"({found[what]:.0f} bits)" in told, what


def test_a_guess_is_hopeless() -> None:
    found = odds()

    assert found["a folio of 10,000,000 open notices, by one guess"] > 1e10
    assert found["one person's entry code, by all the tries of a day"] >= 1e6
