"""What a venue's refusals mean: go on without a symbol, try again, or end."""

import re
from collections import Counter
from collections.abc import Sequence

from stockstream.errors import FeedKeyError, FeedLimitError, FeedRefusedError, FeedTakenError

# A refusal that names no symbol and ends this many short connections in a row is permanent.
MOST = 3
# The venue may still hold a connection that has broken, until it notices.
MOST_TAKEN = 6
SHORT = 60.0  # seconds


class Refusals:
    """Counts refusals of everything.

    Attributes:
        is_trusted: whether the venue has ever given a trade.
    """

    def __init__(self) -> None:
        self._counts = Counter[str]()
        self.is_trusted = False

    def __bool__(self) -> bool:
        return bool(self._counts)

    def clear(self) -> None:
        """Forget them: the connection has ended for another reason."""
        self._counts.clear()

    def add(self, refusal: FeedRefusedError, lasted: float, *, is_welcome: bool) -> bool:
        """Count a refusal; return whether trying again cannot help.

        Args:
            refusal: what the venue has said.
            lasted: for how long the connection lasted, in seconds.
            is_welcome: whether the venue had accepted the login on it.
        """
        if lasted > SHORT:
            self._counts.clear()
        reason = str(refusal.facts["reason"])
        self._counts[reason] += 1
        if isinstance(refusal, (FeedKeyError, FeedLimitError)):
            return True
        if isinstance(refusal, FeedTakenError):
            # A process that has taken the key over would be thrown out in turn.
            return is_welcome or self._counts[reason] == MOST_TAKEN
        return not self.is_trusted or self._counts[reason] == MOST


def refused_symbols(refusal: FeedRefusedError, symbols: Sequence[str]) -> list[str]:
    """Return the symbols that a refusal is about; none if it is about everything.

    A venue names them in its message, unless `accepted` says which others it has accepted.
    """
    accepted = refusal.facts.get("accepted")
    if accepted is None:
        reason = str(refusal.facts["reason"])
        return [symbol for symbol in symbols if _names(reason, symbol)]
    assert isinstance(accepted, tuple)  # noqa: S101 - a fact of ours
    return [symbol for symbol in symbols if symbol not in accepted] if accepted else []


def _names(reason: str, symbol: str) -> bool:
    """Return whether a venue's message names a symbol, and not just one that contains it.

    >>> _names("Currency pair not supported XBT/USD", "XBT/USD"), _names("no BTC-USDT", "BTC-USD")
    (True, False)
    """
    return re.search(rf"(?<![\w/-]){re.escape(symbol)}(?![\w/-])", reason) is not None
