"""Queries about a replayed file: whether its ids belong to other stored trades, and how many were new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stockstream.connectors.postgres.connection import Address
from stockstream.connectors.postgres.read_pool import ReadPool
from stockstream.connectors.postgres.sql import query
from stockstream.market.files.identity import content_of
from stockstream.market.trade.codec import EARLIEST, LATEST
from stockstream.market.trade.schema import Trade

Ints = NDArray[np.int64]


class Consumed(NamedTuple):
    """The consumer's progress in a partition: its committed offset and the base of the incarnation."""

    next_offset: int
    base: int


@dataclass
class Given:
    """What a replay has sent so far: the number of trades, their sources, and the span of their times."""

    trades: int = 0
    sources: set[str] = field(default_factory=set)
    since: datetime = LATEST
    until: datetime = EARLIEST

    def add(self, at: Ints) -> None:
        """Add trades by their times in microseconds since 1970, at least one."""
        self.trades += len(at)
        since, until = (EARLIEST + timedelta(microseconds=int(edge)) for edge in (at.min(), at.max()))
        self.since, self.until = min(self.since, since), max(self.until, until)


class ReplayedTape:
    """The tables as a replay reads them; every call raises StockstreamError if they are unavailable."""

    def __init__(self, address: Address, topic: str) -> None:
        self._readers = ReadPool(address, "replay", size=1)
        self._topic = topic

    def close(self) -> None:
        """Close the connection."""
        self._readers.close()

    def other_trade(self, trades: Sequence[Trade]) -> Trade | None:
        """Return the first of the trades whose id belongs to another trade on the tape, or None."""
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
        """Return the consumer's progress in each partition that it has read."""
        rows = self._readers.read(lambda ask: ask(query("audit_offsets"), {"topic": self._topic}))
        return {partition: Consumed(next_offset, base) for partition, next_offset, *_, base in rows}

    def stored(self, spans: Mapping[int, tuple[int, int]], given: Given) -> int:
        """Return how many stored trades have the sources and the time span of those sent.

        Args:
            spans: record positions by partition, from the first (included) to the second (excluded).
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
