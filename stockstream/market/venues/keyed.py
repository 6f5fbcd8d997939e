"""What the feeds of stocks that need a key have in common."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NoReturn

from stockstream.errors import FeedKeyError, FeedLimitError, FeedRefusedError, FeedTakenError
from stockstream.market.trade.schema import NAME

# Ids begin again each day of trading, which goes from 4:00 to 20:00 in New York: by its winter time, no hour
# of it lies on another date, in summer either.
NEW_YORK = timedelta(hours=-5)


class KeyedFeed:
    """A venue of stocks that wants a key, and does not number the trades of a symbol.

    Attributes:
        settings: the names of the settings that have the key.
    """

    name: str
    settings: Sequence[str]
    symbols: Sequence[str] = ("AAPL", "MSFT", "NVDA")
    # Nobody trades at night. The connection answers pings, or it is dead after 40 s.
    silence = 900.0
    page_size = 1000
    is_numbered = False
    is_consecutive = False
    has_ids = True
    headers: Mapping[str, str] = {}
    login = ""
    secrets: Sequence[str] = ()

    def refuse(self, reason: str, accepted: Sequence[str] = ()) -> NoReturn:
        """Report that the venue refuses the request, or only the symbols that it does not accept.

        Raises:
            FeedRefusedError: always.
        """
        raise FeedRefusedError(venue=self.name, reason=self._shown(reason), accepted=tuple(accepted))

    def refuse_key(self, reason: str) -> NoReturn:
        """Report that the venue does not accept the key.

        Raises:
            FeedKeyError: always.
        """
        raise key_error(self.name, self.settings, self._shown(reason))

    def refuse_number(self, reason: str) -> NoReturn:
        """Report that these are too many symbols.

        Raises:
            FeedLimitError: always.
        """
        raise FeedLimitError(venue=self.name, reason=self._shown(reason), accepted=())

    def refuse_connection(self, reason: str) -> NoReturn:
        """Report that the key has as many connections as it may.

        Raises:
            FeedTakenError: always.
        """
        raise FeedTakenError(venue=self.name, reason=self._shown(reason), accepted=())

    def _shown(self, reason: str) -> str:
        return without(reason, self.secrets)


def key_error(venue: str, settings: Iterable[str], reason: str) -> FeedKeyError:
    """Return the error of a key that a venue does not accept, and which settings have."""
    keys = " and ".join(name.upper() for name in settings)
    return FeedKeyError(venue=venue, reason=reason, keys=keys, accepted=())


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a text without secrets.

    >>> without("no key abc", ["abc", ""])
    'no key ***'
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text


def stock_id(at: datetime, venue: object, number: object) -> str:
    """Return the id of a trade whose number is unique within its symbol, its day and the exchange.

    >>> stock_id(datetime.fromisoformat("2026-01-06T00:59:00Z"), "Q", 7)
    '20260105/Q/7'
    """
    return f"{at + NEW_YORK:%Y%m%d}/{venue}/{number}"


def joined(codes: Iterable[object]) -> str | None:
    """Return condition codes as a text, as many as there is room for; a blank is that of a regular sale.

    >>> joined(["@", "I"]), joined([" "])
    ('@,I', None)
    """
    text = ""
    for code in filter(None, (str(each).strip() for each in codes)):
        longer = f"{text},{code}" if text else code
        if len(longer) > NAME.longest:
            break
        text = longer
    return text or None
