"""Findings as marks on a chart; each kind has its own shape and colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from stockstream.market.anomalies.kinds import KINDS
from stockstream.ui.charts.scale import Scale
from stockstream.ui.data.records import Mark, percent
from stockstream.ui.html import formatting

Trace = dict[str, Any]
Bases = Mapping[str, Decimal | None]

SHAPES = {kind.name: kind.shape for kind in KINDS}
INKS = {kind: f"var(--kind-{place})" for place, kind in enumerate(SHAPES)}
OTHER_SHAPES = ("triangle-down", "octagon", "star-diamond", "star-triangle-up")
EDGE = "y9"  # the axis on which 0 and 1 are the chart's lower and upper edge
AT_EDGE = {-1: 0.015, 1: 0.985}
WORDS = {-1: ", below all others", 0: "", 1: ", above all others"}


@dataclass(frozen=True)
class Placed:
    """A mark, the height at which it is drawn, and whether that is above (1) or below (-1) the scale."""

    mark: Mark
    height: float
    side: int


def marks_of(marks: Sequence[Mark], bases: Bases, scale: Scale | None) -> list[Trace]:
    """Return the marks of each kind; those beyond the chart's scale are also drawn at its edge.

    Args:
        bases: the price of each symbol that its heights are changes from; None if heights are prices.
    """
    placed = [
        _placed(mark, height_of(mark.price, bases[mark.symbol]), scale)
        for mark in marks
        if mark.price is not None
    ]
    kinds = sorted({each.mark.kind for each in placed})
    return [trace for kind in kinds for trace in _of_kind(kind, [p for p in placed if p.mark.kind == kind])]


def edge_axis(traces: Sequence[Trace]) -> dict[str, Any]:
    """Return the layout's axis for marks at the edge; empty if there are none."""
    if not any(trace.get("yaxis") == EDGE for trace in traces):
        return {}
    return {"yaxis9": {"overlaying": "y", "range": [0, 1], "fixedrange": True, "visible": False}}


def height_of(price: Decimal, base: Decimal | None) -> float:
    """Return the height at which a price is drawn: as it is, or as its change from a base in percent."""
    return float(percent(price, base) if base else price)


def stamp(moment: datetime) -> str:
    """Return a moment as Plotly takes it, to the millisecond: a chart cannot show more detail."""
    # Several times as fast as strftime.
    return moment.replace(tzinfo=None).isoformat(" ", "milliseconds")


def _placed(mark: Mark, height: float, scale: Scale | None) -> Placed:
    return Placed(mark, height, scale.beyond(height) if scale else 0)


def _of_kind(kind: str, placed: Sequence[Placed]) -> list[Trace]:
    shown = _trace(kind, placed, [each.height for each in placed]) | {
        "text": [
            f"{each.mark.symbol} at {formatting.price(each.mark.price)}{WORDS[each.side]}" for each in placed
        ],
        "hovertemplate": "%{text}",
    }
    far = [each for each in placed if each.side]
    # The mark at its own height has the hover text for both, even when it is out of view.
    edge = _trace(kind, far, [AT_EDGE[each.side] for each in far]) | {
        "yaxis": EDGE,
        "cliponaxis": False,
        "showlegend": False,
        "hoverinfo": "skip",
    }
    return [shown, edge] if far else [shown]


def _trace(kind: str, placed: Sequence[Placed], heights: Sequence[float]) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": kind.replace("_", " "),
        "legendgroup": kind,
        "x": [stamp(each.mark.end) for each in placed],
        "y": heights,
        "marker": {
            "symbol": SHAPES.get(kind) or OTHER_SHAPES[sum(kind.encode()) % len(OTHER_SHAPES)],
            "size": 9,
            "color": INKS.get(kind, "var(--found)"),
            "line": {"color": "var(--card)", "width": 1.2},
        },
    }
