"""The look of every figure in the notebooks, and a figure that a notebook shows without being asked."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from detector.model.plots import ALARM, GRID, INK, MUTED, STYLE

CALM, FIRST, SECOND = "#c9d6df", "#6a9fb5", "#0b6e99"
COLOURS = {"champion": FIRST, "challenger": SECOND}
SIZE = (8.0, 4.0)
DOTS = 110
# States as tiles, by INEGI code: short name, column and row from the north-west.
TILES: Mapping[int, tuple[str, int, int]] = {
    2: ("BC", 0, 0), 26: ("SON", 1, 0), 8: ("CHIH", 2, 0), 5: ("COAH", 3, 0),
    3: ("BCS", 0, 1), 25: ("SIN", 1, 1), 10: ("DGO", 2, 1), 19: ("NL", 3, 1), 28: ("TAMPS", 4, 1),
    18: ("NAY", 1, 2), 32: ("ZAC", 2, 2), 24: ("SLP", 3, 2), 30: ("VER", 5, 3), 22: ("QRO", 4, 3),
    1: ("AGS", 2, 3), 11: ("GTO", 3, 3), 13: ("HGO", 4, 2), 14: ("JAL", 1, 3), 6: ("COL", 1, 4),
    16: ("MICH", 2, 4), 15: ("MEX", 3, 4), 9: ("CDMX", 4, 4), 29: ("TLAX", 5, 4), 21: ("PUE", 6, 4),
    12: ("GRO", 3, 5), 17: ("MOR", 4, 5), 20: ("OAX", 5, 5), 7: ("CHIS", 6, 5), 27: ("TAB", 7, 4),
    4: ("CAMP", 8, 4), 31: ("YUC", 8, 3), 23: ("QROO", 9, 4),
}  # fmt: skip


class Chart(Figure):
    """A figure drawn without a screen. Notebooks show it, `savefig` writes it."""

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=DOTS)
        return picture.getvalue()


def drawn(title: str, draw: Callable[[Any], None], *, size: tuple[float, float] = SIZE) -> Chart:
    """One set of axes in the house look, filled by `draw`."""
    with mpl.rc_context(STYLE):
        chart = Chart(figsize=size, layout="constrained")
        axes = chart.add_subplot()
        draw(axes)
        axes.set_title(title, loc="left", color=INK, fontsize=11)
    return chart


def bars(title: str, values: pd.Series, *, x: str, colour: str = SECOND) -> Chart:
    """Horizontal bars in the order given, the first on top, each with its value."""

    def draw(axes: Any) -> None:
        shown = values.iloc[::-1]
        made = axes.barh([str(name) for name in shown.index], shown, color=colour, height=0.72)
        axes.bar_label(made, [short(v) for v in shown], padding=3, color=MUTED, fontsize=9)
        axes.set_xlabel(x)
        axes.margins(x=0.1)
        axes.grid(visible=False, axis="y")

    return drawn(title, draw, size=(8.0, max(1.6, 0.28 * len(values) + 0.9)))


def stacked_days(title: str, table: pd.DataFrame, *, y: str) -> Chart:
    """One stacked bar a day; the columns are the parts."""

    def draw(axes: Any) -> None:
        palette = ["#0b6e99", "#6a9fb5", "#3b8f6b", "#d9a441", "#8b96a0", "#b4451f"]
        colours = [palette[i % len(palette)] for i in range(table.shape[1])]
        axes.stackplot(table.index, table.T.to_numpy(), labels=list(table.columns), colors=colours)
        axes.set_ylabel(y)
        axes.set_ylim(0)
        axes.margins(x=0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: short(v)))
        dates(axes)
        axes.figure.legend(loc="outside lower center", ncols=min(table.shape[1], 5))

    return drawn(title, draw)


def ranges(
    title: str, table: pd.DataFrame, *, of: str, x: str, lines: Sequence[str], limit: float = 1.0
) -> Chart:
    """A point with its interval for each row; `lines` are the columns value, low and high."""

    def draw(axes: Any) -> None:
        shown = table.iloc[::-1]
        value, low, high = (shown[name].to_numpy(float) for name in lines)
        place = range(len(shown))
        axes.hlines(place, low, high, color=FIRST, linewidth=3)
        axes.plot(value, place, "o", color=SECOND)
        axes.axvline(limit, color=INK, linewidth=0.8, linestyle=":")
        axes.set_yticks(list(place), [str(name) for name in shown[of]])
        axes.set_xlabel(x)
        axes.set_ylim(-0.7, len(shown) - 0.3)

    return drawn(title, draw, size=(8.0, max(1.8, 0.3 * len(table) + 1.0)))


def state_map(title: str, counts: Mapping[int, int]) -> Chart:
    """Mexico's states as tiles, the darker the more; a state without any is pale."""
    most = max(counts.values(), default=0)

    def draw(axes: Any) -> None:
        shade = mpl.colormaps["Blues"]
        for code, (name, column, row) in TILES.items():
            count = counts.get(code, 0)
            depth = 0.25 + 0.7 * count / most if count else 0.0
            face = shade(depth) if count else "#f0f3f5"
            axes.add_patch(Rectangle((column, -row), 0.94, 0.94, color=face))
            ink = "white" if depth > 0.6 else INK
            axes.text(column + 0.47, 0.58 - row, name, ha="center", fontsize=8, color=ink)
            if count:
                axes.text(
                    column + 0.47, 0.2 - row, short(count), ha="center", fontsize=9, color=ink
                )
        axes.set(xlim=(-0.1, 10.1), ylim=(-5.2, 1.1), aspect="equal")
        axes.axis("off")

    return drawn(title, draw, size=(7.0, 4.6))


def dates(axes: Any) -> None:
    """Few dates on the x axis, written so that they do not collide."""
    locator: Any = AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def whole(axis: Any) -> None:
    """Whole numbers only."""
    axis.set_major_locator(MaxNLocator(5, integer=True))


def short(value: float) -> str:
    """A number in few letters.

    >>> short(12_345), short(0.123), short(7)
    ('12k', '0.12', '7')
    """
    if abs(value) >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value:,.0f}" if value == int(value) else f"{value:.2g}"


def plain(value: float) -> str:
    """A number as tables show it.

    >>> plain(1_234_567.0), plain(0.0123456), plain(7.0)
    ('1,234,567', '0.0123', '7')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


__all__ = ["ALARM", "CALM", "COLOURS", "FIRST", "GRID", "MUTED", "SECOND", "Chart"]
