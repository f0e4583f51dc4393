"""A folder prepared for asking, with the impression that each of its registrations made at its own moment; and
the booster that says what impression that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from detector import impression
from detector.context import Context, Past
from detector.history import Queries
from detector.lifecycle import STAGES
from detector.model.boosting import Rows, learned
from detector.model.dataset import BATCH, FRAUD, LEGITIMATE, Batch, training_tables
from detector.model.material import lesson_rows
from detector.model.recipe import Recipe
from detector.pieces import in_order
from detector.registration import DataFolder
from detector.rings import RingViews
from detector.signals import plain, plain_vectors, vectors
from detector.signals.impressions import KEYS
from detector.windows import MARKS

Array = NDArray[Any]
Known = tuple[DataFolder, NDArray[np.bool_]]  # a country, and which of its registrations are misuse
EVERYBODY = 10**9
PIECE = BATCH // 2  # all that is known of a piece is held until its impressions are made
FIRST = STAGES[0]
_MARK = MARKS.index("impression")


def prepared(
    folder: DataFolder, *, answered: Array | None = None, known: Array | None = None
) -> Past:
    """Prepare a folder, as `Past.of` does. `known` are the impressions, where they were recorded."""
    past = Past.of(folder, answered=answered)
    if known is None:
        everybody = past.queries(FIRST)
        for _ in _looks(past, everybody, past.rings({FIRST: everybody})[FIRST]):
            pass
    else:
        past.entries.marks[:, _MARK] = known
    return past


def acquainted(past: Past, everybody: Queries, rings: RingViews, *, since: int) -> Iterator[Batch]:
    """Registrations of a folder at activation, from the row `since` on, told of impressions that are made on
    the way: in time order nobody is told of one that is still to be made.
    """
    for part in (slice(0, since), slice(since, None)):
        for look in _looks(past, everybody.pick(part), rings.pick(part)):
            if part.stop is None:
                past.tell_impressions(look.context, KEYS)
                exposed = look.context.exposure
                whole = vectors(look.context, begun=look.plain)
                yield Batch(look.context.queries, whole, exposed.grade, exposed.tier, look.rings)


@dataclass(frozen=True, slots=True)
class _Look:
    """Some registrations, and what is plain of them."""

    context: Context
    rings: RingViews
    plain: NDArray[np.float32]
    levels: NDArray[np.uint8]


def _looks(past: Past, queries: Queries, rings: RingViews) -> Iterator[_Look]:
    """Registrations by pieces, in order; the impressions of each are made by when it comes out."""

    def look(start: int) -> _Look:
        cut = slice(start, start + PIECE)
        tied = rings.pick(cut)
        context = past.context(FIRST, queries.pick(cut), tied)
        seen = plain_vectors(context)
        return _Look(context, tied, seen, impression.levels(seen))

    for made in in_order(look, range(0, len(queries), PIECE)):
        past.entries.marks[made.context.queries.rows, _MARK] = made.levels
        yield made


def booster(taught: Sequence[Known], recipe: Recipe, rng: np.random.Generator) -> lgb.Booster:
    """What learned from countries in which the truth is known what misuse looks like at its own moment."""
    whole = replace(recipe, booster={**recipe.booster, **recipe.impression})
    rows = [_rows(folder, fraud, whole, rng) for folder, fraud in taught]
    seed = int(rng.integers(2**31))
    return learned(rows, FIRST, recipe=whole, seed=seed, of=plain())


def _rows(
    folder: DataFolder, fraud: NDArray[np.bool_], recipe: Recipe, rng: np.random.Generator
) -> Rows:
    verdict = np.where(fraud, FRAUD, LEGITIMATE).astype(np.int8)
    past = Past.of(folder)
    table = training_tables(past, verdict, stages=(FIRST,), most=EVERYBODY, rng=rng)[FIRST]
    kept = table.where(fraud[table.row] | (rng.random(len(table)) < recipe.practice_honest_share))
    cut = replace(kept, vectors=kept.vectors[:, : len(plain())])
    return lesson_rows(cut, 1.0, recipe, standing=False)
