"""Maintenance of the tables: their sizes, the jobs' committed offsets, and the removal of old trades."""

from dataclasses import dataclass
from datetime import datetime

from psycopg2 import sql

from stockstream.connectors.postgres.connection import Address, Connection, own_errors
from stockstream.connectors.postgres.sql import query

SLICE = 50_000


@dataclass(frozen=True)
class TableSize:
    """A table, PostgreSQL's estimate of its rows, and its bytes on disk including indexes."""

    name: str
    rows: int
    size: int


@dataclass(frozen=True)
class JobOffset:
    """A job's committed offset in a partition."""

    job: str
    topic: str
    partition: int
    next_offset: int
    epoch: int
    duplicates: int
    updated_at: datetime


@dataclass(frozen=True)
class OldDay:
    """A day of trades: its table, and PostgreSQL's estimate of its rows."""

    table: str
    rows: int


def table_sizes(connection: Connection, address: Address) -> list[TableSize]:
    """Return the size of each table."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("select_table_sizes"))
        return [TableSize(*row) for row in cursor]


def offsets(connection: Connection, address: Address) -> list[JobOffset]:
    """Return each job's committed offset in each partition."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("select_offsets"))
        return [JobOffset(*row) for row in cursor]


def newest_trade(connection: Connection, address: Address) -> datetime | None:
    """Return the event time of the newest trade, or None if there is none."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("probe_trade"))
        row: tuple[datetime | None, ...] = cursor.fetchone() or (None,)
        return row[0]


def prunable_before(connection: Connection, address: Address, before: datetime) -> datetime:
    """Return up to when trades may be deleted: `before`, or earlier if a candle is not reconciled."""
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute(query("select_prunable_before"), {"before": before})
        (moment,) = cursor.fetchone() or (before,)
        return moment if isinstance(moment, datetime) else before


def old_days(connection: Connection, address: Address, before: datetime) -> list[OldDay]:
    """Return the days of trades that ended before a given time."""
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute(query("select_old_days"), {"before": before})
        return [OldDay(*row) for row in cursor]


def note_pruning(connection: Connection, address: Address, before: datetime) -> None:
    """Record that trades before a given time may be gone; to be called before they are deleted."""
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute(query("insert_pruning"), {"before": before})


def drop_day(connection: Connection, address: Address, day: OldDay) -> None:
    """Delete a day of trades at once, however many there are.

    Raises:
        PostgresBusyError: a reader blocked it for a second; drop the day again. Writers never wait longer
            than that.
    """
    with own_errors(address), connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '1s'")
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(day.table)))


def prune_elsewhen(connection: Connection, address: Address, before: datetime) -> int:
    """Delete old trades that have no partition for their day, and return how many were deleted.

    The trades are deleted in slices, each its own transaction, so that writers never wait long and an
    interruption keeps what is done.
    """
    total = 0
    while True:
        with own_errors(address), connection, connection.cursor() as cursor:
            cursor.execute(query("delete_elsewhen"), {"before": before, "most": SLICE})
            deleted = cursor.rowcount
        total += deleted
        if deleted < SLICE:
            return total
