"""A member that rests between batches, as in an outage, goes on with each of its partitions.

The client drops a resume, now and then, that meets its own start of the same partition. So what the client
says it was asked is looked at: never to pause, nor to resume.
"""

import logging
from collections import Counter
from contextlib import closing
from itertools import cycle

import pytest
from confluent_kafka import Producer

from stockstream.connectors.kafka.source import CONSUMER_SETTINGS, KafkaSource
from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.settings import Settings
from tests.waiting import until

PARTITIONS, EACH = 48, 50


def test_each_partition_goes_on_after_many_rests(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(CONSUMER_SETTINGS, "debug", "topic")
    servers, topic = settings.kafka_bootstrap_servers, f"{settings.kafka_topic}-wide"
    ensure_topic(servers, topic, PARTITIONS)
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
    for number in range(PARTITIONS * EACH):
        producer.produce(topic, b"x" * 200, partition=number % PARTITIONS)
    assert producer.flush(30) == 0
    places: Counter[int] = Counter()
    rests = cycle((0, 1, 2, 1))

    def read(source: KafkaSource) -> bool:
        batch = source.next_batch(100, 0.01)
        for partition, (begin, end) in batch.spans.items():
            assert begin == places[partition]
            places[partition] = end
        for _ in range(next(rests)):
            source.keep_alive()
        return places.total() == PARTITIONS * EACH

    def acquire(partitions: list[int]) -> dict[int, int]:
        return {partition: places[partition] for partition in partitions}

    with (
        caplog.at_level(logging.DEBUG, topic),
        closing(KafkaSource(servers, topic, topic, acquire)) as source,
    ):
        until(lambda: read(source), timeout=100)
    assert set(places.values()) == {EACH}
    asked = [said for said in caplog.messages if "thrd:app" in said]
    assert asked
    assert not [said for said in asked if "PAUSE" in said or "RESUME" in said]
