"""A small market inserted into the tables: trades, the candles that SQL makes from them, and findings."""

import random
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event, Thread
from typing import Any

from psycopg2.extras import execute_values

from stockstream.connectors.postgres.connection import Address, Connection, connect

SYMBOLS = ("AAPL", "BTC-USD", "MSFT", "TSLA")
Row = tuple[Any, ...]

TRADES = """
INSERT INTO trades (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly,
                    kafka_partition, kafka_offset) VALUES %s
"""
CANDLES = """
INSERT INTO stock_metrics (symbol, window_start, window_end, trade_count, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume, is_final)
SELECT symbol, date_trunc('minute', "timestamp"), date_trunc('minute', "timestamp") + interval '1 minute',
    count(*), avg(price), min(price), max(price), sum(volume), sum(total_value),
    (array_agg(price ORDER BY "timestamp"))[1], (array_agg(price ORDER BY "timestamp" DESC))[1],
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
