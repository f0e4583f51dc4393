"""The operator's command on askers: `simvigia asker`."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--role", type=click.Choice(["client", "point_of_sale", "agent"]), required=True,
              help="What it is.")  # fmt: skip
@click.option("--carrier", required=True, help="Whose it is.")
@click.option("--name", required=True, help="The carrier's own name for it.")
@click.option("--key-file", type=FILE, help="File with the master key; else as `simvigia score`.")
def asker(*, role: str, carrier: str, name: str, key_file: Path | None) -> None:
    """Print by which handle alarms call a client, a point of sale or an agent."""
    from detector.pseudonym import Key
    from serve.delivering import derived, now
    from serve.oracle.rules import Rules
    from serve.oracle.watch import Watch

    watch = Watch(derived(Key.load(key_file), "oracle"), Rules(), now=now)
    click.echo(watch.handle(role, carrier, name))  # type: ignore[arg-type]
