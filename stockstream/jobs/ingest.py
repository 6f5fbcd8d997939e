"""The consumer's loop: from the topic to the tape."""

import logging
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Protocol

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.metrics.consumer import ConsumerMetrics
from stockstream.connectors.postgres.store.encoded_batch import EncodedBatch
from stockstream.connectors.postgres.store.trades import Stored
from stockstream.errors import FencedError, RecoverableError
from stockstream.jobs.idle import Idle
from stockstream.jobs.progress_log import Progress
from stockstream.jobs.retry import Retry

log = logging.getLogger("consumer")


class BatchSource(Protocol):
    """What gives batches that are ready to be stored."""

    @property
    def is_joined(self) -> bool:
        """Whether it knows what to read."""

    def next_batch(self) -> tuple[EncodedBatch, Batch] | None:
        """Return what is to be stored and where it came from, if anything came."""

    def lag(self) -> int:
        """Return how much is still to be read."""

    def rewind(self) -> None:
        """Ask again where to read from."""

    def commit_to_group(self, batch: Batch) -> None:
        """Tell the broker how far the tape is."""


class TradeTape(Protocol):
    """What stores batches, each message once."""

    def append(self, batch: EncodedBatch) -> Stored:
        """Store a batch and the place after it, or nothing."""


def ingest(  # noqa: PLR0913, PLR0917 - what a loop works with
    source: BatchSource,
    tape: TradeTape,
    stop: Event,
    clock: Callable[[], float],
    idle_limit: float | None = None,
    metrics: ConsumerMetrics | None = None,
) -> Stored:
    """Move trades from the topic to the tape until `stop` is set.

    Order of effects, per batch: rows and dead letters, then the next offset, in one transaction;
    then the offset as a hint to the broker. A crash between any two repeats the batch, and the
    fence makes the repeat harmless. While the database is away nothing more is read, and the
    member stays in its group.

    Args:
        source: where messages come from.
        tape: where they go.
        stop: ends the loop after the batch at hand.
        clock: seconds that never go back.
        idle_limit: also end when all is read and so many seconds brought nothing new.
        metrics: told of each batch once it is committed.

    Returns:
        What became of all messages.
    """
    metrics = metrics or ConsumerMetrics()
    retry, append = Retry(stop, log, metrics=metrics), metrics.timed(tape.append)
    progress, idle = Progress(log, clock), Idle(source, clock, idle_limit)
    total = Stored()
    while not stop.is_set():
        metrics.turned()
        try:
            found = retry(source.next_batch)
            if found is None:
                if retry(idle.is_over):
                    break
                continue
            encoded, batch = found
            stored = retry(partial(append, encoded))
            source.commit_to_group(batch)
            # Aborted transactions move partitions on, and bring nothing.
            if not len(encoded) and retry(idle.is_over):
                break
        except FencedError as exc:
            log.warning("%s", exc)
            metrics.refused()
            source.rewind()
            idle.begin()
            continue
        except RecoverableError:
            # Patience gives up only when asked to stop; what is not stored is read again next time.
            break
        total += stored
        metrics.stored([part.arrivals for part in encoded.parts], stored)
        if len(encoded):
            idle.begin()
        progress.update(len(encoded), str(total))
    return total
