"""A producer's progress: a bar on a terminal, log lines elsewhere."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from stockstream.connectors.kafka.sink import KafkaSink
from stockstream.jobs.produce.loop import OnProgress

BETWEEN_LINES = 10.0
BETWEEN_OUTAGE_LINES = 30.0
FEW = 10.0

log = logging.getLogger("producer")


@contextmanager
def progress_shown(count: int | None) -> Iterator[OnProgress]:
    """Yield a function that shows a sink's progress to a person or in a log."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines().update
        return
    with Progress(
        *(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()),
        *((TextColumn("left"), TimeRemainingColumn()) if count else ()),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("connecting", total=count)
        pace = Rate()

        def on_progress(sink: KafkaSink) -> None:
            error = sink.outage
            description = str(error) if error else f"{counts(sink)}, {pace.now(sink.accepted)}"
            bar.update(task, completed=sink.acknowledged, description=description)

        yield on_progress


class Lines:
    """Logs a line every ten seconds, and one when an outage begins, continues and ends."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()
        self._rate = Rate()
        self._outage_told_at = float("-inf")
        self._out = False

    def update(self, sink: KafkaSink) -> None:
        """Write a line if it is time."""
        now = time.monotonic()
        self._tell_outage(sink, now)
        if now - self._told_at < BETWEEN_LINES:
            return
        self._told_at = now
        facts = {"sent": sink.accepted, "acknowledged": sink.acknowledged, "failed": sink.failed}
        log.info("%s, %s", counts(sink), self._rate.now(sink.accepted), extra=facts)

    def _tell_outage(self, sink: KafkaSink, now: float) -> None:
        error = sink.outage
        if error and now - self._outage_told_at > BETWEEN_OUTAGE_LINES:
            facts = {"error": type(error).__name__, "waiting": sink.unsettled}
            log.warning("%s; %s trades wait", error, f"{sink.unsettled:,}", extra=facts)
            self._outage_told_at = now
        elif self._out and not error:
            log.info("Kafka answers again")
            self._outage_told_at = float("-inf")
        self._out = error is not None


class Rate:
    """Trades a second, since a second ago or the last line."""

    def __init__(self) -> None:
        self._since, self._number, self._words = time.monotonic(), 0, "0/s"

    def now(self, number: int) -> str:
        """Return the rate as text."""
        now = time.monotonic()
        if now - self._since >= 1.0:
            rate = (number - self._number) / (now - self._since)
            self._since, self._number = now, number
            self._words = f"{rate:,.1f}/s" if rate < FEW else f"{rate:,.0f}/s"
        return self._words


def counts(sink: KafkaSink) -> str:
    """Return the sink's counts as text."""
    return f"{sink.accepted:,} trades sent, {sink.acknowledged:,} acknowledged, {sink.failed:,} failed"
