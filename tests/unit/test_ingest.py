"""Storing beside reading: a batch is stored once and in its turn, whatever becomes of the one before."""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event

import pytest

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.metrics.consumer import ConsumerMetrics
from stockstream.connectors.postgres.store.encoded_batch import EncodedBatch
from stockstream.connectors.postgres.store.trades import Stored
from stockstream.errors import FencedError, PostgresBusyError
from stockstream.jobs import ingest
from stockstream.jobs.ingest import PLAIN, Ingest
from stockstream.jobs.worker import Worker

PATIENT = 20.0


@dataclass
class Topic:
    """A source of so many messages, one a batch, from the offset that the tape has."""

    tape: "Tape"
    length: int
    next_offset: int = 0
    kept_alive: Event = field(default_factory=Event)
    group_offset: int = 0
    partitions = frozenset({0})
    is_joined = True

    def next_batch(self, most: int = 0, wait: float = 0) -> Batch:
        """Return the next message."""
        del most, wait
        if (at := self.next_offset) == self.length:
            return Batch()
        self.next_offset += 1
        return Batch([PLAIN], [None], [0], [at], {0: (at, at + 1)})

    def lag(self) -> int:
        """Return how many messages are left."""
        return self.length - self.next_offset

    def caught_up(self) -> frozenset[int]:
        """Return nothing: nobody asks."""
        return frozenset()

    def leave_out(self, partitions: frozenset[int]) -> None:
        """Leave nothing out."""

    def keep_alive(self) -> None:
        """Take note of it."""
        self.kept_alive.set()

    def rewind(self) -> None:
        """Read from where the tape is."""
        self.next_offset = self.tape.end

    def commit_to_group(self, batch: Batch) -> None:
        """Keep how far the group is."""
        self.group_offset = max([self.group_offset, *(end for _, end in batch.spans.values())])


class Tape:
    """Takes the batch that follows the one before; something may happen before it does."""

    def __init__(self, before: Callable[[int], object]) -> None:
        self.end = 0
        self._before = before

    def append(self, batch: EncodedBatch) -> Stored:
        """Store a batch."""
        (start, end) = batch.parts[0].arrivals.spans[0]
        self._before(start)
        assert start == self.end
        self.end = end
        return Stored(trades=1)


def run(tape: Tape, topic: Topic, stop: Event | None = None) -> str:
    worker = Worker(topic, stop or Event(), logging.getLogger("test"), ConsumerMetrics(), idle_limit=0.05)
    with closing(Ingest(tape)) as step:
        worker.run(step)
        return str(step)


def failing(*failures: Exception, at: int) -> Callable[[int], None]:
    left = list(failures)

    def before(offset: int) -> None:
        if offset == at and left:
            raise left.pop(0)

    return before


def test_all_is_stored_in_order_and_told_to_the_group() -> None:
    tape = Tape(bool)
    topic = Topic(tape, 50)
    assert run(tape, topic).startswith("50 trades")
    assert (tape.end, topic.group_offset) == (50, 50)


def test_a_batch_that_met_an_outage_is_stored_before_the_next() -> None:
    outage = PostgresBusyError(reason="restarting")
    tape = Tape(failing(outage, outage, at=3))
    topic = Topic(tape, 6)
    assert run(tape, topic).startswith("6 trades")
    assert topic.kept_alive.is_set()


def test_where_another_has_taken_over_what_was_read_after_it_is_dropped() -> None:
    tape = Tape(failing(FencedError(job="consumer", partition=0, topic="t"), at=3))
    topic = Topic(tape, 6)
    assert run(tape, topic).startswith("6 trades")
    assert topic.group_offset == 6


def test_a_commit_that_takes_long_keeps_its_member_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "KEEP_ALIVE", 0.01)
    tape = Tape(lambda _offset: topic.kept_alive.wait(PATIENT))
    topic = Topic(tape, 2)
    assert run(tape, topic).startswith("2 trades")
    assert topic.kept_alive.is_set()


def test_a_stop_waits_for_the_batch_in_flight() -> None:
    stop, stored = Event(), []

    def before(offset: int) -> None:
        if offset == 1:
            stop.set()
        stored.append(offset)

    tape = Tape(before)
    topic = Topic(tape, 1_000)
    said = run(tape, topic, stop)
    assert said.startswith(f"{tape.end} trades")
    assert topic.group_offset == tape.end == len(stored) < 1_000
