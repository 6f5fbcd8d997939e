"""What the candles of a golden tape must be: by SQL over the raw trades, with no engine's help."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from psycopg2.extras import execute_values

from stockstream.connectors.postgres.connection import Connection
from tests.golden.cases import Arrival

EXPECTED = (Path(__file__).parent / "expected.sql").read_text("utf-8")
NOW = datetime(2100, 1, 1, tzinfo=UTC)
COLUMNS = (
    "symbol",
    "window_start",
    "window_end",
    "trade_count",
    "avg_price",
    "min_price",
    "max_price",
    "total_volume",
    "total_value",
    "open",
    "close",
    "vwap",
    "buy_volume",
    "sell_volume",
    "is_final",
)

Row = tuple[object, ...]


def places(trades: Sequence[Arrival]) -> list[int]:
    """Return the offset of each arrival: its place in its partition."""
    ends: dict[int, int] = defaultdict(int)
    found = []
    for partition, _ in trades:
        found.append(ends[partition])
        ends[partition] += 1
    return found


def expected(connection: Connection, trades: Sequence[Arrival]) -> dict[tuple[str, datetime], Row]:
    """Return the rows that `stock_metrics` must have, in the order of `COLUMNS`, by symbol and start."""
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE raw (LIKE trades INCLUDING DEFAULTS) ON COMMIT DROP")
        store_at(cursor, "raw", trades)
        cursor.execute(EXPECTED, {"now": NOW})
        return {(row[0], row[1]): row for row in cursor}


def found(connection: Connection) -> dict[tuple[str, datetime], Row]:
    """Return the rows that `stock_metrics` has."""
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM stock_metrics")  # noqa: S608 - names from above
        return {(row[0], row[1]): row for row in cursor}


def store_at(cursor: object, table: str, trades: Sequence[Arrival]) -> None:
    """Insert arrivals into `raw` or `trades`, each at its place; repeats are left out of `trades`."""
    rows = [
        (
            *(each.trade_id, each.timestamp, each.symbol, each.price, each.volume, each.trade_type),
            *(each.updates_last, each.source, partition, offset),
        )
        for (partition, each), offset in zip(trades, places(trades), strict=True)
    ]
    statement = (
        f"INSERT INTO {table} (trade_id, timestamp, symbol, price, volume, trade_type, updates_last, "  # noqa: S608
        "source, kafka_partition, kafka_offset) VALUES %s ON CONFLICT DO NOTHING"
    )
    execute_values(cursor, statement, rows)
