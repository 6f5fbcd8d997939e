"""A feed's trades without gaps where the venue numbers none: missing ones are found by time and id."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from stockstream.connectors.venues.backfill import Backfill
from stockstream.connectors.venues.following import Give, nowhere
from stockstream.connectors.venues.progress import NEVER_SHOWN, Note, TimedProgress
from stockstream.connectors.venues.timing import Timing
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import OVERLAP, Equals, Feed, FeedPosition, Frame, RecentTrades

NO_PAGES = "it has no pages of earlier trades"


class FollowingByTime:
    """Gives each trade once.

    After a connection or a frame that cannot be read, a symbol is in doubt: the pages are read again until
    they have the next trade that the stream brings, so what lies before it is complete. A trade is known by
    its id for `OVERLAP`; an older one is given as new, because it may be a late report.
    """

    def __init__(self, feed: Feed, positions: Mapping[str, FeedPosition], timing: Timing, note: Note) -> None:
        """Start after the positions; `note` is called with each gap."""
        self._feed = feed
        self._timing = timing
        self._backfill = Backfill(feed, timing)
        self._known = RecentTrades(positions)
        self._equals = Equals()
        self._doubted: set[str] = set()
        self._connected = datetime.now(UTC)
        self._heard: dict[str, datetime] = {}
        self._begun: dict[str, datetime] = {}
        self.progress = TimedProgress(feed, positions, note)
        self.give: Give = nowhere

    def connected(self) -> None:
        """Record that everything is received from now on, and that what came before is in doubt."""
        self.progress.connected()
        self._connected, self._heard, self._equals = datetime.now(UTC), {}, Equals()
        self.doubt()

    def doubt(self) -> None:
        """Look for missed trades before the next trade of each symbol; without pages, they are a gap."""
        if self._feed.page_size:
            self._doubted = set(self.progress.positions)
        else:
            self.progress.lose(NO_PAGES)

    async def hear(self, frame: Frame) -> None:
        """Give the new trades of a frame, after any missed ones before them."""
        for trade in frame.trades:
            await self._take(trade if self._feed.has_ids else self._equals.named(trade))

    async def catch_up(self, symbols: Collection[str]) -> None:
        """Give what the pages have of these symbols."""
        if self._feed.page_size:
            await self._read_on([symbol for symbol in symbols if symbol in self.progress.positions])

    async def _take(self, trade: Trade) -> None:
        symbol = trade.symbol
        self._heard[symbol] = max(self._heard.get(symbol, self._connected), trade.timestamp)
        if self._is_known(trade):
            return
        if symbol not in self.progress.positions:
            self._begun[symbol] = trade.timestamp
        reason = ""
        # A late report lies before what is in doubt, and proves nothing.
        if symbol in self._doubted and trade.timestamp >= self._begin(symbol).at:
            reason = await self._fill(trade)
            self._doubted.discard(symbol)
        await self._produce([trade], reason)

    async def _fill(self, trade: Trade) -> str:
        """Give what the pages have up to a trade; return why they do not reach it, if so."""
        for wait in (*self._timing.fills, None):
            refused = await self._read_on([trade.symbol])
            if self._is_known(trade):
                break
            if refused:
                return refused[trade.symbol]
            if wait is None:
                return NEVER_SHOWN
            await asyncio.sleep(wait)
        return ""

    async def _read_on(self, symbols: Sequence[str]) -> Mapping[str, str]:
        return await self._backfill.read_on({each: self._begin(each) for each in symbols}, self._produce)

    def _begin(self, symbol: str) -> FeedPosition:
        """Return from where on trades may be missing; what happened before the first one never is."""
        since = self.progress.positions[symbol].at - OVERLAP
        return FeedPosition(0, max(since, self._begun.get(symbol, since)))

    async def _produce(self, trades: Sequence[Trade], reason: str = "") -> None:
        new = []
        for trade in trades:
            if not self._is_known(trade):
                # Frames that wait while pages are read repeat what the pages have.
                until = self._heard.get(trade.symbol, self._connected)
                self._known.add(trade.symbol, trade.trade_id, trade.timestamp, until)
                self.progress.advance(trade, reason)
                new.append(trade)
        await self.give(new)

    def _is_known(self, trade: Trade) -> bool:
        return self._known.has(trade.symbol, trade.trade_id)
