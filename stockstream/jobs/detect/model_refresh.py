"""Model refresh: a watch loads models that have changed and trains those that are missing.

Training reads a symbol's trades and the market around them, which takes seconds. The market does not wait for
it, so it runs in a thread beside the watch.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from stockstream.connectors.metrics.detector import DetectorMetrics
from stockstream.errors import ModelsFolderError, RecoverableError
from stockstream.jobs.detect.detectors import SymbolDetectors
from stockstream.jobs.detect.train import Trainer

log = logging.getLogger("detector")

Clock = Callable[[], float]


class ModelRefresh:
    """The watch's work between batches; it is cheap and never blocks."""

    REFRESH_EVERY = 5.0
    TRAIN_EVERY = 20.0
    LOOK_EVERY = 600.0
    LOOKED_AT = 20

    def __init__(
        self,
        detectors: SymbolDetectors,
        trainer: Trainer,
        clock: Clock,
        metrics: DetectorMetrics | None = None,
    ) -> None:
        """Create a refresh; `clock` returns monotonic seconds, `metrics` are updated with the models."""
        self._metrics = metrics or DetectorMetrics()
        self._detectors = detectors
        self._trainer = trainer
        self._clock = clock
        self._refresh_at = self._train_at = clock() + self.REFRESH_EVERY
        self._look_at = clock() + self.LOOK_EVERY
        self._beside = ThreadPoolExecutor(1, "learning")
        self._work: Future[str | None] | None = None

    def __call__(self) -> None:
        """Do what is due."""
        now = self._clock()
        if self._work and self._work.done():
            self._take_up(self._work.result(), now)
        if now >= self._refresh_at:
            self._refresh()
        if not self._work:
            self._begin_due(now)

    def close(self) -> None:
        """Wait for the training in progress; no other is started."""
        self._beside.shutdown(cancel_futures=True)

    def _begin_due(self, now: float) -> None:
        if now >= self._train_at:
            self._train_at = now + self.TRAIN_EVERY
            self._work = self._beside.submit(self._learn, self._detectors.without_model())
        elif now >= self._look_at:
            self._look_at = now + self.LOOK_EVERY
            self._work = self._beside.submit(
                self._look_for_drift, self._detectors.with_model()[: self.LOOKED_AT]
            )

    def _take_up(self, learnt: str | None, now: float) -> None:
        self._work = None
        if learnt:
            # If one model was missing, there may be more.
            self._train_at = now
            self._refresh()

    def _learn(self, symbols: list[str]) -> str | None:
        try:
            return self._trainer.train_due(symbols)
        except (RecoverableError, ModelsFolderError) as exc:
            log.warning("no training now: %s", exc)
            return None

    def _look_for_drift(self, symbols: list[str]) -> None:
        try:
            self._trainer.look_for_drift(symbols)
        except (RecoverableError, ModelsFolderError) as exc:
            log.warning("no look at drift now: %s", exc)

    def _refresh(self) -> None:
        self._refresh_at = self._clock() + self.REFRESH_EVERY
        self._detectors.refresh()
        self._metrics.models(self._detectors.made_at(), without=len(self._detectors.without_model()))
