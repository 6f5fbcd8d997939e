"""How much faster trades arrive than before: a scan over several widths (Kulldorff, 1997).

For the last k trades, with e expected in their time at the pace of the BASE trades before them, the
signed root of the likelihood ratio of a Poisson process is

    sign(k - e) sqrt(2 (k ln(k / e) - (k - e))),

and the score is the largest over the widths: a short crowd is detected early, a long one reliably. The pace
follows the time of day through the trades.

An opening brings more trades to all symbols, a burst to one. So if the market's trades are known, the
symbol's share of them counts: the same root for a binomial law, k of k + o against BASE of BASE + b, with o
and b the trades of the other symbols in the meantime. The pace by the clock must agree, or a symbol would be
fast because all others stand still; PACE times that score is the upper limit.

If only the symbol's own tape is known, its prices stand for the market. They
move by the clock of trading (Clark, Econometrica 41, 1973): if an opening or a piece of news brings
more trades, each of them moves the price as far as before. A burst does not. So e is at least INFORMED times
k times the square of how far the price moved in STEPS trades, over how far it moved before. (In one trade it
hardly moves further than the bounce between bid and ask.)

Trades trigger trades, so scores of an ordinary tape are larger than those of a Poisson process: the
threshold comes from the tape, never from that law.
"""

import numpy as np

from stockstream.market.anomalies.features import rolling
from stockstream.market.anomalies.features.trade_window import Floats, Ints

WIDTHS = (12, 24, 48)
BASE = 268
# A pause counts as at most this many usual ones: a night is not a pace.
LONGEST = 30.0
# No pace is judged to be more than this many times the previous one.
FASTEST = 100.0
# The share of a pace that moving prices explain, and the limit on how many times further they move than
# before.
STEPS, INFORMED, MOVED = 8, 0.35, 10.0
# A symbol's own pace may be less surprising than its share by this factor.
PACE = 2.0
TINY = np.finfo(np.float64).tiny


def crowd_z(pauses: Ints, usual: Floats, ways: Floats, market: Ints, first: int) -> tuple[Floats, Ints]:
    """Return how fast trades arrive, negative for slow ones, and the width with the largest score.

    Args:
        pauses: microseconds since the trade before, shape (n,).
        usual: the usual pause at each trade in microseconds, known from row first - BASE - 48 on.
        ways: log price of each trade minus that of STEPS trades before.
        market: number of trades of all symbols so far, as in a trade window.
        first: the first row to compute.
    """
    clock = np.cumsum(np.minimum(pauses, LONGEST * usual + 1.0).astype(np.int64))
    rows = np.arange(first, len(pauses))
    each = np.array([_at_width(clock, np.abs(ways), market, rows, width) for width in WIDTHS])
    widest = each.argmax(axis=0)
    score, width = np.zeros(len(pauses)), np.zeros(len(pauses), np.int64)
    score[first:], width[first:] = each[widest, np.arange(len(rows))], np.array(WIDTHS)[widest]
    return score, width


def _at_width(clock: Ints, way: Floats, market: Ints, rows: Ints, width: int) -> Floats:
    now, before = _others(market, rows, width), _others(market, rows - width, BASE)
    is_known = (market[rows - width - BASE] > 0) & (before > 0)
    score = np.zeros(len(rows))
    score[is_known] = np.minimum(
        PACE * _deviance(clock, rows[is_known], width, np.zeros(np.count_nonzero(is_known))),
        _apart(now[is_known], before[is_known], width),
    )
    if not is_known.all():
        alone = rows[~is_known]
        score[~is_known] = _deviance(clock, alone, width, _moved(way, alone, width))
    return score


def shares(market: Ints, row: int, width: int) -> tuple[float, float] | None:
    """Return the symbol's share of the market's last trades and of those before; None if unknown.

    >>> shares(np.arange(1, 4_000, 10), 390, 12)
    (0.1, 0.1)
    """
    if market[row - width - BASE] <= 0:
        return None
    rows = np.array([row])
    now, before = float(_others(market, rows, width)[0]), float(_others(market, rows - width, BASE)[0])
    return width / (width + now), BASE / (BASE + before)


def _others(market: Ints, rows: Ints, width: int) -> Floats:
    """Return how many trades the other symbols had during this symbol's last `width` trades."""
    # A late trade counts at its event time, so the number of the others' trades can come out negative.
    others: Floats = np.maximum(market[rows] - market[rows - width] - width, 0).astype(np.float64)
    return others


def _apart(now: Floats, before: Floats, width: int) -> Floats:
    """Return the signed root of the likelihood ratio of the symbol's share of the market's trades."""
    usual, share = BASE / (BASE + before), width / (width + now)
    own = width * np.log(share / usual)
    # If the others have no trade, their part is zero: the limit of x ln x.
    rest = now * np.log(np.maximum(1 - share, TINY) / (1 - usual))
    apart: Floats = np.sign(share - usual) * np.sqrt(np.maximum(2 * (own + rest), 0.0))
    return apart


def _moved(way: Floats, rows: Ints, width: int) -> Floats:
    """Return how far the price moved within the last `width` trades, over how far it moved before."""
    usual = np.maximum(rolling.total(way, rows[0] - width, BASE)[1:][rows - width] / BASE, TINY)
    moved: Floats = np.minimum(rolling.total(way, rows[0], width)[1:][rows] / width / usual, MOVED)
    return moved


def _deviance(clock: Ints, rows: Ints, width: int, moved: Floats) -> Floats:
    spent = clock[rows] - clock[rows - width]
    usual = (clock[rows - width] - clock[rows - width - BASE]) / BASE
    # A microsecond more each: trades that all have the same time arrive at their usual pace.
    expected = np.maximum((spent + width) / (usual + 1.0), width / FASTEST)
    slow = expected >= width
    expected = np.where(slow, expected, np.minimum(np.maximum(expected, INFORMED * width * moved**2), width))
    ratio = 2 * (width * np.log(width / expected) - (width - expected))
    root: Floats = np.sign(width - expected) * np.sqrt(np.maximum(ratio, 0.0))
    return root
