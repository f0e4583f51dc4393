"""Makes the booster of impressions anew, which is due where a plain feature changes.

    python -m detector.making_impressions [--out models/impression.txt]

It learns from simulated countries only, of seeds that nobody trains by, and from nothing that
anybody reported. All models, the champion too, have to be trained anew after it: they were made for other
impressions.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import click

from detector.console import bars
from detector.impression import FILE
from detector.model.recipe import Recipe
from detector.practice import impressions
from detector.pseudonym import Key, Pseudonymiser


def main() -> None:
    """Make it and write it."""
    parser = argparse.ArgumentParser(prog="detector.making_impressions", description=__doc__)
    parser.add_argument("--out", type=Path, default=FILE)
    given = parser.parse_args()
    recipe = Recipe.load(FILE.with_name("recipe.toml"))
    with bars() as report:
        impressions(
            recipe,
            Pseudonymiser(Key.fresh()),
            given.out,
            progress=lambda share: report("Practising", share),
        )
    click.echo(given.out)


if __name__ == "__main__":
    main()
