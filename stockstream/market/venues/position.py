"""How far the trades of a venue's symbols have come, by the venue's numbers or by time.

A venue that numbers its trades repeats none with a higher number. The trades of other venues are ordered by
time, not exactly and with equal times: those shortly before the newest are told apart by their ids.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from stockstream.market.trade.schema import Trade

# How much later than others a trade may come and still be recognised. FINRA wants reports within 10 s.
OVERLAP = timedelta(seconds=30)


class FeedPosition(NamedTuple):
    """How far a symbol's trades are produced.

    Args:
        number: the venue's number of the last one; 0 where it numbers none.
        at: when it happened.
        recent: the ids of the trades since `OVERLAP` before it and their times, where there are no numbers.
    """

    number: int
    at: datetime
    recent: Mapping[str, datetime] = {}


class Reached(Protocol):
    """Follows trades and says how far they have come."""

    def add(self, symbol: str, trade_id: str, at: datetime) -> None:
        """Add a trade of the venue."""

    def positions(self) -> dict[str, FeedPosition]:
        """Return the position of each symbol so far."""


class NumberedTrades:
    """The trade with the highest number, by symbol."""

    def __init__(self) -> None:
        self._last: dict[str, FeedPosition] = {}

    def add(self, symbol: str, trade_id: str, at: datetime) -> None:
        """Add a trade.

        Raises:
            ValueError: its id is not a number.
        """
        position, last = FeedPosition(int(trade_id), at), self._last.get(symbol)
        if last is None or position.number > last.number:
            self._last[symbol] = position

    def positions(self) -> dict[str, FeedPosition]:
        """Return the position of each symbol so far."""
        return dict(self._last)


class RecentTrades:
    """The newest trade and the ids of those shortly before it, by symbol.

    >>> trades, noon = RecentTrades({}), datetime(2026, 1, 5, 12)
    >>> for second, name in enumerate(("a", "b", "c")):
    ...     trades.add("X", name, noon + second * timedelta(seconds=20))
    >>> [trades.has("X", name) for name in ("a", "b", "c")]
    [False, True, True]
    """

    def __init__(self, positions: Mapping[str, FeedPosition]) -> None:
        """Start at the given positions."""
        self._newest = {symbol: position.at for symbol, position in positions.items()}
        self._ids = {symbol: dict(position.recent) for symbol, position in positions.items()}

    def add(self, symbol: str, trade_id: str, at: datetime, until: datetime | None = None) -> None:
        """Add a trade, and forget those that are too old to come again.

        Args:
            symbol: the trade's symbol.
            trade_id: its id.
            at: when it happened.
            until: up to when trades may come again, if that is before the newest.
        """
        newest = self._newest[symbol] = max(self._newest.get(symbol, at), at)
        ids = self._ids.setdefault(symbol, {})
        ids[trade_id] = at
        oldest = (newest if until is None else min(newest, until)) - OVERLAP
        while ids and ids[first := next(iter(ids))] < oldest:
            del ids[first]

    def has(self, symbol: str, trade_id: str) -> bool:
        """Return whether a trade is known; one that is too old never is."""
        return trade_id in self._ids.get(symbol, ())

    def positions(self) -> dict[str, FeedPosition]:
        """Return the position of each symbol so far."""
        return {symbol: FeedPosition(0, at, dict(self._ids[symbol])) for symbol, at in self._newest.items()}


def reached(positions: Mapping[str, FeedPosition], *, is_numbered: bool) -> Reached:
    """Return what follows the trades of a venue, from these positions on, if it does not number them."""
    return NumberedTrades() if is_numbered else RecentTrades(positions)


def furthest(one: FeedPosition, other: FeedPosition) -> FeedPosition:
    """Return the later of two positions of a symbol, with what is known at both."""
    later = max(one, other, key=lambda position: (position.number, position.at))
    return later._replace(recent={**one.recent, **other.recent})


def number_of(trade: Trade) -> int:
    """Return the venue's number of a trade."""
    return int(trade.trade_id)


def position_of(trade: Trade) -> FeedPosition:
    """Return the feed position after a numbered trade."""
    return FeedPosition(number_of(trade), trade.timestamp)
