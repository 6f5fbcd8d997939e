"""The ids of trades that a venue gives without one: by content, and by position among equal ones."""

from collections import deque
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b

from msgspec.structs import replace

from stockstream.market.files.identity import plain
from stockstream.market.trade.schema import Trade
from stockstream.market.venues.position import OVERLAP


def content_id(at: datetime, price: Decimal, volume: Decimal, conditions: str | None) -> str:
    """Return what is equal for equal trades of a symbol."""
    words = "|".join([at.isoformat(), plain(price), plain(volume), conditions or ""])
    return blake2b(words.encode(), digest_size=16).hexdigest()


class Equals:
    """Tells equal trades of one connection apart.

    The first has its content as id, the second has `-2` after it. A trade that the next connection brings
    again is thus the same trade.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._order: deque[tuple[datetime, tuple[str, str]]] = deque()

    def named(self, trade: Trade) -> Trade:
        """Return a trade with its id; all of the connection must pass through here in order."""
        key = trade.symbol, trade.trade_id
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count > 1:
            return replace(trade, trade_id=f"{trade.trade_id}-{count}")
        self._order.append((trade.timestamp, key))
        while self._order[0][0] < trade.timestamp - OVERLAP:
            del self._counts[self._order.popleft()[1]]
        return trade
