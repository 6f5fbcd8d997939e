"""Regular hours and the days of the exchange: each number equals plain SQL over the trades."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stockstream.connectors.postgres.connection import Connection
from stockstream.connectors.postgres.read_pool import ReadPool
from stockstream.errors import SettingsError
from stockstream.market.sessions.calendars import Calendars, calendars
from stockstream.ui.data.hours import REGULAR
from stockstream.ui.data.lines import Lines
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.records import Candle
from stockstream.ui.data.window import DAY, line_step
from tests.browser.market import exchange_week
from tests.integration.test_dashboard_snapshot import asked

NEW_YORK = ZoneInfo("America/New_York")
WEEK = timedelta(weeks=1)
# The sessions, written down here once more: by PostgreSQL's clock, and with its own zones.
SESSIONS = """
WITH sessions AS (
    SELECT day, (day + time '09:30') AT TIME ZONE 'America/New_York' AS opens,
        (day + CASE day WHEN '2013-11-29' THEN time '13:00' ELSE time '16:00' END)
            AT TIME ZONE 'America/New_York' AS closes
    FROM unnest('{2013-11-25,2013-11-26,2013-11-27,2013-11-29,2013-12-02}'::date[]) AS day
), regular AS (
    SELECT t.*, day FROM trades AS t
    JOIN sessions ON symbol = 'AAPL' AND "timestamp" >= opens AND "timestamp" < closes
)
"""
# An auction after the close belongs to its session, an official close gives its price alone.
REGULAR_CANDLES = """, counted AS (
    SELECT t.*, day FROM trades AS t JOIN sessions ON symbol = 'AAPL'
        AND ("timestamp" >= opens AND "timestamp" < closes
            OR "timestamp" >= closes AND "timestamp" < closes + interval '5 minutes' AND conditions = '@6 X')
)
SELECT date_trunc(%(unit)s, day)::date,
    (array_agg(price ORDER BY "timestamp"))[1], max(price), min(price),
    (array_agg(price ORDER BY day DESC, conditions = '@6 X' DESC NULLS LAST, volume DESC))[1],
    sum(volume), round(sum(price * volume) / sum(volume), 9)
FROM counted GROUP BY 1 ORDER BY 1
"""
ALL_CANDLES = """
SELECT date_trunc(%(unit)s, "timestamp", 'America/New_York') AS start,
    (array_agg(price ORDER BY "timestamp") FILTER (WHERE updates_last))[1],
    max(price) FILTER (WHERE updates_last), min(price) FILTER (WHERE updates_last),
    (array_agg(price ORDER BY "timestamp" DESC) FILTER (WHERE updates_last))[1],
    sum(volume), round(sum(price * volume) / sum(volume), 9)
FROM trades WHERE symbol = 'AAPL' GROUP BY 1 ORDER BY 1
"""


@pytest.fixture(autouse=True)
def _market(connection: Connection) -> None:
    exchange_week(connection)


def see(readers: ReadPool, question: Question, rules: Calendars | None = None) -> MarketSnapshot:
    return readers.read(partial(question.answer, rules=rules))


def in_sessions(connection: Connection, statement: str, **facts: object) -> list[tuple[Any, ...]]:
    return asked(connection, SESSIONS + statement, **facts)


def numbers(candle: Candle) -> tuple[object, ...]:
    prices = candle.open, candle.high, candle.low, candle.close
    return (*prices, candle.volume, round(candle.vwap, 9))


@pytest.mark.parametrize(("unit", "width"), [("day", DAY), ("week", WEEK)])
def test_a_candle_of_regular_hours_ends_with_the_closing_auction(
    connection: Connection, readers: ReadPool, unit: str, width: timedelta
) -> None:
    question = Question("all", ("AAPL",), "AAPL", width=width, hours=REGULAR)
    shown = [
        (candle.start.astimezone(NEW_YORK).date(), *numbers(candle))
        for candle in see(readers, question).candles
    ]
    expected = in_sessions(connection, REGULAR_CANDLES, unit=unit)
    assert len(expected) == {"day": 5, "week": 2}[unit]
    assert shown == expected


def test_without_a_stored_auction_the_official_close_counts(
    connection: Connection, readers: ReadPool
) -> None:
    question = Question("all", ("AAPL",), "AAPL", width=DAY, hours=REGULAR)
    with_auction = see(readers, question).candles
    with connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM trades WHERE conditions = '@6 X'")
    without = see(readers, question).candles
    assert [candle.close for candle in without] == [candle.close for candle in with_auction]
    assert all(less.volume < more.volume for less, more in zip(without, with_auction, strict=True))


def test_a_week_ends_with_its_last_session(connection: Connection, readers: ReadPool) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM trades WHERE \"timestamp\" BETWEEN '2013-11-29 18:00Z' AND '2013-11-29 18:01Z'"
        )
    last = in_sessions(
        connection, "SELECT price FROM regular WHERE day = '2013-11-29' ORDER BY \"timestamp\" DESC"
    )
    week, _ = see(readers, Question("all", ("AAPL",), "AAPL", width=WEEK, hours=REGULAR)).candles
    assert (week.close,) == last[0]


@pytest.mark.parametrize(("unit", "width"), [("day", DAY), ("week", WEEK)])
def test_a_candle_of_all_hours_is_the_day_of_the_exchange(
    connection: Connection, readers: ReadPool, unit: str, width: timedelta
) -> None:
    snapshot = see(readers, Question("all", ("AAPL",), "AAPL", width=width))
    shown = [(candle.start, *numbers(candle)) for candle in snapshot.candles]
    assert shown == asked(connection, ALL_CANDLES, unit=unit)


def test_what_never_closes_keeps_the_days_of_utc(connection: Connection, readers: ReadPool) -> None:
    for rules, symbol in ((None, "BTC-USD"), (calendars("24/7"), "AAPL"), (calendars("AAPL:24/7"), "AAPL")):
        snapshot = see(readers, Question("all", (), symbol, width=DAY, hours=REGULAR), rules)
        days = asked(
            connection,
            """SELECT DISTINCT date_trunc('day', "timestamp", 'UTC') FROM trades
               WHERE symbol = %(of)s ORDER BY 1""",
            of=symbol,
        )
        assert [(candle.start,) for candle in snapshot.candles] == days


def test_every_number_of_regular_hours_equals_plain_sql(connection: Connection, readers: ReadPool) -> None:
    snapshot = see(readers, Question("all", tape=200, hours=REGULAR))
    rows = {row.symbol: row for row in snapshot.standings}
    ((trades, volume, value, high, low, first, last),) = in_sessions(
        connection,
        """SELECT count(*), sum(volume), sum(total_value), max(price), min(price),
            (array_agg(price ORDER BY "timestamp"))[1], (array_agg(price ORDER BY "timestamp" DESC))[1]
        FROM regular""",
    )
    aapl = rows["AAPL"]
    assert (aapl.trades, aapl.volume, aapl.value, aapl.high, aapl.low) == (trades, volume, value, high, low)
    assert (aapl.open, aapl.last) == (first, last)
    assert rows["BTC-USD"].trades == 9 * 144
    assert sum(bucket.trades for bucket in snapshot.buckets) == trades + 9 * 144
    assert snapshot.former is None


def test_the_tape_and_lines_of_regular_hours_have_nothing_from_outside(
    connection: Connection, readers: ReadPool
) -> None:
    lines = Lines(settled_after=timedelta(0))
    everything = readers.read(partial(Question("all", ("AAPL",), tape=200).answer, lines=lines))
    regular = readers.read(partial(Question("all", ("AAPL",), tape=200, hours=REGULAR).answer, lines=lines))
    newest = in_sessions(connection, 'SELECT "timestamp" FROM regular ORDER BY 1 DESC LIMIT 200')
    assert [(trade.timestamp,) for trade in regular.tape] == newest
    assert regular.span is not None
    points = in_sessions(
        connection,
        """SELECT DISTINCT ON (date_bin(%(step)s, "timestamp", 'epoch')) "timestamp", price
        FROM regular ORDER BY date_bin(%(step)s, "timestamp", 'epoch'), "timestamp" DESC""",
        step=line_step(regular.span, 1),
    )
    assert regular.lines["AAPL"] == points
    assert everything.lines["AAPL"] != points


def test_a_window_of_regular_hours_ends_with_the_session(readers: ReadPool) -> None:
    snapshot = see(readers, Question("15m", ("AAPL",), "AAPL", hours=REGULAR))
    close = datetime(2013, 12, 2, 16, tzinfo=NEW_YORK)
    assert snapshot.span is not None
    assert snapshot.span.end == close - timedelta(microseconds=1)
    assert snapshot.newest is not None
    assert snapshot.newest > close
    (row,) = snapshot.standings
    assert row.trades == 16
    # Half an hour of candles of a minute, which begins within one.
    assert len(snapshot.candles) == 31


def test_candles_of_regular_hours_reach_back_past_the_night(
    connection: Connection, readers: ReadPool
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM trades WHERE \"timestamp\" > '2013-12-02 14:40Z'")
        cursor.execute("DELETE FROM stock_metrics WHERE window_start > '2013-12-02 14:39Z'")
    snapshot = see(readers, Question("5m", ("AAPL",), "AAPL", hours=REGULAR))
    starts = [candle.start for candle in snapshot.candles]
    assert len(starts) == 31
    assert {start.astimezone(NEW_YORK).date() for start in starts} == {date(2013, 11, 29), date(2013, 12, 2)}
    assert max(starts) == datetime(2013, 12, 2, 14, 39, tzinfo=UTC)
    assert datetime(2013, 11, 29, 17, 59, tzinfo=UTC) in starts


def test_a_calendar_that_does_not_exist_is_told_where_sessions_matter(readers: ReadPool) -> None:
    rules = calendars("XNYSE")
    assert see(readers, Question("15m"), rules).newest is not None
    with pytest.raises(SettingsError, match="CALENDARS=XNYSE: no such calendar"):
        see(readers, Question("15m", hours=REGULAR), rules)
