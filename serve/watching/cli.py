"""`simvigia monitor`: what to look at in a running service, in words, as JSON, a page and metrics."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.console import Moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detector.model.watching import Watched
    from serve.store.books import Books

FILE = click.Path(path_type=Path, dir_okay=False)
ALARMING = 3  # exit code
DAY = 86_400_000_000  # microseconds
SAMPLE = 20_000  # vectors of each side


@click.command()
@click.option("--store", required=True, help="sqlite:///path or postgresql://user@host/database.")
@click.option("--days", type=click.FloatRange(0.04), default=7.0, show_default=True,
              help="The latest days, which are looked at.")  # fmt: skip
@click.option("--before", type=click.FloatRange(0.04), default=56.0, show_default=True,
              help="The days before them, which they are compared with.")  # fmt: skip
@click.option(
    "--until", type=Moment(), help="End of the latest days; the newest answer unless given."
)
@click.option("--policy", type=FILE, help="Budgets to compare with; the shipped ones unless given.")
@click.option("--most", type=click.IntRange(1_000), default=200_000, show_default=True,
              help="Answers of each side that are read, evenly spread.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--html", type=FILE, help="Also write a page with the tables and pictures.")
@click.option("--prometheus", type=FILE,
              help="Also write metrics for node_exporter's textfile collector (ends in .prom).")  # fmt: skip
def monitor(
    *,
    store: str,
    days: float,
    before: float,
    until: int | None,
    policy: Path | None,
    most: int,
    as_json: bool,
    html: Path | None,
    prometheus: Path | None,
) -> None:
    """Say in words what to look at: alerts and budgets, calibration, expected performance, drift.

    Ends with 3 where a person should look, with 0 where not.
    """
    from detector.cli import MODELS
    from detector.decision import Policy
    from serve.store.books import Books
    from serve.store.database import connect

    budgets = Policy.load(policy or MODELS / "policy.toml").budgets
    books = Books(connect(store))
    found = _watched(books, until, days=(days, before), most=most, budgets=budgets)
    if html:
        from detector.workbench.watch import page

        html.write_text(page(found), "utf-8")
    if prometheus:
        from serve.watching.metrics import write

        write(found, prometheus)
    click.echo(json.dumps(found.to_json(), indent=1, default=str) if as_json else found.words)
    sys.exit(ALARMING if found.alarming else 0)


def _watched(
    books: Books,
    until: int | None,
    *,
    days: tuple[float, float],
    most: int,
    budgets: Mapping[str, tuple[float, float, float]],
) -> Watched:
    from detector.model.watching import watched
    from serve.watching.answers import newest, seen

    end = until or newest(books) + 1
    border = end - int(days[0] * DAY)
    start = border - int(days[1] * DAY)
    sides = [
        seen(books, low, high, most=most, sampled=SAMPLE)
        for low, high in ((start, border), (border, end))
    ]
    return watched(sides[0], sides[1], budgets=budgets)
