"""The loop of a job that reads the topic: read, commit when due, and outlast outages."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Protocol

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.metrics.reader import ReaderMetrics
from stockstream.errors import FencedError, RecoverableError
from stockstream.fault_injection import reached
from stockstream.jobs.idle import Idle
from stockstream.jobs.progress_log import Progress
from stockstream.jobs.retry import Retry
from stockstream.jobs.source import TradeSource


class Step(Protocol):
    """What one job does with the messages it reads."""

    @property
    def is_busy(self) -> bool:
        """Whether something that was read must still be processed before the job can end."""

    def read(self, source: TradeSource) -> int:
        """Process the available messages and return how many there were."""

    def is_due(self, *, ended: bool) -> bool:
        """Return whether it is time to commit; `ended` says that nothing more will come."""

    def commit(self, source: TradeSource, *, ended: bool) -> Batch:
        """Store what was read, all or nothing; return a batch with the spans of what is stored.

        It is called again with the same data while the database is unavailable.
        """

    def release(self) -> None:
        """Discard what is not committed: another process has taken over."""

    def finish(self, source: TradeSource) -> Batch:
        """Store what can be stored at once, because a stop was requested; return the same as `commit`."""

    def __str__(self) -> str:
        """Return the counts since the start."""


@dataclass(frozen=True)
class Worker:
    """Runs a step until it is stopped, or has been idle for `idle_limit`.

    Order of effects: what the step stores, with the committed offsets, in one transaction; then the offsets
    of the consumer group, which lag tools read. A crash between any two repeats what was read, and the fence
    makes the repeat harmless. While the database is unavailable nothing is read, and the member stays in its
    group. If another process has taken a partition over, what is not committed is discarded and the group is
    asked again.

    Attributes:
        source: where messages come from.
        stop: ends the loop after the current step.
        idle_limit: seconds without a message after which it ends, once all is read; None for never.
        metrics: updated with each turn, and with refusals.
        clock: returns monotonic seconds.
    """

    source: TradeSource
    stop: Event
    log: logging.Logger
    metrics: ReaderMetrics
    idle_limit: float | None = None
    clock: Callable[[], float] = time.monotonic

    def run(self, step: Step) -> None:
        """Read and commit until the end."""
        retry = Retry(self.stop, self.log, on_wait=self.source.keep_alive, metrics=self.metrics)
        idle = Idle(self.source, self.clock, self.idle_limit)
        progress = Progress(self.log, self.clock)
        ended = False
        while not ended:
            if self.stop.is_set():
                self._finish(step)
                return
            self.metrics.turned()
            try:
                count = retry(partial(step.read, self.source))
                if count or step.is_busy:
                    idle.begin()
                progress.update(count, str(step))
                ended = retry(idle.is_over)
                if step.is_due(ended=ended):
                    committed = retry(partial(step.commit, self.source, ended=ended))
                    reached("before the group commit")
                    self.source.commit_to_group(committed)
            except FencedError as exc:
                self.log.warning("%s", exc)
                self.metrics.refused()
                step.release()
                self.source.rewind()
                idle.begin()
                ended = False
            except RecoverableError:
                # A retry gives up only when asked to stop; what is not committed is read again next time.
                return

    def _finish(self, step: Step) -> None:
        try:
            self.source.commit_to_group(step.finish(self.source))
        except (FencedError, RecoverableError) as exc:
            self.log.warning("%s", exc)
