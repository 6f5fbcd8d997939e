"""Robust z-scores: how far a trade stands from those before it, in deviations."""

import numpy as np

from stockstream.market.anomalies.features.table import NAMES
from stockstream.market.anomalies.features.trade_window import Floats


def of_price(rows: Floats) -> Floats:
    """Return the price's score: how far it jumped, up or down."""
    return np.abs(_column(rows, "jump_z"))


def of_size(rows: Floats) -> Floats:
    """Return the size's score; a small trade is nothing to look at, so small sizes score below zero."""
    return _column(rows, "size_z")


def of_ramp(rows: Floats) -> Floats:
    """Return the score of the way that the price went in eight trades, and still goes."""
    way, step = _column(rows, "ramp_z"), _column(rows, "return_z")
    return np.where(np.sign(way) == np.sign(step), np.abs(way), 0.0)


def of_crowd(rows: Floats) -> Floats:
    """Return the score of how fast trades come; slow ones score below zero."""
    return _column(rows, "crowd_z")


def _column(rows: Floats, name: str) -> Floats:
    column: Floats = rows[:, NAMES.index(name)]
    return column
