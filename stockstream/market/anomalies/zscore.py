"""Robust z-scores: how far a trade stands from the 200 before it, in deviations."""

import numpy as np

from stockstream.market.anomalies.features import NAMES
from stockstream.market.anomalies.stretch import Floats


def of_price(rows: Floats) -> Floats:
    """Return the price's score: the lesser of how far it jumped and how far from its level it is.

    The trade that returns from a spike jumps as far as the spike did, and lands on the level.

    >>> spike, back = np.zeros((2, len(NAMES)))
    >>> spike[[NAMES.index("return_z"), NAMES.index("move_z")]] = 30.0, 28.0
    >>> back[[NAMES.index("return_z"), NAMES.index("move_z")]] = -30.0, 0.5
    >>> of_price(np.array([spike, back])).tolist()
    [28.0, 0.5]
    """
    return np.minimum(np.abs(_column(rows, "return_z")), np.abs(_column(rows, "move_z")))


def of_size(rows: Floats) -> Floats:
    """Return the size's score; a small trade is nothing to look at, so small sizes score below zero."""
    return _column(rows, "size_z")


def of_value(rows: Floats) -> Floats:
    """Return the score of price times volume; small values score below zero."""
    return _column(rows, "value_z")


def _column(rows: Floats, name: str) -> Floats:
    column: Floats = rows[:, NAMES.index(name)]
    return column
