"""What vendors' files of trades look like, a declaration each; `recognised` finds the one of a file."""

from stockstream.market.files.formats import crypto, markets, quotes
from stockstream.market.files.formats.format import Format, Found, Sides, columns_of

__all__ = ["BY_NAME", "FORMATS", "Format", "Found", "Sides", "columns_of", "recognised"]

# Of several that fit, the first is taken.
FORMATS: tuple[Format, ...] = (*markets.FORMATS, *crypto.FORMATS, *quotes.FORMATS)
BY_NAME = {each.name: each for each in FORMATS}


def recognised(header: list[str], row: list[str], path: str) -> Found | None:
    """Return the format that a file has, or None if it is none of these.

    Args:
        header: the names of the columns; empty if the file has none.
        row: the cells of its first row.
        path: its path, with the name of the member of an archive.

    >>> recognised([], "93576.01,0.002,1735689600.123".split(","), "XBTUSD.csv")
    >>> found = recognised([], "1735689600.123,93576.01,0.002".split(","), "kraken/XBTUSD.csv")
    >>> found.format.name, found.symbol
    ('kraken', 'XBTUSD')
    """
    return next((found for each in FORMATS if (found := each.fits(header, row, path))), None)
