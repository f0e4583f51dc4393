"""How the commands speak: every expected fault is one line, and a moment is a date or time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
