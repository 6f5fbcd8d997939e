"""The picture: each number equals plain SQL over the trades, and an outage is told and survived."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stockstream.connectors.postgres.connection import Connection, address_of
from stockstream.connectors.postgres.read_pool import ReadPool
from stockstream.errors import PostgresBusyError, PostgresUnreachableError, SchemaMissingError
from stockstream.services.servers.scratch import Scratch
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.records import Standing
from stockstream.ui.data.window import MINUTES
from tests.browser.market import SYMBOLS, find, put, random_trades
from tests.fresh import fresh

BY_SYMBOL = """
SELECT symbol, count(*), sum(volume), sum(volume) FILTER (WHERE trade_type = 'BUY'), sum(price * volume),
       max(price), min(price), sum(price * volume) / sum(volume),
       (SELECT price FROM trades f WHERE f.symbol = t.symbol AND "timestamp" >= %(start)s
        ORDER BY "timestamp" LIMIT 1),
       (SELECT price FROM trades f WHERE f.symbol = t.symbol ORDER BY "timestamp" DESC LIMIT 1)
FROM trades t WHERE "timestamp" >= %(start)s AND symbol = ANY (%(symbols)s) GROUP BY symbol
"""


@pytest.fixture
def market(connection: Connection) -> datetime:
    """Two hours of trades up to now, their candles, and findings; returns the newest trade's time."""
    newest = datetime.now(UTC)
    put(connection, random_trades(4_000, newest, 7_200))
    for symbol, kind in (("AAPL", "price_spike"), ("AAPL", "volume_spike"), ("TSLA", "price_spike")):
        find(connection, symbol, kind, why=f"{symbol} is far off")
    return newest


def see(readers: ReadPool, question: Question) -> MarketSnapshot:
    return readers.read(question.answer)


def asked(connection: Connection, statement: str, **facts: object) -> list[tuple[Any, ...]]:
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return cursor.fetchall()


def numbers(row: Standing) -> tuple[Any, ...]:
    sums = (row.trades, row.volume, row.buy_volume, row.value)
    return (row.symbol, *sums, row.high, row.low, row.vwap, row.open, row.last)


def start_of(connection: Connection, minutes: int | None) -> datetime:
    statement = """
        SELECT date_trunc('minute', greatest(min("timestamp"), max("timestamp") - %(length)s))
        FROM trades"""
    length = timedelta(days=9_999) if minutes is None else timedelta(minutes=minutes)
    ((start,),) = asked(connection, statement, length=length)
    return datetime.fromisoformat(str(start))


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("chosen", [(), ("AAPL", "TSLA")])
@pytest.mark.parametrize("window", MINUTES)
def test_every_number_equals_plain_sql_over_the_trades(
    connection: Connection, readers: ReadPool, window: str, chosen: tuple[str, ...]
) -> None:
    snapshot = see(readers, Question(window, chosen))
    start = start_of(connection, MINUTES[window])
    expected = asked(connection, BY_SYMBOL, start=start, symbols=list(chosen or SYMBOLS))
    shown = set(map(numbers, snapshot.standings))
    assert snapshot.span is not None
    assert snapshot.span.start == start
    assert shown == set(expected)


@pytest.mark.parametrize(("window", "told"), [("60m", ["open", "now"]), ("all", ["open", "now", "then"])])
def test_gaps_are_those_of_the_symbol_in_the_span_of_its_candles(
    market: datetime, connection: Connection, readers: ReadPool, window: str, told: list[str]
) -> None:
    asked(
        connection,
        """INSERT INTO feed_gaps (symbol, source, gap_start, gap_end, missing_trades, reason) VALUES
        ('AAPL', 'x', %(at)s - interval '100 min', %(at)s - interval '90 min', NULL, 'then'),
        ('AAPL', 'x', %(at)s - interval '90 min', %(at)s - interval '9 min', 3, 'now'),
        ('AAPL', 'y', %(at)s - interval '5 s', NULL, NULL, 'open'),
        ('MSFT', 'x', %(at)s - interval '5 s', %(at)s, 4, 'another') RETURNING reason""",
        at=market,
    )
    snapshot = see(readers, Question(window, focus="AAPL"))
    assert [gap.reason for gap in snapshot.gaps] == told


@pytest.mark.usefixtures("market")
def test_findings_are_counted_told_and_marked_at_their_trades_price(
    connection: Connection, readers: ReadPool
) -> None:
    snapshot = see(readers, Question("15m"))
    counts = {row.symbol: row.findings for row in snapshot.standings}
    prices = asked(
        connection, "SELECT t.price FROM anomalies JOIN trades t USING (source, symbol, trade_id) ORDER BY 1"
    )
    assert counts == {"AAPL": 2, "BTC-USD": 0, "MSFT": 0, "TSLA": 1}
    assert sorted((mark.price,) for mark in snapshot.marks if mark.price) == prices
    assert {mark.explanation for mark in snapshot.marks} == {"AAPL is far off", "TSLA is far off"}


@pytest.mark.usefixtures("market")
def test_a_line_is_the_last_trade_of_each_step(connection: Connection, readers: ReadPool) -> None:
    snapshot = see(readers, Question("15m", ("AAPL",)))
    assert snapshot.span is not None
    newest = asked(
        connection,
        """SELECT DISTINCT ON (date_bin('4 seconds', "timestamp", 'epoch')) "timestamp", price FROM trades
           WHERE symbol = 'AAPL' AND "timestamp" >= %(start)s
           ORDER BY date_bin('4 seconds', "timestamp", 'epoch'), "timestamp" DESC""",
        start=snapshot.span.start,
    )
    assert snapshot.lines["AAPL"] == newest


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("chosen", [(), ("MSFT",), ("AAPL", "TSLA")])
def test_the_tape_is_the_newest_trades_newest_first(
    connection: Connection, readers: ReadPool, chosen: tuple[str, ...]
) -> None:
    snapshot = see(readers, Question("5m", chosen, tape=20))
    expected = asked(
        connection,
        """SELECT "timestamp", trade_id, symbol, price, volume, trade_type, source, anomaly, total_value
           FROM trades WHERE symbol = ANY (%(symbols)s)
           ORDER BY "timestamp" DESC, kafka_offset DESC LIMIT 20""",
        symbols=list(chosen or SYMBOLS),
    )
    shown = [
        (
            *(trade.timestamp, trade.trade_id, trade.symbol, trade.price, trade.volume, trade.trade_type),
            *(trade.source, trade.anomaly, trade.value),
        )
        for trade in snapshot.tape
    ]
    assert sorted(shown) == sorted(expected)
    assert [row[0] for row in shown] == [row[0] for row in expected]


@pytest.mark.usefixtures("market")
def test_anomalies_only_leaves_the_trades_that_were_found(connection: Connection, readers: ReadPool) -> None:
    snapshot = see(readers, Question("all", only_anomalies=True))
    newest = asked(
        connection,
        """SELECT DISTINCT ON (symbol) symbol, price, trade_id, source FROM trades
           WHERE symbol IN ('AAPL', 'TSLA') ORDER BY symbol, "timestamp" DESC""",
    )
    assert (
        sorted((trade.symbol, trade.price, trade.trade_id, trade.source) for trade in snapshot.tape) == newest
    )
    assert {trade.symbol: trade.found for trade in snapshot.tape} == {
        "AAPL": "price_spike, volume_spike",
        "TSLA": "price_spike",
    }


def test_candles_put_together_are_those_of_the_trades(
    connection: Connection, readers: ReadPool, market: datetime
) -> None:
    put(connection, random_trades(500, market - timedelta(hours=20), 3_600, seed=9))
    snapshot = see(readers, Question("24h", focus="MSFT"))
    first, *_ = snapshot.candles
    ((opened, high, low, closed),) = asked(
        connection,
        """SELECT (array_agg(price ORDER BY "timestamp"))[1], max(price), min(price),
                  (array_agg(price ORDER BY "timestamp" DESC))[1]
           FROM trades WHERE symbol = 'MSFT' AND "timestamp" >= %(start)s
           AND "timestamp" < %(start)s + interval '10 minutes'""",
        start=first.start,
    )
    assert (first.open, first.high, first.low, first.close) == (opened, high, low, closed)


def test_a_trade_from_the_future_does_not_move_the_window(
    connection: Connection, readers: ReadPool, market: datetime
) -> None:
    put(connection, random_trades(1, market + timedelta(days=365), 1, seed=77))
    snapshot = see(readers, Question("5m"))
    assert snapshot.newest is not None
    assert abs(snapshot.newest - market) < timedelta(minutes=1)
    assert sum(row.trades for row in snapshot.standings) > 100


def test_an_empty_tape_gives_an_empty_picture(readers: ReadPool) -> None:
    snapshot = see(readers, Question("15m"))
    assert snapshot.newest is None
    assert snapshot.standings == []


def test_trades_without_candles_still_show_prices_and_tape(
    connection: Connection, readers: ReadPool, market: datetime
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE stock_metrics")
    snapshot = see(readers, Question("15m"))
    assert snapshot.newest == market
    assert snapshot.candles_end is None
    assert all(row.last and not row.trades and row.volume == Decimal(0) for row in snapshot.standings)
    assert snapshot.tape


def test_readers_write_nothing(readers: ReadPool) -> None:
    with pytest.raises(PostgresBusyError, match="read-only"):
        readers.read(lambda rows: rows("DELETE FROM trades RETURNING 1", None))


def test_readers_are_in_a_role_that_may_read_alone(readers: ReadPool) -> None:
    may = "SELECT current_user, has_table_privilege('trades', %(what)s)"
    assert readers.read(lambda rows: rows(may, {"what": "SELECT"})) == [("stockstream_reader", True)]
    assert readers.read(lambda rows: rows(may, {"what": "INSERT"})) == [("stockstream_reader", False)]


def test_missing_tables_are_told_with_the_remedy_and_found_when_they_come(
    connection: Connection, readers: ReadPool
) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE stock_metrics RENAME TO elsewhere")
    with pytest.raises(SchemaMissingError, match=r"python database\.py init"):
        see(readers, Question("15m"))
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO stock_metrics")
    assert see(readers, Question("15m")).newest is None


def test_a_connection_that_the_server_ended_is_replaced_unseen(
    connection: Connection, readers: ReadPool
) -> None:
    see(readers, Question("15m"))
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
    assert see(readers, Question("15m")).newest is None


def test_a_server_that_crashed_is_told_and_found_again(own_servers: Scratch, tmp_path: Path) -> None:
    with fresh(own_servers.settings, tmp_path) as settings:
        readers = ReadPool(address_of(settings), "test")
        see(readers, Question("15m"))
        own_servers.postgres.kill()
        with pytest.raises(PostgresUnreachableError, match="is it running"):
            see(readers, Question("15m"))
        own_servers.postgres.start()
        assert see(readers, Question("15m")).newest is None
        readers.close()
