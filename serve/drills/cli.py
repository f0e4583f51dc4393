"""The drills as commands: `simvigia drill …`. Each prints what it found; exit code 1 where a limit broke."""

from __future__ import annotations

from pathlib import Path

import click

from detector.console import Commands

MODELS = Path(__file__).resolve().parent.parent.parent / "models"
FOLDER = click.Path(path_type=Path, file_okay=False)
SEED = click.option("--seed", type=int, default=1, show_default=True, help="Number to draw by.")
MODEL = click.option(
    "--model", type=FOLDER, help="Model folder; the shipped champion unless given."
)


@click.group(cls=Commands)
def drill() -> None:
    """Attack a service of our own making, and print what the attacker got."""


@drill.command()
@click.option("--subjects", type=click.IntRange(50), default=400, show_default=True,
              help="How many people the clerk asks about.")  # fmt: skip
@SEED
@MODEL
def oracle(*, subjects: int, seed: int, model: Path | None) -> None:
    """Play a bribed clerk: what does he learn of line counts, office and breaches?"""
    from detector.model.artefact import load
    from serve.drills import oracle as clerk

    champion = load(model or MODELS / "champion")
    found = clerk.drill(champion, subjects=subjects, seed=seed)
    click.echo(found)
    weak = clerk.Weakness(exact=True, own_status=5.0, unwatched=True)
    click.echo(
        "\non a build weakened on purpose (exact scores, own status without bound, no watch):"
    )
    click.echo(clerk.drill(champion, subjects=subjects, seed=seed, weakness=weak))
    _end(found.faults)


@drill.command()
@click.option("--people", type=click.IntRange(1), default=5, show_default=True,
              help="How many marked people go through.")  # fmt: skip
@MODEL
def canary(*, people: int, model: Path | None) -> None:
    """Send marked people through a whole service, and search every byte it leaves for them."""
    import tempfile

    from serve.drills import canary as marked

    with tempfile.TemporaryDirectory(prefix="drill") as scratch:
        folder, champion = Path(scratch) / "ours", model or MODELS / "champion"
        found = marked.drill(folder, champion, people=people, now=marked.moment())
        again = Path(scratch) / "weakened"
        weak = marked.weakened(again, champion, people=people, now=marked.moment())
    click.echo(found)
    click.echo(f"\non a build weakened on purpose (it prints what it is asked): {len(weak)}")
    _end(found.faults)


@drill.command()
@click.option("--people", type=click.IntRange(60), default=300, show_default=True,
              help="How many people there are.")  # fmt: skip
@SEED
@click.option(
    "--store", default="", help="An empty PostgreSQL store to attack; a SQLite file unless given."
)
@MODEL
def leak(*, people: int, seed: int, store: str, model: Path | None) -> None:
    """Attack a copy of the store, and all that lies beside it, as an outsider who knows every CURP and one
    carrier's customers.

    Exit code 1 where anything is told above chance.
    """
    import tempfile

    from serve.drills import leak as thief
    from serve.drills import leftovers

    with tempfile.TemporaryDirectory(prefix="drill") as scratch:
        folder, champion = Path(scratch) / "ours", model or MODELS / "champion"
        found = thief.drill(folder, people=people, seed=seed, url=store)
        sizes = thief.classes(folder)
        found += leftovers.drill(Path(scratch) / "beside", champion, people=people, seed=seed)
        click.echo("\n".join(map(str, found)))
        click.echo("\nhistories by size class, of nobody in particular: " + ", ".join(
            f"{count:,} of {size:,} bytes" for size, count in sorted(sizes.items())))  # fmt: skip
        for weakness in thief.WEAKNESSES:
            click.echo(f"\non a store weakened on purpose (a careless table of {weakness}):")
            weak = thief.drill(
                Path(scratch) / weakness, people=people, seed=seed, weakness=weakness
            )
            click.echo("\n".join(str(one) for one in weak if one.above and not one.expected))
        for what, weak in leftovers.weakened(
            Path(scratch) / "beside", champion, people=people, seed=seed
        ):
            click.echo(f"\non a build weakened on purpose (it {what}):")
            click.echo("\n".join(str(one) for one in weak if one.above))
    _end(tuple(one.attack for one in found if one.fault))


def _end(faults: tuple[str, ...]) -> None:
    click.echo(f"\nbroken: {', '.join(faults)}" if faults else "\nevery limit holds")
    if faults:
        click.get_current_context().exit(1)
