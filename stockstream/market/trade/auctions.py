"""Which trades are auctions, by their condition codes: data, a table a vendor.

An auction matches many orders at one price, and its trade is reported under a code of its own: at the open,
at the close, after a halt. A market centre also reports its official open and close, which repeat the price
of a trade and are no trades themselves.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Auction(StrEnum):
    """What a trade's codes say of it; if several apply, the first one counts."""

    CLOSING = "closing auction"
    OPENING = "opening auction"
    REOPENING = "reopening auction"
    OFFICIAL_CLOSE = "official close"
    OFFICIAL_OPEN = "official open"


Codes = Mapping[str, Auction]

# Consolidated Tape System and UTP trade data feed, output specifications, sale conditions: letters, one each.
SIP: Codes = {
    "O": Auction.OPENING,
    "5": Auction.REOPENING,
    "6": Auction.CLOSING,
    "Q": Auction.OFFICIAL_OPEN,
    "M": Auction.OFFICIAL_CLOSE,
}
# https://massive.com/docs/rest/stocks/market-operations/condition-codes: numbers. Opening, reopening and
# closing come twice, as prints and as trades of a market centre.
MASSIVE: Codes = {
    "25": Auction.OPENING,
    "17": Auction.OPENING,
    "28": Auction.REOPENING,
    "18": Auction.REOPENING,
    "8": Auction.CLOSING,
    "19": Auction.CLOSING,
    "16": Auction.OFFICIAL_OPEN,
    "15": Auction.OFFICIAL_CLOSE,
}
# QuantConnect Lean, Common/Data/Market, TradeConditionFlags: numbers of bits.
ALGOSEEK: Codes = {
    "6": Auction.OPENING,
    "8": Auction.REOPENING,
    "7": Auction.CLOSING,
    "26": Auction.OFFICIAL_OPEN,
    "24": Auction.OFFICIAL_CLOSE,
}
# A digit alone: of the tape, or of Massive where the tape has no such code.
EITHER: Codes = {"8": MASSIVE["8"], **SIP}

_BITS = re.compile(r"[0-9A-Fa-f]{8}")
_NUMBERS = re.compile(r"\W*\d+(\W+\d+)*\W*")


def auction_of(conditions: str | None) -> Auction | None:
    """Return which auction a trade is, or None for any other trade.

    The vendor shows in the text: AlgoSeek writes eight hexadecimal digits, Massive numbers, the tape letters.

    >>> [str(auction_of(text)) for text in ("@ 6X", "00000040", "[8, 41]", "12,37", None)]
    ['closing auction', 'opening auction', 'closing auction', 'None', 'None']
    """
    if not conditions:
        return None
    text = conditions.strip()
    if _BITS.fullmatch(text):
        flags = int(text, 16)
        return _first(ALGOSEEK, (str(bit) for bit in range(flags.bit_length()) if flags >> bit & 1))
    if _NUMBERS.fullmatch(text):
        numbers = re.findall(r"\d+", text)
        return _first(EITHER if len(numbers) == 1 and len(numbers[0]) == 1 else MASSIVE, numbers)
    return _first(SIP, text)


def _first(codes: Codes, given: Iterable[str]) -> Auction | None:
    found = {codes[code] for code in given if code in codes}
    return next((auction for auction in Auction if auction in found), None)
