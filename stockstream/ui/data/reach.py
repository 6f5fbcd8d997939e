"""How far the tape and the candles reach, and the symbols on the tape."""

from dataclasses import dataclass
from datetime import datetime

from stockstream.connectors.postgres.read_pool import Rows
from stockstream.ui.data.sql import query

MOST_SYMBOLS = 1_000


@dataclass(frozen=True)
class Reach:
    """How far the tape and the candles reach, at `read_at` by the database's clock.

    Attributes:
        newest: the time of the newest trade; None while the tape is empty.
        first: the time of the first trade.
        candles_end: the end of the newest candle.
        absent: jobs that have read the topic but have no connection to the database now.
    """

    read_at: datetime
    newest: datetime | None
    first: datetime | None
    candles_end: datetime | None
    absent: tuple[str, ...]


def symbols(rows: Rows) -> tuple[str, ...]:
    """Return the symbols on the tape, in order."""
    return tuple(symbol for (symbol,) in rows(query("symbols"), {"at_most": MOST_SYMBOLS}))


def reach(rows: Rows, known: tuple[str, ...]) -> Reach:
    """Return how far the tape of these symbols reaches, and which jobs are absent."""
    ((read_at, newest, first, candles_end, absent),) = rows(query("reach"), {"symbols": list(known)})
    return Reach(read_at, newest, first, candles_end, tuple(absent))
