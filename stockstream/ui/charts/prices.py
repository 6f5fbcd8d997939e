"""Prices over time, as plain Plotly figures.

Direction and findings are shown by shape as well as by colour: a rising candle is hollow and a falling one
filled; each kind of finding has its own mark.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from stockstream.ui.charts import gaps
from stockstream.ui.charts.marks import Bases, Trace, edge_axis, height_of, marks_of, stamp
from stockstream.ui.charts.plot import Figure
from stockstream.ui.charts.scale import Scale, scale_of, usual_lines, usual_prices
from stockstream.ui.charts.sessions import by_days, candle_breaks, line_breaks
from stockstream.ui.charts.style import axis, colours, layout_of, revision, time_axis
from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.records import Candle, Line, Standing
from stockstream.ui.data.window import RANGE, Span

MOST_LINES_SEEN = 12
SAME_DASH = 5
PRICE = ",.10~g"  # every decimal of a price, of a share as of the smallest coin
FEWEST = 10  # candles that a chart has room for at least
NONE = Decimal("NaN")  # null in JSON, which Plotly does not draw
DASHES = ("solid", "10px,3px", "3px,2px", "dashdot")


def compare(snapshot: MarketSnapshot, *, as_change: bool) -> Figure:
    """Return the symbols' prices over time, as changes since the window began or as they are."""
    inks = colours(snapshot.symbols)
    seen = sorted(snapshot.shown[:MOST_LINES_SEEN], key=lambda row: row.symbol)
    bases = {
        row.symbol: _base(row, snapshot.lines.get(row.symbol, [])) if as_change else None for row in seen
    }
    traces = [
        _line(row.symbol, snapshot.lines.get(row.symbol, []), bases[row.symbol], inks[row.symbol], place)
        for place, row in ((snapshot.symbols.index(row.symbol), row) for row in seen)
    ]
    marks = [mark for mark in snapshot.marks if mark.symbol in bases]
    scale = _scale_of_lines(usual_lines(snapshot), bases)
    traces += marks_of(marks, bases, scale)
    unit = " %" if as_change else ""
    layout = layout_of(revision("change" if as_change else "price", snapshot.question), 390)
    layout |= {
        "xaxis": time_axis() | line_breaks(snapshot, bases) | _past(snapshot),
        "yaxis": axis() | {"ticksuffix": unit, "side": "right", "zeroline": as_change} | _within(scale),
        "hovermode": "x unified",
        "legend": {"orientation": "h", "y": -0.12, "yanchor": "top", "x": 0},
    }
    return {"data": traces, "layout": layout | edge_axis(traces)}


def focus(snapshot: MarketSnapshot, symbol: str, span: Span) -> Figure:
    """Return one symbol's candles with the volume below, the vwap, findings and gaps."""
    width, snapshot = snapshot.question.candle_width(span), by_days(snapshot)
    covered, days = snapshot.candle_span(snapshot.span or span), snapshot.days
    inside = [mark for mark in snapshot.marks if mark.symbol == symbol and mark.end >= covered.start]
    candles = _never_alone(snapshot.candles, width)
    scale = scale_of([float(price) for price in usual_prices(snapshot.candles, inside)])
    traces = [_candlestick(candles, width), _vwap(candles, width), _volumes(candles, width)]
    traces += marks_of(inside, {symbol: None}, scale) + gaps.marks(snapshot.gaps, covered, width, days)
    layout = layout_of(revision(symbol, snapshot.question), 390)
    layout |= {
        "xaxis": _candle_axis(snapshot, covered, width) | {"rangeslider": {"visible": False}, "anchor": "y2"},
        "yaxis": axis() | {"domain": [0.24, 1], "side": "right"} | _within(scale),
        "yaxis2": axis() | {"domain": [0, 0.18], "side": "right", "nticks": 3, "rangemode": "tozero"},
        "hovermode": "x",
        "legend": {"orientation": "h", "y": -0.12, "yanchor": "top", "x": 0},
        "shapes": gaps.shades(snapshot.gaps, covered, width, days),
    }
    return {"data": traces, "layout": layout | edge_axis(traces)}


def imbalance(snapshot: MarketSnapshot, symbol: str) -> Figure:
    """Return how much more was bought than sold in each candle, in percent of its volume."""
    span = snapshot.span or Span(snapshot.read_at, snapshot.read_at)
    width, snapshot = snapshot.question.candle_width(span), by_days(snapshot)
    covered = snapshot.candle_span(snapshot.span or span)
    shares = [float(candle.imbalance) for candle in snapshot.candles]
    bars = _period(snapshot.candles, width) | {
        "type": "bar",
        "name": "imbalance",
        "y": shares,
        "marker": {"color": ["var(--up)" if share >= 0 else "var(--down)" for share in shares]},
        "hovertemplate": "%{y:+.1f} % net bought<extra></extra>",
    }
    layout = layout_of(revision(f"{symbol} imbalance", snapshot.question), 240)
    layout |= {
        "xaxis": _candle_axis(snapshot, covered, width),
        "yaxis": axis()
        | {"ticksuffix": " %", "side": "right", "range": [-105, 105], "dtick": 50, "zeroline": True},
    }
    return {"data": [bars], "layout": layout}


def _line(symbol: str, line: Line, base: Decimal | None, ink: str, place: int) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines" if len(line) > 1 else "markers",
        "name": symbol,
        "x": [stamp(moment) for moment, _ in line],
        "y": [height_of(price, base) for _, price in line],
        "line": {"color": ink, "width": 1.8, "dash": DASHES[place // SAME_DASH % len(DASHES)]},
        "hovertemplate": "%{y:+.2f} %" if base else f"%{{y:{PRICE}}}",
    }


def _candlestick(candles: Sequence[Candle], width: timedelta) -> Trace:
    return _period(candles, width) | {
        "type": "candlestick",
        "name": "candles",
        "open": [float(candle.open) for candle in candles],
        "high": [float(candle.high) for candle in candles],
        "low": [float(candle.low) for candle in candles],
        "close": [float(candle.close) for candle in candles],
        "increasing": {"line": {"color": "var(--up)", "width": 1.4}, "fillcolor": "var(--card)"},
        "decreasing": {"line": {"color": "var(--down)", "width": 1.4}, "fillcolor": "var(--down)"},
        "showlegend": False,
    }


def _vwap(candles: Sequence[Candle], width: timedelta) -> Trace:
    return _period(candles, width) | {
        "type": "scatter",
        "mode": "lines",
        "name": "vwap",
        "y": [float(candle.vwap) for candle in candles],
        "line": {"color": "var(--faint)", "width": 1.3, "dash": "dot"},
        "hovertemplate": f"vwap %{{y:{PRICE}}}<extra></extra>",
    }


def _volumes(candles: Sequence[Candle], width: timedelta) -> Trace:
    return _period(candles, width) | {
        "type": "bar",
        "name": "volume",
        "yaxis": "y2",
        "y": [float(candle.volume) for candle in candles],
        "marker": {"color": "var(--faint)", "opacity": 0.55},
        "showlegend": False,
        "hovertemplate": "volume %{y:,}<extra></extra>",
    }


def _period(candles: Sequence[Candle], width: timedelta) -> Trace:
    length = width.total_seconds() * 1_000
    return {
        "x": [stamp(candle.start) for candle in candles],
        "xperiod": length,
        "xperiodalignment": "middle",
    }


def _never_alone(candles: Sequence[Candle], width: timedelta) -> Sequence[Candle]:
    """Return the candles; a lone one gets an empty one before it.

    Plotly draws candles as wide as the least distance between them.
    """
    if len(candles) != 1:
        return candles
    return [Candle(candles[0].start - width, *[NONE] * 8), *candles]


def _candle_axis(snapshot: MarketSnapshot, covered: Span, width: timedelta) -> dict[str, Any]:
    breaks = candle_breaks(snapshot, covered, width)
    return time_axis() | breaks | (_past(snapshot) or _roomy(snapshot.candles, width))


def _past(snapshot: MarketSnapshot) -> dict[str, Any]:
    """Return an axis over all of a chosen range; it does not change, which keeps a viewer's zoom."""
    since, until = snapshot.question.since, snapshot.question.until
    if snapshot.span is None or snapshot.question.window != RANGE or since is None or until is None:
        return {}
    zone = snapshot.span.start.tzinfo
    return {"range": [stamp(since.astimezone(zone)), stamp(until.astimezone(zone))]}


def _roomy(candles: Sequence[Candle], width: timedelta) -> dict[str, Any]:
    """Return an axis with room for FEWEST candles, so that the first one of a new tape does not fill it."""
    if not candles:
        return {}
    end = candles[-1].start + width
    return {"autorangeoptions": {"include": [stamp(end - FEWEST * width), stamp(end)]}}


def _scale_of_lines(lines: Mapping[str, Line], bases: Bases) -> Scale | None:
    prices = {symbol: [price for _, price in lines.get(symbol, [])] for symbol in bases}
    extremes = ((symbol, end(each)) for symbol, each in prices.items() if each for end in (min, max))
    return scale_of([height_of(price, bases[symbol]) for symbol, price in extremes])


def _within(scale: Scale | None) -> dict[str, Any]:
    return scale.axis() if scale else {}


def _base(row: Standing, line: Line) -> Decimal | None:
    return next((price for price in (row.open, *(price for _, price in line)) if price), None)
