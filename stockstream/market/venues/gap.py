"""Where a feed's trades are not whole: what a viewer of the candles has to know."""

from datetime import UTC, datetime

import msgspec

BEGAN = "the feed began within this minute"


class Gap(msgspec.Struct, frozen=True):
    """Trades of a symbol that a feed has not got, of after `start` and before `end`.

    What is told later is better known: it replaces all that was told of the symbol from its `start` on.

    Args:
        end: None while no trade has come after it.
        missing: how many the venue has numbered; None where nobody knows.
        reason: in words; empty where nothing is missing after all.
    """

    symbol: str
    start: datetime
    end: datetime | None
    missing: int | None
    reason: str


def beginning(symbol: str, first: datetime, began: datetime, connected: datetime) -> Gap:
    """Return the gap before a symbol's first trade: of the minute in which a feed begins it has a part.

    From the connection on all is heard, so a first trade that comes long after leaves nothing out. One
    that a venue repeats at the connection is older than that, and so is what is missing.

    Args:
        first: when the first trade happened.
        began: when the symbol was first asked for.
        connected: when the connection was made that brought the first trade.

    >>> made = beginning("X", *(datetime(2026, 1, 5, 10, 0, at, tzinfo=UTC) for at in (50, 20, 30)))
    >>> f"{made.start:%H:%M:%S} {made.end:%H:%M:%S}"
    '10:00:00 10:00:30'
    """
    start = min(first, began).astimezone(UTC).replace(second=0, microsecond=0)
    return Gap(symbol, start, min(first, connected), None, BEGAN)
