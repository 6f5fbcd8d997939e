"""The feed position of each symbol, and the gaps passed on the way."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from stockstream.market.trade.schema import Trade
from stockstream.market.venues import Feed, FeedPosition, Gap, beginning, number_of, position_of

NEVER_SHOWN = "its pages do not have them"
NOT_GIVEN = "the venue does not give them: {}"

Note = Callable[[Gap], object]

log = logging.getLogger("producer")


class Progress:
    """The positions of a feed's symbols; each gap is reported before the trade after it is given.

    Attributes:
        missing: how many trades the venue has numbered but not provided.
    """

    def __init__(self, feed: Feed, positions: Mapping[str, FeedPosition], note: Note) -> None:
        self._feed = feed
        self._note = note
        self._began = self._connected = datetime.now(UTC)
        self.positions = dict(positions)
        self.missing = 0
        # Gaps without a known end. A former run may have reported gaps that this one fills.
        self._open = {symbol: Gap(symbol, position.at, None, 0, "") for symbol, position in positions.items()}

    def connected(self) -> None:
        """Record that everything is received from now on."""
        self._connected = datetime.now(UTC)

    def advance(self, trade: Trade, reason: str = "") -> None:
        """Advance to a trade.

        Args:
            trade: the next trade of its symbol.
            reason: why the trades between the position and this one are unavailable, if that was tried.
        """
        position = self.positions.get(trade.symbol)
        self.positions[trade.symbol] = self._position_after(trade)
        gap = self._open.pop(trade.symbol, None)
        if position is None:
            self._note(beginning(trade.symbol, trade.timestamp, self._began, self._connected))
            return
        if gap := self._passed(position, trade, reason) or gap:
            self._note(replace(gap, end=max(gap.start, trade.timestamp)))

    def give_up(self, symbol: str, number: int, reason: str) -> None:
        """Advance past a trade that the venue has announced but does not provide."""
        position = self.positions[symbol]
        self._open[symbol] = self._lost(symbol, position, number + 1, reason)
        self._note(self._open[symbol])
        self.positions[symbol] = FeedPosition(number, position.at)

    def leave(self, symbol: str, reason: str) -> None:
        """Record that a symbol is no longer received."""
        if position := self.positions.get(symbol):
            self._note(Gap(symbol, position.at, None, None, f"the venue refuses the symbol: {reason}"))

    def _position_after(self, trade: Trade) -> FeedPosition:
        return position_of(trade)

    def _passed(self, position: FeedPosition, trade: Trade, reason: str) -> Gap | None:
        """Return the gap between a position and the next trade, if there is one."""
        reason = reason or (NEVER_SHOWN if self._feed.is_consecutive else "")
        if reason and number_of(trade) > position.number + 1:
            return self._lost(trade.symbol, position, number_of(trade), reason)
        return None

    def _lost(self, symbol: str, position: FeedPosition, until: int, reason: str) -> Gap:
        """Count and report the trades between a position and number `until`."""
        missing = until - position.number - 1
        self.missing += missing
        log.warning(
            "%s: trades %s to %s of %s were numbered and not given (%s), %s so far",
            *(self._feed.name, position.number + 1, until - 1, symbol, reason, f"{self.missing:,}"),
        )
        return Gap(symbol, position.at, None, missing, NOT_GIVEN.format(reason))


class TimedProgress(Progress):
    """The same for a venue that numbers no trades: how many are missing is never known."""

    def lose(self, reason: str) -> None:
        """Record that every symbol lacks an unknown number of trades before its next one."""
        for symbol, position in self.positions.items():
            gap = Gap(symbol, position.at, None, None, NOT_GIVEN.format(reason))
            if self._open.get(symbol) != gap:
                self._open[symbol] = gap
                self._note(gap)

    def _position_after(self, trade: Trade) -> FeedPosition:
        position = self.positions.get(trade.symbol)
        return FeedPosition(0, trade.timestamp if position is None else max(position.at, trade.timestamp))

    def _passed(self, position: FeedPosition, trade: Trade, reason: str) -> Gap | None:
        return Gap(trade.symbol, position.at, None, None, NOT_GIVEN.format(reason)) if reason else None
