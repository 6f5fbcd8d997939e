"""The span of time that the dashboard shows, and its resolution.

A window ends at the newest trade, not at the current time, so that a replayed market and one without new
trades are shown as well as a live one. It begins on a whole minute, because its totals are sums of
one-minute candles.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from stockstream.market.sessions.schedule import EPOCH, UTC_DAYS, Days, Schedule

MINUTES: dict[str, int | None] = {"1m": 1, "5m": 5, "15m": 15, "60m": 60, "24h": 1440, "all": None}
WORDS = {
    "1m": "last minute",
    "5m": "last 5 minutes",
    "15m": "last 15 minutes",
    "60m": "last 60 minutes",
    "24h": "last 24 hours",
    "all": "whole tape",
    "range": "chosen range",
}
DEFAULT = "15m"
RANGE = "range"
WIDTHS: dict[str, timedelta | None] = {
    "auto": None,
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "1w": timedelta(weeks=1),
}

POINTS = 240
FEWEST_POINTS = 30
PROBES = 4_000
STEPS = (0.25, 0.5, 1, 2, 4, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400)

CANDLES = 180
LEAST_CANDLE_SPAN = timedelta(minutes=30)
MOST_CANDLE_SPAN = timedelta(days=7)
BEATS = 30
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MONDAY = date(1970, 1, 5)


@dataclass(frozen=True)
class Span:
    """From `start` to `end`, both included, in UTC."""

    start: datetime
    end: datetime


def span_of(window: str, first: datetime, newest: datetime) -> Span:
    """Return the span of a window: at least its length if trades reach that far, from a whole minute on.

    >>> newest = datetime(2026, 11, 23, 10, 41, 30, tzinfo=UTC)
    >>> str(span_of("5m", datetime(2020, 1, 1, tzinfo=UTC), newest).start)
    '2026-11-23 10:36:00+00:00'
    """
    minutes = MINUTES[window]
    start = first if minutes is None else max(first, newest - timedelta(minutes=minutes))
    return Span(start.astimezone(UTC).replace(second=0, microsecond=0), newest)


def range_of(since: datetime, until: datetime, newest: datetime) -> Span:
    """Return the span of whole minutes from `since` to before `until`, at most to the newest trade.

    >>> noon, late = datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 11, 23, 20, tzinfo=UTC)
    >>> str(range_of(noon, noon.replace(minute=5), late).end)
    '2026-11-23 12:04:59.999999+00:00'
    """
    start = since.astimezone(UTC).replace(second=0, microsecond=0)
    end = min(until.astimezone(UTC) - timedelta(microseconds=1), newest) if until != newest else newest
    return Span(start, max(start + MINUTE - timedelta(microseconds=1), end))


def line_step(span: Span, symbols: int) -> timedelta:
    """Return the time between two points of a line, such that all lines together stay within PROBES.

    >>> minute = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 1, tzinfo=UTC))
    >>> line_step(minute, 10).total_seconds(), line_step(minute, 100).total_seconds()
    (0.25, 2.0)
    """
    points = max(FEWEST_POINTS, min(POINTS, PROBES // max(symbols, 1)))
    return _step(span.end - span.start, points, STEPS)


def candle_span(span: Span, width: timedelta | None = None, hiding: Schedule | None = None) -> Span:
    """Return the span that candles cover, to the window's end.

    It is at least half an hour and at most a week; with a given width, it is at least FEWEST_POINTS and at
    most CANDLES candles long. If what lies outside of a schedule's sessions is hidden, only trading counts.
    """
    least = LEAST_CANDLE_SPAN if width is None else FEWEST_POINTS * width
    most = MOST_CANDLE_SPAN if width is None else CANDLES * width
    length = min(max(span.end - span.start, least), most)
    if hiding is None or (width is not None and width >= DAY):
        return Span(span.end - length, span.end)
    return Span(hiding.before(span.end, length).astimezone(span.end.tzinfo), span.end)


def range_candle_span(span: Span, width: timedelta | None = None, hiding: Schedule | None = None) -> Span:
    """Return the span that candles cover in a chosen range: all of it, or its end if it is too long."""
    return Span(max(candle_span(span, width, hiding).start, span.start), span.end)


def candle_start(moment: datetime, width: timedelta, days: Days = UTC_DAYS) -> datetime:
    """Return the start of the candle that a moment lies in.

    A day is one of the exchange, and a week begins on Monday.

    >>> evening, new_york = datetime(2026, 11, 3, 1, 30, tzinfo=UTC), Days("America/New_York")
    >>> [str(candle_start(evening, width, new_york)) for width in (timedelta(hours=1), DAY, 7 * DAY)]
    ['2026-11-03 01:00:00+00:00', '2026-11-02 05:00:00+00:00', '2026-11-02 05:00:00+00:00']
    """
    if width < DAY:
        return moment - (moment - EPOCH) % width
    day = days.day_of(moment)
    return days.start_of(day - (day - MONDAY) % width).astimezone(moment.tzinfo)


def candle_width(span: Span) -> timedelta:
    """Return the length of a candle: whole minutes, and at most CANDLES candles in the span."""
    return _step(span.end - span.start, CANDLES, tuple(step for step in STEPS if step >= 60))  # noqa: PLR2004 - a minute


def bucket_width(span: Span) -> timedelta:
    """Return the length of a bucket of the market's overview: whole minutes."""
    return _step(span.end - span.start, BEATS, tuple(step for step in STEPS if step >= 60))  # noqa: PLR2004


def before(span: Span) -> datetime:
    """Return the start of the interval before a span that is as long as the span, in whole minutes."""
    return span.start + MINUTE * ((span.start - span.end) // MINUTE)


def _step(length: timedelta, points: int, steps: tuple[float, ...]) -> timedelta:
    least = length.total_seconds() / points
    last = -(-least // steps[-1]) * steps[-1]
    return timedelta(seconds=next((step for step in steps if step >= least), last))
