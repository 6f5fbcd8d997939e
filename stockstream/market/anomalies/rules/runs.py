"""Streaks on one side, of one size, and of any property, as machine code, each with its own law.

`first` is the first trade to compute; everything before it is context, and is zero in the result.
Every row is computed from its own window only, so a stream's rows equal those of the whole tape.
"""

import numpy as np

from stockstream.market.anomalies.features.trade_window import Bools, Floats, Ints
from stockstream.market.compiled import compiled


@compiled
def one_sided(  # noqa: PLR0913, PLR0917 - compiled code takes arrays, not the object that holds them
    repeats: Bools, group: Ints, groups: int, tilts: Floats, first: int, longest: int, share: int
) -> tuple[Ints, Floats, Floats, Floats]:
    """Return, for each row, the run of trades on one side that it belongs to.

    A run's surprise is the sum of -log10 of its trades' probabilities to keep the side, each that of its
    group over the `share` trades before the run (one of each kind is added: Laplace), and log10 of the mean
    over `tilts` of the likelihood ratio that the run's trades are larger than usual.

    Args:
        repeats: whether each trade is on the side of the trade before.
        group: the group of each trade, from 0 to groups - 1.
        groups: the number of groups.
        tilts: log10 of the likelihood ratio of each trade's size, shape (number of tilts, n).
        first: the first row to compute.
        longest: the longest run counted.
        share: the number of trades before the run from which probabilities are taken.

    Returns:
        The length up to the row, at most `longest`; the surprise; the probability of the row itself;
        and the part of the surprise that is due to sizes.
    """
    length = np.zeros(len(repeats), np.int64)
    surprise, chance, sizes = np.zeros(len(repeats)), np.zeros(len(repeats)), np.zeros(len(repeats))
    met, seen = np.ones(groups), np.ones(groups)
    for row in range(first, len(repeats)):
        run = 0
        while run < longest and repeats[row - run]:
            run += 1
        if run == 0:
            continue
        begin = row - run + 1
        met[:], seen[:] = 1.0, 2.0
        for at in range(begin - share, begin):
            seen[group[at]] += 1.0
            met[group[at]] += repeats[at]
        seen = met / seen
        for at in range(begin, row + 1):
            surprise[row] -= np.log10(seen[group[at]])
        chance[row] = seen[group[row]]
        ratio = 0.0
        for tilt in range(len(tilts)):
            ratio += 10.0 ** min(np.sum(tilts[tilt, begin : row + 1]), 200.0)
        sizes[row] = np.log10(ratio / len(tilts))
        surprise[row] += sizes[row]
        length[row] = run
    return length, surprise, chance, sizes


@compiled
def repeated(values: Floats, first: int, longest: int, share: int) -> tuple[Ints, Floats, Floats]:
    """Return, for each row, the streak of one value that it belongs to.

    The probability of a repetition is the value's own share of the `share` trades before the streak, one
    added: a common size comes twice in a row more often than a rare one.

    Returns:
        The length up to the row, without the value's first trade and at most `longest`; the
        surprise, which is the sum of -log10 of the probabilities; and the probability of each row.
    """
    length = np.zeros(len(values), np.int64)
    surprise, chance = np.zeros(len(values)), np.zeros(len(values))
    for row in range(first, len(values)):
        run = 0
        while run < longest and values[row - run] == values[row - run - 1]:
            run += 1
        if run == 0:
            continue
        met = 1.0
        for at in range(row - run - share, row - run):
            met += values[at] == values[row]
        chance[row] = met / (share + 2.0)
        surprise[row] = -run * np.log10(chance[row])
        length[row] = run
    return length, surprise, chance


@compiled
def streaks(has: Bools, first: int, longest: int, share: int) -> tuple[Ints, Floats, Floats]:
    """Return, for each row, the streak of a property that it belongs to.

    The probability that a trade has the property is its frequency over the `share` trades before the streak;
    one of each kind is added (Laplace), so that what never happened is rare but not impossible.

    Returns:
        As `repeated`.
    """
    length = np.zeros(len(has), np.int64)
    surprise, chance = np.zeros(len(has)), np.zeros(len(has))
    for row in range(first, len(has)):
        run = 0
        while run < longest and has[row - run]:
            run += 1
        if run == 0:
            continue
        begin = row - run + 1
        chance[row] = (1.0 + np.sum(has[begin - share : begin])) / (share + 2.0)
        surprise[row] = -run * np.log10(chance[row])
        length[row] = run
    return length, surprise, chance
