"""The features of a trade: each from the trade and at most `LOOKBACK` trades before it.

Prices that are not above zero have returns too, see `levels`. One of the features, the crowd, also counts the
trades of all symbols in the meantime, if known; and returns, jumps and ramps are smaller if the others'
prices are in unrest (see `market_context_of`): they are divided by its root.

Nothing here looks ahead, and every window is finite, so that a whole tape and the live stream
give the same numbers. A trade with fewer than LOOKBACK trades before it has no features, and one
with fewer than CONTEXT is not judged: this is the warm-up.

| feature | formula, for trade n with price p, volume v, time t | source |
| --- | --- | --- |
| return_volatilities | r = ln(p[n]/p[n-1]) over s, s^2 = exponentially weighted mean (0.94) of the 100 r^2 before | RiskMetrics Technical Document, 1996 |
| return_z | robust z of r against the 200 before | Iglewicz and Hoaglin, 1993 |
| jump_z | r without the bounce between bid and ask, over the root of a variance in proportion to the pause, of the 120 before: see `jumps` | Roll, 1984; Bachelier, 1900 |
| size_z | robust z of ln v against the 400 before | the same |
| value_z | robust z of ln(p v) against the 200 before | the same |
| size_ratio | ln v - median(ln v of the 400 before) | |
| pause | ln((t[n] - t[n-1]) / median of the same over the 100 before), see `pace` | Engle and Russell, Econometrica 66, 1998 (durations) |
| imbalance | sum of signed v / sum of v, 50 trades up to n | Cont, Kukanov, Stoikov, 2014 (order flow) |
| vwap_distance | (ln p[n] - ln VWAP of the 200 before) / s | |
| volatility_ratio | ln of the root mean square of r over 20 trades up to n, over that of 200 | Andersen, Bollerslev, 1998 (realised volatility) |
| ramp_z | robust z of ln(p[n]/p[n-8]) against the 200 before: many small steps in one direction | Kamps and Kleinberg, Crime Science 7, 2018 (pump and dump) |
| reversal | how far ln p moved and returned within 20 trades up to n, over s sqrt(20) | the same |
| crowd_z | signed root of the likelihood ratio of the pace of the last 12, 24 or 48 trades, the largest, against the 268 before, as far as the market does not explain it: see `arrival_scan` | Kulldorff, 1997 (scan statistics) |

The time of day needs no separate term: every feature is relative to the same symbol's last 200 or
400 trades, which come from the same hour of the day. The order of trades (runs, repetitions,
standstill) is measured in `sequences`.
"""  # noqa: E501 - a table's row is one line

import numpy as np

from stockstream.market.anomalies.features import pace, rolling
from stockstream.market.anomalies.features.arrival_scan import STEPS, crowd_z
from stockstream.market.anomalies.features.jumps import jump_z, steps
from stockstream.market.anomalies.features.levels import levels, returns
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow

NAMES = (
    "return_volatilities",
    "return_z",
    "jump_z",
    "size_z",
    "value_z",
    "size_ratio",
    "pause",
    "imbalance",
    "vwap_distance",
    "volatility_ratio",
    "ramp_z",
    "reversal",
    "crowd_z",
)

WINDOW = 200
SIZES = 400
LEVEL = 20
LOOKBACK = SIZES + LEVEL
# A finding is reported once: the trades before it are searched this far back.
QUIET = 20
CONTEXT = LOOKBACK + QUIET

EVERY, DECAY = 100, 0.94
FLOW = 52
SHORT = 20
RAMP = 8

# One deviation if the past shows none: a basis point of price, five percent of size.
STILL_PRICE = 1e-4
STILL_SIZE = 0.05
SMALLEST_VOLATILITY = 1e-7


def features(window: TradeWindow) -> Floats:
    """Return the features of every trade after the first LOOKBACK; shape (n - LOOKBACK, 13).

    Row i is that of trade LOOKBACK + i; the columns are NAMES. All are finite.
    """
    if len(window) <= LOOKBACK:
        return np.empty((0, len(NAMES)))
    price, size = levels(window.price), np.log(window.volume)
    moves, pauses = steps(price, 1), pace.pauses(window)
    volatility = np.maximum(
        np.sqrt(rolling.weighted(moves**2, _weights(EVERY, DECAY), LOOKBACK)), SMALLEST_VOLATILITY
    )
    usual = pace.usual(pauses)
    pause = pace.over_usual(pauses, usual)
    size_z, size_ratio = rolling.robust_z(size, LOOKBACK, SIZES, STILL_SIZE, STILL_SIZE)
    stirred = np.sqrt(window.unrest)
    columns = (
        moves / (volatility * stirred),
        _z(moves, STILL_PRICE) / stirred,
        jump_z(window, pause, pace.PAUSES, LOOKBACK),
        size_z,
        _z(price + size, STILL_SIZE, STILL_SIZE),
        size_ratio,
        pause,
        _imbalance(window),
        _vwap_distance(window) / volatility,
        _volatility_ratio(moves),
        _z(steps(price, RAMP), STILL_PRICE) / stirred,
        rolling.reversal(price, LOOKBACK, LEVEL) / (volatility * np.sqrt(LEVEL)),
        crowd_z(pauses, usual, steps(price, STEPS), window.market, LOOKBACK)[0],
    )
    return np.column_stack([column[LOOKBACK:] for column in columns])


def zscores(window: TradeWindow) -> Floats:
    """Return the columns of `features` that the robust z-scores need; the others are zero."""
    rows = np.zeros((max(len(window) - LOOKBACK, 0), len(NAMES)))
    if len(rows):
        size_z, _ = rolling.robust_z(np.log(window.volume), LOOKBACK, SIZES, STILL_SIZE, STILL_SIZE)
        jumps = jump_z(window, pace.relative(window), pace.PAUSES, LOOKBACK)
        rows[:, NAMES.index("jump_z")] = jumps[LOOKBACK:]
        rows[:, NAMES.index("size_z")] = size_z[LOOKBACK:]
    return rows


def _weights(size: int, decay: float) -> Floats:
    """Return weights that decrease by the factor `decay` per step back, newest last; their sum is one."""
    weights: Floats = decay ** np.arange(size, dtype=np.float64)[::-1]
    weights /= weights.sum()
    return weights


def _z(values: Floats, floor: float, least: float = 0.0) -> Floats:
    return rolling.robust_z(values, LOOKBACK, WINDOW, floor, least)[0]


def _imbalance(window: TradeWindow) -> Floats:
    signed = window.side * window.volume
    bought, traded = (rolling.total(each, LOOKBACK, FLOW)[1:] for each in (signed, window.volume))
    imbalance: Floats = bought / np.maximum(traded, np.finfo(np.float64).tiny)
    return imbalance


def _vwap_distance(window: TradeWindow) -> Floats:
    """Return the return from the VWAP of the trades before to the price."""
    tiny = np.finfo(np.float64).tiny
    value = rolling.total(window.price * window.volume, LOOKBACK, WINDOW)[:-1]
    volume = rolling.total(window.volume, LOOKBACK, WINDOW)[:-1]
    return returns(value / np.maximum(volume, tiny), window.price)


def _volatility_ratio(moves: Floats) -> Floats:
    squares = moves**2 + SMALLEST_VOLATILITY**2
    short, long = (rolling.total(squares, LOOKBACK, size)[1:] / size for size in (SHORT, WINDOW))
    tiny = np.finfo(np.float64).tiny
    ratio: Floats = 0.5 * np.log(np.maximum(short, tiny) / np.maximum(long, tiny))
    return ratio
