"""The pages of one symbol's missed trades after a position, of which one is in memory."""

import asyncio
from collections import deque
from collections.abc import Sequence
from operator import attrgetter
from typing import Protocol

from stockstream.connectors.venues.history import History
from stockstream.connectors.venues.timing import Timing
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import Feed, FeedPosition, number_of, position_of


class Pages(Protocol):
    """The trades of a symbol that are read and not yet produced, and whether there are more."""

    symbol: str
    trades: deque[Trade]
    is_last: bool

    async def turn(self) -> None:
        """Read the next page.

        Raises:
            HistoryRefusedError: the venue refuses to give it.
        """


class NumberedPages:
    """Pages that begin after a trade's number."""

    def __init__(
        self, feed: Feed, history: History, timing: Timing, symbol: str, after: FeedPosition
    ) -> None:
        self._feed, self._history, self._timing = feed, history, timing
        self.symbol, self._position = symbol, after
        self.trades: deque[Trade] = deque()
        self.is_last = False

    async def turn(self) -> None:
        """Read the trades after the position; if some are missing, try again in case they appear."""
        trades = await self._ask()
        for wait in self._timing.fills:
            if not self._feed.is_consecutive or not _skips(self._position, trades):
                break
            await asyncio.sleep(wait)
            trades = await self._ask()
        self.trades.extend(trades)
        self._position = position_of(trades[-1]) if trades else self._position
        # A page that is not full is the last: pages may overlap the position, but not by half.
        self.is_last = len(trades) < self._feed.page_size // 2

    async def _ask(self) -> Sequence[Trade]:
        return await self._history.read(self._feed.page_address(self.symbol, self._position), self._new)

    def _new(self, page: bytes) -> Sequence[Trade]:
        trades = self._feed.parse_page(self.symbol, page)
        return sorted((trade for trade in trades if number_of(trade) > self._position.number), key=number_of)


class TimedPages:
    """Pages that begin at a time, each of which names the next one."""

    def __init__(self, feed: Feed, history: History, symbol: str, after: FeedPosition) -> None:
        self._feed, self._history = feed, history
        self.symbol, self._next = symbol, feed.page_address(symbol, after)
        self.trades: deque[Trade] = deque()
        self.is_last = False

    async def turn(self) -> None:
        """Read the next page."""
        trades, self._next = await self._history.read(self._next, self._content)
        self.trades.extend(trades)
        self.is_last = not self._next

    def _content(self, page: bytes) -> tuple[Sequence[Trade], str]:
        trades = sorted(self._feed.parse_page(self.symbol, page), key=attrgetter("timestamp"))
        return trades, self._feed.next_page(self.symbol, page)


def _skips(position: FeedPosition, trades: Sequence[Trade]) -> bool:
    return bool(trades) and number_of(trades[-1]) - position.number > len(trades)
