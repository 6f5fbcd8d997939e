"""Where a member of a group starts to read, whatever happens before it knows."""

from collections.abc import Callable
from contextlib import closing

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from stockstream.connectors.kafka.source import KafkaSource
from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.errors import PostgresBusyError
from stockstream.settings import Settings
from tests.waiting import until

COUNT, GONE, START = 6_000, 1_000, 1_500


@pytest.fixture
def topic(settings: Settings) -> str:
    """A topic of one partition whose oldest messages are gone."""
    servers, name = settings.kafka_bootstrap_servers, f"{settings.kafka_topic}-old"
    ensure_topic(servers, name, 1)
    producer = Producer({"bootstrap.servers": servers})
    for number in range(COUNT):
        producer.produce(name, b"%d" % number)
    assert producer.flush(30) == 0
    admin = AdminClient({"bootstrap.servers": servers})
    for deleted in admin.delete_records([TopicPartition(name, 0, GONE)]).values():
        deleted.result(30)
    return name


def refusing(times: int) -> Callable[[list[int]], dict[int, int]]:
    """Give positions that are known only after so many calls."""
    left = [times]

    def positions(partitions: list[int]) -> dict[int, int]:
        left[0] -= 1
        if left[0] >= 0:
            raise PostgresBusyError(reason="restarting")
        return dict.fromkeys(partitions, START)

    return positions


@pytest.mark.parametrize("times", [0, 3])
def test_a_topic_whose_oldest_messages_are_gone_is_read_from_the_position(
    settings: Settings, topic: str, times: int
) -> None:
    values: list[bytes | None] = []
    positions = refusing(times)
    with closing(
        KafkaSource(settings.kafka_bootstrap_servers, topic, f"{topic}-{times}", positions)
    ) as source:

        def read() -> bool:
            try:
                values.extend(source.next_batch().values)
            except PostgresBusyError:
                source.keep_alive()
            return len(values) >= COUNT - START

        until(read, timeout=30)
    assert values == [b"%d" % number for number in range(START, COUNT)]
