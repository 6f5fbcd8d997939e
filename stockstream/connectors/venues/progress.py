"""The feed position of each symbol, and the gaps passed on the way."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from stockstream.market.trade.schema import Trade
from stockstream.market.venues import Feed, FeedPosition, Gap, beginning, number_of, position_of

NEVER_SHOWN = "its pages do not have them"

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
        self.positions[trade.symbol] = position_of(trade)
        gap = self._open.pop(trade.symbol, None)
        if position is None:
            self._note(beginning(trade.symbol, trade.timestamp, self._began, self._connected))
            return
        reason = reason or (NEVER_SHOWN if self._feed.is_consecutive else "")
        if reason and number_of(trade) > position.number + 1:
            gap = self._lost(trade.symbol, position, number_of(trade), reason)
        if gap:
            self._note(replace(gap, end=trade.timestamp))

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

    def _lost(self, symbol: str, position: FeedPosition, until: int, reason: str) -> Gap:
        """Count and report the trades between a position and number `until`."""
        missing = until - position.number - 1
        self.missing += missing
        log.warning(
            "%s: trades %s to %s of %s were numbered and not given (%s), %s so far",
            *(self._feed.name, position.number + 1, until - 1, symbol, reason, f"{self.missing:,}"),
        )
        return Gap(symbol, position.at, None, missing, f"the venue does not give them: {reason}")
