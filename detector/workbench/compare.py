"""Figures of a backtest, and promotion as a notebook does it: nothing happens without a name and a reason."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import PercentFormatter

from detector.errors import BadInput
from detector.model import backtest as tests
from detector.model import desk, tracking
from detector.model.backtest import Backtest
from detector.model.promotion import Evidence, Override, history, history_table, promote, roll_back
from detector.workbench import charts
from detector.workbench.charts import COLOURS, Chart
from detector.workbench.models import Challenger, signer


def money_chart(curve: pd.DataFrame, pick: desk.Pick | None = None) -> Chart:
    """Pesos saved a day against hours of review a day."""

    def draw(axes: Any) -> None:
        for name, mine in curve.groupby("model"):
            axes.plot(
                mine["hours_a_day"], mine["pesos_a_day"], color=COLOURS[str(name)], lw=2, label=name
            )
        axes.axhline(0, color=charts.MUTED, lw=0.8)
        if pick:
            axes.plot(
                pick.hours_a_day, pick.pesos_a_day, "o", ms=9, color=charts.ALARM, label="picked"
            )
        worth = curve[curve["pesos_a_day"] > -0.3 * abs(curve["pesos_a_day"].max())]
        axes.set_xlim(0, max(float(worth["hours_a_day"].max()), 0.1))
        axes.set_ylim(-0.3 * abs(curve["pesos_a_day"].max()) - 1)
        axes.set(xlabel="hours of review a day", ylabel="pesos saved a day")
        axes.legend()

    return charts.drawn("What a threshold saves, and the hours it takes", draw)


def recall_chart(test: Backtest, *, rng: np.random.Generator) -> Chart:
    """Recall of both at each budget of false alarms."""
    table = tests.recall_table(test, rng=rng)

    def draw(axes: Any) -> None:
        place = np.arange(len(table))
        for step, name in ((-0.2, "champion"), (0.2, "challenger")):
            made = axes.bar(place + step, table[name], 0.38, color=COLOURS[name], label=name)
            axes.bar_label(made, [f"{v:.0%}" for v in table[name]], padding=2, fontsize=9)
        axes.set_xticks(place, [f"{b:.2%}" for b in table["budget"]])
        axes.set(xlabel="honest registrations bothered", ylabel="misuse found")
        axes.set_ylim(0, max(1.25 * float(table[list(tests.NAMES)].to_numpy().max()), 0.05))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left")

    return charts.drawn("What each finds at a price", draw)


def pattern_chart(test: Backtest) -> Chart:
    """Recall of both on each attack, rings in brackets."""
    table = tests.pattern_table(test).sort_values("lines")

    def draw(axes: Any) -> None:
        place = np.arange(len(table))
        axes.hlines(place, table["champion"], table["challenger"], color=charts.CALM, lw=3)
        for name in tests.NAMES:
            axes.plot(table[name], place, "o", ms=8, color=COLOURS[name], label=name, alpha=0.9)
        names = [f"{r.pattern} ({r.rings})" for r in table.itertuples()]
        axes.set_yticks(place, names)
        axes.set_ylim(-0.6, len(table) - 0.4)
        axes.set(xlabel="found at one false alarm in a thousand", xlim=(-0.03, 1.03))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.figure.legend(loc="outside lower center", ncols=2)

    return charts.drawn("By attack (rings in brackets)", draw, size=(8.0, 1.6 + 0.3 * len(table)))


def weekly_chart(test: Backtest, *, rng: np.random.Generator) -> Chart:
    """Recall week by week with 95 % intervals; a week without a known case has none."""
    table = tests.weekly_table(test, rng=rng).dropna(subset=["recall"])

    def draw(axes: Any) -> None:
        for shift, name in ((-12, "champion"), (12, "challenger")):
            mine = table[table["model"] == name]
            at = mine["week"] + pd.Timedelta(hours=shift)
            axes.vlines(at, mine["low"], mine["high"], color=COLOURS[name], lw=2, alpha=0.6)
            axes.plot(at, mine["recall"], "o", color=COLOURS[name], label=name)
        axes.set(ylabel="misuse found", ylim=(-0.02, 1.02))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        charts.dates(axes)
        axes.figure.legend(loc="outside lower center", ncols=2)

    return charts.drawn("Week by week, at one threshold each", draw)


def logged(test: Backtest, challenger: Challenger, *, rng: np.random.Generator) -> str:
    """Adds the comparison's plots and figures to the challenger's MLflow run; the run."""
    curve = desk.money_curve(test)
    figures = {
        "backtest_money": money_chart(curve),
        "backtest_recall": recall_chart(test, rng=rng),
        "backtest_patterns": pattern_chart(test),
        "backtest_weeks": weekly_chart(test, rng=rng),
    }
    table = tests.recall_table(test, rng=rng)
    metrics = {f"backtest_{n}_recall_at_{r.budget:g}": getattr(r, n)
               for r in table.itertuples() for n in (*tests.NAMES, "gain")}  # fmt: skip
    tracking.log_comparison(challenger.run, figures=figures, metrics=metrics)
    return challenger.run


def promoted(
    found: Evidence,
    challenger: Challenger,
    *,
    by: str = "",
    why: str = "",
    override: Override | None = None,
    at: datetime,
    home: Path | str = ".",
) -> str:
    """Promotes if somebody says who and why and every rule holds; what happened, in words.

    A refusal is a sentence, not an accident: nothing moves. Run twice, it promotes once.
    """
    if not by or not why:
        return "Nothing was promoted: fill in who promotes and why."
    registry, key = tracking.registry(), signer(home)
    told = history(registry, key.seal)
    if told and told[-1]["model"] == challenger.model.version:
        return f"Nothing to do: model {challenger.model.version} is the champion already."
    try:
        made = promote(
            found,
            registry=registry,
            version=challenger.version,
            by=by,
            why=why,
            at=at,
            signer=key,
            override=override,
        )
    except BadInput as fault:
        return f"Nothing was promoted: {fault}"
    return f"Promotion {made['number']}: model {made['model']} is the champion."


def rolled_back(*, by: str, why: str, at: datetime, home: Path | str = ".") -> str:
    """The champion before the present one answers again; what happened, in words."""
    if not by or not why:
        return "Nothing was rolled back: fill in who does it and why."
    made = roll_back(registry=tracking.registry(), by=by, why=why, at=at, signer=signer(home))
    return f"Record {made['number']}: model {made['model']} is the champion again."


def promotions(home: Path | str = ".") -> pd.DataFrame:
    """Who promoted or rolled back what, when and why."""
    return history_table(tracking.registry(), signer(home).seal)
