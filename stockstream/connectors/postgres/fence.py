"""The fence: a job's place in each partition, kept in PostgreSQL beside the rows it wrote.

Order of effects in a transaction that moves a job on: `advance` first (it locks the places, in
sorted order, and refuses a job that has been taken over), then the rows, then COMMIT. So rows and
place are one, a zombie writes nothing, and a COMMIT of unknown outcome is settled by `committed_offset`.

A zombie may have been stopped in the middle of its transaction, with the places locked: who claims
waits for it a moment, and then ends its session.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.postgres.session import Session
from stockstream.connectors.postgres.sql import query
from stockstream.errors import FencedError

# Seconds that a former owner has to finish a transaction; a batch takes a fraction of one.
TIMEOUT = 2
# The SQLSTATE of a refusal.
REFUSED = "SF001"


@dataclass(frozen=True)
class CommittedOffset:
    """Where a job stands in a partition: the next offset to read, and the epoch of its owner."""

    next_offset: int
    epoch: int


@dataclass(frozen=True)
class Step:
    """A move of a job in one partition: offsets `start` (included) to `end` (excluded)."""

    partition: int
    start: int
    end: int


def acquire(cursor: Cursor, job: str, topic: str, partitions: Iterable[int]) -> dict[int, CommittedOffset]:
    """Take partitions over: raise each epoch and return where to go on reading."""
    offsets = {}
    terminate_stale_owner(cursor, job, topic, partitions := sorted(partitions))
    for partition in partitions:
        cursor.execute(query("acquire_partition"), {"job": job, "topic": topic, "partition": partition})
        next_offset, epoch = cursor.fetchone() or (0, 0)
        offsets[partition] = CommittedOffset(next_offset, epoch)
    return offsets


def terminate_stale_owner(cursor: Cursor, job: str, topic: str, partitions: Iterable[int]) -> None:
    """Wait for a former owner in the middle of writing no longer than `TIMEOUT`, in this transaction.

    After that the server refuses to wait, which is recoverable, and the next call ends its session.
    """
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{TIMEOUT}s"])
    for partition in partitions:
        key = {"job": job, "topic": topic, "partition": partition}
        cursor.execute(query("terminate_stale_owner"), key | {"patience": TIMEOUT})


def advance(
    cursor: Cursor, job: str, topic: str, owned: Mapping[int, CommittedOffset], steps: Iterable[Step]
) -> None:
    """Move the job on in each partition, inside the caller's transaction.

    Args:
        owned: the places as `acquire` gave them; their epochs are what the fence compares.
        steps: the moves, at most one a partition.

    Raises:
        FencedError: another owner has taken a partition over, or has moved it on.
    """
    with refusals(job, topic):
        cursor.execute(advancing(cursor, job, topic, owned, steps))


def advancing(
    cursor: Cursor, job: str, topic: str, owned: Mapping[int, CommittedOffset], steps: Iterable[Step]
) -> str:
    """Return the statement of `advance`: what stands behind it in one message waits for no answer.

    Run it in `refusals`.
    """
    steps = list(steps)
    moves = {
        "partitions": [step.partition for step in steps],
        "starts": [step.start for step in steps],
        "ends": [step.end for step in steps],
        "epochs": [owned[step.partition].epoch for step in steps],
    }
    return cursor.mogrify(query("advance_offsets"), {"job": job, "topic": topic, **moves}).decode()


@contextmanager
def refusals(job: str, topic: str) -> Iterator[None]:
    """Turn the refusal of `advance_places` into a FencedError."""
    try:
        yield
    except psycopg2.Error as exc:
        if exc.pgcode != REFUSED:
            raise
        raise FencedError(job=job, partition=exc.diag.message_primary, topic=topic) from exc


def has_moved(
    session: Session, job: str, topic: str, owned: Mapping[int, CommittedOffset], steps: Iterable[Step]
) -> bool:
    """Settle a refusal: was it ours, a COMMIT whose outcome a broken connection took with it?

    All partitions of a transaction move together, so any one that moves tells.
    """
    for step in steps:
        if step.end > step.start:
            found = session.transaction(
                partial(committed_offset, job=job, topic=topic, partition=step.partition)
            )
            return found == CommittedOffset(step.end, owned[step.partition].epoch)
    return False


def committed_offset(cursor: Cursor, job: str, topic: str, partition: int) -> CommittedOffset:
    """Return where the job stands in a partition, whoever owns it."""
    cursor.execute(query("select_offset"), {"job": job, "topic": topic, "partition": partition})
    next_offset, epoch = cursor.fetchone() or (0, 0)
    return CommittedOffset(next_offset, epoch)
