"""`simvigia monitor`."""

import click


@click.command()
def monitor() -> None:
    """Say in words what to look at."""
