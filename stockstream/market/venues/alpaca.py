"""Alpaca, market data version 2: the stream of stock trades, and the historical trades over REST.

https://docs.alpaca.markets/docs/real-time-stock-pricing-data
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from stockstream.errors import BadFrameError, FeedBusyError
from stockstream.market.trade.conditions import CTA, UTP
from stockstream.market.trade.schema import Trade
from stockstream.market.venues.feed import Frame
from stockstream.market.venues.keyed import KeyedFeed, joined, stock_id
from stockstream.market.venues.position import FeedPosition

AUTHENTICATED = "authenticated"
KNOWN_ALREADY = 403  # a second login on one connection
BAD_KEY = (401, 402, 409)  # not authenticated, authentication failed, not in the key's plan
TOO_MANY_SYMBOLS = 405
TOO_MANY_CONNECTIONS = 406
VOID = ("canceled", "incorrect")  # a trade of a page that does not stand
PASSING = (404, 407, 500)  # login too late, client too slow, internal error


class _Said(msgspec.Struct, frozen=True, tag_field="T", tag="success"):
    msg: str = ""


class _Fault(msgspec.Struct, frozen=True, tag_field="T", tag="error"):
    code: int = 0
    msg: str = ""


class _Row(msgspec.Struct, frozen=True):
    """A trade as pages have it."""

    t: str
    x: str
    p: Decimal
    s: Decimal
    i: int
    c: list[str] | None = None
    z: str = ""
    u: str = ""


class _Event(_Row, frozen=True, tag_field="T", tag="t", kw_only=True):
    """A trade as the stream has it."""

    S: str


class _Cancelled(msgspec.Struct, frozen=True, tag_field="T", tag="x"):
    """A trade that was cancelled or an error."""

    S: str
    i: int
    x: str
    p: Decimal
    s: Decimal
    t: str


class _Corrected(msgspec.Struct, frozen=True, tag_field="T", tag="c"):
    """A trade `oi` that was corrected to `ci`."""

    S: str
    x: str
    oi: int
    ci: int
    cp: Decimal
    cs: Decimal
    t: str
    cc: list[str] | None = None
    z: str = ""


class _Kind(msgspec.Struct, frozen=True):
    T: str = ""


class _Page(msgspec.Struct, frozen=True):
    trades: dict[str, list[_Row]] | None = None
    next_page_token: str | None = None


_Known = _Said | _Fault | _Event | _Cancelled | _Corrected
_KINDS = frozenset("txc") | {"success", "error"}

_messages = msgspec.json.Decoder(list[msgspec.Raw])
_kind = msgspec.json.Decoder(_Kind)
_known = msgspec.json.Decoder(_Known)
_page = msgspec.json.Decoder(_Page)


class Alpaca(KeyedFeed):
    """Alpaca.

    Its pitfalls: without a plan it has the trades of one exchange (IEX) and of thirty symbols, one connection
    for each key, and nothing says whether a symbol exists. Nanoseconds are cut to microseconds.
    """

    name = "alpaca"
    settings: Sequence[str] = ("apca_api_key_id", "apca_api_secret_key")

    def __init__(
        self,
        stream: str = "wss://stream.data.alpaca.markets",
        rest: str = "https://data.alpaca.markets",
        *,
        apca_api_key_id: str = "",
        apca_api_secret_key: str = "",
        alpaca_feed: str = "iex",
    ) -> None:
        self._stream, self._rest, self._feed = stream, rest, alpaca_feed
        self.secrets = (apca_api_key_id, apca_api_secret_key)
        self.headers = {"APCA-API-KEY-ID": apca_api_key_id, "APCA-API-SECRET-KEY": apca_api_secret_key}
        wish = {"action": "auth", "key": apca_api_key_id, "secret": apca_api_secret_key}
        self.login = msgspec.json.encode(wish).decode()

    def address(self, symbols: Sequence[str]) -> str:
        """Return the URL of the exchange or of the consolidated tape; the subscription names the symbols."""
        del symbols
        return f"{self._stream}/v2/{self._feed}"

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return the subscription; that to corrections and cancellations comes with it."""
        return [msgspec.json.encode({"action": "subscribe", "trades": list(symbols)}).decode()]

    def parse(self, frame: str | bytes) -> Frame:
        """Return the content of a frame.

        >>> made = Alpaca().parse('[{"T":"t","i":96921,"S":"AAPL","x":"D","p":126.55,"s":1,'
        ...     '"t":"2021-02-22T15:51:44.208123456Z","c":["@","I"],"z":"C"}]')
        >>> made.trades[0].trade_id, made.trades[0].conditions, made.trades[0].updates_last
        ('20210222/D/96921', '@,I', False)
        """
        try:
            said = [_known.decode(raw) for raw in _messages.decode(frame) if _kind.decode(raw).T in _KINDS]
            trades = [_trade(each, each.S) for each in said if isinstance(each, _Event)]
            corrections = [_correction(each) for each in said if isinstance(each, (_Cancelled, _Corrected))]
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc
        for each in said:
            if isinstance(each, _Fault):
                self._heed(each)
        is_welcome = any(isinstance(each, _Said) and each.msg == AUTHENTICATED for each in said)
        return Frame(trades, corrections=corrections, is_welcome=is_welcome)

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return the URL of the trades from a position's time on."""
        return self._address(symbol, {"start": after.at.isoformat()})

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return a page's trades."""
        try:
            rows = (_page.decode(page).trades or {}).get(symbol, ())
            return [_trade(row, symbol) for row in rows if row.u not in VOID]
        except (msgspec.DecodeError, ValueError) as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc

    def next_page(self, symbol: str, page: bytes) -> str:
        """Return the URL of the page after this one; empty if this is the last."""
        token = _page.decode(page).next_page_token
        return self._address(symbol, {"page_token": token}) if token else ""

    def _address(self, symbol: str, begin: dict[str, str]) -> str:
        wish = {"symbols": symbol, "limit": self.page_size, "feed": self._feed, "sort": "asc"}
        return f"{self._rest}/v2/stocks/trades?{urlencode(wish | begin)}"

    def _heed(self, fault: _Fault) -> None:
        """Raise what a message of an error means."""
        reason = f"{fault.msg}, {fault.code}"
        if fault.code == KNOWN_ALREADY:
            return
        if fault.code in PASSING:
            raise FeedBusyError(venue=self.name, reason=reason)
        if fault.code in BAD_KEY:
            self.refuse_key(reason)
        if fault.code == TOO_MANY_SYMBOLS:
            self.refuse_number(reason)
        if fault.code == TOO_MANY_CONNECTIONS:
            self.refuse_connection(reason)
        self.refuse(reason)


def _trade(row: _Row, symbol: str) -> Trade:
    at = datetime.fromisoformat(row.t)
    conditions = joined(row.c or ())
    return Trade(
        trade_id=stock_id(at, row.x, row.i),
        timestamp=at,
        symbol=symbol,
        price=row.p,
        volume=row.s,
        trade_type=None,
        conditions=conditions,
        updates_last=(UTP if row.z == "C" else CTA).update_last(conditions or ""),
        source=Alpaca.name,
    )


def _correction(said: _Cancelled | _Corrected) -> Trade:
    """Return a correction as a trade that names the one it changes."""
    at = datetime.fromisoformat(said.t)
    if isinstance(said, _Cancelled):
        named = stock_id(at, said.x, said.i)
        row = _Row(said.t, said.x, said.p, said.s, said.i)
        return replace(_trade(row, said.S), trade_id=f"{named}/x", corrects=named, cancels=True)
    row = _Row(said.t, said.x, said.cp, said.cs, said.ci, said.cc, said.z)
    made = replace(_trade(row, said.S), corrects=stock_id(at, said.x, said.oi))
    return replace(made, trade_id=f"{made.trade_id}/c") if made.trade_id == made.corrects else made
