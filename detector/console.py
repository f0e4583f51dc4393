"""How the commands speak: every expected fault is one line, and a moment is a date or time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoints, entry_points
from typing import Any

import click

from detector.errors import BadInput, DetectorError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
