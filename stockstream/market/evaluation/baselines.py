"""Baselines that a detector must beat: random alerts, constant alerts, and a rolling z-score."""

import numpy as np
from numpy.random import Generator

from stockstream.market.anomalies.features.jumps import steps
from stockstream.market.anomalies.features.levels import levels
from stockstream.market.anomalies.features.table import QUIET
from stockstream.market.anomalies.features.trade_window import Floats, TradeWindow
from stockstream.market.anomalies.models.threshold import at_budget
from stockstream.market.evaluation.events import CLASSES, MEDIUM, STRONG, Alert

WINDOW = 200
USUAL_LIMIT = 3.0
ROLLING, ROLLING_USUAL, RANDOM, ALWAYS = "rolling z", "rolling z over 3", "random", "always on"


def rolling_z(window: TradeWindow) -> Floats:
    """Return the larger z-score of each trade's return and log volume, against the 200 trades before."""
    returns = steps(levels(window.price), 1)
    size: Floats = np.maximum(np.abs(_z(returns)), _z(np.log(window.volume)))
    return size


def _z(values: Floats) -> Floats:
    z = np.zeros(len(values))
    sums, squares = (np.concatenate([[0.0], np.cumsum(each)]) for each in (values, values**2))
    mean, square = ((each[WINDOW:-1] - each[: -WINDOW - 1]) / WINDOW for each in (sums, squares))
    z[WINDOW:] = (values[WINDOW:] - mean) / np.sqrt(np.maximum(square - mean**2, 1e-18))
    return z


def alerts_above(
    scores: Floats, limit: float, start: int, claims: tuple[str, ...] = (STRONG, MEDIUM)
) -> list[Alert]:
    """Return an alert where a score exceeds the limit and none did so in the trades just before."""
    rows = np.flatnonzero(scores > limit)
    rows = rows[np.diff(rows, prepend=-QUIET - 1) > QUIET]
    return [Alert(row, row, claims) for row in rows[rows >= start].tolist()]


def baselines(
    tape: TradeWindow, before: TradeWindow, start: int, share: float, rng: Generator
) -> dict[str, list[Alert]]:
    """Return the alerts of each baseline on a tape.

    Args:
        tape: the tape.
        before: the slice on which the rolling z-score's threshold is set, to the same budget.
        start: the first row with alerts.
        share: the share of ordinary trades that may be alerts.
        rng: the source of the random alerts.
    """
    scores = rolling_z(tape)
    return {
        ROLLING: alerts_above(scores, at_budget(rolling_z(before)[WINDOW:], share, USUAL_LIMIT), start),
        ROLLING_USUAL: alerts_above(scores, USUAL_LIMIT, start),
        RANDOM: alerts_above(rng.random(len(tape)), 1 - 10 * share, start, CLASSES),
        ALWAYS: [Alert(row, row, CLASSES) for row in range(start, len(tape))],
    }
