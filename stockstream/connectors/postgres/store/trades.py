"""The tape: where trades are stored, once each, together with the place they came from.

Order of effects of `append`, in one transaction: the fence moves the job on in every partition of the batch,
then the notes of the minutes that its trades lie in, then the trades, then the dead letters, then the count
of offsets without a message, then COMMIT. A crash between any two repeats the batch, and a COMMIT whose
outcome is unknown is settled by reading the place again. A long batch is two such transactions side by side,
each of partitions of its own; where one of them failed, the batch is appended again, and the other is found
stored.

A clean batch goes the fast way: binary COPY straight into `trades`, no check per row but the key's own.
One that may hold repeats (`days`), or in which a row is refused, is done by the careful way (`careful`),
that batch alone.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.postgres import schema
from stockstream.connectors.postgres.connection import Address, connect, own_errors
from stockstream.connectors.postgres.fence import FencedJob
from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.connectors.postgres.store import dead_letters
from stockstream.connectors.postgres.store.day_partitions import DayPartitions
from stockstream.connectors.postgres.store.dedupe import DedupeStore
from stockstream.connectors.postgres.store.encoded_batch import WRITERS, EncodedBatch, Part
from stockstream.errors import PoisonError

JOB = "consumer"


@dataclass(frozen=True)
class Stored:
    """What became of messages: stored as trades, kept as dead letters, or met again."""

    trades: int = 0
    dead_letters: int = 0
    duplicates: int = 0

    def __str__(self) -> str:
        return f"{self.trades:,} trades, {self.dead_letters:,} dead letters, {self.duplicates:,} duplicates"

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            self.trades + other.trades,
            self.dead_letters + other.dead_letters,
            self.duplicates + other.duplicates,
        )


Way = Callable[[Cursor, Part], Stored]


class Tape:
    """The table `trades` with its fence, for one consumer of one topic."""

    def __init__(self, address: Address, topic: str) -> None:
        """Prepare; connections are opened when they are needed, and again after they broke."""
        self._address = address
        self._topic = topic
        self._job = FencedJob(JOB, topic)
        self._sessions = [Session(address, JOB) for _ in range(WRITERS)]
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="tape")
        self._days = DayPartitions()

    def check(self) -> None:
        """Raise SchemaMissingError or SchemaTooNewError unless the tables are this program's."""
        schema.require(self._sessions[0].connection, self._address)

    def acquire(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over; returns the offset to read on from, for each.

        On a connection of its own: another thread may claim while a batch is stored.
        """
        with (
            closing(connect(self._address, JOB)) as connection,
            own_errors(self._address),
            connection,
            connection.cursor() as cursor,
        ):
            offsets = self._job.acquire(cursor, partitions)
            # After that a former owner's last trades are in.
            self._days.look(cursor)
        return offsets

    def append(self, batch: EncodedBatch) -> Stored:
        """Store a batch.

        Raises:
            FencedError: another consumer has taken a partition over; of that one nothing was written.
            RecoverableError: the database is away; append the same batch again.
        """
        self._days.make(self._sessions[0], batch.ids)
        ids = self._days.ranges(batch.ids)
        store = self._store_carefully if self._days.may_repeat(ids) else self._store_quickly
        runs = [self._writers.submit(store, *each) for each in zip(self._sessions, batch.parts, strict=False)]
        # None may still be at work when the batch is tried again.
        wait(runs)
        stored = sum((run.result() for run in runs), Stored())
        self._days.stored(ids)
        return stored

    def close(self) -> None:
        """Close the connections."""
        self._writers.shutdown()
        for session in self._sessions:
            session.close()

    def _store_quickly(self, session: Session, part: Part) -> Stored:
        try:
            return self._store(session, part, self._fast)
        except PoisonError:
            return self._store_carefully(session, part)

    def _store_carefully(self, session: Session, part: Part) -> Stored:
        return self._store(session, part, self._with_care)

    def _store(self, session: Session, part: Part, way: Way) -> Stored:
        arrivals = part.arrivals
        known = Stored(arrivals.trades.num_rows, len(arrivals.dead))
        return self._job.commit(session, arrivals.spans, partial(self._write, part=part, way=way), known)

    def _write(self, cursor: Cursor, part: Part, way: Way) -> Stored:
        stored = way(cursor, part)
        self._count_absent(cursor, part)
        return stored

    def _count_absent(self, cursor: Cursor, part: Part) -> None:
        for partition, count in part.absent.items():
            key = {"job": JOB, "topic": self._topic, "partition": partition}
            cursor.execute(query("update_absent"), key | {"absent": count})

    def _fast(self, cursor: Cursor, part: Part) -> Stored:
        """Store the trades in one message with the fence: on busy cores an answer is long to wait for."""
        arrivals = part.arrivals
        with self._job.refusals():
            cursor.copy_expert(self._copying(cursor, part), part.rows.file())
        dead_letters.insert(cursor, self._topic, arrivals.dead)
        return Stored(arrivals.trades.num_rows, len(arrivals.dead))

    def _copying(self, cursor: Cursor, part: Part) -> str:
        advancing = self._job.advancing(cursor, part.arrivals.spans)
        return f"{advancing};\n{self._noting(cursor, part)}{query('copy_trades')}"

    def _noting(self, cursor: Cursor, part: Part) -> str:
        return cursor.mogrify(query("insert_touched_minutes"), part.touched).decode() + ";\n"

    def _with_care(self, cursor: Cursor, part: Part) -> Stored:
        self._job.advance(cursor, part.arrivals.spans)
        cursor.execute(query("insert_touched_minutes"), part.touched)
        return Stored(*DedupeStore(self._address, cursor, JOB, self._topic).store(part.arrivals))
