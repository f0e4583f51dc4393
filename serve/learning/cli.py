"""The command of analysts that reads the live store: `simvigia asof`."""

from __future__ import annotations

from pathlib import Path

import click

from detector.console import Moment

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--store", required=True,
              help="The live store, sqlite:///path or postgresql://…; or a data folder.")  # fmt: skip
@click.option("--as-of", "until", type=Moment(), required=True, help="What was known by then.")
@click.option("--out", type=FILE, required=True, help="Parquet file to write.")
@click.option("--stage", type=click.Choice(("activation", "first_attach", "day_1", "day_7")),
              default="activation", show_default=True, help="The moment scored.")  # fmt: skip
@click.option("--carrier", help="Only this carrier's rows, for its own analyst.")
def asof(store: str, until: int, out: Path, *, stage: str, carrier: str | None) -> None:
    """Write the training table as it was known at a date, with a fingerprint to find it again by.

    It names nobody: identities and shops are numbers drawn afresh for each export. Where a store's log has
    expired, rows are what was answered from, by the day.
    """
    import numpy as np
    import pandas as pd

    from detector.model.asof import table_as_of, write_table
    from detector.workbench import opened
    from serve.learning.frozen import with_frozen
    from serve.store.books import Books
    from serve.store.database import snapshot

    country = opened(store)
    if carrier is not None:
        country = country.carrier(carrier)
    moment = pd.Timestamp(until, unit="us", tz="UTC")
    table = table_as_of(country.folder, moment, rng=np.random.default_rng(), stage=stage)
    if "://" in store:
        with snapshot(store) as own:
            table = with_frozen(Books(own), table, carrier=carrier)
    write_table(table, out)
    known = int(table.frame["fraud"].notna().sum())
    click.echo(
        f"{len(table.frame):,} registrations, {known:,} with a verdict, as known at "
        f"{moment:%Y-%m-%d %H:%M} UTC; fingerprint {table.fingerprint}"
    )
