"""Live feeds by name; a new one needs a file and a line here, see `docs/feeds.md`."""

from collections.abc import Callable, Mapping, Sequence

from stockstream.market.venues.alpaca import Alpaca
from stockstream.market.venues.binance import Binance
from stockstream.market.venues.coinbase import Coinbase
from stockstream.market.venues.equals import Equals
from stockstream.market.venues.feed import Feed, Frame
from stockstream.market.venues.finnhub import Finnhub
from stockstream.market.venues.gap import Gap, beginning
from stockstream.market.venues.keyed import key_error, without
from stockstream.market.venues.kraken import Kraken
from stockstream.market.venues.massive import Massive
from stockstream.market.venues.position import (
    OVERLAP,
    FeedPosition,
    Reached,
    RecentTrades,
    furthest,
    number_of,
    position_of,
    reached,
)

FEEDS: Mapping[str, Callable[..., Feed]] = {
    "coinbase": Coinbase,
    "kraken": Kraken,
    "binance": Binance,
    "alpaca": Alpaca,
    "finnhub": Finnhub,
    "massive": Massive,
}
# The settings with a feed's key, all of them needed, and its other settings: arguments of the same names.
KEYS: Mapping[str, Sequence[str]] = {each.name: each.settings for each in (Alpaca, Finnhub, Massive)}
CHOICES: Mapping[str, Sequence[str]] = {"alpaca": ("alpaca_feed",)}

__all__ = [
    "CHOICES",
    "FEEDS",
    "KEYS",
    "OVERLAP",
    "Equals",
    "Feed",
    "FeedPosition",
    "Frame",
    "Gap",
    "Reached",
    "RecentTrades",
    "beginning",
    "furthest",
    "key_error",
    "number_of",
    "position_of",
    "reached",
    "without",
]
