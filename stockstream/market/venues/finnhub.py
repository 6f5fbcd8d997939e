"""Finnhub: the stream of trades. Its past trades need a plan of their own, so there are no pages.

https://finnhub.io/docs/api/websocket-trades
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import msgspec

from stockstream.errors import BadFrameError
from stockstream.market.trade.conditions import FINNHUB
from stockstream.market.trade.schema import Trade
from stockstream.market.venues.equals import content_id
from stockstream.market.venues.feed import Frame
from stockstream.market.venues.keyed import KeyedFeed, joined
from stockstream.market.venues.position import FeedPosition

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOO_MANY_SYMBOLS = "too many symbols"
BAD_KEY = "api key"


class _Kind(msgspec.Struct, frozen=True):
    type: str
    msg: str = ""


class _Row(msgspec.Struct, frozen=True):
    """A trade; without a volume, it is a change of price."""

    s: str
    p: Decimal
    t: int
    v: Decimal
    c: list[str] | None = None


class _Trades(msgspec.Struct, frozen=True):
    data: list[_Row]


_kind = msgspec.json.Decoder(_Kind)
_trades = msgspec.json.Decoder(_Trades)


class Finnhub(KeyedFeed):
    """Finnhub.

    Its pitfalls: the key is part of the URL, a key has one connection, a second one ends both without a word,
    and trades have no ids. A ping comes each minute.
    """

    name = "finnhub"
    settings: Sequence[str] = ("finnhub_token",)
    silence = 150.0
    page_size = 0
    has_ids = False

    def __init__(
        self,
        stream: str = "wss://ws.finnhub.io",
        rest: str = "https://finnhub.io",
        *,
        finnhub_token: str = "",
    ) -> None:
        self._stream, self._rest = stream, rest
        self._token = finnhub_token
        self.secrets = (finnhub_token,)

    def address(self, symbols: Sequence[str]) -> str:
        """Return the URL, which has the key; the subscriptions name the symbols."""
        del symbols
        return f"{self._stream}?{urlencode({'token': self._token})}"

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return a subscription for each symbol."""
        return [msgspec.json.encode({"type": "subscribe", "symbol": symbol}).decode() for symbol in symbols]

    def parse(self, frame: str | bytes) -> Frame:
        """Return the content of a frame.

        >>> made = Finnhub().parse('{"data":[{"c":["1","12"],"p":7296.89,"s":"AAPL","t":1575526691134,'
        ...     '"v":0.011467}],"type":"trade"}')
        >>> made.trades[0].timestamp.isoformat(), made.trades[0].updates_last
        ('2019-12-05T06:18:11.134000+00:00', False)
        """
        try:
            kind = _kind.decode(frame)
            if kind.type == "trade":
                return Frame([_trade(row) for row in _trades.decode(frame).data if row.v])
        except (msgspec.DecodeError, UnicodeDecodeError, OverflowError) as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc
        if kind.type == "error":
            self._heed(kind.msg)
        return Frame()

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return nothing: there are no pages."""
        del symbol, after
        return ""

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return nothing: there are no pages."""
        del symbol, page
        return ()

    def next_page(self, symbol: str, page: bytes) -> str:
        """Return nothing: there are no pages."""
        del symbol, page
        return ""

    def _heed(self, message: str) -> None:
        """Raise what a message of an error means."""
        if TOO_MANY_SYMBOLS in message.lower():
            self.refuse_number(message)
        if BAD_KEY in message.lower():
            self.refuse_key(message)
        self.refuse(message or "no reason given")


def _trade(row: _Row) -> Trade:
    at = EPOCH + timedelta(milliseconds=row.t)
    conditions = joined(row.c or ())
    return Trade(
        trade_id=content_id(at, row.p, row.v, conditions),
        timestamp=at,
        symbol=row.s,
        price=row.p,
        volume=row.v,
        trade_type=None,
        conditions=conditions,
        updates_last=FINNHUB.update_last(conditions or ""),
        source=Finnhub.name,
    )
