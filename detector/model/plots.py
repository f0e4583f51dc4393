"""The report's pictures as inline SVG: drawn without a screen, the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullLocator,
    PercentFormatter,
)

from detector.model.findings import Alerts, BaselineResult, RingSummary, Stage
from detector.model.measures import MAIN_RATE, Calibration
from detector.model.wording import STAGE_WHEN, level

INK, MUTED, GRID, ALARM = "#1c2733", "#5b6875", "#e3e8ec", "#b4451f"
STAGE_COLOUR = {
    "activation": "#0b6e99",
    "first_attach": "#6a9fb5",
    "day_1": "#3b8f6b",
    "day_7": "#b4451f",
}
STAGE_DASH = {"activation": "-", "first_attach": (0, (1, 1)), "day_1": (0, (5, 1.5)), "day_7": "-"}
GREYS = ("#6f7b86", "#8b96a0", "#a3acb4", "#bcc3c9")
DASHES = ((0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (2, 3)))
STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "text.color": INK,
}
SIZE = (5.0, 3.5)  # inches: letters stay legible when a phone shows it 340 points wide


def recall_by_rate(stages: Sequence[Stage], baselines: Sequence[BaselineResult]) -> str:
    """Recall against the share of honest registrations bothered, for stages and baselines."""
    with mpl.rc_context(STYLE):
        figure, axes = _canvas("honest registrations bothered", "misuse found")
        _log_percent(axes, (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0))
        axes.axvline(MAIN_RATE, color=INK, linewidth=0.8, linestyle=":")
        for index, made in enumerate(baselines):
            if made.trace.recall:
                _line(axes, made, GREYS[index % 4], DASHES[index % 4], made.name)
        for stage in stages:
            label = STAGE_WHEN[stage.stage]
            _line(axes, stage, STAGE_COLOUR[stage.stage], STAGE_DASH[stage.stage], label)
        axes.set(xlim=(1e-5, 1), ylim=(0, 1.02))
        figure.legend(*_reversed(axes), loc="outside lower center", ncols=2)
        return _svg(figure, "recall", "Recall against the false-alarm rate; the table has the same")


def _line(axes: Any, drawn: Stage | BaselineResult, colour: str, dash: Any, label: str) -> None:
    x = [max(rate, 1e-9) for rate in drawn.trace.false_alarm_rate]
    width = 2.0 if isinstance(drawn, Stage) else 1.3
    axes.step(x, drawn.trace.recall, where="post", color=colour, ls=dash, lw=width, label=label)


def _reversed(axes: Any) -> tuple[list[Any], list[str]]:
    """Legend entries with the engine before what it is compared with."""
    handles, labels = axes.get_legend_handles_labels()
    own = set(STAGE_WHEN.values())
    order = sorted(range(len(labels)), key=lambda i: labels[i] not in own)
    return [handles[i] for i in order], [labels[i] for i in order]


def precision_by_recall(stages: Sequence[Stage], prevalence: float) -> str:
    """Precision-recall curves with the prevalence as the floor of guessing."""
    with mpl.rc_context(STYLE):
        figure, axes = _canvas("misuse found (recall)", "alerts that are right (precision)")
        for stage in stages:
            axes.plot(
                stage.trace.recall,
                stage.trace.precision,
                color=STAGE_COLOUR[stage.stage],
                ls=STAGE_DASH[stage.stage],
                lw=2,
                label=STAGE_WHEN[stage.stage],
            )
        axes.axhline(prevalence, color=INK, linewidth=0.8, linestyle=":")
        axes.annotate("guessing", (0.01, prevalence), ha="left", va="bottom", color=MUTED)
        axes.set(xlim=(0, 1.01), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        figure.legend(loc="outside lower center", ncols=2)
        return _svg(figure, "precision", "Precision against recall by stage")


def reliability(stage: str, found: Calibration) -> str:
    """Observed share against the score given, both on log axes, with the line of being right."""
    with mpl.rc_context(STYLE):
        figure, axes = _canvas("score given", "share that was misused")
        seen = [b for b in found.bins if b.observed > 0 and b.mean_score > 0]
        low = min([1e-4, *(min(b.observed, b.mean_score) for b in seen)])
        axes.plot((low, 1), (low, 1), color=INK, linewidth=0.8, linestyle=":")
        axes.plot(
            [b.mean_score for b in seen],
            [b.observed for b in seen],
            color=STAGE_COLOUR[stage],
            marker="o",
            lw=2,
        )
        ticks = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
        _log_percent(axes, ticks)
        axes.set_yscale("log")
        _ticks(axes.yaxis, ticks)
        axes.set(xlim=(low * 0.7, 1.3), ylim=(low * 0.7, 1.3))
        return _svg(figure, f"reliability-{stage}", "Observed share of misuse against the score")


def alerts_by_day(stage: Stage, alerts: Alerts) -> str:
    """Alerts on each day over the day's registrations."""
    with mpl.rc_context(STYLE):
        figure, axes = _canvas("", "alerts a day")
        places = range(len(stage.days))
        axes.bar(places, alerts.series, color=STAGE_COLOUR[stage.stage], width=0.85)
        axes.margins(x=0.01)
        volume = axes.twinx()
        volume.plot(places, stage.volume, color=MUTED, lw=1.2)
        volume.set_ylim(0)
        volume.set_ylabel("registrations a day (line)")
        volume.grid(visible=False)
        volume.yaxis.set_major_formatter(FuncFormatter(_short))
        step = max(1, len(stage.days) // 4)
        axes.set_xticks(list(places)[::step], [day[5:] for day in stage.days[::step]])
        axes.yaxis.set_major_formatter(FuncFormatter(_short))
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.grid(visible=False, axis="x")
        return _svg(figure, "alerts", "Alerts a day as bars, registrations a day as a line")


def lines_let_through(found: RingSummary) -> str:
    """Rings by how many lines they got through before the first flag."""
    with mpl.rc_context(STYLE):
        figure, axes = _canvas("lines let through before the first flag", "rings")
        never = round(found.never_flagged * found.rings)
        labels = [*found.labels, "never\nflagged"]
        colours = [STAGE_COLOUR["activation"]] * len(found.labels) + [ALARM]
        bars = axes.bar(labels, [*found.counts, never], color=colours, width=0.75)
        axes.bar_label(bars, color=MUTED, fontsize=9)
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.grid(visible=False, axis="x")
        return _svg(figure, "rings", "Rings by lines let through before the first flag")


def _canvas(x: str, y: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=SIZE, layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if not y.startswith(("alerts a", "rings")):
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure, axes


def _log_percent(axes: Any, ticks: Sequence[float]) -> None:
    axes.set_xscale("log")
    _ticks(axes.xaxis, ticks)


def _ticks(axis: Any, ticks: Sequence[float]) -> None:
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: level(value)))


def _short(value: float, _: int) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def _svg(figure: Figure, name: str, words: str) -> str:
    """The figure as an SVG element whose ids are its own and which says in words what it shows."""
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    drawn = text.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", drawn)
    drawn = re.sub(r'^<svg([^>]*?) width="[^"]*"', r"<svg\1", drawn)
    drawn = re.sub(r'^<svg([^>]*?) height="[^"]*"', r"<svg\1", drawn)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{words}"', 1)
