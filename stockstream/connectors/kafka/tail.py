"""The last messages of a topic, read once and without a group."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from stockstream.connectors.kafka.client import Where, consumer
from stockstream.connectors.kafka.errors import own_error
from stockstream.connectors.kafka.events import fault_of
from stockstream.errors import KafkaBusyError

SILENCE = 10.0  # seconds without an answer from any partition
AT_ONCE = 10_000
SETTINGS: dict[str, Any] = {
    "group.id": "stockstream-tail",
    "enable.partition.eof": True,
    "fetch.wait.max.ms": 10,
    "log_level": 0,
}


def values_between(servers: Where, topic: str, spans: Mapping[int, tuple[int, int]]) -> Iterator[bytes]:
    """Yield the committed messages of each partition from one offset to another (excluded).

    A partition is done at its EOF event, because the offsets before its end may hold no message. It is also
    done at the given end, so that reading stops even if the topic is written meanwhile.

    Raises:
        RecoverableError: no broker answers, or Kafka cannot return the messages now.
        KafkaRefusedError: this user may not read the topic.
    """
    left = {partition: end for partition, (begin, end) in spans.items() if begin < end}
    heard: list[KafkaError] = []
    with closing(consumer(servers, SETTINGS | {"error_cb": heard.append})) as reader:
        reader.assign([TopicPartition(topic, each, spans[each][0]) for each in left])
        while left:
            for event in _events(servers, reader, heard):
                partition, offset = int(event.partition() or 0), int(event.offset() or 0)
                if not event.error():
                    yield event.value() or b""
                if event.error() or offset + 1 >= left.get(partition, 0):
                    left.pop(partition, None)


def _events(servers: Where, reader: Consumer, heard: list[KafkaError]) -> list[Message]:
    """Return messages and EOF events: wait for the first, and take the others that came with it."""
    try:
        events = reader.consume(1, SILENCE)
        events += reader.consume(AT_ONCE, 0) if events else []
    except KafkaException as exc:
        raise own_error(servers, exc.args[0], heard) from exc
    if not events and heard:
        raise own_error(servers, heard[-1], heard)
    if not events:
        raise KafkaBusyError(servers=servers, reason=f"no messages come within {SILENCE:g} s")
    if fault := fault_of(events):
        raise own_error(servers, fault, heard)
    return events
