"""Condition codes that keep a trade from updating the last price: data, a table a vendor.

A consolidated tape says of each code whether a trade with it updates the last price, the high and low, and
the volume. A trade here moves open, high, low and close, or none of them; so it moves them only if all its
codes let it update the last price.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from stockstream.errors import BadTradeError


@dataclass(frozen=True)
class Conditions:
    """Codes of a vendor.

    Attributes:
        source: where the vendor or the tape says so.
        codes: the codes that keep a trade from updating the last price.
        parts: splits the text of a cell into codes.
    """

    source: str
    codes: frozenset[str]
    parts: Callable[[str], list[str]]

    def update_last(self, text: str) -> bool:
        """Return whether a trade with these conditions updates the last price."""
        return self.codes.isdisjoint(self.parts(text)) if text else True


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9]+", text)


def _letters(text: str) -> list[str]:
    return list(text)


def _bits(base: int) -> Callable[[str], list[str]]:
    def bits(text: str) -> list[str]:
        try:
            flags = int(text, base)
        except ValueError:
            raise BadTradeError(reason=f"conditions {text!r}: needs a number of flags") from None
        return [f"{1 << bit:x}" for bit in range(flags.bit_length()) if flags >> bit & 1]

    return bits


# Cash, bunched sold, price variation, odd lot, official close, next day, prior reference price, official
# open, seller's option, form T, extended hours out of sequence, contingent, out of sequence, derivatively
# priced, qualified contingent. Some update the last price if there is no other yet: here they never do.
_BOTH = frozenset("CGHIMNPQRTUVZ47")
_CTA = "Consolidated Tape System, output specification, sale conditions"
_UTP = "UTP trade data feed, output specification, sale conditions"

# Tapes A and B: B is an average price.
CTA = Conditions(_CTA, _BOTH | {"B"}, _words)
# Tape C: W is an average price, 3 stopped stock out of sequence. B, a bunched trade, updates the last price.
UTP = Conditions(_UTP, _BOTH | {"W", "3"}, _words)
# A tape that is not known.
_SIP = _BOTH | {"B", "W"}
SIP = Conditions(f"{_CTA}; {_UTP}", _SIP, _letters)
SIP_WORDS = Conditions(SIP.source, _SIP, _words)

# The numbers that Massive (formerly Polygon) gives to the conditions above; out of sequence has two.
MASSIVE = Conditions(
    "https://massive.com/docs/rest/stocks/market-operations/condition-codes",
    frozenset(_words("2 5 7 10 12 13 15 16 20 21 22 29 32 33 37 52 53")),
    _words,
)

# And those that Finnhub gives.
FINNHUB = Conditions(
    "https://finnhub.io/docs/api/websocket-trades, the sheet of trade conditions",
    frozenset(_words("3 5 9 10 12 16 17 20 21 22 24 25 26 27 30 32 37")),
    _words,
)

# Bits of the conditions that AlgoSeek writes: cash, next day, seller's option, derivatively priced, form T,
# sold, extended hours, out of sequence, stock option, average price, price variation, official close, prior
# reference price, official open, odd lot.
ALGOSEEK = Conditions(
    "QuantConnect Lean, Common/Data/Market, TradeConditionFlags",
    frozenset(_words("2 4 8 200 400 800 2000 4000 40000 100000 400000 1000000 2000000 4000000 80000000")),
    _bits(16),
)

# Extended hours and odd lots; the others are intermarket sweeps, trade-through exempt and crosses.
IEX = Conditions(
    "IEX TOPS specification, trade report message, sale condition flags",
    frozenset(_words("20 40")),
    _bits(0),
)
