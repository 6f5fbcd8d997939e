"""Which calendar a symbol has: rules as data, by the source of its trades and then by its form.

A calendar is named as in the library `exchange_calendars`: an exchange's market identifier code (XNYS, XLON,
CMES), or 24/7.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

ROUND_THE_CLOCK = "24/7"
NEW_YORK = "XNYS"
# Venues of crypto currencies, and the simulated market.
OPEN_SOURCES = frozenset({"binance", "coinbase", "kraken", "synthetic"})

_QUOTES = "USD[TC]?|EUR|GBP|JPY|CHF|AUD|CAD|KRW|TRY|BRL|FDUSD|BUSD|TUSD|DAI|BTC|XBT|ETH|BNB"
# BTC-USD, BTC/USD and BTC_USD; X:BTCUSD of Massive; BTCUSDT, which is longer than a ticker of a stock.
_PAIR = re.compile(rf"[A-Z0-9]+[-/_]({_QUOTES})|X:[A-Z0-9]+|(?=.{{6}})[A-Z0-9]{{2,}}({_QUOTES})")
# NAME, or WHOSE:NAME; a symbol may have colons, a calendar has none.
RULES = r"^(\s*([^\s,]+:)?[A-Za-z0-9_./]+\s*(,|$))*$"


@dataclass(frozen=True)
class Calendars:
    """The rules by which a symbol has a calendar.

    Attributes:
        usual: the calendar of symbols that no rule names and that are not pairs of currencies.
        named: symbols or sources, in which `*` stands for any characters, and their calendars; the first one
            that matches counts.
    """

    usual: str = NEW_YORK
    named: Sequence[tuple[str, str]] = ()

    @property
    def names(self) -> list[str]:
        """The names of all calendars in the rules."""
        return [self.usual, *(calendar for _, calendar in self.named)]

    def of(self, symbol: str, source: str | None = None) -> str:
        """Return the calendar of a symbol whose trades come from a source, None if it is not known.

        >>> rules = calendars("XLON,*=F:CMES,BTC-USD:XNYS,coinbase:24/5")
        >>> [rules.of(symbol) for symbol in ("VOD", "ES=F", "BTC-USD", "ETHUSDT", "BRK-B", "X:BTCUSD")]
        ['XLON', 'CMES', 'XNYS', '24/7', 'XLON', '24/7']
        >>> rules.of("AAPL", "synthetic"), rules.of("ETH-EUR", "coinbase"), rules.of("AAPL", "replay:aapl")
        ('24/7', '24/5', 'XLON')
        """
        names = [symbol, *filter(None, (source,))]
        for pattern, calendar in self.named:
            if any(fnmatchcase(name, pattern) for name in names):
                return calendar
        is_open = source in OPEN_SOURCES or _PAIR.fullmatch(symbol) is not None
        return ROUND_THE_CLOCK if is_open else self.usual


def calendars(text: str) -> Calendars:
    """Return the rules in a text such as `XNYS,*=F:CMES`: a name alone is that of the usual calendar."""
    usual, named = NEW_YORK, []
    for rule in filter(None, (part.strip() for part in text.split(","))):
        whose, _, calendar = rule.rpartition(":")
        if whose:
            named.append((whose, calendar))
        else:
            usual = calendar
    return Calendars(usual, tuple(named))
