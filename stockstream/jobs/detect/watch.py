"""The detector's loop: from the topic to the findings."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from threading import Event
from typing import Protocol

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.metrics.detector import DetectorMetrics
from stockstream.errors import FencedError, RecoverableError
from stockstream.jobs.detect.alignment import Alignment, ReleasedTrades
from stockstream.jobs.detect.detectors import SymbolDetectors
from stockstream.jobs.idle import Idle
from stockstream.jobs.retry import Retry
from stockstream.market.anomalies.features.group_by_symbol import by_symbol
from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.anomalies.finding import Finding

MOST, WAIT = 10_000, 0.25
# Seconds: a look costs much the same however few trades are new, for each is seen among those before it.
BETWEEN_LOOKS = 0.25

log = logging.getLogger("detector")


class TradeSource(Protocol):
    """What gives batches of messages."""

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions that are read."""

    def caught_up(self) -> frozenset[int]:
        """Return the partitions that have nothing left to read."""

    def leave_out(self, partitions: frozenset[int]) -> None:
        """Read nothing of these for now, and of all others again."""

    def next_batch(self, most: int, wait: float) -> Batch:
        """Return the messages at hand; none is a fine answer."""

    def keep_alive(self) -> None:
        """Stay a member without reading."""

    def rewind(self) -> None:
        """Ask again where to read from."""

    def commit_to_group(self, batch: Batch) -> None:
        """Tell the broker how far the detector is."""


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

    Trades pass when the other partitions are read as far in time (see `alignment`); what waits is not
    behind the places yet, so a restart reads it again.

    Batches are BETWEEN_LOOKS seconds apart at least, except when there is a backlog.

    Order of effects, per batch: the places and the findings in one transaction, then the offset as
    a hint to the broker. While the database is away nothing is read and the member stays in its
    group; the batch at hand is examined once and written when it can be.
    """

    def __init__(  # noqa: PLR0913 - what a loop works with
        self,
        source: TradeSource,
        findings: FindingsLog,
        detectors: SymbolDetectors,
        alignment: Alignment,
        stop: Event,
        *,
        model_refresh: Callable[[], None],
        idle: Idle,
        alert: Callable[[Sequence[Finding]], None] | None = None,
        metrics: DetectorMetrics | None = None,
    ) -> None:
        """Prepare.

        Args:
            source: where messages come from.
            findings: where findings and places go.
            desk: judges the trades.
            alignment: holds back what others of its time must be heard before.
            stop: ends the watch after the batch at hand.
            upkeep: called between batches: takes up new models, trains missing ones.
            idle: tells when a watch that is to end with the topic has nothing left to do.
            alert: told of findings once they are stored, and never of the same again.
            metrics: told of each batch once it is committed.
        """
        self._source, self._findings, self._detectors, self._alignment = (
            source,
            findings,
            detectors,
            alignment,
        )
        self._stop, self._refresh_models, self._idle, self._alert = stop, model_refresh, idle, alert
        self._metrics = metrics or DetectorMetrics()
        self._patience = Retry(stop, log, on_wait=source.keep_alive, metrics=self._metrics)
        self._append = self._metrics.timed(findings.append)
        self._written = 0
        self._heard = 0  # messages since the last write; spans count offsets that hold none, too

    def run(self) -> int:
        """Watch until stopped, or idle for as long as asked; returns how many findings were written."""
        while not self._stop.is_set():
            self._metrics.turned()
            try:
                if not self._turn():
                    break
            except FencedError as exc:
                log.warning("%s", exc)
                self._metrics.refused()
                self._source.rewind()
                self._heard = 0
            except RecoverableError:
                # Patience gives up only when asked to stop; what is not written is found again next time.
                break
        return self._written

    def _turn(self) -> bool:
        """Look once; returns whether more may come."""
        began = time.monotonic()
        batch = self._patience(partial(self._source.next_batch, MOST, WAIT))
        released = self._passed(batch)
        if released.spans:
            self._write(released, examined(released, self._findings, self._detectors))
        elif not self._alignment.holds and self._patience(self._idle.is_over):
            return False
        self._refresh_models()
        if len(batch) < MOST:
            self._stop.wait(max(began + BETWEEN_LOOKS - time.monotonic(), 0.0))
        return True

    def _passed(self, batch: Batch) -> ReleasedTrades:
        """Return what need wait no longer, with this batch heard."""
        self._alignment.add(batch)
        self._heard += len(batch)
        released = self._alignment.let_through(self._source.partitions, self._source.caught_up())
        self._source.leave_out(self._alignment.ahead)
        return released

    def _write(self, released: ReleasedTrades, found: Sequence[Finding]) -> None:
        """Store the findings and the places, then tell of them."""
        ends = {partition: end for partition, (_, end) in released.spans.items()}
        self._written += self._patience(partial(self._append, ends, found))
        self._source.commit_to_group(Batch(spans=released.spans))
        self._metrics.examined(self._heard, found)
        self._heard = 0
        _tell(found)
        if self._alert:
            self._alert(found)
        if released.trades:
            self._idle.begin()


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
