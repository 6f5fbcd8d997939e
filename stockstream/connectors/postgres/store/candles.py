"""Storage of the open candles of one topic, written by one aggregator.

The writing session holds the engine lock for aggregators (see `engine_lock`): none writes beside Flink.

Order of effects of `write`, in one transaction: the fence advances the job in every partition it owns, then
the candles, then COMMIT. What a crash loses, the reconciler makes from the tape.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres import schema
from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.engine_lock import REMEDY
from stockstream.connectors.postgres.fence import FencedJob, Spans, committed_offset
from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.errors import EngineRunsError
from stockstream.market.candles.candle import Candle
from stockstream.market.candles.columns import microseconds, moment
from stockstream.market.candles.tumbling import Changes

JOB = "aggregator"


@dataclass(frozen=True)
class RestorePoint:
    """Where to read a partition from, and the open candles of its earlier trades."""

    next_offset: int
    candles: list[Candle] = field(default_factory=list)


class CandleTable:
    """Storage for open candles."""

    def __init__(self, address: Address, topic: str) -> None:
        """Create the table's writer; the connection is opened when needed, and again after it broke."""
        self._topic = topic
        self._session = Session(address, JOB)
        self._job = FencedJob(JOB, topic)

    def check(self) -> None:
        """Raise SchemaMissingError, SchemaTooNewError or EngineRunsError if the tables may not be written."""
        schema.require(self._session.connection, self._session.address)
        self._session.transaction(self._lock)

    def acquire(self, partitions: Sequence[int]) -> dict[int, RestorePoint]:
        """Take partitions over and return their restore points.

        A restore point is where the consumer is: what it has stored of open candles comes from the tape, and
        the candles of missed minutes are made from it.
        """
        return self._session.transaction(lambda cursor: self._acquire(cursor, partitions))

    def write(self, changes: Changes) -> None:
        """Store the candles that changed.

        Raises:
            FencedError: another aggregator has taken a partition over; nothing was written.
            RecoverableError: the database is unavailable; write the same changes again.
        """
        spans = self._job.spans_to(changes.next_offsets)
        self._job.commit(self._session, spans, lambda cursor: self._write(cursor, spans, changes), None)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _acquire(self, cursor: Cursor, partitions: Sequence[int]) -> dict[int, RestorePoint]:
        self._lock(cursor)
        own = self._job.acquire(cursor, partitions)
        stored = {
            each: committed_offset(cursor, "consumer", self._topic, each).next_offset for each in partitions
        }
        next_offsets = {each: stored[each] or own[each] for each in partitions}
        candles = self._open_candles(cursor, next_offsets)
        return {each: RestorePoint(next_offsets[each], candles[each]) for each in partitions}

    def _open_candles(self, cursor: Cursor, next_offsets: Mapping[int, int]) -> dict[int, list[Candle]]:
        columns = {"partitions": list(next_offsets), "next_offsets": list(next_offsets.values())}
        cursor.execute(query("select_open_candles"), columns)
        found = defaultdict[int, list[Candle]](list)
        for partition, *row in cursor:
            found[partition].append(_candle(row))
        return found

    def _lock(self, cursor: Cursor) -> None:
        """Hold the engine lock for aggregators; a session that already has it acquires it at no cost."""
        cursor.execute(query("lock_candles"), {"engine": JOB, "alone": False})
        (holder,) = cursor.fetchone() or (None,)
        if holder is not None:
            raise EngineRunsError(holder=holder, remedy=REMEDY[holder])

    def _write(self, cursor: Cursor, spans: Spans, changes: Changes) -> None:
        self._lock(cursor)
        self._job.advance(cursor, spans)
        if changes.candles:
            cursor.execute(query("upsert_forming_candles"), _columns(changes.candles))


def _candle(row: Sequence[Any]) -> Candle:
    """Return a candle from a row of the query `select_open_candles`, without its partition."""
    values: list[Any] = [microseconds(value) if isinstance(value, datetime) else value for value in row]
    return Candle(*values)


def _columns(candles: Sequence[Candle]) -> dict[str, list[object]]:
    """Return candles as the columns that the statement `upsert_forming_candles` takes."""
    return {
        "symbols": [each.symbol for each in candles],
        "starts": [moment(each.start) for each in candles],
        "trade_counts": [each.trade_count for each in candles],
        "price_sums": [each.price_sum for each in candles],
        "lows": [each.low for each in candles],
        "highs": [each.high for each in candles],
        "volumes": [each.volume for each in candles],
        "values": [each.value for each in candles],
        "opens": [each.open for each in candles],
        "closes": [each.close for each in candles],
        "buy_volumes": [each.buy_volume for each in candles],
        "sell_volumes": [each.sell_volume for each in candles],
        "finals": [each.is_final for each in candles],
    }
