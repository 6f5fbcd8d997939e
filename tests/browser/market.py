"""A small market inserted into the tables: trades, the candles that SQL makes from them, and findings."""

import random
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event, Thread
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extras import execute_values

from stockstream.connectors.postgres.connection import Address, Connection, connect

SYMBOLS = ("AAPL", "BTC-USD", "MSFT", "TSLA")
Row = tuple[Any, ...]

TRADES = """
INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly,
                    kafka_partition, kafka_offset) VALUES %s
"""
TRADES_WITH_CONDITIONS = """
INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, conditions, updates_last,
                    source, kafka_partition, kafka_offset) VALUES %s
"""
NEW_YORK = ZoneInfo("America/New_York")
OPENING = 9 * 60 + 30
# Sessions by month and day, and how long after midnight they close.
EXCHANGE_DAYS = {
    (11, 25): timedelta(hours=16),
    (11, 26): timedelta(hours=16),
    (11, 27): timedelta(hours=16),
    (11, 29): timedelta(hours=13),
    (12, 2): timedelta(hours=16),
}
CANDLES = """
INSERT INTO stock_metrics (symbol, window_start, window_end, trade_count, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume, is_final)
SELECT symbol, date_trunc('minute', "timestamp"), date_trunc('minute', "timestamp") + interval '1 minute',
    count(*), avg(price), min(price) FILTER (WHERE updates_last), max(price) FILTER (WHERE updates_last),
    sum(volume), sum(total_value),
    (array_agg(price ORDER BY "timestamp") FILTER (WHERE updates_last))[1],
    (array_agg(price ORDER BY "timestamp" DESC) FILTER (WHERE updates_last))[1],
    sum(total_value) / sum(volume),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0), false
FROM trades WHERE "timestamp" >= %s GROUP BY 1, 2
ON CONFLICT (symbol, window_start) DO UPDATE SET
    trade_count = excluded.trade_count, avg_price = excluded.avg_price, min_price = excluded.min_price,
    max_price = excluded.max_price, total_volume = excluded.total_volume, total_value = excluded.total_value,
    open = excluded.open, close = excluded.close, vwap = excluded.vwap,
    buy_volume = excluded.buy_volume, sell_volume = excluded.sell_volume
"""
FINDING = """
INSERT INTO anomalies (symbol, kind, source, trade_id, span_start, span_end, methods, score, threshold,
                       explanation, model_version)
SELECT symbol, %(kind)s, source, trade_id, "timestamp", "timestamp", '{zscore}', 9.5, 4, %(why)s, 'test'
FROM trades WHERE symbol = %(symbol)s ORDER BY "timestamp" DESC LIMIT 1
"""


def random_trades(count: int, end: datetime, seconds: float, seed: int = 1) -> list[Row]:
    """Return trades spread evenly over the `seconds` before `end`, as table rows."""
    chance = random.Random(seed)  # noqa: S311 - a market, not a secret
    step = timedelta(seconds=seconds / count)
    first = chance.randrange(10**15)
    return [
        (
            f"{first + at}",
            end - step * (count - 1 - at),
            chance.choice(SYMBOLS),
            Decimal(chance.randrange(10_000, 20_000)) / 100,
            Decimal(chance.randrange(1, 500)),
            chance.choice(("BUY", "SELL")),
            "test",
            None,
            0,
            first + at,
        )
        for at in range(count)
    ]


def put(connection: Connection, trades: Iterable[Row], since: datetime | None = None) -> None:
    """Store trades and update the candles to include them, in one transaction."""
    with connection, connection.cursor() as cursor:
        execute_values(cursor, TRADES, list(trades))
        cursor.execute(CANDLES, (since or datetime(1970, 1, 1, tzinfo=UTC),))


def find(connection: Connection, symbol: str, kind: str = "price_spike", why: str = "far off") -> None:
    """Store a finding about the symbol's newest trade."""
    with connection, connection.cursor() as cursor:
        cursor.execute(FINDING, {"symbol": symbol, "kind": kind, "why": why})


def exchange_week(connection: Connection) -> None:
    """Store five sessions of New York around Thanksgiving 2013, with what is traded before and after them.

    AAPL trades each minute from 4:00 to 20:00; its closing auction comes two seconds after the close, far
    above all else on its day, and the official close a second later. BTC-USD trades
    every ten minutes, without an end.
    """
    chance = random.Random(29)  # noqa: S311 - a market, not a secret
    trades: list[Row] = []

    def add(symbol: str, moment: datetime, price: float, volume: int, conditions: str | None = None) -> None:
        number = len(trades)
        side = None if conditions else chance.choice(("BUY", "SELL"))
        amounts = Decimal(round(price * 100)) / 100, Decimal(volume)
        moves = conditions is None or "M" not in conditions
        trades.append((f"e{number}", moment, symbol, *amounts, side, conditions, moves, symbol, 0, number))

    price = 500.0
    for day, hours in EXCHANGE_DAYS.items():
        start = datetime(2013, *day, tzinfo=NEW_YORK)
        close = start + hours
        for minute in range(4 * 60, 20 * 60):
            if minute == OPENING:
                add("AAPL", start + timedelta(minutes=minute, seconds=1), price, 20_000, "@O X")
            price += chance.uniform(-0.2, 0.2)
            add("AAPL", start + timedelta(minutes=minute, seconds=30), price, chance.randrange(1, 500))
        add("AAPL", close + timedelta(seconds=2), price + 20, 90_000, "@6 X")
        add("AAPL", close + timedelta(seconds=2), price, 300, "@6 X")
        add("AAPL", close + timedelta(seconds=3), price + 20, 90_000, "@M")
    for step in range(9 * 144):
        moment = datetime(2013, 11, 24, tzinfo=UTC) + timedelta(minutes=10 * step, seconds=5)
        add("BTC-USD", moment, 800 + step / 10, chance.randrange(1, 9))
    with connection, connection.cursor() as cursor:
        execute_values(cursor, TRADES_WITH_CONDITIONS, trades)
        cursor.execute(CANDLES, (datetime(1970, 1, 1, tzinfo=UTC),))


@contextmanager
def trading(address: Address) -> Iterator[None]:
    """Insert about twenty trades per second until the block ends."""
    stop = Event()

    def trade() -> None:
        with closing(connect(address, "test")) as connection:
            seed = 100
            while not stop.wait(0.25):
                now = datetime.now(UTC)
                minute = now.replace(second=0, microsecond=0) - timedelta(minutes=1)
                put(connection, random_trades(5, now, 0.2, seed), minute)
                seed += 1

    thread = Thread(target=trade)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
