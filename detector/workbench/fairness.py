"""Who is bothered without reason: by group, after an appeal, and if a threshold moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from detector.audit import HIDDEN_BELOW, audit
from detector.decision import DECISIONS
from detector.intervals import wilson
from detector.model.workload import ALARMED as WAYS
from detector.registration import Bool
from detector.workbench import charts
from detector.workbench.cases import positions
from detector.workbench.charts import Chart
from detector.workbench.country import Country


def rates(
    country: Country, answers: pd.DataFrame, *, way: str = "allow_notify or stronger"
) -> pd.DataFrame:
    """How often honest people of each group are bothered at registration, with intervals.

    The audit's rules on small cells hold: nothing is shown behind which fewer than ten people stand.
    """
    first = answers[answers["stage"] == "activation"]
    level = first["decision"].map(DECISIONS.index).to_numpy()
    return _rates(country, first, level >= WAYS[way], way)


def _rates(country: Country, first: pd.DataFrame, bothered: Bool, way: str) -> pd.DataFrame:
    row = positions(country, first)
    innocent = ~country.known.fraud[row]
    found = audit(country.segments, row, bothered, innocent=innocent, stage="activation", by=way)
    table = pd.DataFrame(
        [
            (r.segment, r.kind, r.innocents, r.rate, r.against_average,
             *((i.low, i.high) if (i := r.against_average_interval) else (None, None)), r.verdict)
            for r in found.segments
        ],
        columns=["segment", "kind", "innocents", "rate", "times the average", "low", "high", "verdict"],
    )  # fmt: skip
    return table.sort_values("times the average", ascending=False, na_position="last")


def rates_chart(table: pd.DataFrame, *, most: int = 20) -> Chart:
    """Groups with enough people, against the average."""
    shown = table.dropna(subset=["times the average"]).head(most)
    shown = shown.assign(group=shown["segment"] + " (" + shown["kind"] + ")")
    return charts.ranges(
        "Honest people bothered, against the average",
        shown,
        of="group",
        x="times the average, 95 % interval",
        lines=("times the average", "low", "high"),
    )


def overturned(country: Country, answers: pd.DataFrame) -> pd.DataFrame:
    """Flags by decision: how many have a verdict, and how many of these were overturned (legitimate).

    Counts from one to nine are not shown, nor what would tell one of them by subtraction.
    """
    first = answers[answers["stage"] == "activation"]
    table = _with_verdicts(country, first).assign(decision=first["decision"].to_numpy())
    found = told(_counts(table.groupby("decision"), "registrations"))
    counts = found[["overturned", "with_verdict"]].itertuples(index=False)
    sure = [None if pd.isna(hits) else wilson(int(hits), int(trials)) for hits, trials in counts]
    found["share low"] = [i.low if i else np.nan for i in sure]
    found["share high"] = [i.high if i else np.nan for i in sure]
    order = [d for d in reversed(DECISIONS) if d in found.index]
    found.attrs["source"] = country.known.source
    return found.loc[order]


def _with_verdicts(country: Country, first: pd.DataFrame) -> pd.DataFrame:
    """Of each answer, whether somebody has spoken, and whether it was overturned; whatever the truth may be."""
    labels, n = country.folder.labels, len(country)
    spoken, fraud = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    spoken[labels.row], fraud[labels.row] = ~labels.withdrawn, labels.fraud
    row = positions(country, first)
    return pd.DataFrame({"spoken": spoken[row], "overturned": (spoken & ~fraud)[row]})


def _counts(groups: Any, rows: str) -> pd.DataFrame:
    counted: pd.DataFrame = groups.agg(
        **{rows: ("spoken", "size")},
        with_verdict=("spoken", "sum"),
        overturned=("overturned", "sum"),
    )
    return counted


def told(counted: pd.DataFrame) -> pd.DataFrame:
    """Counts of appeals as they can be shown: rows, of these `with_verdict`, and of these `overturned`.

    A count from one to nine is empty, and `overturned` also where the rest that was confirmed is as small.
    """
    small = counted.apply(lambda column: column.between(1, HIDDEN_BELOW - 1))
    confirmed = counted["with_verdict"] - counted["overturned"]
    small["overturned"] |= small["with_verdict"] | confirmed.between(1, HIDDEN_BELOW - 1)
    return counted.astype("Int64").mask(small)


def overturned_by_reason(country: Country, answers: pd.DataFrame) -> pd.DataFrame:
    """Which reasons stood behind flags that were overturned; counts from one to nine are not shown."""
    first = answers[(answers["stage"] == "activation") & (answers["decision"] != DECISIONS[0])]
    table = _with_verdicts(country, first).assign(reasons=first["reasons"].to_numpy())
    counted = _counts(table.explode("reasons").groupby("reasons"), "flags")
    return told(counted.sort_values("flags", ascending=False))


def threshold_effect(
    country: Country,
    answers: pd.DataFrame,
    *,
    shares: tuple[float, ...] = (0.002, 0.005, 0.01, 0.02),
) -> pd.DataFrame:
    """If the most suspicious share of registrations were warned: recall, and each group's rate.

    One column for each share; a cell behind which fewer than ten people stand is empty.
    """
    first = answers[answers["stage"] == "activation"]
    score, row = first["score"].to_numpy(np.float64), positions(country, first)
    fraud = country.known.fraud[row]
    columns: dict[str, Any] = {}
    for share in shares:
        bothered = score >= np.quantile(score, 1 - share)
        table = _rates(country, first, bothered, f"top {share:.1%}")
        name = table["segment"] + " (" + table["kind"] + ")"
        column = pd.Series(table["rate"].to_numpy(float), index=name)
        found = bothered[fraud].mean() if fraud.any() else np.nan
        head = pd.Series({"misuse found": found, "everybody honest": bothered[~fraud].mean()})
        columns[f"top {share:.1%}"] = pd.concat([head, column])
    return pd.DataFrame(columns).dropna(how="all")


def threshold_chart(table: pd.DataFrame, *, most: int = 12) -> Chart:
    """What moving the threshold does to the groups that are bothered most."""
    groups = table.drop(index=["misuse found"]).dropna(thresh=2).nlargest(most, table.columns[-1])

    def draw(axes: Any) -> None:
        everybody = "everybody honest"
        for name, row in groups.iterrows():
            mine = name == everybody
            axes.plot(groups.columns, row, "o-", color=charts.ALARM if mine else charts.FIRST,
                      lw=2 if mine else 1, zorder=3 if mine else 2)  # fmt: skip
        ends = _apart(
            groups.iloc[:, -1].to_dict(), least=float(groups.to_numpy().max(initial=0)) / 22
        )
        for name, height in ends.items():
            colour = charts.ALARM if name == everybody else charts.MUTED
            axes.annotate(
                str(name),
                (len(groups.columns) - 0.95, height),
                fontsize=8,
                color=colour,
                va="center",
            )
        axes.set_xlim(-0.2, len(groups.columns) + 0.6)
        axes.set(ylabel="honest people bothered", xlabel="registrations warned")
        axes.yaxis.set_major_formatter(lambda v, _: f"{v:.1%}")

    return charts.drawn("What a threshold does to whom", draw, size=(8.0, 4.8))


def _apart(heights: dict[Any, float], *, least: float) -> dict[Any, float]:
    """The same heights, moved up where labels would lie on each other."""
    placed: dict[Any, float] = {}
    floor = -np.inf
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        floor = max(height, floor + least)
        placed[name] = floor
    return placed
