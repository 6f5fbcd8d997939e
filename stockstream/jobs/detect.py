"""The detector's loop: from the topic to the findings."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from threading import Event
from typing import Protocol

from stockstream.connectors.batch import Batch
from stockstream.connectors.metrics import DetectorMetrics
from stockstream.errors import FencedError, RecoverableError
from stockstream.jobs.alignment import Alignment, Through
from stockstream.jobs.desk import Desk
from stockstream.jobs.idle import Idle
from stockstream.jobs.patience import Patience
from stockstream.market.anomalies.finding import Finding
from stockstream.market.anomalies.parted import by_symbol
from stockstream.market.anomalies.stretch import Stretch

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

    def hint(self, batch: Batch) -> None:
        """Tell the broker how far the detector is."""


class FindingsLog(Protocol):
    """What stores findings, each once, and knows how far the detector is."""

    def claim(self, partitions: Sequence[int]) -> dict[int, int]:
        """Take partitions over."""

    def context(self, partition: int, place: int) -> tuple[dict[str, Stretch], int]:
        """Return what is to be remembered at a place, and from where to read the rest."""

    def next_offset(self, partition: int) -> int:
        """Return the first offset that is not examined."""

    def append(self, ends: Mapping[int, int], findings: Sequence[Finding]) -> int:
        """Store findings and places, or nothing."""


def begin(
    findings: FindingsLog, desk: Desk, alignment: Alignment, partitions: Sequence[int]
) -> dict[int, int]:
    """Take partitions over, remember what came before their places; returns where to read from.

    Reading begins a little before the place where the tape does not hold all that came before it:
    so a restart forgets nothing, and what was examined is remembered and not examined again.
    """
    starts = {}
    for partition, place in findings.claim(partitions).items():
        contexts, starts[partition] = findings.context(partition, place)
        desk.open(partition, contexts)
        alignment.drop(partition)
    return starts


def watch(  # noqa: PLR0913 - what a loop works with
    source: TradeSource,
    findings: FindingsLog,
    desk: Desk,
    alignment: Alignment,
    stop: Event,
    *,
    upkeep: Callable[[], None],
    idle: Idle,
    alert: Callable[[Sequence[Finding]], None] | None = None,
    metrics: DetectorMetrics | None = None,
) -> int:
    """Examine the topic's trades until `stop` is set; returns how many findings were written.

    Trades pass when the other partitions are read as far in time (see `alignment`); what waits is not
    behind the places yet, so a restart reads it again.

    Batches are BETWEEN_LOOKS seconds apart at least, except when there is a backlog.

    Order of effects, per batch: the places and the findings in one transaction, then the offset as
    a hint to the broker. While the database is away nothing is read and the member stays in its
    group; the batch at hand is examined once and written when it can be.

    Args:
        upkeep: called between batches: takes up new models, trains missing ones.
        idle: tells when a loop that is to end with the topic has nothing left to do.
        alert: told of findings once they are stored, and never of the same again.
        metrics: told of each batch once it is committed.
    """
    metrics = metrics or DetectorMetrics()
    patience = Patience(stop, log, meanwhile=source.keep_alive, metrics=metrics)
    append = metrics.timed(findings.append)
    written = 0
    while not stop.is_set():
        metrics.turned()
        began = time.monotonic()
        try:
            batch = patience(partial(source.next_batch, MOST, WAIT))
            alignment.add(batch)
            through = alignment.let_through(source.partitions, source.caught_up())
            source.leave_out(alignment.ahead)
            if through.spans:
                found = examined(through, findings, desk)
                ends = {at: end for at, (_, end) in through.spans.items()}
                written += patience(partial(append, ends, found))
                source.hint(Batch(spans=through.spans))
                metrics.examined(sum(end - begin for begin, end in through.spans.values()), found)
                _tell(found)
                if alert:
                    alert(found)
                idle.begin()
            elif not alignment.holds and patience(idle.is_over):
                break
            upkeep()
            if len(batch.values) < MOST:
                stop.wait(max(began + BETWEEN_LOOKS - time.monotonic(), 0.0))
        except FencedError as exc:
            log.warning("%s", exc)
            metrics.refused()
            source.rewind()
        except RecoverableError:
            # Patience gives up only when asked to stop; what is not written is found again next time.
            break
    return written


def examined(through: Through, findings: FindingsLog, desk: Desk) -> list[Finding]:
    """Return what stands out in what has passed, in order of time; what was examined before is remembered."""
    stretches = list(_stretches(through, findings))
    # All of the market's trades are seen before the first of them is judged.
    for partition, *both in stretches:
        for stretch in both:
            desk.see(partition, stretch)
    return sorted(_judged(stretches, desk), key=lambda finding: finding.end)


def _stretches(through: Through, findings: FindingsLog) -> Iterator[tuple[int, Stretch, Stretch]]:
    """Yield partition, what was examined before and what was not, of each symbol."""
    for partition, trades in through.trades.items():
        is_new = trades["kafka_offset"].to_numpy() >= findings.next_offset(partition)
        for stretch, rows in by_symbol(trades):
            yield partition, stretch[~is_new[rows]], stretch[is_new[rows]]


def _judged(stretches: Sequence[tuple[int, Stretch, Stretch]], desk: Desk) -> Iterator[Finding]:
    for partition, former, new in stretches:
        if len(former):
            desk.remember(partition, former)
        if len(new):
            yield from desk.examine(partition, new)


def _tell(found: Sequence[Finding]) -> None:
    for finding in found:
        facts = {"symbol": finding.symbol, "kind": finding.kind, "score": finding.score}
        log.info("%s %s: %s", finding.symbol, finding.kind, finding.explanation, extra=facts)
