"""Coinbase Exchange: the channels `matches` and `heartbeat`, and the product's trades over REST.

https://docs.cdp.coinbase.com/exchange/websocket-feed/channels
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from stockstream.errors import BadFrameError, FeedRefusedError
from stockstream.market.trade.schema import Trade
from stockstream.market.venues.feed import TAKER_OF_MAKER, Frame, OpenFeed
from stockstream.market.venues.position import FeedPosition

Maker = Literal["buy", "sell"]


class _Kind(msgspec.Struct, frozen=True):
    type: str
    message: str = ""
    reason: str = ""


class _Heartbeat(msgspec.Struct, frozen=True):
    product_id: str
    last_trade_id: int


class _Match(msgspec.Struct, frozen=True):
    """A trade, in a frame or in a page; a page does not name the product, which the caller knows."""

    trade_id: int
    side: Maker
    size: Decimal
    price: Decimal
    time: datetime
    product_id: str = ""


_kind = msgspec.json.Decoder(_Kind)
_heartbeat = msgspec.json.Decoder(_Heartbeat)
_match = msgspec.json.Decoder(_Match)
_matches = msgspec.json.Decoder(list[_Match])


class Coinbase(OpenFeed):
    """Coinbase Exchange.

    Its pitfalls: `side` is the maker's, and each subscription begins with `last_match`, a trade that may have
    been seen before. A heartbeat each second gives the last trade's number, so a skipped trade is noticed
    even if none follows.
    """

    name = "coinbase"
    symbols: Sequence[str] = ("BTC-USD", "ETH-USD", "SOL-USD")
    silence = 10.0
    page_size = 1000
    is_consecutive = True
    headers: Mapping[str, str] = {}

    def __init__(
        self,
        stream: str = "wss://ws-feed.exchange.coinbase.com",
        rest: str = "https://api.exchange.coinbase.com",
    ) -> None:
        self._stream = stream
        self._rest = rest

    def address(self, symbols: Sequence[str]) -> str:
        """Return the only URL; the subscription names the symbols."""
        del symbols
        return self._stream

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return the subscription."""
        wish = {"type": "subscribe", "product_ids": list(symbols), "channels": ["matches", "heartbeat"]}
        return [msgspec.json.encode(wish).decode()]

    def parse(self, frame: str | bytes) -> Frame:
        """Return the content of a frame.

        >>> made = Coinbase().parse('{"type":"match","trade_id":10,"sequence":50,"product_id":"BTC-USD",'
        ...     '"maker_order_id":"m","taker_order_id":"t","time":"2014-11-07T08:19:27.028459Z",'
        ...     '"size":"5.23512","price":"400.23","side":"sell"}')
        >>> made.trades[0].trade_type, made.trades[0].price
        ('BUY', Decimal('400.23'))
        """
        try:
            kind = _kind.decode(frame)
            if kind.type in ("match", "last_match"):
                match = _match.decode(frame)
                return Frame((_trade(match, match.product_id),))
            if kind.type == "heartbeat":
                beat = _heartbeat.decode(frame)
                return Frame((), {beat.product_id: beat.last_trade_id})
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc
        if kind.type == "error":
            words = ": ".join(filter(None, (kind.message, kind.reason)))
            raise FeedRefusedError(venue=self.name, reason=words or "no reason given")
        return Frame()

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return the URL of the trades after a position: pages go back from a number, and have no gaps."""
        end = after.number + self.page_size + 1
        return f"{self._rest}/products/{symbol}/trades?limit={self.page_size}&after={end}"

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return a page's trades."""
        try:
            return [_trade(match, symbol) for match in _matches.decode(page)]
        except msgspec.DecodeError as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc


def _trade(match: _Match, symbol: str) -> Trade:
    return Trade(
        trade_id=str(match.trade_id),
        timestamp=match.time,
        symbol=symbol,
        price=match.price,
        volume=match.size,
        trade_type=TAKER_OF_MAKER[match.side],
        source=Coinbase.name,
    )
