"""The database's records of a topic's incarnations, and of each job's offsets in them.

Whoever decides about a topic's incarnations does so within `deciding`: one at a time, in one transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from stockstream.connectors.postgres import fence
from stockstream.connectors.postgres.connection import Address, connect, own_errors
from stockstream.connectors.postgres.sql import query

# The id of an incarnation that came from files; Kafka's ids are longer.
IMPORTED = "imported"


@dataclass(frozen=True)
class Incarnation:
    """One incarnation of a partition: the topic's id, and the base of its record positions."""

    topic_id: str
    base: int


@dataclass(frozen=True)
class Loss:
    """Positions of a partition, `begin` (included) to `end` (excluded), that a job will never read."""

    job: str
    partition: int
    begin: int
    end: int


class IncarnationRecords:
    """The incarnations of one topic, within a transaction."""

    def __init__(self, cursor: Cursor, topic: str) -> None:
        self._cursor = cursor
        self._topic = topic

    def newest(self) -> dict[int, Incarnation]:
        """Return the newest incarnation of each partition."""
        self._cursor.execute(query("select_incarnations"), {"topic": self._topic})
        return {partition: Incarnation(topic_id, base) for partition, topic_id, base in self._cursor}

    def begin(self, partition: int, topic_id: str, base: int) -> Incarnation:
        """Start an incarnation of a partition."""
        wanted = {"topic": self._topic, "partition": partition, "topic_id": topic_id, "base": base}
        self._cursor.execute(query("insert_incarnation"), wanted)
        return Incarnation(topic_id, base)

    def max_offsets(self) -> dict[int, int]:
        """Return the highest committed offset of any job, by partition."""
        self._cursor.execute(query("select_max_offsets"), {"topic": self._topic})
        return dict(self._cursor.fetchall())

    def bump_epochs(self) -> None:
        """Raise the epoch of every job: batches of a former incarnation can no longer be committed."""
        self._cursor.execute(query("bump_epochs"), {"topic": self._topic})

    def terminate_stale_owner(self, job: str, partitions: Mapping[int, object]) -> None:
        """Wait for a former owner of the partitions, but no longer than the fence does."""
        fence.terminate_stale_owner(self._cursor, job, self._topic, partitions)

    def offsets(self, job: str, partitions: Mapping[int, object]) -> dict[int, int]:
        """Return a job's committed offset in each of the partitions."""
        return {
            partition: fence.committed_offset(self._cursor, job, self._topic, partition).next_offset
            for partition in partitions
        }

    def skip_lost_range(self, jobs: Sequence[str], starts: Mapping[int, int]) -> list[Loss]:
        """Move jobs that are below `starts` up to them; record and return what they lost."""
        losses = []
        for job in jobs:
            for partition, start in sorted(starts.items()):
                key = {"job": job, "topic": self._topic, "partition": partition}
                self._cursor.execute(query("skip_lost_range"), key | {"to": start})
                losses += [Loss(job, partition, begin, start) for (begin,) in self._cursor.fetchall()]
        return losses


@contextmanager
def deciding(address: Address, job: str, topic: str) -> Iterator[IncarnationRecords]:
    """Yield a topic's records in their own transaction, in which no one else decides about the topic.

    Raises:
        RecoverableError: the database is unavailable.
    """
    with (
        closing(connect(address, job)) as connection,
        own_errors(address),
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query("lock_topic"), {"topic": topic})
        yield IncarnationRecords(cursor, topic)
