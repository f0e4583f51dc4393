"""How hopeless guessing at the portal is: `python -m benchmarks.guessing`. Figures of docs/oficiales.md."""

from __future__ import annotations

from math import log2

from serve.notices import enrolment, folios
from serve.portal import proof, records
from serve.portal.service import ALL_GUESSES, GUESSES

YEAR = 365 * 86_400
OPEN_NOTICES = 10_000_000  # folios that somebody could hit by chance


def odds() -> dict[str, float]:
    """One in so many: what somebody hits who guesses."""
    notice = len(folios.ALPHABET) ** folios.LETTERS
    clerk = 2 ** (5 * records.LETTERS)
    code = 10**proof.CODE_DIGITS
    a_day = proof.MOST_CODES * proof.MOST_TRIES
    return {
        "bits of a notice's folio": log2(notice),
        f"a folio of {OPEN_NOTICES:,} open notices, by one guess": notice / OPEN_NOTICES,
        "one person's entry code, by all the tries of a day": code / a_day,
        "days of all tries until a code is hit, on average": code / a_day,
        "an enrolment's code, by all its tries": 10**enrolment.CODE_DIGITS / enrolment.MOST_TRIES,
        "bits of a clerk's folio": log2(clerk),
        "one person's clerk's folio, by one guess": float(clerk),
        "the same in a year from one address": clerk / (GUESSES[0] * YEAR),
        "the same in a year at the portal's own limit": clerk / (ALL_GUESSES[0] * YEAR),
    }


def main() -> None:
    """Print them."""
    for what, one_in in odds().items():
        print(f"{what:<64}{one_in:>24,.0f}")


if __name__ == "__main__":
    main()
