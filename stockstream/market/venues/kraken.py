"""Kraken, WebSocket version 2: the channel `trade` with its snapshot, and the trades over REST.

https://docs.kraken.com/api/docs/websocket-v2/trade
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from stockstream.errors import BadFrameError, FeedRefusedError
from stockstream.market.trade.schema import Trade
from stockstream.market.venues.feed import TAKER, Frame, OpenFeed
from stockstream.market.venues.position import FeedPosition

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
REST_SIDES: Mapping[str, Literal["buy", "sell"]] = {"b": "buy", "s": "sell"}


class _Said(msgspec.Struct, frozen=True):
    channel: str = ""
    method: str = ""
    success: bool = True
    error: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Event(msgspec.Struct, frozen=True):
    """A trade; prices and quantities are JSON numbers, read from their text and never through a float."""

    symbol: str
    side: Literal["buy", "sell"]
    price: Decimal
    qty: Decimal
    trade_id: int
    timestamp: datetime


class _Page(msgspec.Struct, frozen=True):
    error: list[str] = []
    result: dict[str, msgspec.Raw] = {}


_said = msgspec.json.Decoder(_Said)
_events = msgspec.json.Decoder(list[_Event])
_page = msgspec.json.Decoder(_Page)
# price, volume, seconds, b or s, type of order, free text, number of the trade
_rows = msgspec.json.Decoder(list[tuple[Decimal, Decimal, Decimal, Literal["b", "s"], str, Any, int]])


class Kraken(OpenFeed):
    """Kraken.

    Its pitfalls: each subscription begins with a snapshot of 50 trades that may have been seen before,
    numbers may be left out, and REST queries use a time, not a number. A heartbeat is sent each second
    without other messages.
    """

    name = "kraken"
    symbols: Sequence[str] = ("BTC/USD", "ETH/USD", "SOL/USD")
    silence = 10.0
    page_size = 1000
    is_consecutive = False
    headers: Mapping[str, str] = {}

    def __init__(
        self, stream: str = "wss://ws.kraken.com/v2", rest: str = "https://api.kraken.com/0/public"
    ) -> None:
        self._stream = stream
        self._rest = rest

    def address(self, symbols: Sequence[str]) -> str:
        """Return the only URL; the subscription names the symbols."""
        del symbols
        return self._stream

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return the subscription, with the snapshot, which contains what was missed in the meantime."""
        wish = {"channel": "trade", "symbol": list(symbols), "snapshot": True}
        return [msgspec.json.encode({"method": "subscribe", "params": wish}).decode()]

    def parse(self, frame: str | bytes) -> Frame:
        """Return the content of a frame.

        >>> made = Kraken().parse('{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD",'
        ...     '"side":"sell","price":30243.4,"qty":0.34507674,"ord_type":"limit","trade_id":61044952,'
        ...     '"timestamp":"2023-07-06T18:33:17.827736Z"}]}')
        >>> made.trades[0].trade_type, made.trades[0].volume
        ('SELL', Decimal('0.34507674'))
        """
        try:
            said = _said.decode(frame)
            if said.channel == "trade":
                return Frame([_trade(event) for event in _events.decode(said.data)])
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc
        if said.error or not said.success:
            raise FeedRefusedError(venue=self.name, reason=said.error or "no reason given")
        return Frame()

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return the URL of the trades from a position's time on."""
        # Other trades may have the same microsecond, and the answer starts after the requested time.
        since = ((after.at - EPOCH) // MICRO - 1) * 1000
        return f"{self._rest}/Trades?{urlencode({'pair': symbol, 'since': since, 'count': self.page_size})}"

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return a page's trades; the page spells the symbol in its own way."""
        try:
            read = _page.decode(page)
            rows = [row for key, raw in read.result.items() if key != "last" for row in _rows.decode(raw)]
        except msgspec.DecodeError as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc
        if read.error:
            raise BadFrameError(venue=self.name, reason=", ".join(read.error))
        return [
            _trade(_Event(symbol, REST_SIDES[side], price, volume, number, _moment(seconds)))
            for price, volume, seconds, side, _, _, number in rows
        ]


def _moment(seconds: Decimal) -> datetime:
    return EPOCH + MICRO * int(seconds * 1_000_000)


def _trade(event: _Event) -> Trade:
    return Trade(
        trade_id=str(event.trade_id),
        timestamp=event.timestamp,
        symbol=event.symbol,
        price=event.price,
        volume=event.qty,
        trade_type=TAKER[event.side],
        source=Kraken.name,
    )
