"""The command that writes a simulated country; the simulators load only inside it."""

from __future__ import annotations

from pathlib import Path

import click

from detector.console import FOLDER, SEED, bars, check_place
from detector.errors import BadInput
from detector.lands import HOME, KINDS, LANDS


@click.command()
@click.option("--out", type=FOLDER, required=True, help="Data folder to write.")
@SEED
@click.option(
    "--registrations",
    type=click.IntRange(2_000),
    default=60_000,
    show_default=True,
    help="How many.",
)
@click.option(
    "--country", type=int, help="Draw a country at random by this number instead of Mexico's."
)
@click.option("--without", multiple=True, help="Attack pattern to leave out; may be repeated.")
@click.option("--land", type=click.Choice(LANDS), default=HOME, show_default=True,
              help="By whose hand: the project's own simulator, or another author's.")  # fmt: skip
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="Of another author's country. Default: drawn by the seed.",
)
def simulate(
    *,
    out: Path,
    seed: int,
    registrations: int,
    country: int | None,
    without: tuple[str, ...],
    land: str,
    kind: str | None,
) -> None:
    """Write a simulated country, with the truth beside it."""
    from detector.lands.countries import tables as another
    from detector.simulate import Country, write
    from detector.simulate import simulate as simulated

    check_place(out)
    _refuse_existing(out)
    if (home := land == HOME) and kind:
        raise BadInput("--kind belongs to another author's country: give --land too")
    if not home and (without or country is not None):
        raise BadInput(f"--without and --country belong to --land {HOME}")
    with bars() as report:
        try:
            tables = (
                simulated(
                    Country() if country is None else Country.draw(country),
                    registrations=registrations,
                    seed=seed,
                    without=without,
                    progress=lambda share: report("Simulating", share),
                )
                if home
                else another(land, registrations=registrations, seed=seed, kind=kind)
            )
        except ValueError as fault:
            raise BadInput(str(fault)) from fault
        write(tables, out)
    click.echo(f"{len(tables['registrations']):,} registrations in {out}")


def _refuse_existing(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"folder {out} exists and is not empty; name another, or remove it first")
