"""What the database knows of a topic's lives, and of how far each job has come in them.

Whoever decides about a topic's lives does it within `deciding`: one at a time, in one transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors.postgres import fence
from stockstream.connectors.postgres.connection import Address, connect, own_errors
from stockstream.connectors.postgres.sql import query

# The id of a life that came from files; Kafka's ids are longer.
IMPORTED = "imported"


@dataclass(frozen=True)
class Life:
    """One life of a partition: which topic it is, and where its offsets begin on the tape."""

    topic_id: str
    base: int


@dataclass(frozen=True)
class Loss:
    """Places of a partition, `begin` (included) to `end` (excluded), that a job will never read."""

    job: str
    partition: int
    begin: int
    end: int


class LifeRecords:
    """The lives of one topic, within a transaction."""

    def __init__(self, cursor: Cursor, topic: str) -> None:
        """Use the cursor of the transaction."""
        self._cursor = cursor
        self._topic = topic

    def newest(self) -> dict[int, Life]:
        """Return the newest life of each partition."""
        self._cursor.execute(query("lives"), {"topic": self._topic})
        return {partition: Life(topic_id, base) for partition, topic_id, base in self._cursor}

    def begin(self, partition: int, topic_id: str, base: int) -> Life:
        """Let a partition begin a life."""
        wanted = {"topic": self._topic, "partition": partition, "topic_id": topic_id, "base": base}
        self._cursor.execute(query("begin_life"), wanted)
        return Life(topic_id, base)

    def furthest(self) -> dict[int, int]:
        """Return the furthest place that any job has reached, by partition."""
        self._cursor.execute(query("furthest"), {"topic": self._topic})
        return dict(self._cursor.fetchall())

    def disown(self) -> None:
        """Refuse what anyone still has in hand of a former life: no place of a new one is for it."""
        self._cursor.execute(query("disown"), {"topic": self._topic})

    def evict(self, job: str, partitions: Mapping[int, object]) -> None:
        """Wait for a former owner of the partitions no longer than the fence does."""
        fence.evict(self._cursor, job, self._topic, partitions)

    def places(self, job: str, partitions: Mapping[int, object]) -> dict[int, int]:
        """Return the place of a job in each of the partitions."""
        return {
            partition: fence.place(self._cursor, job, self._topic, partition).next_offset
            for partition in partitions
        }

    def lose(self, jobs: Sequence[str], starts: Mapping[int, int]) -> list[Loss]:
        """Move jobs up to `starts` where they lie below, keep in mind what they lost, and return it."""
        losses = []
        for job in jobs:
            for partition, start in sorted(starts.items()):
                key = {"job": job, "topic": self._topic, "partition": partition}
                self._cursor.execute(query("lose"), key | {"to": start})
                losses += [Loss(job, partition, begin, start) for (begin,) in self._cursor.fetchall()]
        return losses


@contextmanager
def deciding(address: Address, job: str, topic: str) -> Iterator[LifeRecords]:
    """Give the records of a topic in a transaction of their own; nobody else decides meanwhile.

    Raises:
        RecoverableError: the database is away.
    """
    with (
        closing(connect(address, job)) as connection,
        own_errors(address),
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(query("lock_topic"), {"topic": topic})
        yield LifeRecords(cursor, topic)
