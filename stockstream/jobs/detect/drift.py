"""Drift: whether a symbol's newest trades still resemble those its model was made from."""

from collections.abc import Iterable
from dataclasses import dataclass

from stockstream.connectors.models.registry import DriftNote, ModelStore
from stockstream.connectors.postgres.read.trade_reader import ALL, TradeReader
from stockstream.errors import ModelRefusedError
from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.table import CONTEXT, NAMES, QUIET
from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.anomalies.models.drift import DRIFTED, stability
from stockstream.market.anomalies.models.forest import compressed
from stockstream.market.anomalies.models.model import Model
from stockstream.market.anomalies.scores import score

RECENT = 10_000
FEWEST = 2_000
# Ordinary prevalence gives a few alerts per thousand trades; ten are no longer alerts.
MOST_ALERTS = 10.0


@dataclass(frozen=True)
class Drift:
    """The distance of a symbol's newest trades from those of its model.

    Attributes:
        feature: the feature that has changed most; `index` is its population stability index.
        alerts: alerts per 1,000 trades.
    """

    symbol: str
    feature: str
    index: float
    alerts: float

    @property
    def has_drifted(self) -> bool:
        """Return whether a new model is due."""
        return self.index > DRIFTED or self.alerts > MOST_ALERTS

    def __str__(self) -> str:
        return (
            f"{self.symbol}: {'drifted' if self.has_drifted else 'no drift'}; {self.feature} has changed "
            f"most, stability {self.index:.2f} of {DRIFTED:g}; {self.alerts:.1f} alerts per 1,000 trades"
        )


def drift_of(model: Model, trades: TradeWindow) -> Drift | None:
    """Return how far trades have drifted from a model, or None if there are too few to measure."""
    if len(trades) < FEWEST:
        return None
    scores = score(trades, model)
    index = stability(model.bins, compressed(scores.features))
    alerts = len(Ensemble(model).alerts(scores))
    most = int(index.argmax())
    judged = len(trades) - CONTEXT + QUIET
    return Drift(trades.symbol, NAMES[most], float(index[most]), 1_000 * alerts / judged)


def drifted(history: TradeReader, store: ModelStore, symbol: str) -> Drift | None:
    """Return the drift of a symbol, or None if it has no model or too few trades to measure."""
    try:
        model = store.load(symbol)
    except ModelRefusedError:
        return None
    return drift_of(model, history.among(history.newest(symbol, RECENT, ALL))) if model else None


def note(store: ModelStore, drifts: Iterable[Drift]) -> None:
    """Store the worst drift for the report on the models."""
    known = list(drifts)
    if known:
        worst = max(known, key=lambda each: each.index)
        count = sum(each.has_drifted for each in known)
        store.put_note(DriftNote(worst.symbol, worst.feature, worst.index, count))
