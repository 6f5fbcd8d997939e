"""The careful way into `trades`, for a batch that the fast way refused.

Some of its trades are there already (a feed that repeats itself at a new offset), or PostgreSQL
refuses a value. The batch goes through a temporary table, and by halves where a row is refused,
down to the one row, which becomes a dead letter.

Order of effects, in the caller's transaction: the fence, the new trades, the count of repeats, the
dead letters.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from io import StringIO
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors import fence
from stockstream.connectors.postgres import Address, own_errors
from stockstream.connectors.sql import query
from stockstream.errors import PoisonError
from stockstream.market.arrivals import Arrivals, DeadLetter

Row = Mapping[str, Any]


class CarefulStore:
    """Stores one batch in a transaction of the caller's."""

    def __init__(self, address: Address, cursor: Cursor, job: str, topic: str) -> None:
        """Prepare; `cursor` is in the transaction."""
        self._address = address
        self._cursor = cursor
        self._job = job
        self._topic = topic
        self._repeated: Counter[int] = Counter()
        self._refused: list[tuple[Row, str]] = []

    def store(
        self, owned: Mapping[int, fence.Place], steps: Sequence[fence.Step], arrivals: Arrivals
    ) -> tuple[int, int, int]:
        """Store a batch; returns the numbers of trades, dead letters and repeats.

        Raises:
            FencedError: a partition has been taken over or moved on.
        """
        fence.advance(self._cursor, self._job, self._topic, owned, steps)
        self._cursor.execute(query("arrivals"))
        self._cursor.execute(query("by_key"))
        rows = arrivals.trades.to_pylist()
        self._store_by_halves(rows)
        self._count_repeats()
        dead = [*arrivals.dead, *self._dead_letters(arrivals)]
        for letter in dead:
            self._cursor.execute(query("dead_letter"), {"topic": self._topic, **asdict(letter)})
        repeated = self._repeated.total()
        return len(rows) - len(self._refused) - repeated, len(dead), repeated

    def _store_by_halves(self, rows: Sequence[Row]) -> None:
        """Store what can be stored, count what is there already, keep what is refused."""
        if not rows:
            return
        try:
            self._repeated += self._store_new(rows)
        except PoisonError as exc:
            self._cursor.execute("ROLLBACK TO SAVEPOINT half")
            if len(rows) == 1:
                self._refused.append((rows[0], str(exc)))
                return
            middle = len(rows) // 2
            self._store_by_halves(rows[:middle])
            self._store_by_halves(rows[middle:])

    def _store_new(self, rows: Sequence[Row]) -> Counter[int]:
        """Store those that are new; returns how many of each partition were there already."""
        with own_errors(self._address):
            self._cursor.execute("SAVEPOINT half")
            self._cursor.copy_expert(query("copy_arrivals"), StringIO("".join(map(_line, rows))))
            self._cursor.execute(query("store_arrivals"))
            stored = Counter(int(partition) for partition, _ in self._cursor)
            self._cursor.execute("TRUNCATE arrivals")
        return Counter(row["kafka_partition"] for row in rows) - stored

    def _count_repeats(self) -> None:
        for partition, count in self._repeated.items():
            place = {"job": self._job, "topic": self._topic, "partition": partition, "duplicates": count}
            self._cursor.execute(query("count_duplicates"), place)

    def _dead_letters(self, arrivals: Arrivals) -> list[DeadLetter]:
        messages = arrivals.messages
        at = {place: row for row, place in enumerate(zip(messages.partitions, messages.offsets, strict=True))}
        return [
            messages.dead(at[row["kafka_partition"], row["kafka_offset"]], reason)
            for row, reason in self._refused
        ]


def _line(row: Row) -> str:
    """Return a row in COPY's text format; control characters never come this far, backslashes do."""
    anomaly = "\\N" if row["anomaly"] is None else _escaped(row["anomaly"])
    fields = (
        _escaped(row["trade_id"]),
        row["timestamp"].isoformat(),
        row["symbol"],
        f"{row['price'].normalize():f}",
        f"{row['volume'].normalize():f}",
        row["trade_type"],
        _escaped(row["source"]),
        anomaly,
        row["kafka_partition"],
        row["kafka_offset"],
    )
    return "\t".join(map(str, fields)) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")
