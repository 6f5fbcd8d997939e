"""The fast way into `trades`: Arrow columns by PostgreSQL's binary COPY, behind the fence.

The driver is ADBC's, which turns columns into COPY's binary rows in C++, outside Python's lock. It
gets them in small chunks, so that the server stores one while the next is being turned.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa

from stockstream.connectors.postgres import Address, connection_options, own_error
from stockstream.connectors.sql import query
from stockstream.errors import FencedError, StockstreamError
from stockstream.market.arrivals import DeadLetter

CHUNK_ROWS = 2_000

_DEAD = pa.schema(
    [
        ("topic", pa.string()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("key", pa.binary()),
        ("payload", pa.binary()),
        ("reason", pa.string()),
    ]
)


@dataclass(frozen=True)
class Move:
    """A move of a job in one partition, and the epoch of its owner."""

    partition: int
    start: int
    end: int
    epoch: int


class Bulk:
    """A connection that stores whole batches, each in one transaction."""

    def __init__(self, address: Address, job: str, topic: str, reached: Callable[[str], None]) -> None:
        """Prepare; the connection is opened when it is needed, and again after it broke."""
        self._address = address
        self._job = job
        self._topic = topic
        self._reached = reached
        self._connection: adbc.Connection | None = None

    def store(self, moves: Sequence[Move], trades: pa.Table, dead: Sequence[DeadLetter]) -> None:
        """Move the job on and store what is between, or nothing.

        Raises:
            FencedError: a partition has been taken over or moved on.
            PoisonError: a row is refused, or is there already.
            RecoverableError: the database is away, and whether it stored this is not known.
        """
        try:
            self._store(self._connected(), moves, trades, dead)
        except adbc.Error as exc:
            raise self._own(exc) from exc
        except FencedError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, and with it what is not committed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _store(
        self,
        connection: adbc.Connection,
        moves: Sequence[Move],
        trades: pa.Table,
        dead: Sequence[DeadLetter],
    ) -> None:
        with connection.cursor() as cursor:
            self._reached("before the fence")
            self._advance(cursor, moves)
            self._reached("after the fence")
            if trades.num_rows:
                chunks = pa.RecordBatchReader.from_batches(trades.schema, self._chunks(trades))
                cursor.adbc_ingest("trades", chunks, mode="append")
            if dead:
                cursor.adbc_ingest("dead_letters", self._letters(dead), mode="append")
        self._reached("before COMMIT")
        connection.commit()
        self._reached("after COMMIT")

    def _advance(self, cursor: adbc.Cursor, moves: Sequence[Move]) -> None:
        columns = [
            [move.partition for move in moves],
            [move.start for move in moves],
            [move.end for move in moves],
            [move.epoch for move in moves],
        ]
        cursor.execute(query("advance_all"), (self._job, self._topic, *columns))
        moved = {partition for (partition,) in cursor.fetchall()}
        for move in moves:
            if move.partition not in moved:
                raise FencedError(job=self._job, partition=move.partition, topic=self._topic)

    def _chunks(self, trades: pa.Table) -> Iterator[pa.RecordBatch]:
        for chunk in trades.to_batches(max_chunksize=CHUNK_ROWS):
            yield chunk
            self._reached("inside COPY")

    def _letters(self, dead: Sequence[DeadLetter]) -> pa.Table:
        rows = [
            (self._topic, each.partition, each.offset, each.key, each.payload, each.reason) for each in dead
        ]
        columns = zip(*rows, strict=True)
        return pa.table(
            [pa.array(column, kind.type) for column, kind in zip(columns, _DEAD, strict=True)], _DEAD
        )

    def _connected(self) -> adbc.Connection:
        if self._connection is None:
            self._connection = adbc.connect(_uri(self._address, self._job))
        return self._connection

    def _own(self, exc: adbc.Error) -> StockstreamError:
        """Turn the driver's error into the project's own; what was not committed is undone."""
        self.close()
        reason = str(exc).strip().splitlines()[0].rpartition("failed: ")[2].rpartition("ERROR:")[2].strip()
        return own_error(exc.sqlstate, reason, self._address)


def _uri(address: Address, job: str) -> str:
    user, password, host = quote(address.user, ""), quote(address.password, ""), quote(address.host, "")
    options = urlencode(connection_options(job), quote_via=quote)
    return f"postgresql://{user}:{password}@{host}:{address.port}/{quote(address.database, '')}?{options}"
