"""The detector of one symbol, which keeps the last trades as context and examines the next ones."""

import numpy as np

from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.market_context import Market, unknown
from stockstream.market.anomalies.features.table import CONTEXT
from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.anomalies.finding import Finding


class Detector:
    """Examines a symbol's trades as they arrive; how they are split into batches changes no finding.

    >>> from stockstream.market.anomalies.features.trade_window import of_rows
    >>> rng = np.random.default_rng(7)
    >>> rows = [(i * 10**6, 100 + rng.normal(0, 0.05), float(rng.integers(80, 120)),
    ...          2 * int(rng.integers(2)) - 1, str(i), "doc") for i in range(600)]
    >>> rows[500] = (500 * 10**6, 100.0, 48_200.0, 1, "500", "doc")
    >>> detector = Detector(of_rows("AAPL", []), Ensemble())
    >>> found = detector.examine(of_rows("AAPL", rows[:490])) + detector.examine(of_rows("AAPL", rows[490:]))
    >>> [(finding.kind, finding.trade_id) for finding in found]
    [('volume_spike', '500')]
    """

    def __init__(self, context: TradeWindow, ensemble: Ensemble) -> None:
        """Start with up to CONTEXT known trades; an empty window is a cold start."""
        self.ensemble = ensemble
        self._context = context[-CONTEXT:]

    def remember(self, trades: TradeWindow) -> None:
        """Add trades as context without examining them."""
        self._context = self._context.then(self._new(trades))[-CONTEXT:]

    def examine(self, trades: TradeWindow, market: Market = unknown) -> list[Finding]:
        """Return what stands out among trades that follow all those seen before.

        A trade with fewer than CONTEXT trades before it is remembered but not judged: this is the warm-up.

        Args:
            trades: the next trades of the symbol.
            market: returns the trades of all symbols; without it only the symbol's own tape counts.
        """
        known = self._context.then(self._new(trades))
        self._context = known[-CONTEXT:]
        if not len(known):
            return []
        around = market(int(known.micros.min()), int(known.micros.max()))
        return self.ensemble.find(around.around(known))

    def _new(self, trades: TradeWindow) -> TradeWindow:
        """Return the trades without those seen a moment ago: a feed that repeats itself is not a run."""
        met = set(zip(self._context.sources, self._context.trade_ids, strict=True))
        fresh = np.ones(len(trades), np.bool_)
        for index, name in enumerate(zip(trades.sources, trades.trade_ids, strict=True)):
            fresh[index] = name not in met
            met.add(name)
        return trades if fresh.all() else trades[fresh]
