"""What somebody sees who watches a stream: rate, latency, decisions and the newest flags."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from detector.console import EPOCH
from serve.streaming import Flag, Tally

DRAWN_EVERY, TOLD_EVERY = 0.25, 5.0  # seconds: on a terminal, and elsewhere
DECISIONS = ("ALLOW", "ALLOW_NOTIFY", "STEP_UP", "HOLD")
COLOURS = {"ALLOW_NOTIFY": "cyan", "STEP_UP": "yellow", "HOLD": "bold red"}
REASONS = 2  # of a flag
Clock = Callable[[], int]


@contextlib.asynccontextmanager
async def shown(tally: Tally, now: Clock, *, title: str) -> AsyncIterator[None]:
    """A view on stderr while the body runs: live on a terminal, else a line now and then."""
    console = Console(stderr=True)
    view = _live if console.is_terminal else _lines
    task = asyncio.create_task(view(tally, now, console, title))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _live(tally: Tally, now: Clock, console: Console, title: str) -> None:
    with Live(console=console, auto_refresh=False) as live:
        try:
            while True:
                live.update(picture(tally, now(), title=title), refresh=True)
                await asyncio.sleep(DRAWN_EVERY)
        finally:
            live.update(picture(tally, now(), title=title), refresh=True)


async def _lines(tally: Tally, now: Clock, console: Console, _title: str) -> None:
    while True:
        await asyncio.sleep(TOLD_EVERY)
        console.print(line(tally, now()), highlight=False, soft_wrap=True)


def line(tally: Tally, at: int) -> str:
    """Where a stream stands, in one line."""
    counts = ", ".join(f"{tally.decisions[d]:,} {d}" for d in DECISIONS)
    return (
        f"{_moment(at)}  {tally.asked:,} registrations and {tally.reported:,} later reports, "
        f"{tally.rate:.0f} requests/s, p50 {tally.latency(0.5):.1f} ms, "
        f"p99 {tally.latency(0.99):.1f} ms: {counts}"
    )


def picture(tally: Tally, at: int, *, title: str) -> Panel:
    """Where a stream stands, drawn."""
    figures = Table.grid(padding=(0, 3))
    figures.add_row(
        f"[b]{_moment(at)}[/b]",
        f"{tally.asked:,} registrations, {tally.reported:,} later reports",
        f"[b]{tally.rate:.0f}[/b] requests/s",
        f"p50 [b]{tally.latency(0.5):.1f}[/b] ms  p99 [b]{tally.latency(0.99):.1f}[/b] ms",
    )
    counts = "   ".join(
        f"[{COLOURS.get(d, 'green')}]{d} {tally.decisions[d]:,}[/]" for d in DECISIONS
    )
    refused = "".join(
        f"   [red]{count:,} refused with {code}[/]" for code, count in tally.refused.items()
    )
    body = Group(figures, Text.from_markup(counts + refused), Text(""), _flags(tally))
    return Panel(body, title=title, title_align="left")


def _flags(tally: Tally) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True, header_style="dim")
    for name in ("when", "carrier", "stage", "decision", "risk"):
        table.add_column(name, no_wrap=True)
    table.add_column("what the carrier reads", ratio=1, no_wrap=True, overflow="ellipsis")
    for flag in reversed(tally.flags):
        colour = COLOURS.get(flag.decision, "")
        table.add_row(
            _moment(flag.at),
            flag.carrier,
            flag.stage.lower(),
            f"[{colour}]{flag.decision}[/]",
            str(flag.score),
            _reasons(flag),
        )
    return table


def _reasons(flag: Flag) -> Text:
    return Text("\n".join(flag.reasons[:REASONS]))


def _moment(at: int) -> str:
    return f"{EPOCH + timedelta(microseconds=at):%d %b %H:%M}"
