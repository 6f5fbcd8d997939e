"""How far a price jumped, in deviations that depend on the pause and the symbol's last trades.

A trade price is a mid price, which diffuses with time, plus half a spread for a buyer or minus half a spread
for a seller (Roll, Journal of Finance 39, 1984, with the sides known). So

    m[n] = r[n] - h (side[n] - side[n-1]),  Var m[n] = w (c + pause[n] / usual pause),

with h the least squares slope of returns on changes of side and w the weighted mean of m^2 over that of
c + pause (realised variance per time: Bachelier, 1900; RiskMetrics, 1996), both over the JUMPS trades
before. Long pauses weigh more in w than short ones, in which prices hardly move and are mostly rounded.
If the other symbols' prices move more than before, w is larger by their unrest (`market_context_of`):
at an opening they show it earlier than this symbol's next trades do.
"""

import numpy as np

from stockstream.market.anomalies.features import rolling
from stockstream.market.anomalies.features.levels import levels
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow
from stockstream.market.compiled import compiled

WINDOW, JUMPS = 200, 120
DECAY = 0.95
# How far a mid price moves in no time, as a share of its movement in a usual pause: rounding to ticks.
STANDING = 0.3
# A return counts as at most this many of its robust deviations, or one spike would hide the next.
LARGEST = 4.0
# After a step of this size, the next one is the way back.
SPIKE = 3.0
LONGEST_PAUSE = 5.0
# The smallest deviation of a price that moves, and that of one that has stood still: a basis point.
LEAST, STILL = 1e-5, 1e-4


def jump_z(window: TradeWindow, pause: Floats, paused: int, first: int) -> Floats:
    """Return each trade's jump in deviations, or zero if it only returns from the trade before.

    A trade that returns from a spike moves far in one step but not in two. So after a step of SPIKE
    deviations in the opposite direction, the smaller of both counts, each by its own time, or zero if they
    differ in sign.

    Args:
        window: the trades.
        pause: logarithm of each pause over the usual one, shape (n,), from row `paused` on.
        paused: the first row with a known pause.
        first: the first row to compute, at least paused + WINDOW + JUMPS.
    """
    price, side = levels(window.price), window.side.astype(np.float64)
    time = np.exp(np.minimum(pause, LONGEST_PAUSE))
    returns, turns = steps(price, 1), steps(side, 1)
    slope, rate = _spread_and_rate(_tame(returns, time, paused), turns, time, _weights(), first)
    deviation, former = np.sqrt(rate), np.concatenate([[0.0], time[:-1]])
    one = (returns - slope * turns) / (deviation * np.sqrt(STANDING + time))
    two = (steps(price, 2) - slope * steps(side, 2)) / (deviation * np.sqrt(STANDING + time + former))
    before = np.zeros(len(price))
    before[1:] = (returns[:-1] - slope[1:] * turns[:-1]) / (deviation[1:] * np.sqrt(STANDING + time[:-1]))
    lesser = np.where(one * two > 0, np.sign(one) * np.minimum(np.abs(one), np.abs(two)), 0.0)
    comes_back = (np.abs(before) > SPIKE) & (before * one < 0)
    jumps: Floats = np.where(comes_back, lesser, one) / np.sqrt(window.unrest)
    return jumps


def steps(values: Floats, back: int) -> Floats:
    """Return each value minus the one `back` trades before, or zero if there is none."""
    steps = np.zeros(len(values))
    steps[back:] = values[back:] - values[:-back]
    return steps


def _tame(returns: Floats, time: Floats, paused: int) -> Floats:
    """Return the returns, limited to LARGEST robust deviations for their pause."""
    z, _ = rolling.robust_z(returns / np.sqrt(STANDING + time), paused + WINDOW, WINDOW, STILL, 0.0)
    tame: Floats = returns * np.minimum(1.0, LARGEST / np.maximum(np.abs(z), 1.0))
    return tame


def _weights() -> Floats:
    weights: Floats = DECAY ** np.arange(JUMPS, dtype=np.float64)[::-1]
    weights /= weights.sum()
    return weights


@compiled
def _spread_and_rate(
    returns: Floats, turns: Floats, time: Floats, weights: Floats, first: int
) -> tuple[Floats, Floats]:
    """Return the half spread and the variance per usual pause of the trades before each row."""
    slope, rate, size = np.zeros(len(returns)), np.ones(len(returns)), len(weights)
    for row in range(first, len(returns)):
        bounce = turned = 0.0
        squares = across = turns_squared = spent = 0.0
        for at in range(size):
            own, turn, weight = returns[row - size + at], turns[row - size + at], weights[at]
            bounce += own * turn
            turned += turn * turn
            squares += weight * own * own
            across += weight * own * turn
            turns_squared += weight * turn * turn
            spent += weight * time[row - size + at]
        slope[row] = max(bounce, 0.0) / max(turned, 1.0)
        moved = squares - 2 * slope[row] * across + slope[row] * slope[row] * turns_squared
        least = LEAST * LEAST if squares > 0 else STILL * STILL
        rate[row] = max(moved / (STANDING + spent), least)
    return slope, rate
