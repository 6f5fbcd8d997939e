"""Symbols that no trade has come of: some venues never say that they do not know one."""

import logging
from collections.abc import Iterable

log = logging.getLogger("producer")


class QuietSymbols:
    """Warns once of symbols without a trade."""

    def __init__(self, venue: str, symbols: Iterable[str], after: float) -> None:
        """Suspect all symbols; `after` is in seconds."""
        self._venue, self._after = venue, after
        self._symbols = set(symbols)

    def clear(self, symbols: Iterable[str]) -> None:
        """Suspect these no longer: a trade has come, or they are left out."""
        self._symbols.difference_update(symbols)

    def suspect(self, lasted: float) -> None:
        """Warn of those that are left, if the stream has lasted for long enough."""
        if self._symbols and lasted > self._after:
            log.warning(
                "no trade of %s from %s for %g s: nobody trades there, or the venue does not know the symbol",
                *(", ".join(sorted(self._symbols)), self._venue, self._after),
            )
            self._symbols.clear()
