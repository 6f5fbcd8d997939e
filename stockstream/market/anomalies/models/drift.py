"""Whether trades still resemble those that a model was made from.

The population stability index of a feature is the sum over bins of (q - p) ln(q / p), with p the share
of the bin when the model was made and q the share now (Siddiqi, Credit Risk Scorecards, 2006). By the
usual rule, nothing has changed below 0.1, and much has changed above 0.25.
"""

from dataclasses import dataclass

import numpy as np

from stockstream.market.anomalies.features.trade_window import Floats

BINS = 10
DRIFTED = 0.25
LEAST_SHARE = 1e-3


@dataclass(frozen=True, eq=False)
class Bins:
    """The distribution of features.

    Attributes:
        edges: inner edges of each feature's bins; shape (k, 9).
        shares: shares of rows in each bin; shape (k, 10).
    """

    edges: Floats
    shares: Floats


def bins_of(rows: Floats) -> Bins:
    """Return the distribution of each column in tenths; equal values share a bin."""
    edges = np.quantile(rows, np.arange(1, BINS) / BINS, axis=0).T
    return Bins(np.ascontiguousarray(edges), _shares(rows, edges))


def stability(bins: Bins, rows: Floats) -> Floats:
    """Return the population stability index of each column; shape (k,).

    >>> rng = np.random.default_rng(7)
    >>> bins = bins_of(rng.normal(size=(5_000, 2)))
    >>> same, wider = stability(bins, rng.normal(size=(5_000, 2)) * [1.0, 3.0])
    >>> bool(same < 0.02 and wider > DRIFTED)
    True
    """
    before, now = np.maximum(bins.shares, LEAST_SHARE), np.maximum(_shares(rows, bins.edges), LEAST_SHARE)
    index: Floats = ((now - before) * np.log(now / before)).sum(axis=1)
    return index


def _shares(rows: Floats, edges: Floats) -> Floats:
    counts = [
        np.bincount(np.searchsorted(own, column, side="right"), minlength=BINS)
        for own, column in zip(edges, rows.T, strict=True)
    ]
    shares: Floats = np.array(counts) / max(len(rows), 1)
    return shares
