"""Replay of dead letters: those that are trades by the current rules move to the tape.

Order of effects of `replay_dead_letters`, in one transaction per slice: the consumer's offsets are locked, so
it waits for a moment; then the new trades, the count of those that were already stored, the dead letters that
leave and those that stay, then COMMIT. A crash at any time leaves each message either a dead letter or a
trade.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres.connection import Address, Connection, connect, own_errors
from stockstream.connectors.postgres.sql import query
from stockstream.connectors.postgres.store.copy_rows import Rows
from stockstream.errors import BadTradeError, PoisonError
from stockstream.market.trade.arrivals import DeadLetter, placed, table
from stockstream.market.trade.codec import decode
from stockstream.market.trade.schema import Trade

JOB = "consumer"
# A dead letter may be as large as the broker accepts, a million bytes by default.
SLICE = 250
BEFORE_ALL = (-1, -1)

Position = tuple[int, int]
Refusals = dict[Position, str]


@dataclass(frozen=True)
class ReplayedLetters:
    """The outcome of replayed dead letters."""

    stored: int = 0
    duplicates: int = 0
    staying: int = 0

    def __str__(self) -> str:
        return f"{self.stored:,} stored, {self.duplicates:,} were there already, {self.staying:,} stay"

    def __len__(self) -> int:
        """Return the number of dead letters."""
        return self.stored + self.duplicates + self.staying

    def __add__(self, other: "ReplayedLetters") -> "ReplayedLetters":
        return ReplayedLetters(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.staying + other.staying,
        )


class DeadLetters:
    """The dead letters of one topic."""

    def __init__(self, address: Address, topic: str) -> None:
        """Create the reader and writer; each slice has its own connection."""
        self._address = address
        self._topic = topic

    def count(self) -> int:
        """Return how many there are.

        Raises:
            RecoverableError: the database is unavailable.
        """
        with (
            closing(connect(self._address, JOB)) as connection,
            own_errors(self._address),
            connection.cursor() as cursor,
        ):
            cursor.execute(query("count_dead_letters"), {"topic": self._topic})
            return int((cursor.fetchone() or (0,))[0])

    def replay_dead_letters(
        self, after: Position = BEFORE_ALL, most: int = SLICE
    ) -> tuple[ReplayedLetters, Position | None]:
        """Replay the next dead letters after a position.

        Returns:
            Their outcome and the position of the last one; None if there are no more.

        Raises:
            RecoverableError: the database is unavailable; the slice is unchanged, or done.
        """
        with closing(connect(self._address, JOB)) as connection:
            return self._replay(connection, after, most)

    def _replay(
        self, connection: Connection, after: Position, most: int
    ) -> tuple[ReplayedLetters, Position | None]:
        wanted = {"topic": self._topic, "partition": after[0], "offset": after[1], "most": most}
        with own_errors(self._address), connection, connection.cursor() as cursor:
            cursor.execute(query("lock_offsets"), {"job": JOB, "topic": self._topic})
            cursor.execute(query("select_dead_letters"), wanted)
            payloads = {(at, offset): payload for at, offset, payload in cursor.fetchall()}
            if not payloads:
                return ReplayedLetters(), None
            trades, refusals = _parsed(payloads)
            days = _days(cursor)
            stored, refused = self._store(cursor, trades)
            if _days(cursor) != days:
                # A running consumer knows the days as they were, and would take a repeat for new.
                cursor.execute(query("bump_epochs_of_job"), {"topic": self._topic, "job": JOB})
            refusals |= refused
            repeated = set(trades) - stored - set(refused)
            self._settle(cursor, stored, repeated, refusals)
            return ReplayedLetters(len(stored), len(repeated), len(refusals)), max(payloads)

    def _store(self, cursor: Cursor, trades: dict[Position, Trade]) -> tuple[set[Position], Refusals]:
        """Store the new trades; return their positions, and what PostgreSQL rejects."""
        cursor.execute(query("create_arrivals"))
        cursor.execute(query("set_lookup_plan"))
        try:
            return self._store_together(cursor, trades), {}
        except PoisonError:
            cursor.execute("ROLLBACK TO SAVEPOINT revived")
        stored: set[Position] = set()
        refused = {}
        for position, trade in trades.items():
            try:
                stored |= self._store_together(cursor, {position: trade})
            except PoisonError as exc:
                cursor.execute("ROLLBACK TO SAVEPOINT revived")
                refused[position] = str(exc)
        return stored, refused

    def _store_together(self, cursor: Cursor, trades: dict[Position, Trade]) -> set[Position]:
        with own_errors(self._address):
            cursor.execute("SAVEPOINT revived")
            cursor.copy_expert(query("copy_arrivals"), Rows(_table(trades)).file())
            cursor.execute(query("insert_arrivals"))
            stored = {(partition, offset) for partition, offset in cursor.fetchall()}
            cursor.execute(query("insert_touched_arrivals"))
            cursor.execute("TRUNCATE arrivals")
        return stored

    def _settle(
        self, cursor: Cursor, stored: set[Position], repeated: set[Position], refusals: Refusals
    ) -> None:
        topic = {"topic": self._topic}
        for partition, count in Counter(partition for partition, _ in repeated).items():
            key = topic | {"job": JOB, "partition": str(partition)}
            cursor.execute(query("update_duplicates"), key | {"duplicates": str(count)})
        cursor.execute(query("delete_replayed_dead_letters"), topic | _positions(sorted(stored | repeated)))
        staying = sorted(refusals)
        reasons = {"reasons": [refusals[position] for position in staying]}
        cursor.execute(query("update_dead_letters"), topic | _positions(staying) | reasons)


def _days(cursor: Cursor) -> list[tuple[object, ...]]:
    """Return the days of the tape and the ranges of their ids."""
    cursor.execute(query("select_days"))
    return sorted(cursor.fetchall(), key=str)


def _parsed(
    payloads: dict[Position, memoryview | None],
) -> tuple[dict[Position, Trade], Refusals]:
    trades, refusals = {}, {}
    for position, payload in payloads.items():
        try:
            trades[position] = decode(None if payload is None else bytes(payload))
        except BadTradeError as exc:
            refusals[position] = str(exc)
    return trades, refusals


def _positions(positions: Sequence[Position]) -> dict[str, object]:
    return {
        "partitions": [partition for partition, _ in positions],
        "offsets": [offset for _, offset in positions],
    }


def _table(trades: dict[Position, Trade]) -> pa.Table:
    partitions, offsets = zip(*trades, strict=True) if trades else ((), ())
    return placed(table(list(trades.values())), partitions, offsets)


def insert(cursor: Cursor, topic: str, dead: Sequence[DeadLetter]) -> None:
    """Store the dead letters of a batch, in the caller's transaction."""
    if not dead:
        return
    columns = {
        "partitions": [each.partition for each in dead],
        "offsets": [each.offset for each in dead],
        "keys": [each.key for each in dead],
        "payloads": [each.payload for each in dead],
        "reasons": [each.reason for each in dead],
    }
    cursor.execute(query("insert_dead_letters"), {"topic": topic, **columns})
