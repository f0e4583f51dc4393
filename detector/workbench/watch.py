"""What was watched, as figures for a notebook and as one page that needs nothing else."""

from __future__ import annotations

import base64
from typing import Any

import jinja2
import pandas as pd
from matplotlib.ticker import PercentFormatter

from detector.model.watching import Watched
from detector.workbench import charts
from detector.workbench.charts import Chart

TITLES = {
    "alerts": "Alerts against the policy's budget",
    "calibration": "What the score promised, and what was reported",
    "expected": "Expected performance, before verdicts",
    "score": "Scores, then and now",
    "features": "Features, then and now",
    "together": "All features together: what tells the latest weeks apart",
}
PAGE = jinja2.Template(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>simvigia monitor</title><style>
body{font:16px/1.5 system-ui,sans-serif;color:#1c2733;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;font-size:.85rem}td,th{padding:.2rem .6rem;text-align:right}
td:first-child,th:first-child{text-align:left}tr{border-bottom:1px solid #e3e8ec}
li{margin:.4rem 0}.look{color:#b4451f;font-weight:600}.scroll{overflow-x:auto}img{max-width:100%}
</style></head><body><h1>{{ "Look at this first" if found.alarming else "Nothing has to be looked at" }}</h1>
<ul>{% for f in found.findings %}<li><span class="{{ f.state }}">{{ f.about }}</span>: {{ f.words }}</li>
{% endfor %}</ul>
{% for title, picture, table in parts %}<h2>{{ title }}</h2>
{% if picture %}<img alt="{{ title }}" src="data:image/png;base64,{{ picture }}">{% endif %}
<div class="scroll" role="region" tabindex="0" aria-label="{{ title }}">{{ table | safe }}</div>
{% endfor %}</body></html>
""",
    autoescape=True,
)


def page(found: Watched) -> str:
    """Words first, then pictures and tables."""
    pictures = {"alerts": alerts_chart(found), "features": features_chart(found)}
    parts = [
        (title, _encoded(pictures.get(name)), _table(found.tables[name]))
        for name, title in TITLES.items()
    ]
    return str(PAGE.render(found=found, parts=parts))


def _encoded(chart: Chart | None) -> str:
    return base64.b64encode(chart._repr_png_()).decode() if chart else ""


def _table(table: pd.DataFrame) -> str:
    return str(table.to_html(index=False, na_rep="–", float_format="{:.4g}".format, border=0))


def features_chart(found: Watched, *, most: int = 18) -> Chart:
    """The features that moved most."""
    shown = found.tables["features"].head(most).set_index("feature")["psi"]
    return charts.bars("What has moved", shown, x="PSI (0.1 moving, 0.25 moved)")


def alerts_chart(found: Watched) -> Chart:
    """Honest people bothered, as the scores expect, and the budget, by operation and decision."""
    table = found.tables["alerts"]

    def draw(axes: Any) -> None:
        place = range(len(table))
        axes.barh(place, table["honest"], color=charts.SECOND, height=0.6, label="expected honest")
        axes.plot(table["budget"], place, "|", ms=14, mew=2, color=charts.ALARM, label="budget")
        axes.set_yticks(place, [f"{r.operation}, {r.decision}" for r in table.itertuples()])
        axes.set_xlabel("share of all answers")
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(visible=False, axis="y")
        axes.invert_yaxis()
        axes.figure.legend(loc="outside lower center", ncols=2)

    return charts.drawn("Whom it bothers", draw, size=(8.0, 1.6 + 0.3 * len(table)))
