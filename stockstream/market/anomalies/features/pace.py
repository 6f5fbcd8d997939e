"""How fast trades arrive, relative to how fast they usually do, independent of any unit of time.

A pause counts as at least a twentieth of the usual one, so that trades of one moment are fast but not
infinitely fast, and the same tape at another speed has the same features.
"""

import numpy as np

from stockstream.market.anomalies.features import rolling
from stockstream.market.anomalies.features.trade_window import Floats, Ints, TradeWindow

PAUSES = 100
DAY = 86_400e6  # microseconds
LEAST = 0.05


def pauses(window: TradeWindow) -> Ints:
    """Return the microseconds since the trade before; zero for a late trade and for the first."""
    return np.maximum(np.diff(window.micros, prepend=window.micros[:1]), 0)


def usual(own: Ints) -> Floats:
    """Return the median of the PAUSES pauses before each trade, in microseconds; zero before that many."""
    plain = own.astype(np.float64)
    median = plain - rolling.from_median(plain, PAUSES, PAUSES)
    median[:PAUSES] = 0.0
    return median


def mean(window: TradeWindow, trades: int) -> Floats:
    """Return trades a day at the pace of the `trades` before each, from that row on; shape (n - trades,).

    >>> from stockstream.market.anomalies.features.trade_window import of_rows
    >>> rows = [(10**6 * at, 1.0, 1.0, 1, str(at), "s") for at in range(5)]
    >>> mean(of_rows("X", rows), 4).tolist()
    [86400.0]
    """
    spent = window.micros[trades:] - window.micros[: max(len(window) - trades, 0)]
    pace: Floats = trades * DAY / np.maximum(spent, 1)
    return pace


def relative(window: TradeWindow) -> Floats:
    """Return the logarithm of each pause over the usual one (durations: Engle and Russell, 1998).

    >>> from stockstream.market.anomalies.features.trade_window import of_rows
    >>> rows = [(10**6 * (i + (i > 150)), 1.0, 1.0, 1, str(i), "s") for i in range(200)]
    >>> relative(of_rows("X", rows))[[150, 151, 152]].round(2).tolist()
    [0.0, 0.67, 0.0]
    """
    own = pauses(window)
    return over_usual(own, usual(own))


def over_usual(own: Ints, median: Floats) -> Floats:
    """Return the logarithm of pauses over the usual ones, with their lower limit."""
    least = LEAST * median + 1.0
    over: Floats = np.log((own + least) / (median + least))
    over[:PAUSES] = 0.0
    return over
