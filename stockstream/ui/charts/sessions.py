"""Sessions on a time axis: no empty night between two, and days by the clock of the exchange."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from stockstream.market.sessions.schedule import Hours
from stockstream.ui.charts.marks import stamp
from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.window import DAY, Span, candle_start
from stockstream.ui.data.zones import formatted_in

MOST_BREAKS = 1_000


def by_days(snapshot: MarketSnapshot) -> MarketSnapshot:
    """Return the snapshot with the times of the exchange if its candles are days: each at its date."""
    width, has_schedule = snapshot.question.width, snapshot.hours.of(snapshot.focus) is not None
    is_dated = has_schedule and width is not None and width >= DAY
    return formatted_in(snapshot.days.clock, snapshot) if is_dated else snapshot


def candle_breaks(snapshot: MarketSnapshot, covered: Span, width: timedelta) -> dict[str, Any]:
    """Return the part of a time axis that leaves out what lies between the candles of two sessions."""
    hiding = snapshot.hours.hiding(snapshot.focus)
    if hiding is None or width > DAY:
        return {}
    hours = hiding.hours(covered.start, covered.end)
    return _axis(_days_off(hours) if width == DAY else _nights(hours, covered, width))


def line_breaks(snapshot: MarketSnapshot, symbols: Iterable[str]) -> dict[str, Any]:
    """Return the part of a time axis that leaves out the time in which none of these symbols trades."""
    hiding = snapshot.hours.shared(symbols)
    if hiding is None or snapshot.span is None:
        return {}
    hours = hiding.hours(snapshot.span.start, snapshot.span.end)
    return _axis(_nights(hours, snapshot.span, timedelta(microseconds=1)))


def _nights(hours: list[Hours], covered: Span, width: timedelta) -> list[tuple[str, str]]:
    """Return the time between hours, without what the candles beside it reach into."""
    zone = covered.start.tzinfo
    last = [candle_start(each.close - timedelta(microseconds=1), width) + width for each in hours]
    first = [candle_start(each.open, width) for each in hours]
    edges = zip(last, first[1:], strict=False)
    return [
        _bounds(close.astimezone(zone), begin.astimezone(zone)) for close, begin in edges if close < begin
    ]


def _days_off(hours: list[Hours]) -> list[tuple[str, str]]:
    days = sorted({each.day for each in hours})
    return [
        _bounds(_midnight(day + DAY), _midnight(following))
        for day, following in pairwise(days)
        if following - day > DAY
    ]


def _axis(breaks: list[tuple[str, str]]) -> dict[str, Any]:
    return {"rangebreaks": [{"bounds": bounds} for bounds in breaks[-MOST_BREAKS:]]} if breaks else {}


def _bounds(close: datetime, begin: datetime) -> tuple[str, str]:
    return stamp(close), stamp(begin)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - by the clock that the axis has
