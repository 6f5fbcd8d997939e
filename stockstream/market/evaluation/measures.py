"""Measures over the counts: precision, recall and F1 of events, delays, and their uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from stockstream.market.anomalies.features.trade_window import Bools, Floats, Ints
from stockstream.market.evaluation.events import WEAK, Tally

RESAMPLES = 1_000
INTERVAL = (0.025, 0.975)
CURVE = 200


@dataclass(frozen=True)
class Score:
    """The measures of one class of events; NaN if there was nothing to count.

    Attributes:
        sure: 95 percent bootstrap intervals of recall and precision.
        trades: delay in trades, median and 95th percentile.
        seconds: delay in seconds, median and 95th percentile.
    """

    events: int
    recall: float
    precision: float
    f1: float
    sure: tuple[tuple[float, float], tuple[float, float]]
    trades: tuple[float, float]
    seconds: tuple[float, float]


def score_of(tallies: Sequence[Tally], name: str, rng: Generator) -> Score:
    """Return the measures of one class, with intervals from resampling tapes (Efron, 1979)."""
    counts = np.array(
        [(each.events.get(name, 0), each.found.get(name, 0), each.false.get(name, 0)) for each in tallies]
    )
    drawn = counts[rng.integers(0, len(counts), (RESAMPLES, len(counts)))].sum(axis=1)
    recalls, precisions = _rates(drawn)
    recall, precision = (float(each[0]) for each in _rates(counts.sum(axis=0)[None]))
    delays = np.array([delay for each in tallies for delay in each.delays.get(name, [])] or [2 * (np.nan,)])
    trades, seconds = (tuple(np.quantile(column, (0.5, 0.95)).tolist()) for column in delays.T)
    return Score(
        int(counts[:, 0].sum()),
        recall,
        precision,
        f1_of(recall, precision),
        (_interval(recalls), _interval(precisions)),
        (trades[0], trades[1]),
        (seconds[0], seconds[1]),
    )


def _rates(counts: Ints) -> tuple[Floats, Floats]:
    events, found, false = counts.T.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return found / events, found / (found + false)


def _interval(rates: Floats) -> tuple[float, float]:
    known = rates[np.isfinite(rates)]
    low, high = np.quantile(known, INTERVAL) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def f1_of(recall: float, precision: float) -> float:
    """Return the harmonic mean, or zero if nothing was found.

    >>> f1_of(1.0, 0.5), f1_of(0.0, float("nan"))
    (0.6666666666666666, 0.0)
    """
    return 2 * recall * precision / (recall + precision) if recall > 0 and precision > 0 else 0.0


def macro_f1(tallies: Sequence[Tally], names: Sequence[str], rng: Generator) -> float:
    """Return the mean F1 of the classes that have events."""
    scores = [score_of(tallies, name, rng) for name in names]
    return float(np.mean([each.f1 for each in scores if each.events] or [0.0]))


def overall(tallies: Sequence[Tally]) -> tuple[float, float]:
    """Return the recall of all events but the weakest spikes, and the share of alerts that match an event."""
    events = sum(count for each in tallies for name, count in each.events.items() if name != WEAK)
    found = sum(count for each in tallies for name, count in each.found.items() if name != WEAK)
    alerts, false = (sum(getattr(each, name) for each in tallies) for name in ("alerts", "false_alerts"))
    return found / max(events, 1), (alerts - false) / max(alerts, 1)


def false_a_day(tallies: Sequence[Tally]) -> float:
    """Return false alerts per symbol and day."""
    return sum(each.false_alerts for each in tallies) / sum(each.days for each in tallies)


def vus_pr(scores: Floats, event: Ints, widths: Sequence[int] = (0, 4, 8, 16)) -> float:
    """Return the volume under the surface of precision, recall and tolerance (Paparrizos et al., 2022).

    Labels are widened by half a width on either side, falling off as a square root; recall counts both
    the share of events that are touched and how much of them is. Precision is averaged over recall
    for each width, and then over the widths.

    >>> event = np.zeros(1_000, np.int64)
    >>> event[500] = 1
    >>> vus_pr((event > 0) + 0.0, event, widths=(0,)), vus_pr(np.zeros(1_000), event) < 0.1
    (1.0, True)
    """
    order = np.argsort(-scores, kind="stable")
    return float(np.mean([_area(scores[order], order, event, width) for width in widths]))


def _area(descending: Floats, order: Ints, event: Ints, width: int) -> float:
    soft = _softened(event > 0, width // 2)
    hits, ranked = np.cumsum(soft[order]), event[order]
    numbers, first = np.unique(ranked, return_index=True)
    touched = np.zeros(len(order))
    touched[first[numbers > 0]] = 1.0
    existing = np.cumsum(touched) / max(int((numbers > 0).sum()), 1)
    positives = 0.5 * (np.count_nonzero(event) + soft.sum())
    # Only where the score decreases do the trades above it form a set; ties are all in or all out.
    ends = np.flatnonzero(np.diff(descending, append=-np.inf) < 0)
    recall = np.minimum(hits / max(positives, 1.0), 1.0)[ends] * existing[ends]
    precision = (hits / np.arange(1, len(order) + 1))[ends]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _softened(labelled: Bools, reach: int) -> Floats:
    soft = labelled.astype(np.float64)
    for step in range(1, reach + 1):
        weight = np.sqrt(1 - step / (reach + 1))
        soft[step:] = np.maximum(soft[step:], weight * labelled[:-step])
        soft[:-step] = np.maximum(soft[:-step], weight * labelled[step:])
    return soft
