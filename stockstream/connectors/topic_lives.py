"""The lives of a topic: where its offsets lie on the tape, though it be deleted and made anew.

A topic that is made anew begins at offset zero again, and only its id tells. So a message's place on
the tape is the base of its topic's life plus its offset in Kafka: a new life's base is the furthest
place that any job has reached, places never go back, and no two messages share one.

Nothing is passed over in silence. A topic with another id, messages that were dropped unread, and a
topic that ends before our place stop a job in one line, until a person accepts it through
`consumer.py`; what is lost is then kept in the table `lost_ranges`.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from confluent_kafka.admin import AdminClient
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a small name

from stockstream.connectors import fence
from stockstream.connectors.kafka_topic import QUIET, begins, id_of
from stockstream.connectors.postgres import Address, connect, own_errors
from stockstream.connectors.sql import query
from stockstream.errors import LostRangeError, NewTopicError, TopicCutError, TopicMissingError

# What is accepted is accepted for both; the detector never waits for it.
ACCEPTING = ("aggregator", "consumer")


@dataclass(frozen=True)
class Extent:
    """What a partition holds, in offsets of Kafka: its oldest message, its end, and the group's hint.

    `hinted` is the offset that the group last committed, below zero where there is none.
    """

    begin: int
    end: int
    hinted: int = -1


Look = Callable[[], Mapping[int, Extent]]


class Lives(Protocol):
    """What knows where a topic's offsets lie on the tape."""

    def enter(self, look: Look) -> dict[int, int]:
        """Return the base of each partition that `look` tells of, or refuse to read there."""

    def is_current(self) -> bool:
        """Whether the topic is still the one that was entered."""


class OneLife:
    """A topic that is taken as it is: offsets are places."""

    def enter(self, look: Look) -> dict[int, int]:
        """Return zero for each partition."""
        return dict.fromkeys(look(), 0)

    def is_current(self) -> bool:
        """Return True: there is no other."""
        return True


@dataclass(frozen=True)
class Life:
    """One life of a partition: which topic it is, and where its offsets begin on the tape."""

    topic_id: str
    base: int


class TopicLives:
    """The lives of one topic, as one job sees them."""

    def __init__(  # noqa: PLR0913 - whom to ask, and what a person has accepted
        self,
        address: Address,
        servers: str,
        topic: str,
        job: str,
        *,
        accepts_new: bool = False,
        skips_lost: bool = False,
    ) -> None:
        """Prepare.

        Args:
            accepts_new: take a topic that was made anew as the tape's continuation.
            skips_lost: go on at the oldest message where those before it were never read.
        """
        self._address = address
        self._servers = servers
        self._topic = topic
        self._job = job
        self._accepts_new = accepts_new
        self._skips_lost = skips_lost
        self._admin = AdminClient({"bootstrap.servers": servers} | QUIET)
        self._entered: str | None = None
        self._log = logging.getLogger(job)

    def enter(self, look: Look) -> dict[int, int]:
        """Find where each partition's offsets lie on the tape, and bring the job's place there.

        Args:
            look: tells what the partitions hold now.

        Returns:
            The base of each partition.

        Raises:
            NewTopicError: the topic was made anew, and nobody has accepted that.
            LostRangeError: messages that were never read are gone, and nobody has accepted that.
            TopicCutError: the topic ends before the job's place.
            RecoverableError: a server is away, or the topic is.
        """
        topic_id = self._topic_id()
        # The hints are looked at before the places: a place that moves meanwhile is no older than its hint.
        extents = look()
        with self._decision() as cursor:
            fence.evict(cursor, self._job, self._topic, extents)
            lives = self._lives(cursor, topic_id, list(extents))
            bases = {partition: lives[partition].base for partition in extents}
            cut = self._begin_where_cut(cursor, topic_id, bases, look)
            bases |= cut
            self._lose(cursor, [self._job], bases | {p: cut[p] + extents[p].begin for p in cut})
            places = {partition: self._place(cursor, partition) for partition in extents}
            self._pass_over(cursor, bases, places, extents)
        self._tell_of_what_comes_again(bases, places, extents)
        self._entered = topic_id
        return bases

    def is_current(self) -> bool:
        """Tell whether the topic is still the one that was entered.

        Raises:
            TopicMissingError: there is none of that name.
            KafkaUnreachableError: no broker answers.
        """
        return self._entered in (None, self._topic_id())

    def skip_lost(self) -> None:
        """Move consumer and aggregator past what the topic has dropped, in all partitions.

        Raises:
            NewTopicError: the topic was made anew, and nobody has accepted that.
            RecoverableError: a server is away, or the topic is.
        """
        topic_id, oldest = self._topic_id(), begins(self._servers, self._topic)
        with self._decision() as cursor:
            lives = self._lives(cursor, topic_id, list(oldest))
            starts = {partition: lives[partition].base + begin for partition, begin in oldest.items()}
            self._lose(cursor, ACCEPTING, starts)

    @contextmanager
    def _decision(self) -> Iterator[Cursor]:
        """Give a transaction in which this job alone decides about the lives of the topic."""
        with (
            closing(connect(self._address, self._job)) as connection,
            own_errors(self._address),
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query("lock_topic"), {"topic": self._topic})
            yield cursor

    def _topic_id(self) -> str:
        found = id_of(self._admin, self._servers, self._topic)
        if found is None:
            raise TopicMissingError(topic=self._topic, servers=self._servers)
        return found

    def _lives(self, cursor: Cursor, topic_id: str, partitions: Sequence[int]) -> dict[int, Life]:
        """Return the newest life of each partition; those that have none in this topic begin one."""
        cursor.execute(query("lives"), {"topic": self._topic})
        lives = {partition: Life(found, base) for partition, found, base in cursor}
        former = sorted({life.topic_id for life in lives.values()})
        if lives and topic_id not in former:
            self._accept_new(cursor, former[0], topic_id)
        unknown = [each for each in partitions if each not in lives or lives[each].topic_id != topic_id]
        # A topic that no life is known of may have been read before lives were kept: its places hold.
        furthest = self._furthest(cursor) if lives else {}
        for partition in unknown:
            lives[partition] = self._begin(cursor, partition, topic_id, furthest.get(partition, 0))
        return lives

    def _accept_new(self, cursor: Cursor, was: str, now: str) -> None:
        if not self._accepts_new:
            raise NewTopicError(topic=self._topic, servers=self._servers, was=was, now=now)
        self._log.warning("topic %s was made anew and is accepted: read on from its beginning", self._topic)
        # Messages of the former life that anyone still has in hand must not be written at places of this one.
        cursor.execute(query("disown"), {"topic": self._topic})

    def _begin(self, cursor: Cursor, partition: int, topic_id: str, base: int) -> Life:
        wanted = {"topic": self._topic, "partition": partition, "topic_id": topic_id, "base": base}
        cursor.execute(query("begin_life"), wanted)
        return Life(topic_id, base)

    def _furthest(self, cursor: Cursor) -> dict[int, int]:
        cursor.execute(query("furthest"), {"topic": self._topic})
        return dict(cursor.fetchall())

    def _place(self, cursor: Cursor, partition: int) -> int:
        return fence.place(cursor, self._job, self._topic, partition).next_offset

    def _lose(self, cursor: Cursor, jobs: Sequence[str], starts: Mapping[int, int]) -> None:
        """Move jobs up to `starts` where they lie below, and keep in mind what they lost."""
        for job in jobs:
            for partition, start in sorted(starts.items()):
                key = {"job": job, "topic": self._topic, "partition": partition}
                cursor.execute(query("lose"), key | {"to": start})
                for (lost,) in cursor.fetchall():
                    self._log.warning(
                        "%s: places %s to %s of partition %s of %s are lost, and kept in lost_ranges: they "
                        "have gone from the topic unread",
                        *(job, f"{lost:,}", f"{start - 1:,}", partition, self._topic),
                    )

    def _begin_where_cut(
        self, cursor: Cursor, topic_id: str, bases: Mapping[int, int], look: Look
    ) -> dict[int, int]:
        """Begin a life where a partition ends before our place; returns the bases of those."""
        places = {partition: self._place(cursor, partition) for partition in bases}
        # Looked at after the places: what came and was stored in between is no cut.
        extents = look()
        cut = [each for each, base in bases.items() if places[each] > base + extents[each].end]
        if not cut:
            return {}
        if not self._accepts_new:
            first = cut[0]
            end, place = f"{extents[first].end:,}", f"{places[first] - bases[first]:,}"
            raise TopicCutError(topic=self._topic, partition=first, end=end, place=place, job=self._job)
        cursor.execute(query("disown"), {"topic": self._topic})
        furthest = self._furthest(cursor)
        return {
            each: self._begin(cursor, each, topic_id, furthest[each] - extents[each].begin).base
            for each in cut
        }

    def _pass_over(
        self,
        cursor: Cursor,
        bases: Mapping[int, int],
        places: Mapping[int, int],
        extents: Mapping[int, Extent],
    ) -> None:
        """Refuse to read on where messages were dropped unread, unless that is accepted."""
        starts = {each: base + extents[each].begin for each, base in bases.items()}
        lost = {each: start for each, start in starts.items() if places[each] < start}
        if lost and not self._skips_lost:
            ranges = (
                f"partition {each}: offsets {places[each] - bases[each]:,} to {start - bases[each] - 1:,}"
                for each, start in sorted(lost.items())
            )
            raise LostRangeError(topic=self._topic, ranges="; ".join(ranges), job=self._job)
        self._lose(cursor, [self._job], lost)

    def _tell_of_what_comes_again(
        self, bases: Mapping[int, int], places: Mapping[int, int], extents: Mapping[int, Extent]
    ) -> None:
        """Say so where the group was further than the tables are: they come from an older backup."""
        again = sum(
            max(bases[each] + extent.hinted - places[each], 0)
            for each, extent in extents.items()
            if extent.hinted <= extent.end
        )
        if again:
            self._log.warning(
                "the database stands %s messages before the place that this group had reached, as after a "
                "restore from a backup: they are read again from %s",
                *(f"{again:,}", self._topic),
            )
