"""The protocol of a venue's feed: requests, frames, and pages of missed trades.

A feed is pure: it makes URLs and requests and reads frames and pages. The connection, the clock and the
storage of positions belong to `connectors.venues`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from stockstream.market.trade.schema import Side, Trade

TAKER_OF_MAKER: Mapping[str, Side] = {"buy": "SELL", "sell": "BUY"}
TAKER: Mapping[str, Side] = {"buy": "BUY", "sell": "SELL"}


class FeedPosition(NamedTuple):
    """How far a symbol's trades are produced: the venue's number of the last one, and its time."""

    number: int
    at: datetime


class Frame(NamedTuple):
    """The content of a frame.

    Args:
        trades: its trades, possibly none, possibly including earlier ones.
        reached: numbers of trades that have happened, by symbol, as given by heartbeats.
    """

    trades: Sequence[Trade] = ()
    reached: Mapping[str, int] = {}


class Feed(Protocol):
    """A venue that needs no API key; a new one needs a file and a line in `FEEDS`.

    Trade ids are the venue's own numbers, which increase within a symbol. Symbols are spelled as the venue
    spells them.
    """

    name: str
    symbols: Sequence[str]  # the default symbols
    silence: float  # seconds without a frame after which the connection counts as dead
    page_size: int
    is_consecutive: bool  # whether numbers have no holes, so that one that a page skips is a missing trade
    headers: Mapping[str, str]  # of requests for pages

    def address(self, symbols: Sequence[str]) -> str:
        """Return the URL of the stream of these symbols' trades."""

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return what to send first on a new connection, such as the subscription."""

    def parse(self, frame: str | bytes) -> Frame:
        """Return the content of a frame, which may have no trades.

        Raises:
            BadFrameError: it is not a frame of the venue.
            FeedRefusedError: the venue refuses the request.
        """

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return the URL of the oldest trades after a position, at most `page_size`."""

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return a page's trades in any order, possibly with some from before the position.

        Raises:
            BadFrameError: it is not a page of the venue.
        """


def number_of(trade: Trade) -> int:
    """Return the venue's number of a trade."""
    return int(trade.trade_id)


def position_of(trade: Trade) -> FeedPosition:
    """Return the feed position after a trade."""
    return FeedPosition(number_of(trade), trade.timestamp)
