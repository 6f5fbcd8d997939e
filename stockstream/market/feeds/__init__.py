"""Live feeds by name; a file and a line here make another. `docs/feeds.md` shows how."""

from collections.abc import Callable, Mapping

from stockstream.market.feeds.binance import Binance
from stockstream.market.feeds.coinbase import Coinbase
from stockstream.market.feeds.feed import Feed, Frame, Place, number_of, place_of
from stockstream.market.feeds.gap import Gap, beginning
from stockstream.market.feeds.kraken import Kraken

FEEDS: Mapping[str, Callable[..., Feed]] = {"coinbase": Coinbase, "kraken": Kraken, "binance": Binance}

__all__ = ["FEEDS", "Feed", "Frame", "Gap", "Place", "beginning", "number_of", "place_of"]
