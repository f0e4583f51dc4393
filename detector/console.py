"""How the commands speak: every expected fault is one line, and a moment is a date or time."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

import click

from detector.errors import BadInput, DetectorError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)
SEED = click.option("--seed", type=int, default=1, show_default=True, help="Number to draw by.")


class Commands(click.Group):
    """Turns every error that the engine raises on purpose into one line and the right exit code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: D102
        try:
            return super().invoke(ctx)
        except click.UsageError as fault:
            click.echo(f"simvigia: {fault.format_message()} See --help.", err=True)
            ctx.exit(2)
        except BadInput as fault:
            click.echo(f"simvigia: {fault}", err=True)
            ctx.exit(2)
        except DetectorError as fault:
            click.echo(f"simvigia: {fault}", err=True)
            ctx.exit(1)
        except OSError as fault:
            if fault.errno == errno.EPIPE:  # whoever read our output has gone: click's to handle
                raise
            click.echo(f"simvigia: {fault.strerror or 'reading or writing failed'}", err=True)
            ctx.exit(1)


class Program(Commands):
    """The whole program: its own commands, and those that other packages offer by entry point."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our own commands, then those that other packages offer."""
        return [*super().list_commands(ctx), *(e.name for e in _offered())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name; one that another package offers is loaded now."""
        own = super().get_command(ctx, cmd_name)
        offered = (e for e in _offered() if e.name == cmd_name)
        return own or next((e.load() for e in offered), None)


def _offered() -> EntryPoints:
    return entry_points(group="simvigia.commands")


@contextmanager
def bars() -> Iterator[Callable[[str, float], None]]:
    """Progress bars on stderr, one per piece of work; none where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    tasks: dict[str, Any] = {}
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(40),
        TextColumn("{task.percentage:>3.0f} %"),
    )
    shown = Progress(
        *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
    )
    with shown as progress:

        def report(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=1.0)
            progress.update(tasks[what], completed=share)

        yield report


def check_place(out: Path) -> None:
    """Raises BadInput where nothing can be written at `out`: better said before the work than after it."""
    above = next(place for place in out.absolute().parents if place.exists())
    if not above.is_dir():
        raise BadInput(f"cannot write {out}: {above} is not a folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise BadInput(f"cannot write {out}: no permission to write in {above}")


class Moment(click.ParamType[int]):
    """An RFC 3339 date or date and time; without an offset it is UTC."""

    name = "moment"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Microseconds since 1970."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            example = "2026-06-01 or 2026-06-01T00:00:00-06:00"
            self.fail(f"Expected a date or time such as {example}.", param, ctx)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (aware - EPOCH) // timedelta(microseconds=1)
