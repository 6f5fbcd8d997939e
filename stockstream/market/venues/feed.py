"""The protocol of a venue's feed: requests, frames, and pages of missed trades.

A feed is pure: it makes URLs and requests and reads frames and pages. The connection, the clock and the
storage of positions belong to `connectors.venues`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from stockstream.market.trade.schema import Side, Trade
from stockstream.market.venues.position import FeedPosition

TAKER_OF_MAKER: Mapping[str, Side] = {"buy": "SELL", "sell": "BUY"}
TAKER: Mapping[str, Side] = {"buy": "BUY", "sell": "SELL"}


class Frame(NamedTuple):
    """The content of a frame.

    Args:
        trades: its trades, possibly none, possibly including earlier ones.
        reached: numbers of trades that have happened, by symbol, as given by heartbeats.
        corrections: trades that correct or cancel earlier ones.
        is_welcome: whether the venue has accepted the login, and now waits for the greetings.
    """

    trades: Sequence[Trade] = ()
    reached: Mapping[str, int] = {}
    corrections: Sequence[Trade] = ()
    is_welcome: bool = False


class Feed(Protocol):
    """A venue; a new one needs a file and a line in `FEEDS`.

    Trade ids are the venue's own, unique within a symbol for ever. Symbols are spelled as the venue spells
    them.
    """

    name: str
    symbols: Sequence[str]  # the default symbols
    silence: float  # seconds without a frame after which the connection counts as dead
    page_size: int  # 0 if there are no pages
    is_numbered: bool  # whether ids are numbers, which increase within a symbol
    is_consecutive: bool  # whether numbers have no holes, so that one that a page skips is a missing trade
    has_ids: bool  # whether a trade has an id; otherwise equal ones are told apart by their order
    headers: Mapping[str, str]  # of requests for pages
    login: str  # sent first on a new connection; empty if there is none
    secrets: Sequence[str]  # what no log may show: the key
    settings: Sequence[str]  # the names of the settings that have it

    def address(self, symbols: Sequence[str]) -> str:
        """Return the URL of the stream of these symbols' trades."""

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return what to send on a new connection, after the login if there is one: the subscription."""

    def parse(self, frame: str | bytes) -> Frame:
        """Return the content of a frame, which may have no trades.

        Raises:
            BadFrameError: it is not a frame of the venue.
            FeedRefusedError: the venue refuses the request.
            FeedBusyError: the venue ends the connection, and another one may work.
        """

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return the URL of the oldest trades after a position, at most `page_size`.

        Without numbers, it is that of the trades from the position's time on.
        """

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return a page's trades in any order, possibly with some from before the position.

        Raises:
            BadFrameError: it is not a page of the venue.
        """

    def next_page(self, symbol: str, page: bytes) -> str:
        """Return the URL of the page after this one; empty if this is the last, or if trades are numbered.

        Raises:
            BadFrameError: it is not a page of the venue.
        """


class OpenFeed:
    """What the feeds have in common that number their trades and need no key."""

    is_numbered = True
    has_ids = True
    login = ""
    secrets: Sequence[str] = ()
    settings: Sequence[str] = ()

    def next_page(self, symbol: str, page: bytes) -> str:
        """Return nothing: a page begins after the last trade's number."""
        del symbol, page
        return ""
