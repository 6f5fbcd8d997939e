"""Many trades of past days in the table, made by PostgreSQL itself."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

from bench.harness.stage import Stage
from bench.sql import query
from stockstream.connectors.postgres.connection import address_of, connect, own_errors
from stockstream.connectors.postgres.sql import query as tape_query
from stockstream.settings import Settings

WRITERS = 2
PART = 500_000


def fill(stage: Stage, settings: Settings, rows: int, days: int) -> None:
    """Store so many trades, spread over so many days up to now; the table's statistics are then new."""
    address, end = address_of(settings), datetime.now(UTC)
    span = {"rows": rows, "begin": end - timedelta(days=days), "end": end}

    def write(first: int) -> None:
        stage.go_on()
        with (
            closing(connect(address, "bench")) as connection,
            own_errors(address),
            connection.cursor() as cursor,
        ):
            cursor.execute("SET synchronous_commit = off")
            cursor.execute(query("fill"), span | {"first": first, "last": min(first + PART, rows)})
            connection.commit()
        if (first + PART) % (20 * PART) == 0:
            stage.say(f"{first + PART:,} trades of the past stored")

    with closing(connect(address, "bench")) as connection, own_errors(address), connection.cursor() as cursor:
        for age in range(days + 1):
            cursor.execute(tape_query("create_day"), {"day": (end - timedelta(days=age)).date()})
        connection.commit()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(0, rows, PART)))
    with closing(connect(address, "bench")) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("VACUUM (ANALYZE)")
