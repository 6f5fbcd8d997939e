"""A reader passes the offsets that hold no message, and knows when it has come to a partition's end."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise

from stockstream.connectors.kafka.source import KafkaSource
from stockstream.connectors.kafka.tail import values_between
from stockstream.connectors.kafka.topic import bounds, ends
from stockstream.settings import Settings
from tests.integration.topics import drop_below, produce
from tests.integration.transactions import messages, transactions
from tests.waiting import until

Spans = list[tuple[int, int]]


class Reader:
    """Reads partition 0 of a test's topic, and keeps what it was given."""

    def __init__(self, source: KafkaSource) -> None:
        """Read by `source`."""
        self.source = source
        self.values: list[bytes | None] = []
        self.offsets: list[int] = []
        self.spans: dict[int, Spans] = defaultdict(list)

    def is_at_end(self) -> bool:
        """Read a batch; tells whether partition 0 is read to its end."""
        batch = self.source.next_batch()
        self.values += batch.values
        self.offsets += batch.offsets
        for partition, span in batch.spans.items():
            self.spans[partition].append(span)
        return 0 in self.source.caught_up()

    @property
    def span(self) -> tuple[int, int]:
        """From where to where it has read, without a gap."""
        spans = self.spans[0]
        assert all(one[1] == other[0] for one, other in pairwise(spans)), spans
        assert all(begin < end for begin, end in spans), spans
        return (spans[0][0], spans[-1][1]) if spans else (0, 0)


@contextmanager
def reading(settings: Settings, start: int = 0) -> Iterator[Reader]:
    """Yield a reader that begins at an offset of partition 0."""
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic

    def positions(partitions: list[int]) -> dict[int, int]:
        return {partition: 0 if partition else start for partition in partitions}

    with closing(KafkaSource(servers, topic, topic, positions)) as source:
        yield Reader(source)


def test_a_reader_passes_markers_and_aborted_messages_at_the_end(settings: Settings) -> None:
    with transactions(settings) as writer:
        writer.commit(*messages(range(10)))
        writer.abort(*messages(range(10, 15)))
    with reading(settings) as reader:
        until(reader.is_at_end)
        assert reader.values == messages(range(10))
        assert reader.span == (0, 17)
        assert reader.source.lag() == 0
    assert ends(settings.kafka_bootstrap_servers, settings.kafka_topic)[0] == 17


def test_a_reader_passes_aborted_messages_between_committed_ones(settings: Settings) -> None:
    with transactions(settings) as writer:
        writer.commit(*messages(range(4)))
        writer.abort(*messages(range(4, 7)))
        writer.commit(*messages(range(7, 9)))
    with reading(settings) as reader:
        until(reader.is_at_end)
        assert reader.offsets == [0, 1, 2, 3, 9, 10]
        assert reader.span == (0, 12)


def test_a_reader_that_stands_before_a_marker_passes_it(settings: Settings) -> None:
    with transactions(settings) as writer:
        writer.commit(*messages(range(10)))
    with reading(settings, start=10) as reader:
        until(reader.is_at_end)
        assert (reader.values, reader.span) == ([], (10, 11))


def test_what_is_aborted_once_all_is_read_is_passed_as_it_comes(settings: Settings) -> None:
    with transactions(settings) as writer, reading(settings) as reader:
        until(reader.is_at_end)
        for count in (1, 2, 3):
            writer.abort(*messages(range(5)))
            until(lambda: reader.is_at_end() and reader.span == (0, 6 * count))  # noqa: B023 - called at once
        assert reader.values == []


def test_an_open_transaction_leaves_nothing_to_read(settings: Settings) -> None:
    with transactions(settings) as writer, reading(settings) as reader:
        writer.commit(*messages(range(10)))
        writer.write(*messages(range(10, 15)))
        produce(settings, [15])
        until(reader.is_at_end)
        assert reader.span == (0, 11)
        assert reader.source.lag() == 0
        writer.end()
        until(lambda: reader.is_at_end() and reader.span == (0, 18))
        assert reader.values == messages([*range(10), 15])


def test_a_reader_knows_its_end_again_after_a_rest(settings: Settings) -> None:
    produce(settings, range(3))
    with reading(settings) as reader:
        until(reader.is_at_end)
        reader.source.keep_alive()
        assert not reader.source.caught_up()
        until(reader.is_at_end)
        assert reader.span == (0, 3)


def test_a_partition_of_deleted_records_and_markers_alone_is_passed(settings: Settings) -> None:
    with transactions(settings) as writer:
        writer.commit(*messages(range(4)))
        writer.abort(*messages(range(4, 7)))
    drop_below(settings, 6)
    with reading(settings, start=6) as reader:
        until(reader.is_at_end)
        assert (reader.values, reader.span) == ([], (6, 9))


def test_the_tail_of_a_topic_ends_at_its_end(settings: Settings) -> None:
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    with transactions(settings) as writer, transactions(settings, partition=1) as other:
        writer.commit(*messages(range(4)))
        writer.abort(*messages(range(4, 7)))
        other.write(*messages(range(8, 9)))
        spans = bounds(servers, topic)
        assert spans == {0: (0, 9), 1: (0, 0), 2: (0, 0), 3: (0, 0)}
        assert list(values_between(servers, topic, spans)) == messages(range(4))
