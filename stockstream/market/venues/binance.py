"""Binance, spot: the streams `<symbol>@trade`, and the historical trades over REST.

https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import msgspec

from stockstream.errors import BadFrameError, FeedRefusedError
from stockstream.market.trade.schema import Side, Trade
from stockstream.market.venues.feed import Frame, OpenFeed
from stockstream.market.venues.position import FeedPosition

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_MICROS = 10**14  # a current time in milliseconds lies below, in microseconds above


class _Fault(msgspec.Struct, frozen=True):
    code: int = 0
    msg: str = ""


class _Said(msgspec.Struct, frozen=True):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    error: _Fault | None = None


class _Event(msgspec.Struct, frozen=True):
    """A trade; `m`: the buyer is the maker."""

    t: int
    s: str
    p: Decimal
    q: Decimal
    T: int
    m: bool


class _Row(msgspec.Struct, frozen=True, rename="camel"):
    id: int
    price: Decimal
    qty: Decimal
    time: int
    is_buyer_maker: bool


_said = msgspec.json.Decoder(_Said)
_event = msgspec.json.Decoder(_Event)
_rows = msgspec.json.Decoder(list[_Row])


class Binance(OpenFeed):
    """Binance.

    Its pitfalls: it says who the maker is, it ends every connection after 24 hours, it sends nothing while
    nobody trades (the connection answers its pings), and it does not serve some countries (HTTP 451).
    """

    name = "binance"
    symbols: Sequence[str] = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
    silence = 60.0
    page_size = 1000
    is_consecutive = True
    headers: Mapping[str, str] = {"X-MBX-TIME-UNIT": "MICROSECOND"}

    def __init__(
        self, stream: str = "wss://stream.binance.com:9443", rest: str = "https://api.binance.com"
    ) -> None:
        self._stream = stream
        self._rest = rest

    def address(self, symbols: Sequence[str]) -> str:
        """Return the URL, which names the streams."""
        streams = "/".join(f"{symbol.lower()}@trade" for symbol in symbols)
        return f"{self._stream}/stream?streams={streams}&timeUnit=MICROSECOND"

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return nothing: the URL is enough."""
        del symbols
        return ()

    def parse(self, frame: str | bytes) -> Frame:
        """Return the content of a frame.

        >>> made = Binance().parse('{"stream":"bnbbtc@trade","data":{"e":"trade","E":1672515782136,'
        ...     '"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782136,"m":true,"M":true}}')
        >>> made.trades[0].trade_type, made.trades[0].timestamp.isoformat()
        ('SELL', '2022-12-31T19:43:02.136000+00:00')
        """
        try:
            said = _said.decode(frame)
            if said.stream.endswith("@trade"):
                event = _event.decode(said.data)
                row = _Row(event.t, event.p, event.q, event.T, event.m)
                return Frame((_trade(row, event.s),))
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc
        if said.error:
            raise FeedRefusedError(venue=self.name, reason=f"{said.error.msg} ({said.error.code})")
        return Frame()

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return the URL of the trades from the next number on."""
        wish = {"symbol": symbol, "fromId": after.number + 1, "limit": self.page_size}
        return f"{self._rest}/api/v3/historicalTrades?{urlencode(wish)}"

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return a page's trades."""
        try:
            return [_trade(row, symbol) for row in _rows.decode(page)]
        except msgspec.DecodeError as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc


def _trade(row: _Row, symbol: str) -> Trade:
    micros = row.time if row.time >= LEAST_MICROS else row.time * 1000
    side: Side = "SELL" if row.is_buyer_maker else "BUY"
    return Trade(
        trade_id=str(row.id),
        timestamp=EPOCH + timedelta(microseconds=micros),
        symbol=symbol,
        price=row.price,
        volume=row.qty,
        trade_type=side,
        source=Binance.name,
    )
