"""Missed trades from a venue's pages, merged over several symbols in order of time.

One symbol after the other would send hours of the first before the first minute of the second, and readers of
the topic that use event time would take the second for late.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from heapq import heapify, heappop, heapreplace

from stockstream.connectors.venues.history import History
from stockstream.connectors.venues.timing import Timing
from stockstream.errors import HistoryError, HistoryRefusedError
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import Feed, FeedPosition, number_of, position_of

SPEAK_EVERY = 30.0

Produce = Callable[[Sequence[Trade]], Awaitable[None]]

log = logging.getLogger("producer")


class Backfill:
    """Reads a venue's pages, with one page per symbol in memory."""

    def __init__(self, feed: Feed, timing: Timing) -> None:
        self._feed = feed
        self._timing = timing
        self._history = History(feed)

    async def read_on(self, positions: Mapping[str, FeedPosition], produce: Produce) -> Mapping[str, str]:
        """Produce everything that the pages have after these positions, in order of time.

        Trades of one symbol stay in the order of their numbers, whatever their times are.

        Returns:
            Why the venue refuses to answer, by symbol; the other symbols are produced nevertheless.
        """
        refused: dict[str, str] = {}
        pages = {symbol: _Pages(symbol, position) for symbol, position in positions.items()}
        for each in pages.values():
            await self._turn(each, refused)
        heads = [(each.trades[0].timestamp, symbol) for symbol, each in pages.items() if each.trades]
        heapify(heads)
        part: list[Trade] = []
        while heads:
            _, symbol = heads[0]
            trades = pages[symbol].trades
            part.append(trades.popleft())
            if not trades:
                await produce(part)
                part = []
                await self._turn(pages[symbol], refused)
            if trades:
                heapreplace(heads, (trades[0].timestamp, symbol))
            else:
                heappop(heads)
        return refused

    async def _turn(self, pages: "_Pages", refused: dict[str, str]) -> None:
        """Read a symbol's next page, if there is one."""
        if pages.is_last:
            return
        try:
            trades = await self._page(pages.symbol, pages.position)
        except HistoryRefusedError as exc:
            refused[pages.symbol] = str(exc.facts["reason"])
            trades = ()
        pages.trades.extend(trades)
        pages.position = position_of(trades[-1]) if trades else pages.position
        # A page that is not full is the last: pages may overlap the position, but not by half.
        pages.is_last = len(trades) < self._feed.page_size // 2

    async def _page(self, symbol: str, position: FeedPosition) -> Sequence[Trade]:
        """Return the trades after a position; if some are missing, try again in case they appear."""
        for wait in self._timing.fills:
            trades = await self._ask(symbol, position)
            if not self._feed.is_consecutive or not _skips(position, trades):
                return trades
            await asyncio.sleep(wait)
        return await self._ask(symbol, position)

    async def _ask(self, symbol: str, position: FeedPosition) -> Sequence[Trade]:
        waits, spoken = self._timing.waits(), 0.0
        while True:
            try:
                return await self._history.page(symbol, position)
            except HistoryError as exc:
                now = asyncio.get_running_loop().time()
                if now - spoken > SPEAK_EVERY:
                    log.warning("%s", exc)
                    spoken = now
                await asyncio.sleep(next(waits))


class _Pages:
    """The state of a symbol's pages: trades not yet produced, and where the next page begins."""

    def __init__(self, symbol: str, position: FeedPosition) -> None:
        self.symbol, self.position = symbol, position
        self.trades: deque[Trade] = deque()
        self.is_last = False


def _skips(position: FeedPosition, trades: Sequence[Trade]) -> bool:
    return bool(trades) and number_of(trades[-1]) - position.number > len(trades)
