"""Candles beside plain SQL over all stored trades of their minutes, of those that have begun."""

from collections.abc import Mapping

from stockstream.connectors.postgres.connection import Connection
from tests.integration.topics import rows
from tests.scripts import ran

PLAIN = """
SELECT symbol, date_bin('60 seconds', timestamp, '1970-01-01Z') AS window_start,
    date_bin('60 seconds', timestamp, '1970-01-01Z') + interval '60 seconds', count(*), avg(price),
    min(price) FILTER (WHERE updates_last), max(price) FILTER (WHERE updates_last),
    sum(volume), sum(total_value),
    (array_agg(price ORDER BY timestamp, kafka_partition, kafka_offset) FILTER (WHERE updates_last))[1],
    (array_agg(price ORDER BY timestamp DESC, kafka_partition DESC, kafka_offset DESC)
        FILTER (WHERE updates_last))[1],
    sum(total_value) / sum(volume),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0),
    coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0)
FROM trades WHERE timestamp < now() AND corrected_at IS NULL GROUP BY 1, 2
"""
CANDLES = """
SELECT symbol, window_start, window_end, trade_count, avg_price, min_price, max_price,
    total_volume, total_value, open, close, vwap, buy_volume, sell_volume
FROM stock_metrics WHERE window_start < now()
"""
NOT_RECONCILED = "SELECT count(*) FROM stock_metrics WHERE reconciled_at IS NULL AND window_end < now()"


def differing(connection: Connection) -> list[tuple[object, ...]]:
    """Return candles that plain SQL does not make, and those that it makes and are not there."""
    return rows(
        connection, f"(({CANDLES}) EXCEPT ALL ({PLAIN})) UNION ALL (({PLAIN}) EXCEPT ALL ({CANDLES}))"
    )


def assert_plain_sql(connection: Connection) -> None:
    """Hold every candle to SQL, and all of minutes that are over to be reconciled."""
    assert differing(connection) == []
    assert rows(connection, NOT_RECONCILED) == [(0,)]


def consume(environment: Mapping[str, str]) -> str:
    """Store all that the topic has."""
    return _finish(environment, "consumer.py")


def aggregate(environment: Mapping[str, str]) -> str:
    """Make candles of all that the topic has, and reconcile them."""
    return _finish(environment, "aggregator.py")


def reconcile(environment: Mapping[str, str]) -> str:
    """Reconcile all that is noted, without an engine."""
    return _finish(environment, "aggregator.py", "--reconcile-only")


def _finish(environment: Mapping[str, str], *command: str) -> str:
    done = ran(environment, *command, "--exit-when-idle", "1")
    assert done.returncode == 0, done.stderr
    return done.stderr
