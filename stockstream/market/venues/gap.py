"""Where a feed's trades are incomplete, for readers of the candles."""

from datetime import UTC, datetime

import msgspec

BEGAN = "the feed began within this minute"


class Gap(msgspec.Struct, frozen=True):
    """Trades of a symbol that a feed has missed, after `start` and before `end`.

    Later reports are more accurate: each replaces everything reported for the symbol from its `start` on.

    Args:
        end: None while no trade has come after it.
        missing: how many trades the venue has numbered; None if that is not known.
        reason: in words; empty if nothing is missing after all.
    """

    symbol: str
    start: datetime
    end: datetime | None
    missing: int | None
    reason: str


def beginning(symbol: str, first: datetime, began: datetime, connected: datetime) -> Gap:
    """Return the gap before a symbol's first trade: a feed has only a part of its first minute.

    Everything is received from the connection on, so a first trade long after it leaves nothing out. A trade
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
