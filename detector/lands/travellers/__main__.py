"""Write a data folder, measure it, or both: ``python -m detector.lands.travellers --help``."""

from __future__ import annotations

from pathlib import Path

import click

from detector.lands.travellers.country import tables
from detector.lands.travellers.habits import KINDS


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to write.")
@click.option("--registrations", default=200_000, show_default=True, help="Rows to write.")
@click.option("--seed", default=1, show_default=True, help="Which country.")
@click.option("--kind", type=click.Choice(KINDS), default="hard", show_default=True)
@click.option("--check", is_flag=True, help="Also measure whether the country is fair.")
def main(out: Path | None, registrations: int, seed: int, kind: str, *, check: bool) -> None:
    """Simulate a country and write it as a data folder, or measure it, or both."""
    if out is None and not check:
        raise click.UsageError("give --out, --check or both")
    written = tables(kind, size=registrations, seed=seed)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, table in written.items():
            table.to_parquet(out / f"{name}.parquet", index=False)
    if check:
        from detector.lands.travellers.check import inspect, told  # noqa: PLC0415 - LightGBM only here

        click.echo(told(inspect(written)))


if __name__ == "__main__":
    main()
