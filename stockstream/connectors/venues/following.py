"""A feed's trades without gaps: those of the stream, preceded by skipped ones from the venue's pages."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from stockstream.connectors.venues.backfill import Backfill
from stockstream.connectors.venues.progress import NEVER_SHOWN, Note, Progress
from stockstream.connectors.venues.timing import Timing
from stockstream.market.trade.schema import Trade
from stockstream.market.venues import Feed, FeedPosition, Frame, number_of

Give = Callable[[Sequence[Trade]], Awaitable[None]]


async def nowhere(_trades: Sequence[Any]) -> None:
    """Ignore trades before a receiver is set."""


class Following(Protocol):
    """Gives each trade once, whatever the frames repeat and skip."""

    give: Give

    @property
    def progress(self) -> Progress:
        """The positions so far."""

    def connected(self) -> None:
        """Record that everything is received from now on."""

    def doubt(self) -> None:
        """Record that a frame could not be read, which may have had trades."""

    async def hear(self, frame: Frame) -> None:
        """Give the new trades of a frame, after any missed ones before them."""

    async def catch_up(self, symbols: Collection[str]) -> None:
        """Give what these symbols have missed."""


class FollowingByNumber:
    """Gives each trade once, in the order of the symbol's numbers, whatever the frames repeat and skip."""

    def __init__(self, feed: Feed, positions: Mapping[str, FeedPosition], timing: Timing, note: Note) -> None:
        """Start after the positions; `note` is called with each gap."""
        self._timing = timing
        self._backfill = Backfill(feed, timing)
        self._promised: dict[str, int] = {}
        self.progress = Progress(feed, positions, note)
        self.give: Give = nowhere

    def connected(self) -> None:
        """Record that everything is received from now on."""
        self.progress.connected()

    def doubt(self) -> None:
        """Do nothing: the next trade's number shows what is missing."""

    async def hear(self, frame: Frame) -> None:
        """Give the new trades of a frame, after any missed ones before them."""
        for trade in sorted(frame.trades, key=number_of):
            await self._take(trade)
        for symbol, number in frame.reached.items():
            await self._heed(symbol, number)

    async def catch_up(self, symbols: Collection[str]) -> None:
        """Give what these symbols have missed; a refused page is noticed at the next trade's number."""
        positions = self.progress.positions
        missed = {symbol: positions[symbol] for symbol in symbols if symbol in positions}
        await self._backfill.read_on(missed, self._produce)

    async def _take(self, trade: Trade) -> None:
        positions, number, reason = self.progress.positions, number_of(trade), ""
        if trade.symbol in positions and number > positions[trade.symbol].number + 1:
            reason = await self._fill(trade.symbol, number)
        if trade.symbol not in positions or number > positions[trade.symbol].number:
            await self._produce([trade], reason)

    async def _heed(self, symbol: str, number: int) -> None:
        """Fetch a trade that a heartbeat announced, if it has not arrived by the next heartbeat."""
        position = self.progress.positions.get(symbol)
        promised = self._promised.get(symbol, 0)
        self._promised[symbol] = number
        if position is None or position.number >= promised:
            return
        if reason := await self._fill(symbol, promised + 1):
            self.progress.give_up(symbol, promised, reason)

    async def _produce(self, trades: Sequence[Trade], reason: str = "") -> None:
        for trade in trades:
            self.progress.advance(trade, reason)
        await self.give(trades)

    async def _fill(self, symbol: str, until: int) -> str:
        """Give what lies between the position and number `until`; return why that is impossible, if so."""
        positions = self.progress.positions
        for wait in (*self._timing.fills, None):
            refused = await self._backfill.read_on({symbol: positions[symbol]}, self._produce)
            if positions[symbol].number >= until - 1:
                break
            if refused:
                return refused[symbol]
            if wait is None:
                return NEVER_SHOWN
            await asyncio.sleep(wait)
        return ""
