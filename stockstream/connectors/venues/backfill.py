"""Missed trades from a venue's pages, merged over several symbols in order of time.

One symbol after the other would send hours of the first before the first minute of the second, and readers of
the topic that use event time would take the second for late.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from heapq import heapify, heappop, heapreplace

from stockstream.connectors.venues.history import History
from stockstream.connectors.venues.pages import NumberedPages, Pages, TimedPages
from stockstream.connectors.venues.timing import Timing
from stockstream.errors import HistoryRefusedError
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import Feed, FeedPosition

Produce = Callable[[Sequence[Trade]], Awaitable[None]]


class Backfill:
    """Reads a venue's pages, with one page per symbol in memory."""

    def __init__(self, feed: Feed, timing: Timing) -> None:
        self._feed = feed
        self._timing = timing
        self._history = History(feed, timing)

    async def read_on(self, positions: Mapping[str, FeedPosition], produce: Produce) -> Mapping[str, str]:
        """Produce everything that the pages have after these positions, in order of time.

        Trades of one symbol stay in the order of their numbers, whatever their times are.

        Returns:
            Why the venue refuses to answer, by symbol; the other symbols are produced nevertheless.
        """
        refused: dict[str, str] = {}
        pages = {symbol: self._pages(symbol, position) for symbol, position in positions.items()}
        for each in pages.values():
            await _turn(each, refused)
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
                await _turn(pages[symbol], refused)
            if trades:
                heapreplace(heads, (trades[0].timestamp, symbol))
            else:
                heappop(heads)
        return refused

    def _pages(self, symbol: str, after: FeedPosition) -> Pages:
        if self._feed.is_numbered:
            return NumberedPages(self._feed, self._history, self._timing, symbol, after)
        return TimedPages(self._feed, self._history, symbol, after)


async def _turn(pages: Pages, refused: dict[str, str]) -> None:
    """Read a symbol's next page that has trades, if there is one."""
    while not pages.is_last and not pages.trades:
        try:
            await pages.turn()
        except HistoryRefusedError as exc:
            refused[pages.symbol] = str(exc.facts["reason"])
            pages.is_last = True
