"""The limit: rows that are ready to be stored, as PostgreSQL itself writes them."""

import time
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO

from psycopg2 import sql

from bench.harness.stage import Stage
from bench.sql import query
from stockstream.connectors.postgres.connection import Connection, address_of, connect
from stockstream.settings import Settings

BATCH = 20_000


def encoded_rows(stage: Stage, settings: Settings) -> list[bytes]:
    """Return the stored trades as input of a binary COPY, one item per batch, in the order of storing."""
    batches = []
    with closing(connect(address_of(settings), "bench")) as connection, connection.cursor() as cursor:
        cursor.execute(query("number_trades"))
        cursor.execute("SELECT count(*) FROM numbered")
        (count,) = cursor.fetchone() or (0,)
        for first in range(0, count, BATCH):
            stage.go_on()
            found = BytesIO()
            cursor.copy_expert(_rows_between(_columns(connection), first, first + BATCH), found)
            batches.append(found.getvalue())
    return batches


def copy_seconds(settings: Settings, batches: Sequence[bytes]) -> float:
    """Return how long COPY takes to store the batches, each in its own transaction, over one connection."""
    with closing(connect(address_of(settings), "bench")) as connection, connection.cursor() as cursor:
        statement = sql.SQL("COPY trades ({}) FROM STDIN (FORMAT binary)").format(_columns(connection))
        connection.commit()
        began = time.perf_counter()
        for batch in batches:
            cursor.copy_expert(statement, BytesIO(batch))
            connection.commit()
        return time.perf_counter() - began


def emptied(settings: Settings) -> None:
    """Delete all rows of a database, but keep the partitions made for them."""
    with (
        closing(connect(address_of(settings), "bench")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("DROP TABLE IF EXISTS numbered")
        cursor.execute("TRUNCATE trades, dead_letters, ingest_offsets")


def _columns(connection: Connection) -> sql.Composable:
    """Return the columns of `trades` that a writer fills."""
    with connection.cursor() as cursor:
        cursor.execute(query("columns"))
        return sql.SQL(", ").join(sql.Identifier(name) for (name,) in cursor)


def _rows_between(columns: sql.Composable, first: int, end: int) -> sql.Composed:
    return sql.SQL(
        "COPY (SELECT {} FROM numbered WHERE number > {} AND number <= {} ORDER BY number)"
        " TO STDOUT (FORMAT binary)"
    ).format(columns, sql.Literal(first), sql.Literal(end))
