"""Topic incarnations: where a topic's offsets lie among record positions, even after it was recreated.

A topic that is deleted and created again starts at offset zero, and only its id differs. A stored message
is therefore identified by its record position: the base of the topic's incarnation plus its Kafka offset.
The base of a new incarnation is the highest committed offset of any job, so positions never repeat or go
back.

A job stops with a one-line error, until someone accepts it through `consumer.py`, when the topic has
another id, when messages were dropped before they were read, and when the topic ends before the committed
offset; what is lost is then recorded in `lost_ranges`. Imported trades are an incarnation that precedes
everything in the topic, so the topic is read from its beginning and nothing has to be accepted.
"""

import logging
from collections.abc import Mapping, Sequence

from stockstream.connectors.kafka.admin import Admin
from stockstream.connectors.kafka.client import Where
from stockstream.connectors.kafka.incarnations import Extent, Look
from stockstream.connectors.kafka.topic import begins, id_of
from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.store.incarnations import (
    IMPORTED,
    Incarnation,
    IncarnationRecords,
    deciding,
)
from stockstream.errors import (
    LostRangeError,
    NewTopicError,
    RecoverableError,
    TopicCutError,
    TopicMissingError,
)

# Acceptance applies to both; the detector never waits for it.
ACCEPTING = ("aggregator", "consumer")


class TopicIncarnations:
    """The incarnations of one topic, as seen by one job."""

    def __init__(  # noqa: PLR0913 - the servers, and what a person has accepted
        self,
        address: Address,
        servers: Where,
        topic: str,
        job: str,
        *,
        accepts_new: bool = False,
        skips_lost: bool = False,
    ) -> None:
        """Create the incarnations of a topic.

        Args:
            address: the database.
            servers: the Kafka brokers.
            topic: the topic.
            job: the job that reads it.
            accepts_new: take a recreated topic as the tape's continuation.
            skips_lost: continue at the oldest message if those before it were dropped unread.
        """
        self._address = address
        self._servers = servers
        self._topic = topic
        self._job = job
        self._accepts_new = accepts_new
        self._skips_lost = skips_lost
        self._admin = Admin(servers)
        self._entered: str | None = None
        self._log = logging.getLogger(job)

    def enter(self, look: Look) -> dict[int, int]:
        """Find each partition's base and bring the job's committed offset into its current incarnation.

        Args:
            look: returns what the partitions hold now.

        Returns:
            The base of each partition.

        Raises:
            NewTopicError: the topic was recreated, and nobody has accepted that.
            LostRangeError: messages that were never read are gone, and nobody has accepted that.
            TopicCutError: the topic ends before the job's committed offset.
            RecoverableError: a server or the topic is unavailable.
        """
        topic_id = self._topic_id()
        # Read the group offsets before the committed offsets: one that advances meanwhile is no older than
        # its group offset.
        extents = look()
        with deciding(self._address, self._job, self._topic) as records:
            records.terminate_stale_owner(self._job, extents)
            incarnations = self._incarnations(records, topic_id, list(extents))
            bases = {partition: incarnations[partition].base for partition in extents}
            cut = self._begin_where_cut(records, topic_id, bases, look)
            bases |= cut
            starts = bases | {each: base + extents[each].begin for each, base in cut.items()}
            self._skip_lost_range(records, [self._job], starts)
            offsets = records.offsets(self._job, extents)
            self._pass_over(records, bases, offsets, extents)
        self._tell_of_what_comes_again(bases, offsets, extents)
        self._entered = topic_id
        return bases

    def is_current(self) -> bool:
        """Return whether the topic is still the one that was entered.

        Raises:
            TopicMissingError: there is no topic of that name.
            KafkaUnreachableError: no broker answers.
        """
        return self._entered in (None, self._topic_id())

    def skip_lost(self) -> None:
        """Move consumer and aggregator past what the topic has dropped, in all partitions.

        Raises:
            NewTopicError: the topic was recreated, and nobody has accepted that.
            RecoverableError: a server or the topic is unavailable.
        """
        topic_id, oldest = self._topic_id(), begins(self._servers, self._topic)
        with deciding(self._address, self._job, self._topic) as records:
            incarnations = self._incarnations(records, topic_id, list(oldest))
            starts = {partition: incarnations[partition].base + begin for partition, begin in oldest.items()}
            self._skip_lost_range(records, ACCEPTING, starts)

    def _topic_id(self) -> str:
        try:
            found = id_of(self._admin, self._topic)
        except RecoverableError:
            # The client keeps asking the controller it first learnt of, even if that broker is dead and
            # another has taken over.
            self._admin = Admin(self._servers)
            raise
        if found is None:
            raise TopicMissingError(topic=self._topic, servers=self._servers)
        return found

    def _incarnations(
        self, records: IncarnationRecords, topic_id: str, partitions: Sequence[int]
    ) -> dict[int, Incarnation]:
        """Return the newest incarnation of each partition, starting one where there is none."""
        incarnations = records.newest()
        former = sorted({incarnation.topic_id for incarnation in incarnations.values()} - {IMPORTED})
        if former and topic_id not in former:
            self._accept_new(records, former[0], topic_id)
        unknown = [
            each for each in partitions if each not in incarnations or incarnations[each].topic_id != topic_id
        ]
        # A topic without incarnations may have been read before they were recorded: its offsets are
        # positions.
        max_offsets = records.max_offsets() if incarnations else {}
        for partition in unknown:
            incarnations[partition] = records.begin(partition, topic_id, max_offsets.get(partition, 0))
        return incarnations

    def _accept_new(self, records: IncarnationRecords, was: str, now: str) -> None:
        if not self._accepts_new:
            raise NewTopicError(topic=self._topic, servers=self._servers, was=was, now=now)
        self._log.warning("topic %s was recreated and is accepted: read on from its beginning", self._topic)
        records.bump_epochs()

    def _begin_where_cut(
        self, records: IncarnationRecords, topic_id: str, bases: Mapping[int, int], look: Look
    ) -> dict[int, int]:
        """Start an incarnation where a partition ends before the committed offset; return the bases."""
        offsets = records.offsets(self._job, bases)
        # Read after the committed offsets: what arrived and was stored in between is not a cut.
        extents = look()
        cut = [each for each, base in bases.items() if offsets[each] > base + extents[each].end]
        if not cut:
            return {}
        if not self._accepts_new:
            first = cut[0]
            end, place = f"{extents[first].end:,}", f"{offsets[first] - bases[first]:,}"
            raise TopicCutError(topic=self._topic, partition=first, end=end, place=place, job=self._job)
        records.bump_epochs()
        max_offsets = records.max_offsets()
        return {
            each: records.begin(each, topic_id, max_offsets[each] - extents[each].begin).base for each in cut
        }

    def _skip_lost_range(
        self, records: IncarnationRecords, jobs: Sequence[str], starts: Mapping[int, int]
    ) -> None:
        """Move jobs past what they can never read, and log it."""
        for loss in records.skip_lost_range(jobs, starts):
            self._log.warning(
                "%s: places %s to %s of partition %s of %s are lost, and kept in lost_ranges: they "
                "have gone from the topic unread",
                *(loss.job, f"{loss.begin:,}", f"{loss.end - 1:,}", loss.partition, self._topic),
            )

    def _pass_over(
        self,
        records: IncarnationRecords,
        bases: Mapping[int, int],
        offsets: Mapping[int, int],
        extents: Mapping[int, Extent],
    ) -> None:
        """Refuse to continue where messages were dropped unread, unless that is accepted."""
        starts = {each: base + extents[each].begin for each, base in bases.items()}
        lost = {each: start for each, start in starts.items() if offsets[each] < start}
        if lost and not self._skips_lost:
            ranges = (
                f"partition {each}: offsets {offsets[each] - bases[each]:,} to {start - bases[each] - 1:,}"
                for each, start in sorted(lost.items())
            )
            raise LostRangeError(topic=self._topic, ranges="; ".join(ranges), job=self._job)
        self._skip_lost_range(records, [self._job], lost)

    def _tell_of_what_comes_again(
        self, bases: Mapping[int, int], offsets: Mapping[int, int], extents: Mapping[int, Extent]
    ) -> None:
        """Warn if the group offset is ahead of the tables, as after a restore from an older backup."""
        again = sum(
            max(bases[each] + extent.committed - offsets[each], 0)
            for each, extent in extents.items()
            if extent.committed <= extent.end
        )
        if again:
            self._log.warning(
                "the database stands %s messages before the place that this group had reached, as after a "
                "restore from a backup: they are read again from %s",
                *(f"{again:,}", self._topic),
            )
