"""The trades of a live feed that are already in the topic.

A trade that reached the topic is thus not sent again, whenever the producer was killed.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from stockstream.connectors.kafka.client import Where
from stockstream.connectors.kafka.tail import values_between
from stockstream.connectors.kafka.topic import bounds
from stockstream.market.venues import Feed, FeedPosition, reached

LOOK_BACK = 10_000  # offsets per partition, if no file has a resume point


class _Message(msgspec.Struct, frozen=True):
    trade_id: str
    timestamp: datetime
    symbol: str
    source: str = ""
    corrects: str | None = None


_message = msgspec.json.Decoder(_Message)


def produced(
    servers: Where,
    topic: str,
    feed: Feed,
    symbols: Collection[str],
    start: Mapping[int, int] | None,
) -> dict[str, FeedPosition]:
    """Return the furthest feed position of each symbol that the topic has from `start` on.

    Trades behind an open transaction are not visible and are sent again; the tape stores each once. Reading
    transactions that may yet be aborted could lose trades for good.

    Args:
        servers: the Kafka brokers.
        topic: the topic to read.
        feed: the venue's feed.
        symbols: the symbols of the feed.
        start: offsets by partition; None reads the last `LOOK_BACK` offsets of each.

    Raises:
        RecoverableError: no broker answers, or Kafka cannot answer now.
    """
    extents = bounds(servers, topic)
    if start is None:
        start = {partition: end - LOOK_BACK for partition, (_, end) in extents.items()}
    spans = {each: (max(start.get(each, 0), begin), end) for each, (begin, end) in extents.items()}
    found = reached({}, is_numbered=feed.is_numbered)
    for value in values_between(servers, topic, spans):
        try:
            message = _message.decode(value)
            if message.source == feed.name and message.symbol in symbols and not message.corrects:
                found.add(message.symbol, message.trade_id, message.timestamp)
        except (msgspec.DecodeError, ValueError):
            continue  # not sent by this feed
    return found.positions()
