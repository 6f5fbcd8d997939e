"""The fence: a job's committed offset in each partition, stored in PostgreSQL with the rows it wrote.

Order of effects in a transaction that advances a job: `advance` first (it locks the offsets, in sorted order,
and refuses a job that has been taken over), then the rows, then COMMIT. Rows and offset are therefore
consistent, a stale owner writes nothing, and a COMMIT of unknown outcome is resolved by reading the offset
again.

A stale owner may have been stopped in the middle of its transaction, with the offsets locked: whoever
acquires the partitions waits for it a moment, and then terminates its session.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.errors import FencedError
from stockstream.fault_injection import reached

# Seconds that a former owner has to finish a transaction; a batch takes a fraction of one.
TIMEOUT = 2
# The SQLSTATE of a refusal.
REFUSED = "SF001"

Outcome = TypeVar("Outcome")
# By partition, the offsets that are advanced over: from the first (included) to the second (excluded).
Spans = Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class CommittedOffset:
    """A job's committed offset in a partition, and the epoch of its owner."""

    next_offset: int
    epoch: int


class FencedJob:
    """A job on one topic: the partitions it owns, their committed offsets, and its transactions.

    Several sessions may use it at the same time, each for its own partitions.
    """

    def __init__(self, job: str, topic: str) -> None:
        """Create a job that owns no partition."""
        self._key: dict[str, Any] = {"job": job, "topic": topic}
        self._owned: dict[int, CommittedOffset] = {}

    def acquire(self, cursor: Cursor, partitions: Iterable[int]) -> dict[int, int]:
        """Take partitions over by raising their epochs, and return the committed offset of each.

        If the transaction does not COMMIT, the next commit refuses the partitions.
        """
        partitions = sorted(partitions)
        terminate_stale_owner(cursor, **self._key, partitions=partitions)
        for partition in partitions:
            cursor.execute(query("acquire_partition"), self._key | {"partition": partition})
            self._owned[partition] = CommittedOffset(*(cursor.fetchone() or (0, 0)))
        return {partition: self._owned[partition].next_offset for partition in partitions}

    def next_offset(self, partition: int) -> int:
        """Return the committed offset of an owned partition."""
        return self._owned[partition].next_offset

    def spans_to(self, ends: Mapping[int, int]) -> Spans:
        """Return the spans from the committed offsets to `ends`; what is read again gives an empty span."""
        starts = {partition: self.next_offset(partition) for partition in ends}
        return {partition: (start, max(start, ends[partition])) for partition, start in starts.items()}

    def commit(
        self, session: Session, spans: Spans, write: Callable[[Cursor], Outcome], written: Outcome
    ) -> Outcome:
        """Run `write`, which begins with `advance`, and COMMIT.

        Args:
            session: the session to write in.
            spans: the spans that `write` advances over.
            write: writes the rows.
            written: returned if an earlier try, whose answer was lost, turns out to have succeeded.

        Raises:
            FencedError: another owner has taken a partition over; nothing was written.
            RecoverableError: the database is unavailable; commit the same data again.
        """
        try:
            outcome = session.transaction(partial(self._write, write=write))
        except FencedError:
            if not self._has_moved(session, spans):
                raise
            outcome = written
        self._owned |= {
            partition: CommittedOffset(end, self._owned[partition].epoch)
            for partition, (_, end) in spans.items()
        }
        reached("after COMMIT")
        return outcome

    def advance(self, cursor: Cursor, spans: Spans) -> None:
        """Advance the committed offsets, inside the caller's transaction.

        Raises:
            FencedError: another owner has taken a partition over or advanced it.
        """
        with self.refusals():
            cursor.execute(self.advancing(cursor, spans))
        reached("after the fence")

    def advancing(self, cursor: Cursor, spans: Spans) -> str:
        """Return the statement of `advance`, to be sent in one message with those that follow it.

        Nothing then waits for its answer. Run the message in `refusals`.
        """
        moves = {
            "partitions": list(spans),
            "starts": [start for start, _ in spans.values()],
            "ends": [end for _, end in spans.values()],
            "epochs": [self._owned[partition].epoch for partition in spans],
        }
        return cursor.mogrify(query("advance_offsets"), self._key | moves).decode()

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Convert the refusal of `advance_offsets` to a FencedError."""
        try:
            yield
        except psycopg2.Error as exc:
            if exc.pgcode != REFUSED:
                raise
            raise FencedError(**self._key, partition=exc.diag.message_primary) from exc

    @staticmethod
    def _write(cursor: Cursor, write: Callable[[Cursor], Outcome]) -> Outcome:
        reached("before the fence")
        outcome = write(cursor)
        reached("before COMMIT")
        return outcome

    def _has_moved(self, session: Session, spans: Spans) -> bool:
        """Return whether a refusal is due to this job's own COMMIT, whose outcome was lost with a connection.

        All partitions of a transaction advance together, so any one that advances decides.
        """
        for partition, (start, end) in spans.items():
            if end > start:
                found = session.transaction(partial(committed_offset, **self._key, partition=partition))
                return found == CommittedOffset(end, self._owned[partition].epoch)
        return False


def terminate_stale_owner(cursor: Cursor, job: str, topic: str, partitions: Iterable[int]) -> None:
    """Wait at most `TIMEOUT` for a former owner that is still writing, in this transaction.

    After that the server refuses to wait, which is recoverable, and the next call terminates the former
    owner's session.
    """
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{TIMEOUT}s"])
    for partition in partitions:
        key = {"job": job, "topic": topic, "partition": partition}
        cursor.execute(query("terminate_stale_owner"), key | {"patience": TIMEOUT})


def committed_offset(cursor: Cursor, job: str, topic: str, partition: int) -> CommittedOffset:
    """Return a job's committed offset in a partition, whoever owns it."""
    cursor.execute(query("select_offset"), {"job": job, "topic": topic, "partition": partition})
    return CommittedOffset(*(cursor.fetchone() or (0, 0)))
