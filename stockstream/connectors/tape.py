"""The tape: where trades are stored, once each, together with the place they came from.

Order of effects of `append`, in one transaction: the fence moves the job on in every partition of
the batch, then the trades, then the dead letters, then COMMIT. A crash between any two repeats the
batch, and a COMMIT whose outcome is unknown is settled by reading the place again.

Clean batches go by COPY straight into `trades` and pay no check per row. A batch in which a trade
is there already (a feed that repeats itself at a new offset) is rolled back and done again with
care: through a temporary table, and by halves where a row is refused, down to the one row, which
becomes a dead letter.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from typing import TypeVar

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors import fence, schema
from stockstream.connectors.kafka import Batch
from stockstream.connectors.postgres import Address, Connection, connect, own_errors
from stockstream.connectors.sql import query
from stockstream.errors import FencedError, OffsetsReusedError, PoisonError, PostgresUnreachableError
from stockstream.market.arrivals import Arrival, DeadLetter, sort

JOB = "consumer"
PLACE_CONSTRAINT = "trades_place"

Outcome = TypeVar("Outcome")


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

    def __init__(self, address: Address, topic: str) -> None:
        """Prepare; the connection is opened when it is needed, and again after it broke."""
        self._address = address
        self._topic = topic
        self._connection: Connection | None = None
        self._owned: dict[int, fence.Place] = {}

    def check(self) -> None:
        """Raise SchemaMissingError or SchemaTooNewError unless the tables are this program's."""
        schema.require(self._connected(), self._address)

    def claim(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over; returns the offset to read on from, for each."""
        places = self._transaction(lambda cursor: fence.claim(cursor, JOB, self._topic, partitions))
        self._owned |= places
        return {partition: place.next_offset for partition, place in places.items()}

    def append(self, batch: Batch) -> Stored:
        """Store a batch.

        Raises:
            FencedError: another consumer has taken a partition over; nothing was written.
            RecoverableError: the database is away; append the same batch again.
        """
        arrivals, dead = sort(batch.values, batch.keys, batch.partitions, batch.offsets)
        steps = [fence.Step(partition, start, end) for partition, (start, end) in batch.spans.items()]
        try:
            return self._transaction(lambda cursor: self._store(cursor, steps, arrivals, dead))
        except PoisonError:
            return self._transaction(lambda cursor: self._store_with_care(cursor, steps, arrivals, dead))
        except FencedError:
            if not self._is_stored(steps):
                raise
            return Stored(len(arrivals), len(dead))

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _is_stored(self, steps: Sequence[fence.Step]) -> bool:
        """Settle a refusal: was it ours, a COMMIT whose outcome a broken connection took with it?

        All partitions of a batch move in one transaction, so any one of them tells.
        """
        step = steps[0]
        found = self._transaction(lambda cursor: fence.place(cursor, JOB, self._topic, step.partition))
        return found == fence.Place(step.end, self._owned[step.partition].epoch)

    def _store(
        self,
        cursor: Cursor,
        steps: Sequence[fence.Step],
        arrivals: Sequence[Arrival],
        dead: Sequence[DeadLetter],
    ) -> Stored:
        fence.advance(cursor, JOB, self._topic, self._owned, steps)
        cursor.copy_expert(query("copy_trades"), _rows(arrivals))
        self._bury(cursor, dead)
        return Stored(len(arrivals), len(dead))

    def _store_with_care(
        self,
        cursor: Cursor,
        steps: Sequence[fence.Step],
        arrivals: Sequence[Arrival],
        dead: Sequence[DeadLetter],
    ) -> Stored:
        fence.advance(cursor, JOB, self._topic, self._owned, steps)
        cursor.execute(query("arrivals"))
        repeated: Counter[int] = Counter()
        refused = self._store_by_halves(cursor, arrivals, repeated)
        for partition, count in repeated.items():
            place = {"job": JOB, "topic": self._topic, "partition": partition, "duplicates": count}
            cursor.execute(query("count_duplicates"), place)
        buried = [*dead, *refused]
        self._bury(cursor, buried)
        duplicates = repeated.total()
        return Stored(len(arrivals) - len(refused) - duplicates, len(buried), duplicates)

    def _store_by_halves(
        self, cursor: Cursor, arrivals: Sequence[Arrival], repeated: Counter[int]
    ) -> list[DeadLetter]:
        """Store what can be stored, count what is there already, return what is refused."""
        try:
            repeated += self._store_new(cursor, arrivals)
        except PoisonError as exc:
            if exc.facts.get("constraint") == PLACE_CONSTRAINT:
                raise OffsetsReusedError(topic=self._topic, reason=exc.facts["reason"]) from exc
            cursor.execute("ROLLBACK TO SAVEPOINT half")
            if len(arrivals) == 1:
                return [_refused(arrivals[0], exc)]
            middle = len(arrivals) // 2
            return [
                *self._store_by_halves(cursor, arrivals[:middle], repeated),
                *self._store_by_halves(cursor, arrivals[middle:], repeated),
            ]
        return []

    def _store_new(self, cursor: Cursor, arrivals: Sequence[Arrival]) -> Counter[int]:
        """Store those that are new; returns how many of each partition were there already."""
        with own_errors(self._address):
            cursor.execute("SAVEPOINT half")
            cursor.copy_expert(query("copy_arrivals"), _rows(arrivals))
            cursor.execute(query("store_arrivals"))
            stored = Counter(int(partition) for partition, _ in cursor)
            cursor.execute("TRUNCATE arrivals")
        return Counter(arrival.partition for arrival in arrivals) - stored

    def _bury(self, cursor: Cursor, dead: Sequence[DeadLetter]) -> None:
        for letter in dead:
            cursor.execute(query("dead_letter"), {"topic": self._topic, **asdict(letter)})

    def _transaction(self, work: Callable[[Cursor], Outcome]) -> Outcome:
        """Do `work` and COMMIT, all or nothing; a broken connection is opened anew at the next call."""
        connection = self._connected()
        try:
            with own_errors(self._address), connection, connection.cursor() as cursor:
                return work(cursor)
        except PostgresUnreachableError:
            self.close()
            raise

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._address, JOB)
        return self._connection


def _rows(arrivals: Sequence[Arrival]) -> StringIO:
    """Return trades in COPY's text format; control characters never come this far, backslashes do."""
    return StringIO("".join(map(_row, arrivals)))


def _row(arrival: Arrival) -> str:
    trade = arrival.trade
    anomaly = "\\N" if trade.anomaly is None else _escaped(trade.anomaly)
    return (
        f"{_escaped(trade.trade_id)}\t{trade.timestamp.isoformat()}\t{trade.symbol}\t{trade.price}\t{trade.volume}\t"
        f"{trade.trade_type}\t{_escaped(trade.source)}\t{anomaly}\t{arrival.partition}\t{arrival.offset}\n"
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


def _refused(arrival: Arrival, exc: PoisonError) -> DeadLetter:
    return DeadLetter(arrival.key, arrival.payload, arrival.partition, arrival.offset, str(exc))
