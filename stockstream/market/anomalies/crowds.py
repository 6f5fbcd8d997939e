"""How much faster trades come than they did: a scan over several widths (Kulldorff, 1997).

For the last k trades, with e expected in their time at the pace of the BASE trades before them, the
signed root of the likelihood ratio of a Poisson process is

    sign(k - e) sqrt(2 (k ln(k / e) - (k - e))),

and the score is the largest over the widths: a short crowd is seen soon, a long one surely. The pace
follows the time of day with the trades.

Prices move by the clock of trading (Clark, Econometrica 41, 1973): where an opening or a piece of news brings
more trades, each of them moves the price as far as before. A burst does not. So e is at least INFORMED times
k times the square of how far the price went in STEPS trades, over how far it went before. (In one trade it
goes hardly further than the bounce between bid and ask.)

Trades bring trades, so scores of an ordinary tape are larger than a Poisson process would have: the
threshold comes from the tape, never from that law.
"""

import numpy as np

from stockstream.market.anomalies import rolling
from stockstream.market.anomalies.stretch import Floats, Ints

WIDTHS = (12, 24, 48)
BASE = 268
# A pause counts up to so many usual ones: a night is no pace.
LONGEST = 30.0
# No pace is judged to be more than so many times the one before.
FASTEST = 100.0
# So much of a pace is what moving prices explain, none of them moving more than so many times as before.
STEPS, INFORMED, MOVED = 8, 0.35, 10.0


def crowd_z(pauses: Ints, usual: Floats, ways: Floats, first: int) -> tuple[Floats, Ints]:
    """Return how fast trades come, slow ones below nought, and the width that says so.

    Args:
        pauses: microseconds since the trade before, shape (n,).
        usual: the usual pause at each trade, microseconds, known from row first - BASE - 48 on.
        ways: log price of each trade less that of STEPS before.
        first: the first row to compute.
    """
    clock = np.cumsum(np.minimum(pauses, LONGEST * usual + 1.0).astype(np.int64))
    rows = np.arange(first, len(pauses))
    way, before = np.abs(ways), first - WIDTHS[-1]
    base = rolling.total(way, before, BASE)[1:]
    each = np.array(
        [
            _deviance(clock, rows, width, _moved(rolling.total(way, first, width)[1:], base, rows, width))
            for width in WIDTHS
        ]
    )
    widest = each.argmax(axis=0)
    score, width = np.zeros(len(pauses)), np.zeros(len(pauses), np.int64)
    score[first:], width[first:] = each[widest, np.arange(len(rows))], np.array(WIDTHS)[widest]
    return score, width


def _moved(way: Floats, base: Floats, rows: Ints, width: int) -> Floats:
    """Return how far the price went within the last `width` trades, over how far it went before."""
    usual = np.maximum(base[rows - width] / BASE, np.finfo(np.float64).tiny)
    moved: Floats = np.minimum(way[rows] / width / usual, MOVED)
    return moved


def _deviance(clock: Ints, rows: Ints, width: int, moved: Floats) -> Floats:
    spent = clock[rows] - clock[rows - width]
    usual = (clock[rows - width] - clock[rows - width - BASE]) / BASE
    # A microsecond more each: trades that all have one time come at their usual pace.
    expected = np.maximum((spent + width) / (usual + 1.0), width / FASTEST)
    slow = expected >= width
    expected = np.where(slow, expected, np.minimum(np.maximum(expected, INFORMED * width * moved**2), width))
    ratio = 2 * (width * np.log(width / expected) - (width - expected))
    root: Floats = np.sign(width - expected) * np.sqrt(np.maximum(ratio, 0.0))
    return root
