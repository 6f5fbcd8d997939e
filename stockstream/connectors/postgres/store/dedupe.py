"""The dedupe path into `trades`, for a batch that the fast path refused.

Some of its trades are already stored (a feed that repeats itself at a new offset), or PostgreSQL rejects a
value. The batch goes through a temporary table, and is halved while a row is rejected, down to the single
row, which becomes a dead letter.

Order of effects, in the caller's transaction, behind its fence: the new trades, the count of repeats, the
dead letters.
"""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres.connection import Address, own_errors
from stockstream.connectors.postgres.sql import query
from stockstream.connectors.postgres.store import dead_letters
from stockstream.connectors.postgres.store.copy_rows import Rows
from stockstream.errors import PoisonError
from stockstream.market.trade.arrivals import Arrivals, DeadLetter

Position = tuple[int, int]


class DedupeStore:
    """Stores one batch in the caller's transaction."""

    def __init__(self, address: Address, cursor: Cursor, job: str, topic: str) -> None:
        """Create the store; `cursor` is in the transaction."""
        self._address = address
        self._cursor = cursor
        self._job = job
        self._topic = topic
        self._repeated: Counter[int] = Counter()
        self._refused: list[tuple[Position, str]] = []

    def store(self, arrivals: Arrivals) -> tuple[int, int, int]:
        """Store a batch and return the numbers of trades, dead letters and repeats."""
        self._cursor.execute(query("create_arrivals"))
        self._cursor.execute(query("set_lookup_plan"))
        self._store_by_halves(arrivals.trades)
        self._count_repeats()
        dead = [*arrivals.dead, *self._dead_letters(arrivals)]
        dead_letters.insert(self._cursor, self._topic, dead)
        repeated = self._repeated.total()
        return arrivals.trades.num_rows - len(self._refused) - repeated, len(dead), repeated

    def _store_by_halves(self, trades: pa.Table) -> None:
        """Store new trades, count those already stored, and collect those that are rejected."""
        if not trades.num_rows:
            return
        try:
            self._repeated += self._store_new(trades)
        except PoisonError as exc:
            self._cursor.execute("ROLLBACK TO SAVEPOINT half")
            if trades.num_rows == 1:
                self._refused.append((_positions(trades)[0], str(exc)))
                return
            middle = trades.num_rows // 2
            self._store_by_halves(trades.slice(0, middle))
            self._store_by_halves(trades.slice(middle))

    def _store_new(self, trades: pa.Table) -> Counter[int]:
        """Store the new trades and return how many of each partition were already stored."""
        with own_errors(self._address):
            self._cursor.execute("SAVEPOINT half")
            self._cursor.copy_expert(query("copy_arrivals"), Rows(trades).file())
            self._cursor.execute(query("insert_arrivals"))
            stored = Counter(int(partition) for partition, _ in self._cursor)
            self._cursor.execute("TRUNCATE arrivals")
        return Counter(partition for partition, _ in _positions(trades)) - stored

    def _count_repeats(self) -> None:
        for partition, count in self._repeated.items():
            position = {"job": self._job, "topic": self._topic, "partition": partition, "duplicates": count}
            self._cursor.execute(query("update_duplicates"), position)

    def _dead_letters(self, arrivals: Arrivals) -> list[DeadLetter]:
        messages = arrivals.messages
        at = {
            position: row
            for row, position in enumerate(zip(messages.partitions, messages.offsets, strict=True))
        }
        return [messages.dead(at[position], reason) for position, reason in self._refused]


def _positions(trades: pa.Table) -> Sequence[Position]:
    """Return the partition and offset of each trade."""
    columns = (trades[name].to_pylist() for name in ("kafka_partition", "kafka_offset"))
    return list(zip(*columns, strict=True))
