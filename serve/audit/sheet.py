"""An audit of groups in words for a terminal, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from detector.audit import HIDDEN_BELOW, Audit, SegmentRate

HIDDEN = "-"
HEAD = ("group", "honest", "bothered", "rate", "against", "times", "95 % interval", "")
RIGHT = {1, 2, 3, 5}  # columns of numbers


def told(audits: Sequence[Audit], *, known: int) -> str:
    """Each way of being bothered, with a table of the groups that can be shown."""
    asked = audits[0].innocents if audits else 0
    lines = [
        f"{asked:,} registrations without a verdict of misuse; groups are known of {known:,} that were asked.",
    ]
    for found in audits:
        lines += ["", _head(found), *_table(found.segments)]
    return "\n".join(lines)


def written(audits: Sequence[Audit], path: Path) -> None:
    """The same as JSON, whole or not at all."""
    text = json.dumps([_shown(found) for found in audits], indent=1, allow_nan=False)
    part = path.with_name(path.name + ".part")
    part.write_text(text + "\n", "utf-8")
    part.replace(path)


def _few(found: Audit) -> bool:
    return found.false_alarms < HIDDEN_BELOW


def _shown(found: Audit) -> dict[str, object]:
    few = dict.fromkeys(("false_alarms", "average", "average_interval")) if _few(found) else {}
    return asdict(found) | few


def _head(found: Audit) -> str:
    many = f"{found.false_alarms:,} of them, {found.average:.2%}"
    return f"{found.bothered_by} at registration: {'fewer than ten' if _few(found) else many}"


def _table(segments: Sequence[SegmentRate]) -> list[str]:
    if not segments:
        return ["  no group is known"]
    rows = [HEAD, *(_row(one) for one in segments if one.false_alarms is not None)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    hidden = Counter(one.kind for one in segments if one.false_alarms is None)
    return [
        *("  " + "  ".join(_cells(row, widths)).rstrip() for row in rows if len(rows) > 1),
        *(f"  {kind}: not shown of {count} groups, too few" for kind, count in hidden.items()),
    ]


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if at in RIGHT else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _row(one: SegmentRate) -> tuple[str, ...]:
    average = one.compared_with == "average"
    times = one.against_average if average else one.against_others
    sure = one.against_average_interval if average else one.against_others_interval
    return (
        f"{one.kind} {one.segment}",
        HIDDEN if one.innocents is None else f"{one.innocents:,}",
        HIDDEN if one.false_alarms is None else f"{one.false_alarms:,}",
        HIDDEN if one.rate is None else f"{one.rate:.2%}",
        "the average" if average else "others",
        HIDDEN if times is None else f"{times:.2f}",
        HIDDEN if sure is None else f"{sure.low:.2f} to {sure.high:.2f}",
        one.verdict,
    )
