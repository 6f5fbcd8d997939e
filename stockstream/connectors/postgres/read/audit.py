"""The audit's queries, all in one read-only snapshot, so that nothing has to be stopped meanwhile."""

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
# A row of a binary COPY of two numbers: the number of columns, and each with its length.
_ROW = np.dtype([("columns", ">i2"), ("_p", ">i4"), ("partition", ">i4"), ("_o", ">i4"), ("offset", ">i8")])


@dataclass(frozen=True)
class ConsumedOffsets:
    """The consumer's progress in a partition.

    Attributes:
        absent: offsets that hold no message: transaction markers, aborted or compacted messages, and what was
            missing in an import.
        lost: messages that the topic had dropped before they were read.
        base: the difference between a message's record position and its Kafka offset.
    """

    partition: int
    next_offset: int
    duplicates: int
    absent: int
    lost: int
    base: int


@dataclass(frozen=True)
class CandleCount:
    """How many minutes of a span are reconciled, waiting and wrong, with descriptions of some wrong ones."""

    reconciled: int
    waiting: int
    wrong: int
    faults: list[str]


Take = Callable[[int, Offsets], None]


class AuditedTape:
    """The tables as one audit sees them."""

    def __init__(self, address: Address, topic: str) -> None:
        """Connect; the first query determines the snapshot.

        Raises:
            PostgresUnreachableError: no server answers.
            SchemaMissingError: there is nothing to audit.
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
        """Start a new snapshot with the next query."""
        self._connection.rollback()

    def offsets(self) -> list[ConsumedOffsets]:
        """Return the consumer's progress in each partition."""
        return [ConsumedOffsets(*row) for row in self._rows("audit_offsets", {"topic": self._topic})]

    def whole_since(self) -> datetime | None:
        """Return the time since which nothing was pruned, or None if nothing ever was."""
        ((moment,),) = self._rows("audit_whole_since")
        return moment if isinstance(moment, datetime) else None

    def trades(self, take: Take) -> None:
        """Pass the record positions of all trades to `take`, a portion at a time, by partition."""
        self._copy("audit_trades", {}, take)

    def dead_letters(self, take: Take) -> None:
        """Pass the record positions of the topic's dead letters to `take` in the same way."""
        self._copy("audit_dead_letters", {"topic": self._topic}, take)

    def overlapping_days(self) -> list[tuple[str, str]]:
        """Return pairs of tables that could both contain a trade; None stands for trades outside all days."""
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
        """Return the starts of the hours that can have candles."""
        return [hour for (hour,) in self._rows("audit_hours", {"since": since})]

    def candles(self, start: datetime, end: datetime) -> CandleCount:
        """Compare the candles of a span with its trades."""
        ((reconciled, waiting, wrong, faults),) = self._rows("audit_candles", {"start": start, "end": end})
        return CandleCount(reconciled, waiting, wrong, faults or [])

    def waiting_since(self) -> datetime | None:
        """Return since when the oldest minute waits to be reconciled, or None if none does."""
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
    """A file object that receives a binary COPY of partitions and offsets."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._parts: list[bytes] = []
        self._skipped = False
        self._size = 0

    def write(self, part: bytes) -> int:
        """Buffer a part, and pass the rows on when there are enough."""
        self._parts.append(part)
        self._size += len(part)
        if self._size >= _PORTION_BYTES:
            self.flush()
        return len(part)

    def flush(self) -> None:
        """Pass on the complete rows."""
        text = b"".join(self._parts)[0 if self._skipped else _HEADER_BYTES :]
        self._skipped = True
        count = len(text) // _ROW.itemsize
        self._parts = [text[count * _ROW.itemsize :]]
        self._size = len(self._parts[0])
        rows = np.frombuffer(text, _ROW, count)
        for partition in np.unique(rows["partition"]).tolist():
            mine = rows["offset"][rows["partition"] == partition]
            self._take(partition, mine.astype(np.int64))
