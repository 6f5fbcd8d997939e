"""Looking after the tables: how big they are, how far the jobs are, and what is too old."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from stockstream.connectors.postgres import Address, Connection, own_errors
from stockstream.connectors.sql import query

SLICE = 50_000


@dataclass(frozen=True)
class TableSize:
    """A table, its rows as PostgreSQL estimates them, and its bytes on disk with all indexes."""

    name: str
    rows: int
    size: int


@dataclass(frozen=True)
class JobPlace:
    """How far a job has read a partition."""

    job: str
    topic: str
    partition: int
    next_offset: int
    epoch: int
    duplicates: int
    updated_at: datetime


def table_sizes(connection: Connection, address: Address) -> list[TableSize]:
    """Return the size of each table."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("table_sizes"))
        return [TableSize(*row) for row in cursor]


def places(connection: Connection, address: Address) -> list[JobPlace]:
    """Return how far each job has read each partition."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("places"))
        return [JobPlace(*row) for row in cursor]


def newest_trade(connection: Connection, address: Address) -> datetime | None:
    """Return the event time of the newest trade, None where there is none."""
    with own_errors(address), connection.cursor() as cursor:
        cursor.execute(query("newest_trade"))
        row: tuple[datetime | None] = cursor.fetchone() or (None,)
        return row[0]


def prune(
    connection: Connection,
    address: Address,
    before: datetime,
    tell: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Delete trades that happened before a moment; returns how many.

    In slices, each its own transaction, so that writers never wait long and an interruption
    keeps what is done. `tell` is called with the rows of each slice.
    """
    total = 0
    while True:
        with own_errors(address), connection, connection.cursor() as cursor:
            cursor.execute(query("prune"), {"before": before, "most": SLICE})
            deleted = cursor.rowcount
        total += deleted
        tell(deleted)
        if deleted < SLICE:
            return total
