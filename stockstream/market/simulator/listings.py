"""The symbols of the simulated market: their initial prices and how they move."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count, islice, product
from string import ascii_uppercase
from zlib import crc32

SECTORS = ("technology", "communication", "consumer", "finance", "health", "energy", "industry")


@dataclass(frozen=True)
class Listing:
    """A symbol and its characteristics.

    Args:
        price: its initial price, in dollars.
        sector: symbols of a sector move together.
        volatility: standard deviation of a year's log return.
        activity: its weight in the market's trades.
    """

    symbol: str
    price: float
    sector: str
    volatility: float
    activity: float = 1.0


LISTINGS = {
    listing.symbol: listing
    for listing in (
        Listing("AAPL", 272.0, "technology", 0.28, 1.4),
        Listing("GOOGL", 300.0, "communication", 0.32, 1.1),
        Listing("MSFT", 475.0, "technology", 0.26, 1.1),
        Listing("AMZN", 222.0, "consumer", 0.34, 1.1),
        Listing("TSLA", 395.0, "consumer", 0.58, 1.6),
        Listing("META", 595.0, "communication", 0.38, 0.9),
        Listing("NVDA", 180.0, "technology", 0.46, 1.8),
        Listing("JPM", 300.0, "finance", 0.26, 0.7),
        Listing("V", 328.0, "finance", 0.22, 0.6),
        Listing("WMT", 105.0, "consumer", 0.22, 0.7),
    )
}


def known(symbol: str) -> Listing:
    """Return the listing of a symbol; an unlisted one gets characteristics that its name determines."""
    return LISTINGS.get(symbol) or _invented(symbol)


def listed(number: int) -> tuple[Listing, ...]:
    """Return `number` listings: the well-known ones first, then codes of three letters and more."""
    codes = (symbol for symbol in _codes() if symbol not in LISTINGS)
    symbols: Iterable[str] = islice((*LISTINGS, *islice(codes, number)), number)
    return tuple(map(known, symbols))


def _invented(symbol: str) -> Listing:
    # A checksum, because hash() differs between processes.
    seed = crc32(symbol.encode())
    return Listing(
        symbol,
        price=10.0 + seed % 49_000 / 100,
        sector=SECTORS[seed % len(SECTORS)],
        volatility=0.20 + seed % 401 / 1000,
    )


def _codes() -> Iterable[str]:
    return ("".join(letters) for size in count(3) for letters in product(ascii_uppercase, repeat=size))
