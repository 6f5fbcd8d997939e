"""A venue's corrections of trades that it has given, which are counted and not applied."""

import logging
import time
from collections.abc import Sequence

from stockstream.connectors.venues.timing import SPEAK_EVERY
from stockstream.market.venues import Correction

log = logging.getLogger("producer")


class Corrections:
    """Counts corrections, and tells of them now and then."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._told_at = float("-inf")
        self.count = 0

    def take(self, corrections: Sequence[Correction]) -> None:
        """Count the corrections of a frame; a line about them comes at most every half minute."""
        self.count += len(corrections)
        if corrections and time.monotonic() - self._told_at >= SPEAK_EVERY:
            self._told_at = time.monotonic()
            log.warning(
                "%s corrects or cancels %s of %s, %s trades so far; corrections are not applied",
                *(self._venue, corrections[-1].trade_id, corrections[-1].symbol, f"{self.count:,}"),
            )
