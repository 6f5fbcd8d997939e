"""How far each symbol of a feed is produced: in small files, and in the topic itself.

A file is written after the broker's acknowledgement, so it may be behind what the topic has, never
ahead. It also tells where the topic ended when it was written: what the feed has sent since stands
from there on, and is read back at the next start. So a trade that reached the topic is not sent
again, whenever the producer was killed.
"""

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from stockstream.connectors.kafka_cluster import Where
from stockstream.connectors.kafka_tail import values_between
from stockstream.connectors.kafka_topic import bounds
from stockstream.market.feeds import Place

LOOK_BACK = 10_000  # offsets a partition, where no file tells

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

    What an open transaction holds back is not seen, and neither is a trade of ours behind it: it is sent
    again, which the tape keeps once. To read what may yet be aborted could leave trades out for ever.

    Args:
        start: offsets by partition; None looks at the last `LOOK_BACK` offsets of each.

    Raises:
        RecoverableError: no broker answers, or Kafka cannot answer now.
    """
    extents = bounds(servers, topic)
    if start is None:
        start = {partition: end - LOOK_BACK for partition, (_, end) in extents.items()}
    spans = {each: (max(start.get(each, 0), begin), end) for each, (begin, end) in extents.items()}
    found: dict[str, Place] = {}
    for value in values_between(servers, topic, spans):
        try:
            message = _message.decode(value)
            place = Place(int(message.trade_id), message.timestamp)
        except (msgspec.DecodeError, ValueError):
            continue  # another's, which this feed cannot have sent
        if message.source == venue and message.symbol in symbols:
            found[message.symbol] = max(found.get(message.symbol, place), place)
    return found
