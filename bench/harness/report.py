"""What a bench has found: a table and a last line for a person, JSON for a program, a chart for a page."""

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from rich.console import Console
from rich.table import Table

from stockstream.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (9.0, 4.5)  # inches
SMALLER = 2.5  # inches, of what stands below
DOTS = 150  # an inch
WIDTH = 120  # columns of text, where no terminal tells

Draw = Callable[["Axes"], None]


@dataclass(frozen=True)
class Report:
    """What a bench has found.

    Args:
        bench: its name.
        title: what was done, in a line.
        columns: the heads of the table.
        rows: its cells, as text.
        facts: all that was measured, for JSON.
        ratio: the last line: the ratios that count.
        draw: draws the chart.
        below: draws what stands below it, by the same x axis.
        broken: what was promised and does not hold, each in a line.
        tables: further tables, each its heads and its rows.
    """

    bench: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    facts: dict[str, Any]
    ratio: str
    draw: Draw
    below: Sequence[Draw] = ()
    broken: Sequence[str] = ()
    tables: Sequence[tuple[Sequence[str], Sequence[Sequence[str]]]] = ()


def check_paths(*paths: Path | None) -> None:
    """Refuse a place that cannot be written before the work, not after it.

    Raises:
        UsageError: names the path.
    """
    for path in filter(None, paths):
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK) or path.is_dir():
            raise UsageError(what=f"{path} cannot be written; its folder must be there, and open to write")


def check_chart(path: Path | None) -> None:
    """Refuse a chart that cannot be drawn before the work, not after it.

    Raises:
        UsageError: it is no PNG, or what draws it is not installed.
    """
    if path and path.suffix != ".png":
        raise UsageError(what=f"--chart {path}: a chart is a .png")
    if path and find_spec("matplotlib") is None:
        raise UsageError(what="charts need matplotlib; run: pip install -r requirements-dev.txt")


def publish(report: Report, arguments: dict[str, Any], json_path: Path | None, chart: Path | None) -> None:
    """Write the files that were asked for, then print the table and the ratios."""
    if json_path:
        found = {"bench": report.bench, "arguments": arguments, "machine": machine(), **report.facts}
        json_path.write_text(
            json.dumps(found | {"broken": list(report.broken), "ratio": report.ratio}, indent=2, default=str)
            + "\n",
            "utf-8",
        )
    if chart:
        _draw(report, chart)
    console = Console(soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDTH
    console.print(_table(report.columns, report.rows, report.title), markup=False, highlight=False)
    for columns, rows in report.tables:
        console.print(_table(columns, rows), markup=False, highlight=False)
    for line in report.broken:
        console.print(f"broken: {line}", markup=False, highlight=False)
    console.print(f"ratio: {report.ratio}", markup=False, highlight=False)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> Table:
    table = Table(*columns, title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    return table


def machine() -> dict[str, object]:
    """Return what figures depend on besides the program."""
    return {
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def _draw(report: Report, path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - only who wants a chart needs the library

    panels = [report.draw, *report.below]
    width, height = SIZE
    figure = Figure(figsize=(width, height + SMALLER * len(report.below)), layout="constrained")
    for draw, axes in zip(panels, figure.subplots(len(panels), sharex=True, squeeze=False).flat, strict=True):
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_title(report.title, loc="left", fontsize=10)
    figure.savefig(path, dpi=DOTS)
