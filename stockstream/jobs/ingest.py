"""The consumer's step: store trades from the topic in the tape.

A batch is read, decoded and encoded while the previous one is stored. Both release the GIL for most of their
time: the client and compiled code on this side, the driver and PostgreSQL on the other.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.metrics.consumer import ConsumerMetrics
from stockstream.connectors.postgres.store.encoded_batch import EncodedBatch, encode
from stockstream.connectors.postgres.store.trades import Stored
from stockstream.errors import RecoverableError
from stockstream.jobs.decoded_batch import decode_batch
from stockstream.jobs.source import TradeSource

PLAIN = (
    b'{"trade_id":"0","timestamp":"2000-01-01T00:00:00Z","symbol":"A","price":1,"volume":1,'
    b'"trade_type":"BUY","source":"none","anomaly":null}'
)
# While a commit takes longer, the group hears every KEEP_ALIVE seconds that this member is alive.
KEEP_ALIVE = 1.0


class TradeTape(Protocol):
    """Storage for batches, which stores each message once."""

    def append(self, batch: EncodedBatch) -> Stored:
        """Store a batch and the offsets after it, or nothing."""


@dataclass
class _Pending:
    """A batch on its way to the tape."""

    batch: Batch
    encoded: EncodedBatch
    outcome: Future[Stored] | None = None


class Ingest:
    """Stores batches in the tape, one in flight at a time; close it to end its thread.

    The source is only used by the thread that runs the step.
    """

    def __init__(self, tape: TradeTape, metrics: ConsumerMetrics | None = None) -> None:
        """Create an ingest without batches; `metrics` are updated with each batch once it is committed."""
        self.total = Stored()
        self._metrics = metrics or ConsumerMetrics()
        self._append = self._metrics.timed(tape.append)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._ready: _Pending | None = None
        self._in_flight: _Pending | None = None

    def __str__(self) -> str:
        return str(self.total)

    @property
    def is_busy(self) -> bool:
        """Whether a batch is in flight."""
        return self._in_flight is not None

    def read(self, source: TradeSource) -> int:
        """Read the next batch and encode it."""
        batch = source.next_batch()
        # Even a batch without messages can advance partitions past aborted transactions.
        if batch:
            self._ready = _Pending(batch, prepare(batch))
        return len(batch)

    def is_due(self, *, ended: bool) -> bool:
        """Return whether a batch is ready, or the one in flight is done."""
        del ended
        outcome = self._in_flight.outcome if self._in_flight else None
        return self._ready is not None or (outcome is not None and outcome.done())

    def commit(self, source: TradeSource, *, ended: bool) -> Batch:
        """Wait for the batch in flight, send the next one after it, and return the first."""
        del ended
        stored = self._arrived(source)
        if self._ready:
            self._in_flight, self._ready = self._ready, None
            self._send(self._in_flight)
        return stored

    def release(self) -> None:
        """Discard what was read."""
        self._ready = self._in_flight = None

    def finish(self, source: TradeSource) -> Batch:
        """Wait for the batch in flight; what was read after it is read again next time."""
        return self._arrived(source)

    def close(self) -> None:
        """Stop the thread after the batch in flight."""
        self._thread.shutdown()

    def _send(self, pending: _Pending) -> "Future[Stored]":
        pending.outcome = self._thread.submit(self._append, pending.encoded)
        return pending.outcome

    def _arrived(self, source: TradeSource) -> Batch:
        """Wait until the batch in flight is stored and return it, or an empty batch if there is none.

        Raises:
            FencedError: another consumer has taken a partition over.
            RecoverableError: the database is unavailable; the batch is sent again at the next call.
        """
        if not (pending := self._in_flight):
            return Batch()
        outcome = pending.outcome or self._send(pending)
        while True:
            try:
                stored = outcome.result(KEEP_ALIVE)
            except TimeoutError:
                source.keep_alive()
            except RecoverableError:
                pending.outcome = None
                raise
            else:
                break
        self._in_flight = None
        self.total += stored
        self._metrics.stored([part.arrivals for part in pending.encoded.parts], stored)
        return pending.batch


def prepare(batch: Batch) -> EncodedBatch:
    """Decode a batch and encode its rows for storage."""
    return encode(decode_batch(batch))


def warm_up() -> None:
    """Load the compiled code that every batch needs, so that the first one does not wait for it."""
    prepare(Batch([PLAIN], [None], [0], [0], {0: (0, 1)}))
