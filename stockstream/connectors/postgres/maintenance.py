"""Looking after the tables: how big they are, how far the jobs are, and what is too old."""

from dataclasses import dataclass
from datetime import datetime

from psycopg2 import sql

from stockstream.connectors.postgres.connection import Address, Connection, own_errors
from stockstream.connectors.postgres.sql import query

SLICE = 50_000


@dataclass(frozen=True)
class TableSize:
    """A table, its rows as PostgreSQL estimates them, and its bytes on disk with all indexes."""

    name: str
    rows: int
    size: int


@dataclass(frozen=True)
class JobOffset:
    """How far a job has read a partition."""

    job: str
    topic: str
    partition: int
    next_offset: int
    epoch: int
    duplicates: int
    updated_at: datetime


@dataclass(frozen=True)
class OldDay:
    """A day of trades: its table, and its rows as PostgreSQL estimates them."""

    table: str
    rows: int


def table_sizes(connection: Connection, address: Address) -> list[TableSize]:
    """Return the size of each table."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("select_table_sizes"))
        return [TableSize(*row) for row in cursor]


def offsets(connection: Connection, address: Address) -> list[JobOffset]:
    """Return how far each job has read each partition."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("select_offsets"))
        return [JobOffset(*row) for row in cursor]


def newest_trade(connection: Connection, address: Address) -> datetime | None:
    """Return the event time of the newest trade, None where there is none."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("probe_trade"))
        row: tuple[datetime | None, ...] = cursor.fetchone() or (None,)
        return row[0]


def prunable_before(connection: Connection, address: Address, before: datetime) -> datetime:
    """Return up to when trades may be deleted: `before`, or earlier where a candle is not reconciled."""
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute(query("select_prunable_before"), {"before": before})
        (moment,) = cursor.fetchone() or (before,)
        return moment if isinstance(moment, datetime) else before


def old_days(connection: Connection, address: Address, before: datetime) -> list[OldDay]:
    """Return the days of trades that are over before a moment."""
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute(query("select_old_days"), {"before": before})
        return [OldDay(*row) for row in cursor]


def note_pruning(connection: Connection, address: Address, before: datetime) -> None:
    """Keep in mind that what happened before a moment may be gone: to be called before it goes."""
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute(query("insert_pruning"), {"before": before})


def drop_day(connection: Connection, address: Address, day: OldDay) -> None:
    """Delete a day of trades, however many there are, in no time.

    Raises:
        PostgresBusyError: a reader was in the way for a second; drop it again. Writers wait no longer
            than that.
    """
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1s'")
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(day.table)))


def prune_elsewhen(connection: Connection, address: Address, before: datetime) -> int:
    """Delete the old trades that belong to no day at hand; returns how many.

    In slices, each its own transaction, so that writers never wait long and an interruption
    keeps what is done.
    """
    total = 0
    while True:
        with own_errors(address), connection, connection.cursor() as cursor:
            cursor.execute(query("delete_elsewhen"), {"before": before, "most": SLICE})
            deleted = cursor.rowcount
        total += deleted
        if deleted < SLICE:
            return total
