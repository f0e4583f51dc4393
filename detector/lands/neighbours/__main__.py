"""`python -m detector.lands.neighbours --out DATA [--registrations N] [--seed N] [--kind K] [--check]`."""

from pathlib import Path

import click

from detector.lands.neighbours.country import LIMITS, tables
from detector.lands.neighbours.land import KINDS


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write the tables to.")
@click.option("--registrations", type=click.IntRange(*LIMITS), default=200_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--kind", type=click.Choice(KINDS), default="hard", show_default=True)
@click.option("--check", is_flag=True, help="Print what leaks and how far plain counting gets.")
def main(out: Path | None, registrations: int, seed: int, kind: str, check: bool) -> None:
    """Write a simulated country as a data folder, look it over, or both."""
    if out is None and not check:
        raise click.UsageError("give --out DATA, or --check, or both")
    country = tables(kind, size=registrations, seed=seed)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, table in country.items():
            table.to_parquet(out / f"{name}.parquet", index=False)
        click.echo(f"{len(country)} tables in {out}")
    if check:
        from detector.lands.neighbours.check import report  # noqa: PLC0415 - LightGBM loads slowly

        click.echo("\n".join(report(country)))


if __name__ == "__main__":
    main()
