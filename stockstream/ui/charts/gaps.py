"""The gaps of a feed on the chart of the candles that lack trades: shaded, marked and in words."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from stockstream.market.sessions.schedule import UTC_DAYS, Days
from stockstream.ui.charts.marks import AT_EDGE, EDGE, Trace, stamp
from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.records import FeedGap
from stockstream.ui.data.window import Span, candle_start
from stockstream.ui.html import formatting

MOST_TOLD = 3


def shades(gaps: Sequence[FeedGap], covered: Span, width: timedelta, days: Days) -> list[dict[str, Any]]:
    """Return one shape per gap: over the candles that it touches, from the chart's bottom to its top."""
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": stamp(span.start),
            "x1": stamp(span.end),
            "y0": 0,
            "y1": 1,
            "fillcolor": "var(--faint)",
            "opacity": 0.22,
            "line": {"width": 0},
            "layer": "below",
        }
        for span in (touched(gap, covered, width, days) for gap in gaps)
    ]


def marks(gaps: Sequence[FeedGap], covered: Span, width: timedelta, days: Days) -> list[Trace]:
    """Return a trace with one mark per gap, which explains the shade in words; none without gaps."""
    spans = [touched(gap, covered, width, days) for gap in gaps]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": "trades missing",
        "x": [stamp(span.start + (span.end - span.start) / 2) for span in spans],
        "y": [AT_EDGE[-1]] * len(spans),
        "yaxis": EDGE,
        "cliponaxis": False,
        "marker": {"symbol": "triangle-up-open", "size": 10, "color": "var(--ink)", "line": {"width": 1.5}},
        "text": [described(gap, covered.end) for gap in gaps],
        "hovertemplate": "%{text}<extra></extra>",
    }
    return [trace] if gaps else []


def touched(gap: FeedGap, covered: Span, width: timedelta, days: Days = UTC_DAYS) -> Span:
    """Return the span of the shown candles that a gap touches.

    >>> from datetime import UTC
    >>> first, last = (datetime(2026, 1, 5, 10, minute, tzinfo=UTC) for minute in (0, 30))
    >>> at = datetime(2026, 1, 5, 10, 7, 12, tzinfo=UTC)
    >>> span = touched(FeedGap("x", at, None, None, ""), Span(first, last), timedelta(minutes=5))
    >>> f"{span.start:%H:%M} {span.end:%H:%M}"
    '10:05 10:35'
    """
    begin, end = (candle_start(moment, width, days) for moment in (covered.start, covered.end))
    start = max(candle_start(gap.start, width, days), begin)
    last = end if gap.end is None else min(candle_start(gap.end, width, days), end)
    # A gap that ends with a candle does not touch the next one.
    over = gap.end is not None and last == gap.end and last > start
    return Span(start, last if over else max(last, start) + width)


def described(gap: FeedGap, read_at: datetime) -> str:
    """Return a gap in words.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 5, 10, 7, 12, tzinfo=UTC)
    >>> described(FeedGap("kraken", at, None, 3, "the venue does not give them: HTTP 401"), at)
    'kraken, from 10:07:12 on: 3 trades missing (the venue does not give them: HTTP 401)'
    """
    since = formatting.moment(gap.start, read_at)
    when = f"{since} to {formatting.moment(gap.end, read_at)}" if gap.end else f"from {since} on"
    what = "trades" if gap.missing is None else f"{gap.missing:,} trade{'s' * (gap.missing != 1)}"
    return f"{gap.source}, {when}: {what} missing ({gap.reason})"


def words(symbol: str, snapshot: MarketSnapshot) -> str:
    """Return in words where trades of a symbol are missing, the newest gap first; empty without gaps."""
    if not snapshot.gaps:
        return ""
    each = [described(gap, snapshot.read_at) for gap in snapshot.gaps[:MOST_TOLD]]
    more = [f"and {len(snapshot.gaps) - MOST_TOLD:,} more"] if len(snapshot.gaps) > MOST_TOLD else []
    return f"Trades of {symbol} are missing where it is shaded: {'; '.join([*each, *more])}."
