"""The folio of a notice: what a person reads in a letter and types into the portal."""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O, 1 I L, U: read aloud without mistakes
LETTERS = 12


def new_folio() -> str:
    """Three groups of four letters and digits."""
    return grouped("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)))


def plain_folio(typed: str) -> str:
    """A folio as typed, in the one form it is known by."""
    return grouped("".join(letter for letter in typed.upper() if letter.isalnum()))


def grouped(letters: str) -> str:
    """In groups of four."""
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))
