"""The features of a trade: each from the trade and at most `CONTEXT` trades before it.

Nothing here looks ahead, and every window is finite, so that a whole tape and the live stream
give the same numbers. A trade with fewer than CONTEXT trades before it has no features: that is
the warm-up.

| feature | formula, for trade n with price p, volume v, time t | source |
| --- | --- | --- |
| return_volatilities | r = ln(p[n]/p[n-1]) over s, s^2 = exponentially weighted mean (0.94) of the 100 r^2 before | RiskMetrics Technical Document, 1996 |
| return_z | robust z of r against the 200 before | Iglewicz and Hoaglin, 1993 |
| move_z | robust z of m = ln p[n] - median(ln p of the 20 before) against the 200 m before: a trade that returns from a spike has a large r and a small m | the same |
| size_z | robust z of ln v against the 200 before | the same |
| value_z | robust z of ln(p v) against the 200 before | the same |
| size_ratio | ln v - median(ln v of the 200 before) | |
| pause | ln(1 ms + t[n] - t[n-1]) - median of the same over the 200 before | Engle and Russell, Econometrica 66, 1998 (durations) |
| imbalance | sum of signed v / sum of v, 50 trades up to n | Cont, Kukanov, Stoikov, 2014 (order flow) |
| vwap_distance | (ln p[n] - ln VWAP of the 200 before) / s | |
| volatility_ratio | ln of the root mean square of r over 20 trades up to n, over that of 200 | Andersen, Bollerslev, 1998 (realised volatility) |
"""  # noqa: E501 - a table's row is one line

import numpy as np

from stockstream.market.anomalies.rolling import before, decaying, spread, upto
from stockstream.market.anomalies.stretch import Floats, Stretch

NAMES = (
    "return_volatilities",
    "return_z",
    "move_z",
    "size_z",
    "value_z",
    "size_ratio",
    "pause",
    "imbalance",
    "vwap_distance",
    "volatility_ratio",
)

WINDOW = 200
LEVEL = 20
CONTEXT = WINDOW + LEVEL

VOLATILITY_WEIGHTS = decaying(100, 0.94)
FLOW = 50
SHORT = 20

# What counts as one deviation where the past has none: a basis point of price, five percent of size.
STILL_PRICE = 1e-4
STILL_SIZE = 0.05
SMALLEST_VOLATILITY = 1e-7
MILLISECOND = 1e-3

# Windows are laid out side by side: this many trades at a time keep that within a few megabytes.
SLICE = 4096


def features(stretch: Stretch) -> Floats:
    """Return the features of every trade after the first CONTEXT; shape (n - CONTEXT, 10).

    Row i is that of trade CONTEXT + i; the columns are NAMES. All are finite.
    """
    slices = [
        _features(stretch[start : start + CONTEXT + SLICE])
        for start in range(0, len(stretch) - CONTEXT, SLICE)
    ]
    return np.concatenate(slices) if slices else np.empty((0, len(NAMES)))


def _features(stretch: Stretch) -> Floats:
    price, size = np.log(stretch.price), np.log(stretch.volume)
    returns = np.diff(price)
    volatility = _volatility(returns)
    size_centre = np.median(before(size, WINDOW), axis=1)
    columns = (
        _newest(returns, volatility) / volatility,
        _robust_z(returns, STILL_PRICE),
        _robust_z(price[LEVEL:] - np.median(before(price, LEVEL), axis=1), STILL_PRICE),
        _robust_z(size, STILL_SIZE, least=STILL_SIZE),
        _robust_z(price + size, STILL_SIZE, least=STILL_SIZE),
        size[WINDOW:] - size_centre,
        _pause(stretch),
        _imbalance(stretch),
        _vwap_distance(stretch, volatility),
        _volatility_ratio(returns),
    )
    rows = len(stretch) - CONTEXT
    return np.column_stack([column[-rows:] for column in columns])


def _newest(values: Floats, like: Floats) -> Floats:
    return values[-len(like) :]


def _robust_z(values: Floats, floor: float, least: float = 0.0) -> Floats:
    centre, sigma = spread(before(values, WINDOW), floor)
    z: Floats = (values[WINDOW:] - centre) / np.maximum(sigma, least)
    return z


def _volatility(returns: Floats) -> Floats:
    """Return the volatility a trade before the newest of each window could know."""
    squares = before(returns**2, len(VOLATILITY_WEIGHTS))
    volatility: Floats = np.sqrt((squares * VOLATILITY_WEIGHTS).sum(axis=1))
    return np.maximum(volatility, SMALLEST_VOLATILITY)


def _pause(stretch: Stretch) -> Floats:
    # A late trade lies before its neighbour in time: its pause is nought.
    seconds = np.maximum(np.diff(stretch.micros), 0) / 1e6
    pauses = np.log(MILLISECOND + seconds)
    relative: Floats = pauses[WINDOW:] - np.median(before(pauses, WINDOW), axis=1)
    return relative


def _imbalance(stretch: Stretch) -> Floats:
    signed = np.where(stretch.buy, stretch.volume, -stretch.volume)
    imbalance: Floats = upto(signed, FLOW).sum(axis=1) / upto(stretch.volume, FLOW).sum(axis=1)
    return imbalance


def _vwap_distance(stretch: Stretch, volatility: Floats) -> Floats:
    value = before(stretch.price * stretch.volume, WINDOW).sum(axis=1)
    vwap = np.log(value / before(stretch.volume, WINDOW).sum(axis=1))
    distance: Floats = (np.log(stretch.price[WINDOW:]) - vwap) / _newest(volatility, vwap)
    return distance


def _volatility_ratio(returns: Floats) -> Floats:
    squares = returns**2 + SMALLEST_VOLATILITY**2
    short, long = (upto(squares, size).mean(axis=1) for size in (SHORT, WINDOW))
    ratio: Floats = 0.5 * np.log(_newest(short, long) / long)
    return ratio
