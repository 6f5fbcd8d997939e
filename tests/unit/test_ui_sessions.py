"""Sessions on the charts: what is left out of an axis, and at which date a day stands."""

from array import array
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from plotly import graph_objects  # type: ignore[import-untyped]  # plotly ships no types

from stockstream.market.sessions.schedule import EPOCH, MICROSECOND, Days, Schedule
from stockstream.ui.charts import prices
from stockstream.ui.charts.sessions import by_days
from stockstream.ui.data.hours import EVERY, REGULAR, TradingHours
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.records import Candle
from stockstream.ui.data.window import DAY, Span
from stockstream.ui.data.zones import formatted_in
from tests.unit.test_ui_charts import plain
from tests.unit.test_ui_elements import standing

NEW_YORK = Days("America/New_York")
GLOBEX = Days("America/Chicago", timedelta(hours=7))
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(days: Days, *hours: tuple[str, str]) -> Schedule:
    spans = [(at(begin), at(end)) for begin, end in hours]
    columns = (
        [(begin - EPOCH) // MICROSECOND for begin, _ in spans],
        [(end - EPOCH) // MICROSECOND for _, end in spans],
        [(days.day_of(begin) - EPOCH.date()).days for begin, _ in spans],
    )
    return Schedule(days, *(array("q", column) for column in columns))


# Around Thanksgiving; the second session is half a day.
STOCKS = schedule(
    NEW_YORK,
    ("2013-11-27 14:30", "2013-11-27 21:00"),
    ("2013-11-29 14:30", "2013-11-29 18:00"),
    ("2013-12-02 14:30", "2013-12-02 21:00"),
)
FUTURES = schedule(GLOBEX, ("2013-12-01 23:00", "2013-12-02 23:00"), ("2013-12-02 23:00", "2013-12-03 23:00"))


def snapshot(width: timedelta, schedules: dict[str, Schedule | None], hours: str = REGULAR) -> MarketSnapshot:
    span = Span(at("2013-11-27 09:00"), at("2013-12-02 20:59"))
    one = Decimal(1)
    starts = [at("2013-11-27 15:00"), at("2013-11-29 15:00"), at("2013-12-02 15:00")]
    return MarketSnapshot(
        Question("all", tuple(schedules), "AAPL", width=width, hours=hours),
        span.end,
        span.end,
        span.start,
        span.end,
        span,
        tuple(schedules),
        [standing(symbol, "110") for symbol in schedules],
        {symbol: [(start, one) for start in starts] for symbol in schedules},
        "AAPL",
        [Candle(start, *[one] * 8) for start in starts],
        hours=TradingHours(schedules, hours == REGULAR),
    )


def breaks(figure: dict[str, object]) -> list[tuple[str, str]]:
    graph_objects.Figure(plain(figure))
    layout = figure["layout"]
    assert isinstance(layout, dict)
    return [each["bounds"] for each in layout["xaxis"].get("rangebreaks", [])]


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (
            timedelta(minutes=5),
            [("11-27 21:00", "11-29 14:30"), ("11-29 18:00", "12-02 14:30")],
        ),
        # Candles of an hour begin on whole hours, and all of them are seen.
        (HOUR, [("11-27 21:00", "11-29 14:00"), ("11-29 18:00", "12-02 14:00")]),
        # Of days, those without a session.
        (DAY, [("11-28 00:00", "11-29 00:00"), ("11-30 00:00", "12-02 00:00")]),
        (7 * DAY, []),
    ],
)
def test_what_lies_between_the_candles_of_two_sessions_is_left_out(
    width: timedelta, left_out: list[tuple[str, str]]
) -> None:
    shown = snapshot(width, {"AAPL": STOCKS})
    wanted = [(f"2013-{close}:00.000", f"2013-{begin}:00.000") for close, begin in left_out]
    assert shown.span is not None
    for figure in (prices.focus(shown, "AAPL", shown.span), prices.imbalance(shown, "AAPL")):
        assert breaks(figure)[-2:] == wanted


def test_it_is_left_out_by_the_clock_that_the_axis_has() -> None:
    shown = formatted_in(NEW_YORK.clock, snapshot(HOUR, {"AAPL": STOCKS}))
    assert shown.span is not None
    assert breaks(prices.focus(shown, "AAPL", shown.span))[0] == (
        "2013-11-27 16:00:00.000",
        "2013-11-29 09:00:00.000",
    )


@pytest.mark.parametrize(
    ("schedules", "hours"),
    [
        ({"AAPL": STOCKS, "BTC-USD": None}, REGULAR),
        ({"AAPL": STOCKS, "ES=F": FUTURES}, REGULAR),
        ({"AAPL": STOCKS}, EVERY),
    ],
)
def test_lines_have_all_time_unless_all_symbols_have_the_same_sessions(
    schedules: dict[str, Schedule | None], hours: str
) -> None:
    assert breaks(prices.compare(snapshot(HOUR, schedules, hours), as_change=True)) == []
    alone = snapshot(HOUR, {"AAPL": STOCKS})
    assert len(breaks(prices.compare(alone, as_change=True))) == 2


def test_a_candle_of_a_day_stands_at_the_date_of_its_session() -> None:
    for days, schedule_, start in (
        (NEW_YORK, STOCKS, "2013-12-02 05:00"),
        (GLOBEX, FUTURES, "2013-12-01 23:00"),
    ):
        shown = snapshot(DAY, {"AAPL": schedule_}, EVERY)
        dated = by_days(replace(shown, candles=[replace(shown.candles[0], start=at(start))]))
        assert dated.days == days
        assert str(dated.candles[0].start)[:19] == "2013-12-02 00:00:00"
    assert by_days(snapshot(HOUR, {"AAPL": STOCKS})).candles[0].start == at("2013-11-27 15:00")
