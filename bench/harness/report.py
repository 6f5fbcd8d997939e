"""Results of a benchmark: a table and a last line for people, JSON for programs, a chart for pages."""

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
SMALLER = 2.5  # inches, of the lower part
DOTS = 150  # per inch
WIDTH = 120  # columns of text, without a terminal

Draw = Callable[["Axes"], None]


@dataclass(frozen=True)
class Report:
    """The results of a benchmark.

    Args:
        bench: its name.
        title: what was measured, in a line.
        columns: the heads of the table.
        rows: its cells, as text.
        facts: everything that was measured, for JSON.
        ratio: the last line, with the key ratios.
        draw: draws the chart.
        below: draws a second chart below it, with the same x axis.
        broken: the promises that do not hold, one line each.
        tables: further tables, each with its heads and rows.
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
    """Check before the run that files can be written, not after it.

    Raises:
        UsageError: names the path.
    """
    for path in filter(None, paths):
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK) or path.is_dir():
            raise UsageError(what=f"{path} cannot be written; its folder must be there, and open to write")


def check_chart(path: Path | None) -> None:
    """Check before the run that the chart can be drawn, not after it.

    Raises:
        UsageError: it is not a PNG file, or the plotting library is not installed.
    """
    if path and path.suffix != ".png":
        raise UsageError(what=f"--chart {path}: a chart is a .png")
    if path and find_spec("matplotlib") is None:
        raise UsageError(what="charts need matplotlib; run: pip install -r requirements-dev.txt")


def publish(report: Report, arguments: dict[str, Any], json_path: Path | None, chart: Path | None) -> None:
    """Write the requested files, then print the table and the ratios."""
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
    """Return what the results depend on besides the program."""
    return {
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


def _draw(report: Report, path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - the library is only needed for charts

    panels = [report.draw, *report.below]
    width, height = SIZE
    figure = Figure(figsize=(width, height + SMALLER * len(report.below)), layout="constrained")
    for draw, axes in zip(panels, figure.subplots(len(panels), sharex=True, squeeze=False).flat, strict=True):
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_title(report.title, loc="left", fontsize=10)
    figure.savefig(path, dpi=DOTS)
