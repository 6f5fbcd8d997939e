"""Live feeds by name; a new one needs a file and a line here, see `docs/feeds.md`."""

from collections.abc import Callable, Mapping

from stockstream.market.venues.binance import Binance
from stockstream.market.venues.coinbase import Coinbase
from stockstream.market.venues.feed import Feed, FeedPosition, Frame, number_of, position_of
from stockstream.market.venues.gap import Gap, beginning
from stockstream.market.venues.kraken import Kraken

FEEDS: Mapping[str, Callable[..., Feed]] = {"coinbase": Coinbase, "kraken": Kraken, "binance": Binance}

__all__ = ["FEEDS", "Feed", "FeedPosition", "Frame", "Gap", "beginning", "number_of", "position_of"]
