"""How attacks fare as wholes: recall per pattern, and lines a ring gets through before its first flag."""

from __future__ import annotations

import numpy as np

from detector.intervals import wilson
from detector.model.findings import PatternRecall, Rings, RingSummary
from detector.model.scored import NONE, Population, StageScores
from detector.registration import Bool, Int64

MINUTE = 60_000_000  # microseconds
CLASSES = (0, 1, 2, 3, 6, 11, 21)
CLASS_LABELS = ("0", "1", "2", "3–5", "6–10", "11–20", "over 20")


def patterns(people: Population, stage: StageScores, flagged: Bool) -> tuple[PatternRecall, ...]:
    """Recall by attack pattern, one threshold for all, in the order of their names."""
    pattern, cluster = people.pattern[stage.row], clusters(people, stage.row)
    return tuple(
        _pattern(name, flagged[mine], cluster[mine])
        for code, name in enumerate(people.patterns)
        if (mine := pattern == code).any()
    )


def _pattern(name: str, flagged: Bool, cluster: Int64) -> PatternRecall:
    rings, recall = len(np.unique(cluster)), float(flagged.mean())
    return PatternRecall(name, len(flagged), rings, recall, wilson(round(recall * rings), rings))


def clusters(people: Population, row: Int64) -> Int64:
    """What may be drawn independently: the ring of a row, else the row itself."""
    ring = people.ring[row]
    return np.where(ring == NONE, -2 - row, ring)


def rings(people: Population, stage: StageScores, flagged: Bool) -> Rings | None:
    """Lines let through by rings of two scored lines or more; none where no ring is known."""
    mine = np.flatnonzero(people.ring[stage.row] != NONE)
    if not len(mine):
        return None
    row, hit = stage.row[mine], flagged[mine]
    order = np.lexsort((row, people.at[row], people.ring[row]))
    row, hit = row[order], hit[order]
    ring = people.ring[row]
    first = np.flatnonzero(np.append(True, np.diff(ring) != 0))
    size = np.diff(np.append(first, len(ring)))
    running = np.isin(ring[first], people.ring[_unscored(people, stage.row, row)])
    several = size > 1
    through, minutes = _let_through(people.at[row], hit, first, size)
    return Rings(
        new=_summary(size, through, minutes, several & ~running),
        running=_summary(size, through, minutes, several & running),
    )


def _unscored(people: Population, scored: Int64, ring_rows: Int64) -> Int64:
    """Rows of rings that lie before the first scored registration."""
    known = people.ring != NONE
    known[ring_rows] = False
    return np.flatnonzero(known & (people.at < people.at[scored].min()))


def _let_through(at: Int64, hit: Bool, first: Int64, size: Int64) -> tuple[Int64, Int64]:
    """Per ring the lines before its first flag, and the minutes until then (-1 where never)."""
    position = np.arange(len(at)) - np.repeat(first, size)
    through = np.minimum.reduceat(np.where(hit, position, np.repeat(size, size)), first)
    flagged = through < size
    until = at[first + np.minimum(through, size - 1)] - at[first]
    return through, np.where(flagged, until // MINUTE, -1)


def _summary(size: Int64, through: Int64, minutes: Int64, chosen: Bool) -> RingSummary | None:
    if not chosen.any():
        return None
    size, through, minutes = size[chosen], through[chosen], minutes[chosen]
    flagged = through < size
    classes = np.searchsorted(CLASSES, through[flagged], side="right") - 1
    return RingSummary(
        rings=len(size),
        lines=int(size.sum()),
        median_let_through=float(np.median(through)),
        p90_let_through=float(np.quantile(through, 0.9)),
        never_flagged=float(1 - flagged.mean()),
        flagged_at_first_line=float((through == 0).mean()),
        median_minutes_to_flag=float(np.median(minutes[flagged])) if flagged.any() else None,
        labels=CLASS_LABELS,
        counts=tuple(int(n) for n in np.bincount(classes, minlength=len(CLASSES))),
    )
