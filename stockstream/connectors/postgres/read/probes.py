"""Probes of the tables; each takes a few index lookups, however big the tables are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stockstream.connectors.postgres.connection import Address, Connection, connect, own_errors
from stockstream.connectors.postgres.sql import query

STATEMENT_TIMEOUT = "3s"


@dataclass(frozen=True)
class Progress:
    """A job's committed offset in a partition; `idle` is the seconds since it last advanced."""

    next_offset: int
    idle: float


@dataclass(frozen=True)
class NewestTrade:
    """Event time and age in seconds of the newest trade; the age is negative if its clock is ahead."""

    at: datetime
    age: float


@dataclass(frozen=True)
class NewestDeadLetter:
    """Reason and age in seconds of the newest dead letter."""

    reason: str
    age: float


@dataclass(frozen=True)
class NewestCandle:
    """End of the newest window, and the seconds since one of its candles was written."""

    window_end: datetime
    idle: float


@dataclass(frozen=True)
class NewestGap:
    """Number of feed gaps noted within a day, and the symbol, source, start and reason of the newest."""

    count: int
    symbol: str
    source: str
    start: datetime
    reason: str


class Probes:
    """A connection for probes that never waits long for one."""

    def __init__(self, address: Address, topic: str) -> None:
        """Connect.

        Raises:
            PostgresUnreachableError: no server answers there.
            LoginRefusedError: a server answers but refuses the user or the database.
        """
        self._address = address
        self._topic = topic
        self.connection: Connection = connect(address, "health")
        # Two samples must see two moments, not one transaction's.
        self.connection.autocommit = True
        self._row("SELECT set_config('statement_timeout', %(timeout)s, false)", timeout=STATEMENT_TIMEOUT)

    def close(self) -> None:
        """Disconnect."""
        self.connection.close()

    def progress(self, job: str) -> dict[int, Progress]:
        """Return a job's committed offset in each partition that it has ever acquired."""
        with own_errors(self._address), self.connection.cursor() as cursor:
            cursor.execute(query("probe_progress"), {"job": job, "topic": self._topic})
            return {partition: Progress(next_offset, idle) for partition, next_offset, idle in cursor}

    def newest_trade(self) -> NewestTrade | None:
        """Return the newest trade by event time, or None if there is none."""
        row = self._row(query("probe_trade"))
        return NewestTrade(*row) if row else None

    def newest_dead_letter(self) -> NewestDeadLetter | None:
        """Return the dead letter that arrived last, or None if there is none."""
        row = self._row(query("probe_dead_letter"), topic=self._topic)
        return NewestDeadLetter(*row) if row else None

    def newest_candle(self) -> NewestCandle | None:
        """Return the newest window, or None if there is none."""
        row = self._row(query("probe_candle"))
        return NewestCandle(*row) if row else None

    def fewest_trades(self, enough: int) -> tuple[str, int] | None:
        """Return the symbol with the fewest trades and their number, counted up to `enough`."""
        row = self._row(query("probe_fewest_trades"), enough=enough)
        return (row[0], row[1]) if row else None

    def engine(self) -> str | None:
        """Return the engine that makes the candles, `aggregator` or `flink`, or None if nothing does."""
        row = self._row(query("probe_engine"))
        return row[0] if row else None

    def newest_gap(self) -> NewestGap | None:
        """Return the feed gap that was noted last, or None if none was noted within a day."""
        row = self._row(query("probe_feed_gap"))
        return NewestGap(*row) if row else None

    def _row(self, statement: str, **values: object) -> tuple[Any, ...] | None:
        with own_errors(self._address), self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()
