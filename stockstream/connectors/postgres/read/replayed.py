"""What the tape says of a replayed file: whether its ids are other trades' there, and how many were new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.read_pool import ReadPool
from stockstream.connectors.postgres.sql import query
from stockstream.market.files.identity import content_of
from stockstream.market.trade.codec import EARLIEST, LATEST
from stockstream.market.trade.schema import Trade


class Consumed(NamedTuple):
    """How far the consumer is in a partition: the next offset on the tape, and its distance to Kafka's."""

    next_offset: int
    base: int


@dataclass
class Given:
    """What a replay has given so far: how many trades, of which sources, and the span of their times."""

    trades: int = 0
    sources: set[str] = field(default_factory=set)
    since: datetime = LATEST
    until: datetime = EARLIEST

    def add(self, trades: Sequence[Trade]) -> None:
        """Take note of more, of one at least."""
        times = [trade.timestamp for trade in trades]
        self.trades += len(trades)
        self.sources.update(trade.source for trade in trades)
        self.since, self.until = min(self.since, *times), max(self.until, *times)


class ReplayedTape:
    """The tables as a replay reads them; every call raises StockstreamError where they do not answer."""

    def __init__(self, address: Address, topic: str) -> None:
        self._readers = ReadPool(address, "replay", size=1)
        self._topic = topic

    def close(self) -> None:
        """Close the connection."""
        self._readers.close()

    def other_trade(self, trades: Sequence[Trade]) -> Trade | None:
        """Return the first of some trades whose id another trade on the tape has, None if none is."""
        asked = {
            "ids": [trade.trade_id for trade in trades],
            "symbols": [trade.symbol for trade in trades],
            "sources": [trade.source for trade in trades],
        }

        rows = self._readers.read(lambda ask: ask(query("select_trades_by_ids"), asked))
        stored = {(symbol, trade_id): (symbol, *content) for symbol, trade_id, *content in rows}
        return next(
            (
                trade
                for trade in trades
                if stored.get((trade.symbol, trade.trade_id), content_of(trade)) != content_of(trade)
            ),
            None,
        )

    def consumed(self) -> dict[int, Consumed]:
        """Return how far the consumer is in each partition that it has read of."""
        rows = self._readers.read(lambda ask: ask(query("audit_offsets"), {"topic": self._topic}))
        return {partition: Consumed(next_offset, base) for partition, next_offset, *_, base in rows}

    def stored(self, spans: Mapping[int, tuple[int, int]], given: Given) -> int:
        """Return how many trades of the sources and the time of those given are stored.

        Args:
            spans: of places on the tape, by partition, from the first to before the second.
            given: what was sent there, perhaps beside other producers.
        """
        asked = {
            "partitions": list(spans),
            "begins": [begin for begin, _ in spans.values()],
            "ends": [end for _, end in spans.values()],
            "sources": list(given.sources),
            "since": given.since,
            "until": given.until,
        }
        ((count,),) = self._readers.read(lambda ask: ask(query("count_stored"), asked))
        return int(count)
