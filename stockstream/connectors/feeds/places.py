"""How far each symbol of a feed is produced: in small files, and in the topic itself.

A file is written after the broker's acknowledgement, so it may be behind what the topic has, never
ahead. It also tells where the topic ended when it was written: what the feed has sent since stands
from there on, and is read back at the next start. So a trade that reached the topic is not sent
again, whenever the producer was killed.
"""

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec
from confluent_kafka import KafkaException, TopicPartition

from stockstream.connectors.kafka_cluster import Where, consumer
from stockstream.connectors.kafka_topic import QUIET, begins, ends
from stockstream.errors import KafkaUnreachableError
from stockstream.market.feeds import Place

LOOK_BACK = 10_000  # messages a partition, where no file tells
LONGEST_SILENCE = 10.0  # seconds without a message where there must be one
AT_ONCE = 10_000

log = logging.getLogger("producer")


class _File(msgspec.Struct, frozen=True):
    number: int
    at: datetime
    ends: dict[int, int]


class _Message(msgspec.Struct, frozen=True):
    trade_id: str
    timestamp: datetime
    symbol: str
    source: str = ""


_file = msgspec.json.Decoder(_File)
_message = msgspec.json.Decoder(_Message)


class Places:
    """The files: one a symbol, so that several producers of one venue do not disturb each other."""

    def __init__(self, folder: Path, venue: str, topic: str) -> None:
        """Prepare; the folder is made when the first file is."""
        self._folder = folder / quote(topic, safe="") / venue

    def read(self, symbols: Sequence[str]) -> tuple[dict[str, Place], dict[int, int] | None]:
        """Return the symbols' places, and where to read on in the topic; None if a file is missing."""
        found = {symbol: self._read(symbol) for symbol in symbols}
        files = {symbol: file for symbol, file in found.items() if file is not None}
        places = {symbol: Place(file.number, file.at) for symbol, file in files.items()}
        if len(files) < len(symbols):
            return places, None
        partitions = {partition for file in files.values() for partition in file.ends}
        return places, {each: min(file.ends.get(each, 0) for file in files.values()) for each in partitions}

    def write(self, places: Mapping[str, Place], ends_of_topic: dict[int, int]) -> None:
        """Keep places that the broker has acknowledged; each file is whole, the old one or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for symbol, place in places.items():
            path = self._path(symbol)
            made = path.with_suffix(f".{os.getpid()}")
            made.write_bytes(msgspec.json.encode(_File(place.number, place.at, ends_of_topic)))
            made.replace(path)

    def _read(self, symbol: str) -> _File | None:
        try:
            return _file.decode(self._path(symbol).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as exc:
            log.warning("%s cannot be read (%s); the topic tells instead", self._path(symbol), exc)
            return None

    def _path(self, symbol: str) -> Path:
        return self._folder / f"{quote(symbol, safe='')}.json"


def produced(
    servers: Where, topic: str, venue: str, symbols: Collection[str], start: Mapping[int, int] | None
) -> dict[str, Place]:
    """Return the highest place of each symbol that the topic has from `start` on.

    Args:
        start: offsets by partition; None looks at the last `LOOK_BACK` messages of each.

    Raises:
        KafkaUnreachableError: no broker answers.
    """
    first, end = begins(servers, topic), ends(servers, topic)
    if start is None:
        start = {partition: last - LOOK_BACK for partition, last in end.items()}
    spans = {each: (max(start.get(each, 0), first[each]), last) for each, last in end.items()}
    found: dict[str, Place] = {}
    for value in _values(servers, topic, {each: span for each, span in spans.items() if span[0] < span[1]}):
        try:
            message = _message.decode(value)
            place = Place(int(message.trade_id), message.timestamp)
        except (msgspec.DecodeError, ValueError):
            continue  # another's, which this feed cannot have sent
        if message.source == venue and message.symbol in symbols:
            found[message.symbol] = max(found.get(message.symbol, place), place)
    return found


def _values(servers: Where, topic: str, spans: Mapping[int, tuple[int, int]]) -> list[bytes]:
    values: list[bytes] = []
    left = dict(spans)
    reader = consumer(servers, {"group.id": "stockstream-places"} | QUIET)
    with closing(reader):
        reader.assign([TopicPartition(topic, each, begin) for each, (begin, _) in left.items()])
        try:
            while left:
                messages = reader.consume(AT_ONCE, LONGEST_SILENCE)
                if not messages:
                    raise KafkaUnreachableError(servers=servers, reason="no messages come")
                for message in messages:
                    partition, offset = message.partition(), message.offset()
                    if message.error() or partition is None or offset is None:
                        raise KafkaUnreachableError(servers=servers, reason=str(message.error()))
                    if partition in left:
                        values.append(message.value() or b"")
                        if offset + 1 >= left[partition][1]:
                            del left[partition]
        except KafkaException as exc:
            raise KafkaUnreachableError(servers=servers, reason=str(exc)) from exc
    return values
