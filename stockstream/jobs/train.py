"""Training: a model for each symbol that has enough trades."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from stockstream.connectors.history import ALL, History, Span
from stockstream.connectors.models import ModelStore
from stockstream.errors import ModelsFolderError, RecoverableError, TooFewTradesError
from stockstream.jobs.desk import Desk
from stockstream.market.anomalies.model import BUDGET, FEWEST_TRADES, SEED, Model, fit

log = logging.getLogger("detector")


@dataclass(frozen=True)
class Recipe:
    """How models are made.

    Attributes:
        most: the newest so many trades of the span are used.
        budget: false alerts allowed per 1,000 trades.
        seed: the same trades and seed give the same model.
    """

    span: Span = ALL
    most: int = 100_000
    budget: float = BUDGET
    seed: int = SEED


class Trainer:
    """Makes models from the stored trades and puts them into the store."""

    def __init__(
        self, history: History, store: ModelStore, now: Callable[[], datetime], recipe: Recipe | None = None
    ) -> None:
        """Train by `recipe`; `now` is the moment that stands on a model's card."""
        self._history = history
        self._store = store
        self._now = now
        self._recipe = recipe or Recipe()

    def train(self, symbol: str) -> Model:
        """Train one symbol and store its model.

        Raises:
            TooFewTradesError: the span has too few trades of it.
            ModelsFolderError: the model cannot be stored.
        """
        recipe = self._recipe
        trades = self._history.newest(symbol, recipe.most, recipe.span)
        return self._store.save(fit(trades, recipe.budget, recipe.seed), self._now())

    def train_all(self, symbols: Iterable[str], stop: Event, tell: Callable[[str], None]) -> int:
        """Train symbols until `stop` is set, telling a line of each; returns how many were trained."""
        trained = 0
        for symbol in symbols:
            if stop.is_set():
                break
            try:
                tell(_line(self.train(symbol)))
                trained += 1
            except TooFewTradesError as exc:
                tell(str(exc))
        return trained

    def train_ready(self, symbols: Iterable[str]) -> str | None:
        """Train the first of the symbols that has enough trades by now; returns it, None if none has."""
        for symbol in symbols:
            if not self._history.has(symbol, FEWEST_TRADES):
                continue
            try:
                log.info("%s", _line(self.train(symbol)))
            except TooFewTradesError:
                # Some of them are no measures; more will come.
                continue
            return symbol
        return None


def _line(model: Model) -> str:
    card = model.card
    return (
        f"{card.symbol}: trained on {card.trades:,} trades from {card.first:%Y-%m-%d %H:%M:%S} to "
        f"{card.last:%Y-%m-%d %H:%M:%S} UTC, at most {card.budget:g} false alerts per 1,000 trades; "
        f"model {model.version}"
    )


class Upkeep:
    """What the watch does between batches: takes up changed models, and trains missing ones."""

    REFRESH_EVERY = 5.0
    TRAIN_EVERY = 20.0

    def __init__(self, desk: Desk, trainer: Trainer, clock: Callable[[], float]) -> None:
        """Begin; `clock` tells seconds that never go back."""
        self._desk = desk
        self._trainer = trainer
        self._clock = clock
        self._refresh_at = self._train_at = clock() + self.REFRESH_EVERY

    def __call__(self) -> None:
        """Do what is due; it is cheap when nothing is."""
        now = self._clock()
        if now >= self._refresh_at:
            self._refresh_at = now + self.REFRESH_EVERY
            self._desk.refresh()
        if now >= self._train_at:
            # One a call: the group waits for nobody who trains a thousand symbols in one go.
            self._train_at = now if self._train_one() else now + self.TRAIN_EVERY

    def _train_one(self) -> bool:
        try:
            trained = self._trainer.train_ready(self._desk.without_model())
        except (RecoverableError, ModelsFolderError) as exc:
            log.warning("no training now: %s", exc)
            return False
        if trained is None:
            return False
        self._desk.refresh()
        return True
