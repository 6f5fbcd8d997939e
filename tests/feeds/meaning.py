"""What the trade of a venue means: the trade that has to come out, and feeds that look at a test's venue."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from stockstream.market.trade.schema import Trade
from stockstream.market.venues import FEEDS, KEYS, Feed, FeedPosition
from stockstream.market.venues.equals import content_id
from tests.feeds.fact import Fact
from tests.feeds.stock_languages import KEY, SECRET

PAGED = [name for name, feed in FEEDS.items() if feed().page_size]
NUMBERED = [name for name, feed in FEEDS.items() if feed().is_numbered]
# What the codes of an odd lot and of any other trade are.
CONDITIONS: Mapping[str, tuple[str, str]] = {
    "alpaca": ("@,I", "@"),
    "finnhub": ("1,12", "1"),
    "massive": ("37,41", "41"),
}


def keys_of(venue: str) -> dict[str, str]:
    """Return the settings of a venue's key, as a venue of a test wants it."""
    return {name: SECRET if "secret" in name else KEY for name in KEYS.get(venue, ())}


def feed_at(venue: str, where: str) -> Feed:
    """Return a venue's feed, looking here, that takes less silence than a real one's."""
    made = FEEDS[venue](f"ws://{where}", f"http://{where}", **keys_of(venue))
    made.silence = 0.4
    return made


def meant(fact: Fact, venue: str) -> Trade:
    """Return the trade of a fact."""
    trade = Trade(
        trade_id=str(fact.number),
        timestamp=fact.at,
        symbol=fact.symbol,
        price=fact.price,
        volume=fact.size,
        trade_type="BUY" if fact.buyer_takes else "SELL",
        source=venue,
    )
    if venue not in CONDITIONS:
        return trade
    odd, whole = CONDITIONS[venue]
    conditions = odd if fact.buyer_takes else whole
    names = {
        "alpaca": f"20261123/V/{fact.number}",
        "massive": f"20261123/4.202/{fact.number}",
        "finnhub": content_id(fact.at, fact.price, fact.size, conditions),
    }
    return replace(
        trade,
        trade_id=names[venue],
        trade_type=None,
        conditions=conditions,
        updates_last=not fact.buyer_takes,
    )


def positions(known: Iterable[Fact], venue: str) -> dict[str, FeedPosition]:
    """Return the positions after some trades."""
    found: dict[str, FeedPosition] = {}
    for fact in known:
        trade, before = meant(fact, venue), found.get(fact.symbol)
        if venue in NUMBERED:
            found[fact.symbol] = FeedPosition(fact.number, fact.at)
        else:
            recent = dict(before.recent if before else {}) | {trade.trade_id: fact.at}
            found[fact.symbol] = FeedPosition(0, fact.at, recent)
    return found
