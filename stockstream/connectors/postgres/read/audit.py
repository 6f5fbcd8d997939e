"""What an audit asks the tape: all in one snapshot, reading only, so that nothing has to stop meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from stockstream.connectors.postgres import schema
from stockstream.connectors.postgres.connection import Address, connect, own_errors
from stockstream.connectors.postgres.sql import query
from stockstream.connectors.postgres.store.reconciliation import Span
from stockstream.market.trade.position_set import Offsets

HOUR = timedelta(hours=1)
_HEADER_BYTES = 19
_PORTION_BYTES = 1 << 20
# A row of a binary COPY of two numbers: how many columns, and before each its length.
_ROW = np.dtype([("columns", ">i2"), ("_p", ">i4"), ("partition", ">i4"), ("_o", ">i4"), ("offset", ">i8")])


@dataclass(frozen=True)
class ConsumedOffsets:
    """How far the consumer is in a partition.

    Attributes:
        absent: offsets that hold no message: transaction markers, aborted or compacted messages, and what was
            not in an import.
        lost: messages that the topic had dropped before they were read.
        base: what a message's place on the tape lies above its offset in Kafka.
    """

    partition: int
    next_offset: int
    duplicates: int
    absent: int
    lost: int
    base: int


@dataclass(frozen=True)
class CandleCount:
    """Minutes of a span: how many are reconciled, wait, and are wrong, and some of the last in words."""

    reconciled: int
    waiting: int
    wrong: int
    faults: list[str]


Take = Callable[[int, Offsets], None]


class AuditedTape:
    """The tables as one audit sees them."""

    def __init__(self, address: Address, topic: str) -> None:
        """Connect, and see from the first question on what is there then.

        Raises:
            PostgresUnreachableError, SchemaMissingError: there is nothing to audit.
        """
        self._address = address
        self._topic = topic
        self._connection = connect(address, "audit")
        self._connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        schema.require(self._connection, address)
        self._connection.rollback()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def look_anew(self) -> None:
        """See from the next question on what is there then."""
        self._connection.rollback()

    def offsets(self) -> list[ConsumedOffsets]:
        """Return how far the consumer is in each partition."""
        return [ConsumedOffsets(*row) for row in self._rows("audit_offsets", {"topic": self._topic})]

    def whole_since(self) -> datetime | None:
        """Return the moment from which on nothing was pruned, None where nothing ever was."""
        ((moment,),) = self._rows("audit_whole_since")
        return moment if isinstance(moment, datetime) else None

    def trades(self, take: Take) -> None:
        """Tell `take` of the places of all trades, a portion at a time, by partition."""
        self._copy("audit_trades", {}, take)

    def dead_letters(self, take: Take) -> None:
        """Tell `take` of the places of the topic's dead letters, likewise."""
        self._copy("audit_dead_letters", {"topic": self._topic}, take)

    def overlapping_days(self) -> list[tuple[str, str]]:
        """Return pairs of tables in both of which a trade could be; None is of those elsewhere."""
        return [(one, other or "trades_elsewhen") for one, other in self._rows("audit_day_pairs")]

    def in_both(self, one: str, other: str) -> list[str]:
        """Return the first few trades that are in both tables."""
        statement = sql.SQL(
            "SELECT format('%s %s %s', symbol, source, trade_id)"
            " FROM {} JOIN {} USING (source, symbol, trade_id) ORDER BY 1 LIMIT 5"
        ).format(sql.Identifier(one), sql.Identifier(other))
        with own_errors(self._address), self._connection.cursor() as cursor:
            cursor.execute(statement)
            return [text for (text,) in cursor]

    def hours(self, since: datetime) -> list[datetime]:
        """Return the begins of the hours that can have candles."""
        return [hour for (hour,) in self._rows("audit_hours", {"since": since})]

    def candles(self, start: datetime, end: datetime) -> CandleCount:
        """Hold the candles of a span against its trades."""
        ((reconciled, waiting, wrong, faults),) = self._rows("audit_candles", {"start": start, "end": end})
        return CandleCount(reconciled, waiting, wrong, faults or [])

    def waiting_since(self) -> datetime | None:
        """Return since when the oldest minute waits to be reconciled; None where none does."""
        ((_, since),) = self._rows("count_waiting", vars(Span()))
        return since if isinstance(since, datetime) else None

    def _copy(self, name: str, values: dict[str, object], take: Take) -> None:
        with own_errors(self._address), self._connection.cursor() as cursor:
            pairs = _Pairs(take)
            cursor.copy_expert(cursor.mogrify(query(name), values).decode(), pairs)
            pairs.flush()

    def _rows(self, name: str, values: dict[str, object] | None = None) -> list[tuple]:  # type: ignore[type-arg]
        with own_errors(self._address), self._connection.cursor() as cursor:
            cursor.execute(query(name), values or {})
            return cursor.fetchall()


class _Pairs:
    """A file that a binary COPY of partitions and offsets is written to."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._parts: list[bytes] = []
        self._skipped = False
        self._size = 0

    def write(self, part: bytes) -> int:
        """Keep a part; enough of them are told of at once."""
        self._parts.append(part)
        self._size += len(part)
        if self._size >= _PORTION_BYTES:
            self.flush()
        return len(part)

    def flush(self) -> None:
        """Tell of the rows that are whole."""
        text = b"".join(self._parts)[0 if self._skipped else _HEADER_BYTES :]
        self._skipped = True
        count = len(text) // _ROW.itemsize
        self._parts = [text[count * _ROW.itemsize :]]
        self._size = len(self._parts[0])
        rows = np.frombuffer(text, _ROW, count)
        for partition in np.unique(rows["partition"]).tolist():
            mine = rows["offset"][rows["partition"] == partition]
            self._take(partition, mine.astype(np.int64))
