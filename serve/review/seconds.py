"""How many reviewers have to agree on a case: two where an office is concerned, and in a few drawn ones.

It is asked of the log each time and never written down, because it hints at who is in office.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from detector import logbook
from serve.review.cases import Case
from serve.store.books import Books


class SecondReviewers:
    """`key` draws the share of cases that need a second reviewer although nobody's office asks for one."""

    def __init__(self, *, share: float, key: bytes) -> None:
        self._share, self._key = share, key

    def __call__(self, books: Books, found: Sequence[Case]) -> list[Case]:
        """Cases with the number of reviewers that each needs; two also where the log no longer says."""
        kept = books.entries([case.sequence for case in found])
        return [
            replace(case, needs=2 if self._drawn(case.folio) or _official(kept, case) else 1)
            for case in found
        ]

    def _drawn(self, folio: bytes) -> bool:
        digest = hashlib.blake2b(folio, key=self._key, digest_size=8, person=b"second").digest()
        return int.from_bytes(digest, "big") < self._share * 2**64


def _official(kept: dict[int, bytes], case: Case) -> bool:
    if case.sequence not in kept:
        return True
    return bool(logbook.read([kept[case.sequence]], ()).exposure.tier[0] > 0)
