"""The detectors of a process, one per symbol and partition, and their models."""

import logging
from collections.abc import Mapping

from stockstream.connectors.models.registry import ModelStore
from stockstream.errors import ModelRefusedError
from stockstream.market.anomalies.detector import Detector
from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.market_book import MarketBook
from stockstream.market.anomalies.features.trade_window import TradeWindow, of_rows
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.models.model import POOLED

NANO = 1_000_000_000

log = logging.getLogger("detector")


class SymbolDetectors:
    """Holds each symbol's recent trades and the newest model in the store."""

    def __init__(self, store: ModelStore) -> None:
        """Read the store once; `refresh` reads it again."""
        self._store = store
        self._stamps = store.stamps()
        self._ensembles: dict[str, Ensemble] = {}
        self._detectors: dict[tuple[int, str], Detector] = {}
        self._market = MarketBook()

    def open(self, partition: int, contexts: Mapping[str, TradeWindow]) -> None:
        """Start a partition with the last trades of its symbols, discarding what was remembered of it."""
        self._detectors = {key: kept for key, kept in self._detectors.items() if key[0] != partition}
        self._market.drop(partition)
        for symbol, context in contexts.items():
            self._market.add(partition, context)
            self._detectors[partition, symbol] = Detector(context, self._ensemble(symbol))

    def see(self, partition: int, trades: TradeWindow) -> None:
        """Add a symbol's trades to the market context, before they or others of that time are examined."""
        self._market.add(partition, trades)

    def remember(self, partition: int, trades: TradeWindow) -> None:
        """Add trades that were examined before as context."""
        self._detector(partition, trades.symbol).remember(trades)

    def examine(self, partition: int, trades: TradeWindow) -> list[Finding]:
        """Return what stands out among trades that follow all those seen before."""
        return self._detector(partition, trades.symbol).examine(trades, self._market.between)

    def refresh(self) -> None:
        """Load the models that have changed in the store since the last look."""
        stamps = self._store.stamps()
        changed = {symbol for symbol, _ in self._stamps.items() ^ stamps.items()}
        self._stamps = stamps
        if POOLED in changed:
            changed |= self._ensembles.keys() - stamps.keys()
        for symbol in changed & self._ensembles.keys():
            self._ensembles[symbol] = self._load(symbol)
        for (_, symbol), detector in self._detectors.items():
            detector.ensemble = self._ensembles[symbol]

    def with_model(self) -> list[str]:
        """Return the symbols that have their own model in the store."""
        return sorted(self._ensembles.keys() & self._stamps.keys())

    def made_at(self) -> list[float]:
        """Return when each of these models was made, in seconds since 1970."""
        return [self._stamps[symbol] / NANO for symbol in self.with_model()]

    def without_model(self) -> list[str]:
        """Return the symbols for which the store has no model, valid or not."""
        return sorted(self._ensembles.keys() - self._stamps.keys())

    def _detector(self, partition: int, symbol: str) -> Detector:
        key = partition, symbol
        if key not in self._detectors:
            self._detectors[key] = Detector(of_rows(symbol, []), self._ensemble(symbol))
        return self._detectors[key]

    def _ensemble(self, symbol: str) -> Ensemble:
        if symbol not in self._ensembles:
            self._ensembles[symbol] = self._load(symbol)
        return self._ensembles[symbol]

    def _load(self, symbol: str) -> Ensemble:
        try:
            model = self._store.load_for(symbol)
        except ModelRefusedError as exc:
            log.warning("%s; until then z-score and sequence rules alone", exc)
            return Ensemble()
        if model is not None:
            whose = "model of all symbols" if model.card.symbol == POOLED else "model"
            log.info("%s: %s %s, made from %s trades", symbol, whose, model.version, f"{model.card.trades:,}")
        return Ensemble(model)
