"""Comparison of the tape with the topic, message by message, without any code of the examined system.

What the broker holds is what was acknowledged. Each message must be in `trades` at its own position with its
own id, or whole in `dead_letters`, or be a repeat of one that is. A message takes eight bytes here: the hash
of its id.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from confluent_kafka import Consumer, TopicPartition
from numpy.typing import NDArray

from stockstream.connectors.postgres.connection import Connection
from stockstream.settings import Settings

PORTION = 20_000
TIMEOUT = 10.0  # seconds, for the next messages
TRADE_ID = re.compile(rb'"trade_id"\s*:\s*"([^"]*)"')

Hashes = NDArray[np.int64]
NOTHING = 0  # the hash of an unused position


@dataclass(frozen=True)
class Comparison:
    """The differences between topic and tape; all except the first two must be zero.

    Args:
        messages: messages in the topic.
        repeats: messages whose id is stored at another position, as it should be.
        lost: messages that are in no table.
        twice: rows whose trade or position another row also has.
        foreign: rows that differ from the topic's message at their position.
    """

    messages: int
    repeats: int
    lost: int
    twice: int
    foreign: int


def compare(settings: Settings, connection: Connection, ends: Mapping[int, int]) -> Comparison:
    """Read all of the topic and all of the tape; nothing may be written meanwhile."""
    sent = _empty(ends)
    for partition, offset, value in _messages(settings, ends):
        sent[partition][offset] = _hash(value)
    stored, strays, doubles = _stored(connection, ends)
    return compared(sent, stored, strays, doubles)


def compared(
    sent: Mapping[int, Hashes], stored: Mapping[int, Hashes], strays: int, doubles: int
) -> Comparison:
    """Compare hashes by position.

    Args:
        sent: the hashes in the topic, by partition.
        stored: the hashes in the tables, by partition.
        strays: rows beyond the topic's ends.
        doubles: rows at a position that another row has.

    >>> topic = {0: np.array([11, 12, 13, 12, 15])}
    >>> compared(topic, {0: np.array([11, 12, 13, 0, 15])}, 0, 0)
    Comparison(messages=5, repeats=1, lost=0, twice=0, foreign=0)
    >>> compared(topic, {0: np.array([11, 12, 0, 12, 99])}, 0, 0)
    Comparison(messages=5, repeats=0, lost=1, twice=1, foreign=1)
    """
    topic = np.concatenate([sent[partition] for partition in sorted(sent)])
    tape = np.concatenate([stored[partition] for partition in sorted(sent)])
    taken = tape != NOTHING
    missing = topic[~taken]
    repeats = int(np.isin(missing, tape[taken]).sum())
    return Comparison(
        messages=len(topic),
        repeats=repeats,
        lost=len(missing) - repeats,
        twice=int(taken.sum()) - len(np.unique(tape[taken])) + doubles,
        foreign=int((tape[taken] != topic[taken]).sum()) + strays,
    )


def _empty(ends: Mapping[int, int]) -> dict[int, Hashes]:
    return {partition: np.full(end, NOTHING, np.int64) for partition, end in ends.items()}


def _hash(value: bytes) -> int:
    """Return the hash of a message's id, or of a message without one; never that of an empty position."""
    found = TRADE_ID.search(value)
    return hash(found[1] if found else value) or 1


def _messages(settings: Settings, ends: Mapping[int, int]) -> Iterator[tuple[int, int, bytes]]:
    own = {"bootstrap.servers": settings.kafka_bootstrap_servers, "group.id": "bench", "log_level": 0}
    reader = Consumer(own)
    reader.assign([TopicPartition(settings.kafka_topic, partition, 0) for partition in ends])
    left = {partition for partition, end in ends.items() if end}
    try:
        while left and (found := reader.consume(PORTION, TIMEOUT)):
            for message in found:
                partition, offset = int(message.partition() or 0), int(message.offset() or 0)
                if offset < ends[partition]:
                    yield partition, offset, message.value() or b""
                if offset + 1 >= ends[partition]:
                    left.discard(partition)
    finally:
        reader.close()


def _stored(connection: Connection, ends: Mapping[int, int]) -> tuple[dict[int, Hashes], int, int]:
    stored, strays, doubles = _empty(ends), 0, 0
    for partition, offset, found in _rows(connection):
        if offset >= ends.get(partition, 0):
            strays += 1
        elif stored[partition][offset] != NOTHING:
            doubles += 1
        else:
            stored[partition][offset] = found
    return stored, strays, doubles


def _rows(connection: Connection) -> Iterator[tuple[int, int, int]]:
    with connection, connection.cursor("trades") as cursor:
        cursor.itersize = PORTION
        cursor.execute("SELECT kafka_partition, kafka_offset, trade_id FROM trades")
        for partition, offset, trade_id in cursor:
            yield partition, offset, hash(trade_id.encode()) or 1
    with connection, connection.cursor("letters") as cursor:
        cursor.execute("SELECT kafka_partition, kafka_offset, payload FROM dead_letters")
        for partition, offset, payload in cursor:
            yield partition, offset, _hash(bytes(payload or b""))
