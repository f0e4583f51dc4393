"""The evaluation as people read it: one HTML page that needs nothing else, JSON, and a terminal table."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import jinja2

from detector.audit import Audit
from detector.intervals import Interval
from detector.model import plots, wording
from detector.model.findings import Evaluation, LeftOut, PatternRecall, RingSummary
from detector.model.measures import MAIN_RATE, Point

FEW_RINGS = 20
RATIO_AXIS = (0.25, 6.0)
PEOPLE = {
    "truth": "Groups named by the simulation",
    "sex": "Sex",
    "age": "Age",
    "born in": "Place of birth",
}
KINDS = {
    "operation": "Operation",
    "channel": "Channel",
    "carrier": "Carrier",
    "identity": "Identity",
}


def write(evaluation: Evaluation, out: Path) -> tuple[Path, Path]:
    """Writes the page and its JSON side by side and says where.

    `out` may end in .html or .json, or be a stem that gets both endings; in an existing folder the
    files are called `evaluation`. Both appear whole or not at all; missing folders are made.
    """
    page, numbers = paths(out)
    page.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(evaluation.to_json(), allow_nan=False, ensure_ascii=False, indent=1)
    _appear({page: html(evaluation), numbers: text + "\n"})
    return page, numbers


def paths(out: Path) -> tuple[Path, Path]:
    """Where the page and the JSON of a report go."""
    stem = out / "evaluation" if out.is_dir() else out
    if stem.suffix.lower() in (".html", ".htm", ".json"):
        stem = stem.with_suffix("")
    return stem.with_name(f"{stem.name}.html"), stem.with_name(f"{stem.name}.json")


def _appear(files: dict[Path, str]) -> None:
    """Writes beside the targets first, so that a full disk leaves nothing half-written."""
    written: dict[Path, Path] = {}
    try:
        for target, text in files.items():
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=target.suffix)
            written[target] = Path(name)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            written[target].chmod(0o644)
        for target, draft in written.items():
            draft.replace(target)
    finally:
        for draft in written.values():
            draft.unlink(missing_ok=True)


def html(evaluation: Evaluation) -> str:
    """The page, with its style and pictures inside."""
    source = resources.files("detector.model").joinpath("report.html.j2").read_text("utf-8")
    env = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    words = (
        wording.percent,
        wording.level,
        wording.whole_percent,
        wording.interval,
        wording.count,
        wording.times,
        wording.one_in,
        wording.day,
        wording.span,
    )
    env.filters |= {word.__name__: word for word in words}
    env.filters |= {"axis": _axis, "plain": _plain_name}
    page = env.from_string(source).render(
        e=evaluation,
        title=wording.title(evaluation),
        subject=wording.subject(evaluation.measured),
        verdict=wording.verdict(evaluation.headline),
        when=wording.STAGE_WHEN,
        means=wording.DECISION_MEANS,
        people=_people(evaluation.audits),
        kinds=KINDS,
        main_rate=MAIN_RATE,
        patterns=_pattern_rows(evaluation),
        left_out=_left_out_rows(evaluation.left_out),
        audits=_audit_order(evaluation.audits),
        pictures=_pictures(evaluation),
        main=main_point,
        rings=main_rings(evaluation),
    )
    return page.replace(" %", "\N{NO-BREAK SPACE}%")


def main_point(points: Sequence[Point]) -> Point | None:
    """The operating point of one false alarm in a thousand."""
    return next((point for point in points if point.rate == MAIN_RATE), None)


def main_rings(evaluation: Evaluation) -> RingSummary | None:
    """The rings to speak of first: new ones, unless they are too few to say much."""
    rings = evaluation.rings
    if rings is None:
        return None
    if rings.new and rings.new.rings >= FEW_RINGS:
        return rings.new
    known = [summary for summary in (rings.new, rings.running) if summary]
    return max(known, key=lambda summary: summary.rings, default=None)


def _pictures(evaluation: Evaluation) -> dict[str, str]:
    first = evaluation.stages[0]
    drawn = {
        "recall": plots.recall_by_rate(evaluation.stages, evaluation.baselines),
        "precision": plots.precision_by_recall(evaluation.stages, evaluation.measured.prevalence),
        "alerts": plots.alerts_by_day(first, first.alerts[0]),
        "reliability": plots.reliability(first.stage, first.calibration),
    }
    known = main_rings(evaluation)
    return drawn | ({"rings": plots.lines_let_through(known)} if known else {})


def _pattern_rows(evaluation: Evaluation) -> list[tuple[PatternRecall, dict[str, PatternRecall]]]:
    """Each attack with its recall by stage, the hardest at activation first."""
    by_stage = {s.stage: {p.pattern: p for p in s.patterns} for s in evaluation.stages}
    rows = [
        (
            own,
            {
                stage: found[own.pattern]
                for stage, found in by_stage.items()
                if own.pattern in found
            },
        )
        for own in evaluation.stages[0].patterns
    ]
    return sorted(rows, key=lambda row: row[0].recall)


def _left_out_rows(left_out: Sequence[LeftOut]) -> list[tuple[str, dict[str, LeftOut]]]:
    """Each attack left out with what was found of it by stage, the worst found first."""
    found: dict[str, dict[str, LeftOut]] = {}
    for row in left_out:
        found.setdefault(row.pattern, {})[row.stage] = row
    return sorted(found.items(), key=lambda item: next(iter(item[1].values())).recall or 0.0)


def _audit_order(audits: Sequence[Audit]) -> list[Audit]:
    """What stops people at registration first; the rest folded away below it."""
    return sorted(audits, key=lambda a: (a.stage != "activation", "step_up" not in a.bothered_by))


def _people(audits: Sequence[Audit]) -> dict[str, str]:
    """The kinds of groups of people with their titles, those that only this country's truth has last."""
    found = {segment.kind for audit in audits for segment in audit.segments}
    others = sorted(found - PEOPLE.keys() - KINDS.keys())
    return PEOPLE | {kind: _plain_name(kind).capitalize() for kind in others}


def _axis(value: float) -> float:
    """Where a ratio stands on the drawn axis, in percent of its width."""
    low, high = (math.log(edge) for edge in RATIO_AXIS)
    at = (math.log(max(value, 1e-9)) - low) / (high - low)
    return round(100 * min(max(at, 0.0), 1.0), 2)


def _plain_name(name: str) -> str:
    return name.replace("_", " ")


def summary(evaluation: Evaluation) -> str:
    """The result as a small table for a terminal."""
    lines = [
        wording.title(evaluation),
        wording.subject(evaluation.measured) + ".",
        "",
        *_recall_table(evaluation),
        "",
        *_remarks(evaluation),
    ]
    return "\n".join(lines)


def _recall_table(evaluation: Evaluation) -> list[str]:
    rates = [point.rate for point in evaluation.stages[0].points]
    head = f"{'misuse found at false alarms of':34}" + "".join(
        f"{wording.level(rate):>10}" for rate in rates
    )
    own = [(wording.STAGE_WHEN[s.stage], s.points) for s in evaluation.stages]
    rivals = [(f"baseline: {b.name}", b.points) for b in evaluation.baselines if b.points]
    return [f"{head}  95 % interval at 0.1 %", *(_recall_row(*row) for row in own + rivals)]


def _recall_row(name: str, points: Sequence[Point]) -> str:
    cells = "".join(f"{wording.percent(point.recall):>10}" for point in points)
    main = main_point(points)
    known: Interval | None = main.recall_interval if main else None
    return f"{name:34}{cells}  {wording.interval(known)}"


def _remarks(evaluation: Evaluation) -> list[str]:
    remarks = [wording.against(evaluation.headline)]
    remarks += [f"Not run: {b.name} ({b.remark})." for b in evaluation.baselines if b.remark]
    known = main_rings(evaluation)
    if known:
        remarks.append(
            "Lines a ring gets through before its first flag: median "
            f"{wording.count(known.median_let_through)}, 90th percentile "
            f"{wording.count(known.p90_let_through)}; "
            f"{wording.percent(known.never_flagged)} of {known.rings} rings are never flagged."
        )
    above = [
        f"{s.kind} {_plain_name(s.segment)}"
        for a in _audit_order(evaluation.audits)[:1]
        for s in a.segments
        if s.verdict == "above"
    ]
    remarks.append(f"Bothered beyond the limit: {', '.join(above)}." if above else "")
    return [remark for remark in (*remarks, *evaluation.measured.notes) if remark]
