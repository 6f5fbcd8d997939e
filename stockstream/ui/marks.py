"""Findings as marks on a chart: each kind has a shape and a colour of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from stockstream.ui import numerals
from stockstream.ui.records import Mark
from stockstream.ui.scale import Scale

Trace = dict[str, Any]
Bases = Mapping[str, Decimal | None]

SHAPES = {
    "price_spike": "diamond",
    "volume_spike": "square",
    "value_spike": "triangle-up",
    "one_sided_run": "circle",
    "wash_trades": "x",
    "odd_pace": "star",
    "still_price": "cross",
    "price_ramp": "triangle-right",
    "price_reversal": "triangle-left",
    "price_drift": "bowtie",
    "volatility_shift": "hourglass",
    "burst": "hexagram",
    "repeated_size": "pentagon",
    "one_sided_flow": "star-square",
}
INKS = {kind: f"var(--kind-{place})" for place, kind in enumerate(SHAPES)}
OTHER_SHAPES = ("triangle-down", "octagon", "star-diamond", "star-triangle-up")
EDGE = "y9"  # the axis whose 0 and 1 are the chart's lower and upper edge
AT_EDGE = {-1: 0.015, 1: 0.985}
WORDS = {-1: ", below the chart", 1: ", above the chart"}
Placed = tuple[Mark, float, str]  # its height, and what is said of where that is


def marks_of(marks: Sequence[Mark], bases: Bases, scale: Scale | None) -> list[Trace]:
    """Return the marks of each kind, and at the chart's edge those that lie beyond its scale.

    Args:
        bases: the price that each symbol's heights are changes from; None for heights that are prices.
    """
    placed = [(mark, height_of(mark.price, bases[mark.symbol])) for mark in marks if mark.price is not None]
    traces = []
    for kind in sorted({mark.kind for mark, _ in placed}):
        mine = [(mark, height) for mark, height in placed if mark.kind == kind]
        traces.append(_trace(kind, [(mark, height, "") for mark, height in mine]))
        if scale is not None and (beyond := _beyond(mine, scale)):
            traces.append(_trace(kind, beyond) | {"yaxis": EDGE, "cliponaxis": False, "showlegend": False})
    return traces


def edge_axis(traces: Sequence[Trace]) -> dict[str, Any]:
    """Return the axis of the marks at the edge for a layout, nothing where there are none."""
    if not any(trace.get("yaxis") == EDGE for trace in traces):
        return {}
    return {"yaxis9": {"overlaying": "y", "range": [0, 1], "fixedrange": True, "visible": False}}


def height_of(price: Decimal, base: Decimal | None) -> float:
    """Return how high a price is drawn: as it is, or as its change from a base in percent."""
    return float(price if base is None else (price / base - 1) * 100)


def stamp(moment: datetime) -> str:
    """Return a moment as Plotly takes it, to the millisecond: a chart has no room for less."""
    # Several times as quick as strftime.
    return moment.replace(tzinfo=None).isoformat(" ", "milliseconds")


def _beyond(placed: Sequence[tuple[Mark, float]], scale: Scale) -> list[Placed]:
    sides = ((mark, scale.beyond(height)) for mark, height in placed)
    return [(mark, AT_EDGE[side], WORDS[side]) for mark, side in sides if side]


def _trace(kind: str, marks: Sequence[Placed]) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": kind.replace("_", " "),
        "legendgroup": kind,
        "x": [stamp(mark.end) for mark, _, _ in marks],
        "y": [height for _, height, _ in marks],
        "text": [f"{mark.symbol} at {numerals.price(mark.price)}{where}" for mark, _, where in marks],
        "marker": {
            "symbol": SHAPES.get(kind) or OTHER_SHAPES[sum(kind.encode()) % len(OTHER_SHAPES)],
            "size": 9,
            "color": INKS.get(kind, "var(--found)"),
            "line": {"color": "var(--card)", "width": 1.2},
        },
        "hovertemplate": "%{text}",
    }
