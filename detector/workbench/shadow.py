"""Figures of a challenger's time in the shadow."""

from __future__ import annotations

from typing import Any

import numpy as np

from detector.lifecycle import STAGES
from detector.model.shadowed import NAMES, Shadowed, by_day
from detector.workbench import charts
from detector.workbench.charts import COLOURS, Chart

LEAST = 1e-4  # chances below are drawn as this one


def scores_chart(seen: Shadowed, *, stage: str = STAGES[0]) -> Chart:
    """Score of the challenger against the service's, one dot for many answers; on the line they agree."""
    mine = seen.table[seen.table["stage"] == stage]

    def draw(axes: Any) -> None:
        one, two = (np.maximum(mine[name], LEAST) for name in ("live_score", "score"))
        held = axes.hexbin(
            one, two, xscale="log", yscale="log", bins="log", gridsize=40, cmap="Blues", mincnt=1
        )
        axes.plot([LEAST, 1], [LEAST, 1], ":", color=charts.ALARM, lw=1)
        axes.set(xlabel="score that was answered", ylabel="score in the shadow")
        axes.figure.colorbar(held, label="answers")

    return charts.drawn(f"The same registrations, two scores: {stage}", draw, size=(6.4, 5.0))


def days_chart(seen: Shadowed) -> Chart:
    """How many a day either flags: anything but `allow`."""
    table = by_day(seen)

    def draw(axes: Any) -> None:
        for name in NAMES:
            axes.plot(table["day"], table[name], "o-", color=COLOURS[name], label=name, lw=2)
        axes.set_ylabel("flagged a day")
        axes.set_ylim(0)
        charts.dates(axes)
        axes.figure.legend(loc="outside lower center", ncols=2)

    return charts.drawn("Flagged a day", draw)
