"""The tape: the storage of trades, each stored once, together with its record position.

Order of effects of `append`, in one transaction: the fence advances the job in every partition of the batch,
then the notes of the minutes that its trades touch, then the trades, then the marks of those that they
correct, then the dead letters, then the count of offsets without a message, then COMMIT. A crash between any
two repeats the batch, and a COMMIT whose outcome is unknown is resolved by reading the committed offset
again. A long batch is two such transactions in parallel, each with its own partitions; if one of them failed,
the batch is appended again, and the other is found stored.

A clean batch takes the fast path: binary COPY straight into `trades`, with no check per row but the key's
own. One that may hold repeats (see `day_partitions`), or in which a row is rejected, takes the dedupe path
(see `dedupe`), that batch alone.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

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
from stockstream.market.trade.arrivals import corrections

JOB = "consumer"


@dataclass(frozen=True)
class Stored:
    """The outcome of messages: stored as trades, stored as dead letters, or duplicates."""

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
        """Create the tape; connections are opened when needed, and again after they broke."""
        self._address = address
        self._topic = topic
        self._job = FencedJob(JOB, topic)
        self._sessions = [Session(address, JOB) for _ in range(WRITERS)]
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="tape")
        self._days = DayPartitions()

    def check(self) -> None:
        """Raise SchemaMissingError or SchemaTooNewError unless the tables have this program's version."""
        schema.require(self._sessions[0].connection, self._address)

    def acquire(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over and return the offset to continue from for each.

        It uses its own connection, because another thread may acquire partitions while a batch is stored.
        """
        with (
            closing(connect(self._address, JOB)) as connection,
            own_errors(self._address),
            connection,
            connection.cursor() as cursor,
        ):
            offsets = self._job.acquire(cursor, partitions)
            # From here on, a former owner's last trades are included.
            self._days.look(cursor)
        return offsets

    def append(self, batch: EncodedBatch) -> Stored:
        """Store a batch.

        Raises:
            FencedError: another consumer has taken a partition over; nothing was written to that partition.
            RecoverableError: the database is unavailable; append the same batch again.
        """
        self._days.make(self._sessions[0], batch.ids)
        ids = self._days.ranges(batch.ids)
        store = self._store_carefully if self._days.may_repeat(ids) else self._store_quickly
        runs = [self._writers.submit(store, *each) for each in zip(self._sessions, batch.parts, strict=False)]
        # No write may still be running when the batch is tried again.
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
        """Store the trades in one message with the fence, because answers are slow on busy cores."""
        arrivals = part.arrivals
        with self._job.refusals():
            cursor.copy_expert(self._copying(cursor, part), part.rows.file())
        correct(cursor, arrivals.trades)
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
        stored = Stored(*DedupeStore(self._address, cursor, JOB, self._topic).store(part.arrivals))
        correct(cursor, part.arrivals.trades)
        return stored


def correct(cursor: Cursor, trades: pa.Table) -> None:
    """Mark the trades that these correct, and these where they cancel; all of them are stored before."""
    naming = corrections(trades)
    if not naming.num_rows:
        return
    # A cancellation is no trade, and marks itself.
    cancels = naming.filter(naming["cancels"])
    ids = naming["corrects"].to_pylist() + cancels["trade_id"].to_pylist()
    by, symbols, sources = (
        naming[name].to_pylist() + cancels[name].to_pylist() for name in ("trade_id", "symbol", "source")
    )
    cursor.execute(query("set_lookup_plan"))
    cursor.execute(query("mark_corrected"), {"ids": ids, "by": by, "symbols": symbols, "sources": sources})
