"""Training: make a model for each symbol that has enough trades."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from stockstream.connectors.models.registry import ModelStore
from stockstream.connectors.postgres.read.trade_reader import ALL, Span, TradeReader
from stockstream.errors import TooFewTradesError
from stockstream.jobs.detect.drift import drifted, note
from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.anomalies.models.model import BUDGET, FEWEST_TRADES, SEED, Model, fit, fit_together

log = logging.getLogger("detector")


@dataclass(frozen=True)
class Recipe:
    """How models are made.

    Attributes:
        most: how many of the newest trades of the span are used.
        budget: false alerts allowed per symbol and day.
        seed: the same trades and seed give the same model.
    """

    span: Span = ALL
    most: int = 100_000
    budget: float = BUDGET
    seed: int = SEED


# How many symbols and trades the pooled model is made from.
POOLED_SYMBOLS, POOLED_TRADES = 30, 20_000


class Trainer:
    """Makes models from the stored trades and puts them into the store."""

    def __init__(
        self,
        history: TradeReader,
        store: ModelStore,
        now: Callable[[], datetime],
        recipe: Recipe | None = None,
    ) -> None:
        """Create a trainer that follows `recipe`; `now` returns the time written on a model's card."""
        self._history = history
        self._store = store
        self._now = now
        self._recipe = recipe or Recipe()

    def train(self, symbol: str) -> Model:
        """Train one symbol and store its model.

        Raises:
            TooFewTradesError: the span has too few trades of the symbol.
            ModelsFolderError: the model cannot be stored.
        """
        recipe = self._recipe
        trades = self._history.among(self._history.newest(symbol, recipe.most, recipe.span))
        return self._store.save(fit(trades, recipe.budget, recipe.seed), self._now())

    def train_all(self, symbols: Iterable[str], stop: Event, on_progress: Callable[[str], None]) -> int:
        """Train symbols until `stop` is set, reporting each; return how many were trained.

        After all symbols, the pooled model is made from some of each one's trades.
        """
        trained: list[str] = []
        for symbol in symbols:
            if stop.is_set():
                return len(trained)
            try:
                on_progress(_line(self.train(symbol)))
                trained.append(symbol)
            except TooFewTradesError as exc:
                on_progress(str(exc))
        self._train_pooled(trained)
        return len(trained)

    def train_drifted(self, symbols: Iterable[str], stop: Event, on_progress: Callable[[str], None]) -> int:
        """Train symbols whose trades have drifted or that have no model; return how many were checked."""
        looked_at, drifts = 0, []
        for symbol in symbols:
            if stop.is_set():
                break
            looked_at += 1
            drift = drifted(self._history, self._store, symbol)
            if drift:
                drifts.append(drift)
                on_progress(str(drift))
            if drift is None or drift.has_drifted:
                self._train_if_possible(symbol, on_progress)
        note(self._store, drifts)
        return looked_at

    def look_for_drift(self, symbols: Iterable[str]) -> None:
        """Store the drift of symbols for the report on the models."""
        note(self._store, filter(None, (drifted(self._history, self._store, each) for each in symbols)))

    def _train_if_possible(self, symbol: str, on_progress: Callable[[str], None]) -> None:
        try:
            on_progress(_line(self.train(symbol)))
        except TooFewTradesError as exc:
            on_progress(str(exc))

    def _train_pooled(self, symbols: Sequence[str]) -> None:
        recipe, windows = self._recipe, list[TradeWindow]()
        for symbol in symbols[:POOLED_SYMBOLS]:
            newest = self._history.newest(symbol, min(recipe.most, POOLED_TRADES), recipe.span)
            windows.append(self._history.among(newest))
        if len(windows) > 1:
            model = fit_together(windows, budget=recipe.budget, seed=recipe.seed)
            self._store.save(model, self._now())

    def train_due(self, symbols: Iterable[str]) -> str | None:
        """Train the first symbol that has enough trades by now and return it, or None if none has."""
        for symbol in symbols:
            if not self._history.has(symbol, FEWEST_TRADES):
                continue
            try:
                log.info("%s", _line(self.train(symbol)))
            except TooFewTradesError:
                # Some trades cannot be measured; more will come.
                continue
            return symbol
        return None


def _line(model: Model) -> str:
    card = model.card
    return (
        f"{card.symbol}: trained on {card.trades:,} trades from {card.first:%Y-%m-%d %H:%M:%S} to "
        f"{card.last:%Y-%m-%d %H:%M:%S} UTC, at most {card.budget:g} false alerts a day; "
        f"model {model.version}"
    )
