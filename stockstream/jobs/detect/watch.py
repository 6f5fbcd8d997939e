"""The detector's step: read trades from the topic and store findings."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event
from typing import Protocol

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.metrics.detector import DetectorMetrics
from stockstream.jobs.detect.alignment import Alignment, ReleasedTrades
from stockstream.jobs.detect.detectors import SymbolDetectors
from stockstream.jobs.source import TradeSource
from stockstream.market.anomalies.features.group_by_symbol import by_symbol
from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.anomalies.finding import Finding

MOST, WAIT = 10_000, 0.25
# Seconds: a look costs about the same however few trades are new, since each is compared with earlier ones.
BETWEEN_LOOKS = 0.25

log = logging.getLogger("detector")


class FindingsLog(Protocol):
    """Stores findings, each once, and the detector's committed offsets."""

    def acquire(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over and return their committed offsets."""

    def context(self, partition: int, position: int) -> tuple[dict[str, TradeWindow], int]:
        """Return the trades to remember at a position, and the offset from which to read the rest."""

    def next_offset(self, partition: int) -> int:
        """Return the first offset that has not been examined."""

    def append(self, ends: Mapping[int, int], findings: Sequence[Finding]) -> int:
        """Store findings and committed offsets, or nothing."""


def begin(
    findings: FindingsLog, detectors: SymbolDetectors, alignment: Alignment, partitions: Sequence[int]
) -> dict[int, int]:
    """Take partitions over, restore their context and return where to read from.

    If the tape does not hold everything before a committed offset, reading begins a little earlier. A restart
    therefore forgets nothing: trades that were already examined are remembered and not examined again.
    """
    starts = {}
    for partition, position in findings.acquire(partitions).items():
        contexts, starts[partition] = findings.context(partition, position)
        detectors.open(partition, contexts)
        alignment.drop(partition)
    return starts


class Watch:
    """Examines the topic's trades as they arrive.

    Trades are released when the other partitions have been read to the same time (see `alignment`). The
    committed offsets lie before the waiting trades, so a restart reads those again. While the database is
    unavailable, the current batch is examined once and stored as soon as possible.

    Batches are at least BETWEEN_LOOKS seconds apart, except when there is a backlog.
    """

    def __init__(  # noqa: PLR0913 - the parts of a watch
        self,
        findings: FindingsLog,
        detectors: SymbolDetectors,
        alignment: Alignment,
        stop: Event,
        *,
        model_refresh: Callable[[], None],
        alert: Callable[[Sequence[Finding]], None] | None = None,
        metrics: DetectorMetrics | None = None,
    ) -> None:
        """Create a watch that has read nothing.

        Args:
            findings: where findings and committed offsets are stored.
            detectors: examine the trades.
            alignment: holds trades back until earlier trades of other partitions have been read.
            stop: ends the wait between batches.
            model_refresh: called between batches: loads new models, trains missing ones.
            alert: called with findings once they are stored, and never twice with the same one.
            metrics: updated with each batch once it is committed.
        """
        self.written = 0
        self._findings, self._detectors, self._alignment = findings, detectors, alignment
        self._stop, self._refresh_models, self._alert = stop, model_refresh, alert
        self._metrics = metrics or DetectorMetrics()
        self._append = self._metrics.timed(findings.append)
        self._released = ReleasedTrades()
        self._found: list[Finding] = []
        self._next_look = 0.0
        self._heard = 0  # messages since the last write; spans also count offsets that hold none

    def __str__(self) -> str:
        return f"{self.written:,} findings written"

    @property
    def is_busy(self) -> bool:
        """Whether trades wait for those of other partitions."""
        return self._alignment.holds

    def read(self, source: TradeSource) -> int:
        """Read the available messages and examine the trades that need not wait any longer."""
        self._refresh_models()
        self._stop.wait(max(self._next_look - time.monotonic(), 0.0))
        began = time.monotonic()
        batch = source.next_batch(MOST, WAIT)
        self._next_look = 0.0 if len(batch) == MOST else began + BETWEEN_LOOKS
        self._alignment.add(batch)
        self._heard += len(batch)
        self._released = self._alignment.let_through(source.partitions, source.caught_up())
        source.leave_out(self._alignment.ahead)
        self._found = examined(self._released, self._findings, self._detectors)
        return len(batch)

    def is_due(self, *, ended: bool) -> bool:
        """Return whether trades were examined."""
        del ended
        return bool(self._released.spans)

    def commit(self, source: TradeSource, *, ended: bool) -> Batch:
        """Store the findings and the committed offsets, then send the alerts."""
        del source, ended
        spans, found = self._released.spans, self._found
        self.written += self._append({partition: end for partition, (_, end) in spans.items()}, found)
        self._metrics.examined(self._heard, found)
        self._heard = 0
        _tell(found)
        if self._alert:
            self._alert(found)
        return Batch(spans=spans)

    def release(self) -> None:
        """Reset the message count: what was read is read again."""
        self._heard = 0

    def finish(self, source: TradeSource) -> Batch:
        """Store nothing: waiting trades are examined next time."""
        del source
        return Batch()


def examined(released: ReleasedTrades, findings: FindingsLog, detectors: SymbolDetectors) -> list[Finding]:
    """Return what stands out in released trades, in order of time; those examined before are remembered."""
    windows = list(_windows(released, findings))
    # All of the market's trades are seen before the first of them is examined.
    for partition, *both in windows:
        for window in both:
            detectors.see(partition, window)
    return sorted(_judged(windows, detectors), key=lambda finding: finding.end)


def _windows(
    released: ReleasedTrades, findings: FindingsLog
) -> Iterator[tuple[int, TradeWindow, TradeWindow]]:
    """Yield, for each symbol, its partition, the trades examined before and the new ones."""
    for partition, trades in released.trades.items():
        is_new = trades["kafka_offset"].to_numpy() >= findings.next_offset(partition)
        for window, rows in by_symbol(trades):
            yield partition, window[~is_new[rows]], window[is_new[rows]]


def _judged(
    windows: Sequence[tuple[int, TradeWindow, TradeWindow]], detectors: SymbolDetectors
) -> Iterator[Finding]:
    for partition, former, new in windows:
        if len(former):
            detectors.remember(partition, former)
        if len(new):
            yield from detectors.examine(partition, new)


def _tell(found: Sequence[Finding]) -> None:
    for finding in found:
        facts = {"symbol": finding.symbol, "kind": finding.kind, "score": finding.score}
        log.info("%s %s: %s", finding.symbol, finding.kind, finding.explanation, extra=facts)
