"""What a venue's feed is: what to ask, how to read what it says, where to ask for what was missed.

A feed is pure: it makes addresses and requests and reads frames and pages. The connection, the
clock and the keeping of places are `connectors.feeds`'.
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
    """What a frame says.

    Args:
        trades: those in it, perhaps none, perhaps some that came before.
        reached: numbers of trades that have happened, by symbol, as heartbeats tell.
    """

    trades: Sequence[Trade] = ()
    reached: Mapping[str, int] = {}


class Feed(Protocol):
    """A venue without a key; one file and one line in `FEEDS` make another.

    Trade ids are the venue's own numbers, which rise within a symbol. Symbols are spelled as the
    venue spells them.
    """

    name: str
    symbols: Sequence[str]  # where none are asked for
    silence: float  # seconds without a frame after which the connection counts as dead
    page_size: int
    is_consecutive: bool  # whether no number is left out, so that one that a page skips is a missing trade
    headers: Mapping[str, str]  # of requests for pages

    def address(self, symbols: Sequence[str]) -> str:
        """Return the address of the stream of these symbols' trades."""

    def greetings(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return what to say first on a new connection, such as the subscription."""

    def parse(self, frame: str | bytes) -> Frame:
        """Return what a frame says; one that has no trades says little.

        Raises:
            BadFrameError: it is none of the venue's.
            FeedRefusedError: the venue refuses what was asked.
        """

    def page_address(self, symbol: str, after: FeedPosition) -> str:
        """Return where to ask for the oldest trades after this place, `page_size` at most."""

    def parse_page(self, symbol: str, page: bytes) -> Sequence[Trade]:
        """Return a page's trades in any order, perhaps with some of before the place.

        Raises:
            BadFrameError: it is none of the venue's.
        """


def number_of(trade: Trade) -> int:
    """Return the venue's number of a trade."""
    return int(trade.trade_id)


def position_of(trade: Trade) -> FeedPosition:
    """Return the place after a trade."""
    return FeedPosition(number_of(trade), trade.timestamp)
