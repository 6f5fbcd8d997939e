"""The detector's step: from the topic to the findings."""

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
# Seconds: a look costs much the same however few trades are new, for each is seen among those before it.
BETWEEN_LOOKS = 0.25

log = logging.getLogger("detector")


class FindingsLog(Protocol):
    """What stores findings, each once, and knows how far the detector is."""

    def acquire(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over."""

    def context(self, partition: int, position: int) -> tuple[dict[str, TradeWindow], int]:
        """Return what is to be remembered at a place, and from where to read the rest."""

    def next_offset(self, partition: int) -> int:
        """Return the first offset that is not examined."""

    def append(self, ends: Mapping[int, int], findings: Sequence[Finding]) -> int:
        """Store findings and places, or nothing."""


def begin(
    findings: FindingsLog, detectors: SymbolDetectors, alignment: Alignment, partitions: Sequence[int]
) -> dict[int, int]:
    """Take partitions over, remember what came before their places; returns where to read from.

    Reading begins a little before the place where the tape does not hold all that came before it:
    so a restart forgets nothing, and what was examined is remembered and not examined again.
    """
    starts = {}
    for partition, position in findings.acquire(partitions).items():
        contexts, starts[partition] = findings.context(partition, position)
        detectors.open(partition, contexts)
        alignment.drop(partition)
    return starts


class Watch:
    """Examines the topic's trades as they come.

    Trades are released when the other partitions are read as far in time (see `alignment`). The committed
    offsets lie before what waits, so a restart reads it again. While the database is away the batch at hand
    is examined once, and written when it can be.

    Batches are BETWEEN_LOOKS seconds apart at least, except when there is a backlog.
    """

    def __init__(  # noqa: PLR0913 - what a watch works with
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
        """Start with nothing.

        Args:
            findings: where findings and offsets go.
            detectors: judge the trades.
            alignment: holds back what others of its time must be heard before.
            stop: ends the wait between batches.
            model_refresh: called between batches: takes up new models, trains missing ones.
            alert: told of findings once they are stored, and never of the same again.
            metrics: told of each batch once it is committed.
        """
        self.written = 0
        self._findings, self._detectors, self._alignment = findings, detectors, alignment
        self._stop, self._refresh_models, self._alert = stop, model_refresh, alert
        self._metrics = metrics or DetectorMetrics()
        self._append = self._metrics.timed(findings.append)
        self._released = ReleasedTrades()
        self._found: list[Finding] = []
        self._next_look = 0.0
        self._heard = 0  # messages since the last write; spans count offsets that hold none, too

    def __str__(self) -> str:
        return f"{self.written:,} findings written"

    @property
    def is_busy(self) -> bool:
        """Whether trades wait for those of other partitions."""
        return self._alignment.holds

    def read(self, source: TradeSource) -> int:
        """Examine what need wait no longer, with the messages at hand heard."""
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
        """Whether trades were examined."""
        del ended
        return bool(self._released.spans)

    def commit(self, source: TradeSource, *, ended: bool) -> Batch:
        """Store the findings and the offsets, then tell of them."""
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
        """Count from here: what was heard is read again."""
        self._heard = 0

    def finish(self, source: TradeSource) -> None:
        """Nothing: what waits is examined next time."""


def examined(released: ReleasedTrades, findings: FindingsLog, detectors: SymbolDetectors) -> list[Finding]:
    """Return what stands out in what has passed, in order of time; what was examined before is remembered."""
    windows = list(_windows(released, findings))
    # All of the market's trades are seen before the first of them is judged.
    for partition, *both in windows:
        for window in both:
            detectors.see(partition, window)
    return sorted(_judged(windows, detectors), key=lambda finding: finding.end)


def _windows(
    released: ReleasedTrades, findings: FindingsLog
) -> Iterator[tuple[int, TradeWindow, TradeWindow]]:
    """Yield partition, what was examined before and what was not, of each symbol."""
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
