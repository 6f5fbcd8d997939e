"""Which trades of a live feed are in the topic already.

So a trade that reached the topic is not sent again, whenever the producer was killed.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from stockstream.connectors.kafka.client import Where
from stockstream.connectors.kafka.tail import values_between
from stockstream.connectors.kafka.topic import bounds
from stockstream.market.venues import FeedPosition

LOOK_BACK = 10_000  # offsets a partition, where no file has a resume point


class _Message(msgspec.Struct, frozen=True):
    trade_id: str
    timestamp: datetime
    symbol: str
    source: str = ""


_message = msgspec.json.Decoder(_Message)


def produced(
    servers: Where, topic: str, venue: str, symbols: Collection[str], start: Mapping[int, int] | None
) -> dict[str, FeedPosition]:
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
    found: dict[str, FeedPosition] = {}
    for value in values_between(servers, topic, spans):
        try:
            message = _message.decode(value)
            position = FeedPosition(int(message.trade_id), message.timestamp)
        except (msgspec.DecodeError, ValueError):
            continue  # another's, which this feed cannot have sent
        if message.source == venue and message.symbol in symbols:
            found[message.symbol] = max(found.get(message.symbol, position), position)
    return found
