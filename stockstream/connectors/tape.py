"""The tape: where trades are stored, once each, together with the place they came from.

Order of effects of `append`, in one transaction: the fence moves the job on in every partition of
the batch, then the trades, then the dead letters, then COMMIT. A crash between any two repeats the
batch, and a COMMIT whose outcome is unknown is settled by reading the place again.

A clean batch goes the fast way (`bulk`): binary COPY straight into `trades`, no check per row but the
key's own. One that may hold repeats (`days`), or in which a row is refused, is done by the careful way
(`careful`), that batch alone.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors import fence, schema
from stockstream.connectors.bulk import Bulk, Move
from stockstream.connectors.careful import CarefulStore
from stockstream.connectors.days import Days
from stockstream.connectors.postgres import Address, Connection, connect, own_errors
from stockstream.errors import FencedError, PoisonError, RecoverableError
from stockstream.market.arrivals import Arrivals

JOB = "consumer"

Outcome = TypeVar("Outcome")


def unmarked(_point: str) -> None:
    """Pass a labelled point of the order of effects without a mark; tests of crashes mark them."""


@dataclass(frozen=True)
class Stored:
    """What became of messages: stored as trades, kept as dead letters, or met again."""

    trades: int = 0
    dead_letters: int = 0
    duplicates: int = 0

    def __str__(self) -> str:
        """Return it as a person reads it."""
        return f"{self.trades:,} trades, {self.dead_letters:,} dead letters, {self.duplicates:,} duplicates"

    def __add__(self, other: "Stored") -> "Stored":
        """Return both together."""
        return Stored(
            self.trades + other.trades,
            self.dead_letters + other.dead_letters,
            self.duplicates + other.duplicates,
        )


class Tape:
    """The table `trades` with its fence, for one consumer of one topic."""

    def __init__(self, address: Address, topic: str, reached: Callable[[str], None] = unmarked) -> None:
        """Prepare; connections are opened when they are needed, and again after they broke.

        Args:
            address: where the database is.
            topic: whose messages are stored.
            reached: told each labelled point as it is passed.
        """
        self._address = address
        self._topic = topic
        self._connection: Connection | None = None
        self._bulk = Bulk(address, JOB, topic, reached)
        self._days = Days(address)
        self._owned: dict[int, fence.Place] = {}

    def check(self) -> None:
        """Raise SchemaMissingError or SchemaTooNewError unless the tables are this program's."""
        schema.require(self._connected(), self._address)

    def claim(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over; returns the offset to read on from, for each.

        On a connection of its own: another thread may claim while a batch is stored.
        """
        with closing(connect(self._address, JOB)) as connection:
            with own_errors(self._address), connection, connection.cursor() as cursor:
                places = fence.claim(cursor, JOB, self._topic, partitions)
            self._days.look(connection)
        self._owned |= places
        return {partition: place.next_offset for partition, place in places.items()}

    def append(self, arrivals: Arrivals) -> Stored:
        """Store a batch.

        Raises:
            FencedError: another consumer has taken a partition over; nothing was written.
            RecoverableError: the database is away; append the same batch again.
        """
        try:
            return self._append(arrivals)
        except RecoverableError:
            # A session keeps settings that it began under (read-only, a timeout): a new one is fresh.
            self.close()
            raise
        except FencedError:
            if not self._is_stored(arrivals):
                raise
            return Stored(arrivals.trades.num_rows, len(arrivals.dead))

    def close(self) -> None:
        """Close the connections."""
        self._bulk.close()
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _append(self, arrivals: Arrivals) -> Stored:
        self._days.make(self._connected(), arrivals.trades)
        ids = self._days.ranges(arrivals.trades)
        if self._days.may_repeat(ids):
            return self._append_with_care(arrivals)
        moves = [
            Move(partition, start, end, self._owned[partition].epoch)
            for partition, (start, end) in arrivals.spans.items()
        ]
        try:
            self._bulk.store(moves, arrivals.trades, arrivals.dead)
        except PoisonError:
            return self._append_with_care(arrivals)
        self._days.stored(ids)
        return Stored(arrivals.trades.num_rows, len(arrivals.dead))

    def _append_with_care(self, arrivals: Arrivals) -> Stored:
        steps = [fence.Step(partition, start, end) for partition, (start, end) in arrivals.spans.items()]

        def store(cursor: Cursor) -> Stored:
            careful = CarefulStore(self._address, cursor, JOB, self._topic)
            return Stored(*careful.store(self._owned, steps, arrivals))

        stored = self._transaction(store)
        self._days.stored(self._days.ranges(arrivals.trades))
        return stored

    def _is_stored(self, arrivals: Arrivals) -> bool:
        """Settle a refusal: was it ours, a COMMIT whose outcome a broken connection took with it?

        All partitions of a batch move in one transaction, so any one of them tells.
        """
        partition, (_, end) = next(iter(arrivals.spans.items()))
        found = self._transaction(lambda cursor: fence.place(cursor, JOB, self._topic, partition))
        return found == fence.Place(end, self._owned[partition].epoch)

    def _transaction(self, work: Callable[[Cursor], Outcome]) -> Outcome:
        """Do `work` and COMMIT, all or nothing; a broken connection is opened anew at the next call."""
        connection = self._connected()
        try:
            with own_errors(self._address), connection, connection.cursor() as cursor:
                return work(cursor)
        except RecoverableError:
            self.close()
            raise

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._address, JOB)
        return self._connection
