"""What all charts share: their look, and each symbol's colour.

`uirevision` stays the same while the question does, so that a refresh keeps a viewer's zoom.
"""

from collections.abc import Sequence
from typing import Any

from stockstream.ui.data.hours import EVERY
from stockstream.ui.data.market_snapshot import Question

COLOURS = 10


def colours(symbols: Sequence[str]) -> dict[str, str]:
    """Return each symbol's colour, which does not depend on how the symbols rank."""
    return {symbol: f"var(--tape-{place % COLOURS})" for place, symbol in enumerate(symbols)}


def revision(name: str, question: Question) -> str:
    """Return the name of a chart's view; Plotly drops a viewer's zoom when it changes."""
    hours = [question.hours] if question.hours != EVERY else []
    asked = (question.window, question.since, question.until, question.width, *question.symbols, *hours)
    return " ".join([name, *map(str, filter(None, asked))])


def layout_of(view: str, height: int) -> dict[str, Any]:
    """Return the layout that all charts share; `height` is in pixels, `view` is what a zoom belongs to."""
    return {
        "height": height,
        "uirevision": view,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "var(--ink)", "size": 12, "family": "inherit"},
        "hoverlabel": {
            "bgcolor": "var(--card)",
            "bordercolor": "var(--edge)",
            "font": {"color": "var(--ink)"},
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "var(--faint)", "activecolor": "var(--up)"},
        "separators": ".,",
    }


def axis() -> dict[str, Any]:
    """Return an axis in the page's muted colours."""
    return {
        "gridcolor": "var(--edge)",
        "zerolinecolor": "var(--faint)",
        "automargin": True,
        "tickfont": {"color": "var(--faint)"},
    }


def time_axis() -> dict[str, Any]:
    """Return a time axis."""
    # No range is set: one that moves with each refresh would undo a viewer's zoom.
    return axis() | {"type": "date"}
