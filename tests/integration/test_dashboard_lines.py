"""Lines with points that are kept: each equals plain SQL, and what has settled is not asked again."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from psycopg2.extras import execute_values

from stockstream.connectors.postgres.connection import Connection
from stockstream.connectors.postgres.read_pool import ReadPool
from stockstream.ui.data.lines import Lines
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.records import Line
from stockstream.ui.data.window import line_step
from tests.browser.market import TRADES, put, random_trades

LAST_OF_EACH_STEP = """
SELECT DISTINCT ON (symbol, date_bin(%(step)s, "timestamp", 'epoch')) symbol, "timestamp", price FROM trades
WHERE "timestamp" BETWEEN %(start)s AND %(end)s
ORDER BY symbol, date_bin(%(step)s, "timestamp", 'epoch'), "timestamp" DESC, kafka_offset DESC
"""
AT_ONCE = timedelta(0)


@pytest.fixture
def newest(connection: Connection) -> datetime:
    """Two hours of trades up to now, but for ten minutes without, and their candles; the newest's time."""
    end = datetime.now(UTC)
    put(connection, random_trades(1_000, end - timedelta(minutes=40), 4_800))
    put(connection, random_trades(1_500, end, 1_800, seed=2))
    return end


def see(readers: ReadPool, window: str, lines: Lines) -> MarketSnapshot:
    return readers.read(partial(Question(window).answer, lines=lines))


def plain(connection: Connection, snapshot: MarketSnapshot) -> dict[str, Line]:
    """Return the same lines by one statement over the trades that knows of no candle and no kept point."""
    assert snapshot.span is not None
    step = line_step(snapshot.span, len(snapshot.lines))
    found: dict[str, Line] = {symbol: [] for symbol in snapshot.lines}
    with connection, connection.cursor() as cursor:
        span = {"start": snapshot.span.start, "end": snapshot.span.end}
        cursor.execute(LAST_OF_EACH_STEP, {"step": step, **span})
        for symbol, moment, price in cursor.fetchall():
            found[symbol].append((moment, price))
    return found


@pytest.mark.parametrize("window", ["1m", "5m", "15m", "60m", "24h", "all"])
def test_kept_points_equal_sql_before_and_after_late_trades(
    connection: Connection, readers: ReadPool, newest: datetime, window: str
) -> None:
    lines = Lines(settled_after=AT_ONCE)
    first = see(readers, window, lines)
    kept = len(lines)
    assert first.lines == plain(connection, first)
    assert kept > 0
    begin = first.span.start if first.span else newest
    for seed in (11, 12, 13):
        put(connection, random_trades(40, newest, (newest - begin).total_seconds(), seed))
        again = see(readers, window, lines)
        assert again.lines == plain(connection, again)
        assert again.lines != first.lines
        first = again


def test_a_late_trade_where_nobody_had_traded_is_seen(
    connection: Connection, readers: ReadPool, newest: datetime
) -> None:
    lines = Lines(settled_after=AT_ONCE)
    before = see(readers, "60m", lines)
    # A minute apart: no two share a step of a line.
    put(connection, random_trades(4, newest - timedelta(minutes=35), 240, seed=21))
    after = see(readers, "60m", lines)
    assert after.lines == plain(connection, after)
    assert sum(map(len, after.lines.values())) == sum(map(len, before.lines.values())) + 4


def test_settled_points_are_not_asked_again(
    connection: Connection, readers: ReadPool, newest: datetime
) -> None:
    lines = Lines(settled_after=AT_ONCE)
    first = see(readers, "15m", lines)
    gone = newest - timedelta(minutes=5)
    with connection, connection.cursor() as cursor:
        cursor.execute('DELETE FROM trades WHERE "timestamp" < %s', (gone - timedelta(minutes=1),))
    again = see(readers, "15m", lines)
    # No candle tells of what is deleted, so only one who looks for the first time misses it.
    assert again.lines == first.lines
    assert see(readers, "15m", Lines()).lines != first.lines


@pytest.mark.usefixtures("newest")
def test_a_candle_that_is_ahead_of_the_tape_has_nothing_kept(
    connection: Connection, readers: ReadPool, newest: datetime
) -> None:
    lines = Lines()
    see(readers, "5m", lines)
    late = random_trades(20, newest - timedelta(minutes=2), 60, seed=31)
    with connection, connection.cursor() as cursor:
        execute_values(cursor, TRADES, late)
    snapshot = see(readers, "5m", lines)
    assert snapshot.lines == plain(connection, snapshot)


@pytest.mark.usefixtures("newest")
def test_while_no_candle_is_written_nothing_is_kept(
    connection: Connection, readers: ReadPool, newest: datetime
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE stock_metrics")
    lines = Lines(settled_after=AT_ONCE)
    see(readers, "15m", lines)
    with connection, connection.cursor() as cursor:
        execute_values(cursor, TRADES, random_trades(40, newest, 600, seed=41))
    snapshot = see(readers, "15m", lines)
    assert snapshot.lines == plain(connection, snapshot)
    assert len(lines) == 0
