"""What an answer says about a registration, as a label; the one place where this is decided.

A clerk hands the folio to whoever stands at the counter, who may be the one who misuses the identity. So
what is said with a folio alone clears nothing: only "not mine" counts, and it counts half; and it takes
back nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from detector.registration import WITHDRAWN

Said = Literal["mine", "not_mine", "mine_but_close", "not_sure"]
Side = Literal["holder", "delegate", "folio"]
FRAUD, LEGITIMATE = "fraud", "legitimate"
HOLDER, REVERIFICATION = "holder", "reverification"
HALF = 0.5

_SAID: Mapping[str, str | None] = {
    "not_mine": FRAUD,
    "mine": LEGITIMATE,
    "mine_but_close": LEGITIMATE,
    "not_sure": None,
}
# What a carrier can have found by looking at the person and the line again.
OUTCOMES: Mapping[str, str | None] = {
    "confirmed_misuse": FRAUD,
    "holder_confirmed": LEGITIMATE,
    "relinked": None,
    "closed": None,
    "kept": None,
}


@dataclass(frozen=True, slots=True)
class Label:
    """A label to report to the engine. `confidence` is None where it is as sure as its source.

    One that is WITHDRAWN takes back what its source said last, and nothing that another source said.
    """

    label: str
    source: str
    confidence: float | None = None


def disagreed(words: Mapping[Side, Said]) -> bool:
    """Whether holder and delegate say what cannot both be so."""
    meant = {_SAID[words[side]] for side in ("holder", "delegate") if side in words} - {None}
    return len(meant) > 1


def label_of(words: Mapping[Side, Said]) -> Label | None:
    """The label that follows from the last word of each side; None where none does."""
    if disagreed(words):
        return None
    for side in ("holder", "delegate"):
        if side in words and (meant := _SAID[words[side]]):
            return Label(meant, HOLDER)
    if words.get("folio") == "not_mine" and not words.keys() & {"holder", "delegate"}:
        return Label(FRAUD, HOLDER, HALF)
    return None


def follows(before: Mapping[Side, Said], by: Side, said: Said) -> Label | None:
    """The label to report after a new word; None where what was reported stands.

    Where the holder or the delegate is not sure, and nobody else of the two is, whatever was reported of
    these words is taken back.
    """
    words: dict[Side, Said] = {**before, by: said}
    label = label_of(words)
    if label or by == "folio" or not before or disagreed(words):
        return label
    return Label(WITHDRAWN, HOLDER)


def found(outcome: str) -> Label | None:
    """The label that a carrier's look gives; it supersedes what was said before."""
    meant = OUTCOMES[outcome]
    return Label(meant, REVERIFICATION) if meant else None
