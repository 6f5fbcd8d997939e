"""Massive, formerly Polygon: the channel `T` of stocks, and the trades over REST.

https://massive.com/docs/websocket/stocks/trades
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec

from stockstream.errors import BadFrameError, FeedBusyError
from stockstream.market.trade.conditions import MASSIVE
from stockstream.market.trade.schema import Trade
from stockstream.market.venues.feed import Frame
from stockstream.market.venues.keyed import KeyedFeed, joined, stock_id
from stockstream.market.venues.position import FeedPosition

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
CHANNEL = "T."
CONFIRMED = f"subscribed to: {CHANNEL}"
# Of the statuses: what ends the connection but for a while, and what is no trouble.
PASSING = ("auth_timeout", "force_disconnect")
CALM = ("connected", "auth_success", "success")


class _Status(msgspec.Struct, frozen=True, tag_field="ev", tag="status"):
    status: str = ""
    message: str = ""


class _Event(msgspec.Struct, frozen=True, tag_field="ev", tag="T"):
    """A trade as the stream has it: milliseconds, and `ds` is the size with its fraction."""

    sym: str
    x: int
    i: str
    p: Decimal
    t: int
    s: Decimal = Decimal(0)
    ds: Decimal | None = None
    c: list[int] | None = None
    trfi: int = 0


# Indicators of corrections: of trades as they were, and of those that have the corrected values.
STANDS = (0, 1)


class _Row(msgspec.Struct, frozen=True):
    """A trade as pages have it: nanoseconds."""

    exchange: int
    id: str
    price: Decimal
    sip_timestamp: int
    size: Decimal = Decimal(0)
    decimal_size: Decimal | None = None
    conditions: list[int] | None = None
    trf_id: int = 0
    correction: int = 0


class _Page(msgspec.Struct, frozen=True):
    results: list[_Row] | None = None
    next_url: str | None = None


class _Kind(msgspec.Struct, frozen=True):
    ev: str = ""


_messages = msgspec.json.Decoder(list[msgspec.Raw])
_kind = msgspec.json.Decoder(_Kind)
_known = msgspec.json.Decoder(_Status | _Event)
_page = msgspec.json.Decoder(_Page)


class Massive(KeyedFeed):
    """Massive.

    Its pitfalls: a key has one connection, and a second one ends the first; a symbol that is not in the key's
    plan is refused without its name; the stream has milliseconds and pages nanoseconds, which are cut to
    milliseconds, so that a trade is the same from both.
    """

    name = "massive"
    settings: Sequence[str] = ("massive_api_key",)

    def __init__(
        self,
        stream: str = "wss://socket.massive.com/stocks",
        rest: str = "https://api.massive.com",
        *,
        massive_api_key: str = "",
    ) -> None:
        self._stream, self._rest = stream, rest
        self.secrets = (massive_api_key,)
        self.headers = {"Authorization": f"Bearer {massive_api_key}"}
        self.login = msgspec.json.encode({"action": "auth", "params": massive_api_key}).decode()

    def address(self, symbols: Sequence[str]) -> str:
        """Return the only URL; the subscription names the symbols."""
        del symbols
        return self._stream

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return the subscription."""
        wish = ",".join(f"{CHANNEL}{symbol}" for symbol in symbols)
        return [msgspec.json.encode({"action": "subscribe", "params": wish}).decode()]

    def parse(self, frame: str | bytes) -> Frame:
        """Return the content of a frame.

        >>> made = Massive().parse('[{"ev":"T","sym":"MSFT","x":4,"i":"12345","z":3,"p":114.125,"s":100,'
        ...     '"c":[0,12],"t":1536036818784,"q":3681328,"trfi":202,"trft":1536036818780}]')
        >>> made.trades[0].trade_id, made.trades[0].conditions, made.trades[0].updates_last
        ('20180903/4.202/12345', '0,12', False)
        """
        try:
            said = [
                _known.decode(raw)
                for raw in _messages.decode(frame)
                if _kind.decode(raw).ev in ("T", "status")
            ]
            trades = [_streamed(each) for each in said if isinstance(each, _Event)]
        except (msgspec.DecodeError, UnicodeDecodeError, OverflowError) as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc
        statuses = [each for each in said if isinstance(each, _Status)]
        self._heed(statuses)
        return Frame(trades, is_welcome=any(each.status == "auth_success" for each in statuses))

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return the URL of the trades from a position's time on."""
        since = (after.at - EPOCH) // MICRO * 1000
        wish = {"timestamp.gte": since, "order": "asc", "sort": "timestamp", "limit": self.page_size}
        return self._address(symbol, urlencode(wish))

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return a page's trades."""
        try:
            rows = _page.decode(page).results or ()
            return [_paged(row, symbol) for row in rows if row.correction in STANDS]
        except (msgspec.DecodeError, OverflowError) as exc:
            raise BadFrameError(venue=self.name, reason=exc) from exc

    def next_page(self, symbol: str, page: bytes) -> str:
        """Return the URL of the page after this one; empty if this is the last.

        The key goes to the known address alone, whatever address the page names.
        """
        cursor = parse_qs(urlsplit(_page.decode(page).next_url or "").query).get("cursor")
        return self._address(symbol, urlencode({"cursor": cursor[0]})) if cursor else ""

    def _address(self, symbol: str, query: str) -> str:
        return f"{self._rest}/v3/trades/{quote(symbol, safe='')}?{query}"

    def _heed(self, statuses: Sequence[_Status]) -> None:
        """Raise what the worst of the statuses means; a frame answers a whole subscription."""
        fault = next((each for each in statuses if each.status not in CALM), None)
        if fault is None:
            return
        reason = fault.message or fault.status
        if fault.status in PASSING:
            raise FeedBusyError(venue=self.name, reason=reason)
        if fault.status == "auth_failed":
            self.refuse_key(reason)
        if fault.status == "max_connections":
            self.refuse_connection(reason)
        accepted = [each.message.removeprefix(CONFIRMED) for each in statuses if CONFIRMED in each.message]
        self.refuse(reason, accepted)


def _streamed(event: _Event) -> Trade:
    size = event.s if event.ds is None else event.ds
    row = _Row(event.x, event.i, event.p, event.t * 1_000_000, size, None, event.c, event.trfi)
    return _paged(row, event.sym)


def _paged(row: _Row, symbol: str) -> Trade:
    at = EPOCH + timedelta(milliseconds=row.sip_timestamp // 1_000_000)
    conditions = joined(row.conditions or ())
    return Trade(
        trade_id=stock_id(at, f"{row.exchange}.{row.trf_id}" if row.trf_id else row.exchange, row.id),
        timestamp=at,
        symbol=symbol,
        price=row.price,
        volume=row.size if row.decimal_size is None else row.decimal_size,
        trade_type=None,
        conditions=conditions,
        updates_last=MASSIVE.update_last(conditions or ""),
        source=Massive.name,
    )
