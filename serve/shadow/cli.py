"""`simvigia shadow`: a challenger scores live traffic beside the champion, and nobody hears of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.console import Moment

if TYPE_CHECKING:
    from detector.model.shadowed import Shadowed
    from serve.shadow.ledger import Shadow

STORE = click.option(
    "--store", required=True, help="sqlite:///path or postgresql://user@host/database."
)
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
DAYS = 14
DAY = timedelta(days=1) // timedelta(microseconds=1)


@click.group()
def shadow() -> None:
    """Let a challenger score live traffic in the shadow, and compare."""


@shadow.command()
@STORE
@click.option("--model", type=FOLDER, required=True, help="Folder of the challenger.")
@click.option("--by", required=True, help="Who starts it.")
@click.option(
    "--until", type=Moment(), help=f"When it ends by itself; {DAYS} days from now unless given."
)
def start(store: str, model: Path, by: str, until: int | None) -> None:
    """Begin: the running service takes it up within seconds, without a restart."""
    from serve.clock import system
    from serve.models import verified
    from serve.shadow import ledger
    from serve.store.database import connect

    verified(model)
    now = system()
    begun = ledger.start(connect(store), model, by=by, now=now, until=until or now + DAYS * DAY)
    click.echo(f"Model {begun.model} is in the shadow until {_moment(begun.ends_at)}.")


@shadow.command()
@STORE
def stop(store: str) -> None:
    """End the shadow under way; what it said stays for half a year."""
    from serve.clock import system
    from serve.shadow import ledger
    from serve.store.database import connect

    own = connect(store)
    under_way = ledger.active(own)
    if under_way is None:
        click.echo("No challenger is in the shadow.")
        return
    ledger.end(own, under_way, now=system())
    click.echo(f"Model {under_way.model} is out of the shadow.")


@shadow.command()
@STORE
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option(
    "--out", type=FILE, help="Also write every pair of answers, as Parquet for notebook 7."
)
@click.option("--policy", type=FILE, help="Budgets to compare with; the shipped ones unless given.")
def report(store: str, *, as_json: bool, out: Path | None, policy: Path | None) -> None:
    """Compare what the challenger said with what was answered."""
    from detector.model import shadowed
    from serve.shadow import ledger
    from serve.shadow import report as reading
    from serve.store.database import connect

    own = connect(store)
    last = ledger.latest(own)
    seen = reading.shadowed(own, last)
    if out is not None:
        shadowed.write(seen, out)
    if as_json:
        about = {"started_by": last.started_by, "ends": _moment(last.ends_at), "fault": last.fault}
        click.echo(json.dumps(shadowed.summary(seen) | about, indent=1))
    else:
        click.echo(_text(seen, last, policy))


def _text(seen: Shadowed, last: Shadow, policy: Path | None) -> str:
    from detector.cli import MODELS
    from detector.decision import Policy
    from detector.model import shadowed

    budgets = Policy.load(policy or MODELS / "policy.toml").budgets
    state = f"ended {_moment(last.ended_at)}" if last.ended_at else f"until {_moment(last.ends_at)}"
    tables = {
        "By stage": shadowed.agreement(seen),
        "Decisions: champion down, challenger across": shadowed.flips(seen).reset_index(),
        "Activations that meet a decision, and the budget": shadowed.burden(seen, budgets),
        "Activations with a verdict": shadowed.known(seen),
    }
    parts = [
        f"Started by {last.started_by} on {_moment(last.started_at)}, {state}.",
        shadowed.words(seen),
    ]
    for title, table in tables.items():
        if not table.empty:
            parts.append(
                f"{title}\n{table.to_string(index=False, na_rep='–', float_format='{:.4g}'.format)}"
            )
    return "\n\n".join(parts)


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d %H:%M} UTC"
