"""The cost of the fence and of the touched-minute notes: the consumer's own loop, with them and without.

Without the fence, the statement that advances the committed offsets, before every COPY, and the commit to the
consumer group after it are left out; without notes, the statement that notes the minutes. Everything else is
the consumer's own code, the checks and the COPY.
"""

import logging
import time
from collections.abc import Mapping
from contextlib import closing
from threading import Event
from uuid import uuid4

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the driver's class has a lowercase name

from bench.load.consuming import Progress
from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.kafka.source import KafkaSource
from stockstream.connectors.metrics.consumer import ConsumerMetrics
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.sql import query
from stockstream.connectors.postgres.store.encoded_batch import EncodedBatch, Part
from stockstream.connectors.postgres.store.trades import Stored, Tape
from stockstream.errors import ServiceError
from stockstream.jobs.ingest import Ingest
from stockstream.jobs.worker import Worker
from stockstream.settings import Settings

log = logging.getLogger("bench")


class UnfencedTape(Tape):
    """A tape that keeps no committed offsets."""

    def _copying(self, cursor: Cursor, part: Part) -> str:
        """Leave out the statement that advances the committed offsets."""
        return f"{self._noting(cursor, part)}{query('copy_trades')}"


class UnnotedTape(Tape):
    """A tape that does not note the minutes it has touched."""

    def _noting(self, cursor: Cursor, part: Part) -> str:
        """Leave out the notes."""
        del cursor, part
        return ""


class _UnhintedSource(KafkaSource):
    """A source that does not commit to the consumer group."""

    def commit_to_group(self, batch: Batch) -> None:
        """Do nothing."""


class _TimedTape:
    """A tape that records when it began and when it had everything, and then ends the loop."""

    def __init__(self, tape: Tape, trades: int, stop: Event) -> None:
        self._tape = tape
        self._missing = trades
        self._stop = stop
        self.began = 0.0
        self.ended = 0.0

    def append(self, batch: EncodedBatch) -> Stored:
        """Store a batch."""
        self.began = self.began or time.perf_counter()
        stored = self._tape.append(batch)
        self._missing -= len(batch)
        if self._missing <= 0:
            self.ended = time.perf_counter()
            self._stop.set()
        return stored


def ingest_rate(settings: Settings, ends: Mapping[int, int], kind: type[Tape] = Tape) -> float:
    """Return trades a second, from the first batch to the last COMMIT.

    Args:
        settings: where the topic and the empty table are.
        ends: the ends of the topic's partitions.
        kind: the tape to store in; with one without a fence, the commit to the group is left out too.

    Raises:
        ServiceError: the committed offsets are not as expected, so the figure would be of something else.
    """
    trades, topic, stop = sum(ends.values()), settings.kafka_topic, Event()
    fenced, tape = kind is not UnfencedTape, kind(address_of(settings), topic)
    timed = _TimedTape(tape, trades, stop)
    reader = KafkaSource if fenced else _UnhintedSource
    source = reader(settings.kafka_bootstrap_servers, topic, f"bench-{uuid4()}", tape.acquire)
    try:
        with closing(Ingest(timed)) as ingest:
            Worker(source, stop, log, ConsumerMetrics()).run(ingest)
    finally:
        source.close()
        tape.close()
    _check(settings, ends if fenced else dict.fromkeys(ends, 0))
    return trades / (timed.ended - timed.began)


def _check(settings: Settings, expected: Mapping[int, int]) -> None:
    with Progress(settings) as progress:
        found = progress.look()
    if found != expected:
        raise ServiceError(what=f"the places are {found} after the run, and should be {dict(expected)}")
