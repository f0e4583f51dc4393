"""The live store as an analyst's data folder: read at one moment, with the chance to have heard of each row.

Whoever may open a store sees all of it. Carriers' own analysts get what an operator exports for them
(`simvigia asof --carrier`), not the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from detector import logbook
from detector.decision import DECISIONS, STEP_UP
from detector.errors import BadInput
from detector.workbench import Country
from serve.audit.groups import opened as opened_groups
from serve.auditkeys import named
from serve.reference.live import readable
from serve.replay import exported
from serve.review.rulings import Ruling, rulings
from serve.store.books import Answer, Books
from serve.store.database import snapshot

STOPPING = tuple(f'"{decision}"'.encode() for decision in DECISIONS[STEP_UP:])
RELEASED = b'"propensity"'


def opened(url: str) -> Country:
    """Everything in a store as a data folder behind the door, with each row's propensity.

    With SIMVIGIA_AUDIT_KEY_FILE also who was registered, in coarse groups.

    Raises BadInput where there is no such store or nothing in it, KeyMissing where it was told of breaches
    or officials and their key is not in the environment.
    """
    with snapshot(url) as own:
        books = Books(own)
        if not books.last_sequence():
            raise BadInput("nothing was registered in this store yet")
        folder = exported(books, readable(url, books))
        at = folder.registrations.sequence - 1
        keys = named()
        groups = opened_groups(books, keys) if keys else None
        chance = propensities(books)[at]
    return Country(folder, propensity=chance, sealed=groups.segments(at) if groups else None)


def propensities(books: Books) -> NDArray[np.float64]:
    """By sequence, the chance with which a registration's outcome could be seen.

    The released share for what a release let pass; 0 for what had to prove more or was held, unless a
    review let it go on; 1 for everything else, and for what was imported: nobody stopped that.
    """
    chance = np.ones(books.last_sequence())
    let_go = rulings(books.own)
    for answer in _notable(books):
        chance[answer.sequence - 1] = min(chance[answer.sequence - 1], _chance(answer, let_go))
    return chance


def _notable(books: Books) -> Iterator[Answer]:
    """Answers that stopped somebody or let a drawn few pass."""
    folios = {folio: logbook.sequence(row) for folio, row in books.all_filed()}
    for answer in books.all_answers(folios):
        if RELEASED in answer.answer or any(word in answer.answer for word in STOPPING):
            yield answer


def _chance(answer: Answer, let_go: dict[tuple[int, int], Ruling]) -> float:
    said = json.loads(answer.answer)
    if said.get("imported"):
        return 1.0
    if "propensity" in said and said["decision"] not in DECISIONS[STEP_UP:]:
        return float(said["propensity"])
    ruling = let_go.get((answer.sequence, answer.stage))
    stands = ruling.decision if ruling else DECISIONS.index(said["decision"])
    return 0.0 if stands >= STEP_UP else 1.0
