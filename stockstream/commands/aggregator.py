"""Turn the trades of the topic into candles by event time, and make each equal to SQL over its trades."""

import argparse
import logging
import time
from contextlib import closing
from datetime import timedelta
from threading import Event

from stockstream.commands.argument_types import duration, positive
from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.groups import group_of
from stockstream.connectors.kafka.source import KafkaSource
from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.metrics.aggregator import AggregatorMetrics
from stockstream.connectors.metrics.server import serve
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.store.candles import JOB, CandleTable
from stockstream.connectors.postgres.store.reconciliation import Reconciliation
from stockstream.connectors.postgres.wide_candles import KeptFrame
from stockstream.errors import RecoverableError, UsageError
from stockstream.jobs.aggregate import Aggregator
from stockstream.jobs.background_reconciler import reconciler_of, reconciling
from stockstream.jobs.retry import Retry
from stockstream.jobs.topic_incarnations import TopicIncarnations
from stockstream.jobs.worker import Worker
from stockstream.market.candles.frame import MINUTE, MOST_OVERLAPPING, SECOND, WEEK, Frame
from stockstream.market.candles.tumbling import Tumbling
from stockstream.market.compiled import spare
from stockstream.settings import Settings

AHEAD_KBYTES = 2_048  # more makes it larger, but no faster
LEAST_BYTES = 65_536  # candles are stored at most ten times a second

log = logging.getLogger("aggregator")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Aggregate until stopped, or idle for as long as requested."""
    spare("scipy.linalg", "pandas")
    frame = _frame(arguments)
    metrics = AggregatorMetrics()
    serve("aggregator", settings, metrics, log)
    try:
        if frame or arguments.reconcile_only:
            _reconcile(frame, arguments.exit_when_idle, settings, stop, metrics)
        else:
            _aggregate(arguments, settings, stop, metrics)
    except RecoverableError:
        # A retry gives up only when asked to stop.
        return 0
    return 0


def _aggregate(
    arguments: argparse.Namespace, settings: Settings, stop: Event, metrics: AggregatorMetrics
) -> None:
    """Form candles, and reconcile them in the background."""
    servers, topic, address = cluster_of(settings), settings.kafka_topic, address_of(settings)
    retry = Retry(stop, log, metrics=metrics)
    with closing(CandleTable(address, topic)) as table:
        retry(table.check)
        retry(lambda: ensure_topic(servers, topic, settings.kafka_partitions))
        candles = Tumbling(lateness=round(settings.allowed_lateness * SECOND))
        aggregator = Aggregator(candles, table, lambda: time.time_ns() // 1_000, metrics)
        source = KafkaSource(
            servers,
            topic,
            group_of(JOB, settings),
            aggregator.acquire,
            # What the topic has dropped is on the tape, or was never stored.
            TopicIncarnations(address, servers, topic, JOB, skips_lost=True),
            ahead_kbytes=AHEAD_KBYTES,
            least_bytes=LEAST_BYTES,
            metrics=metrics,
        )
        log.info("reading %s from %s", topic, servers)
        with (
            reconciling(settings, stop, metrics.reconciler, finishes=arguments.exit_when_idle is not None),
            closing(source),
        ):
            Worker(source, stop, log, metrics, arguments.exit_when_idle).run(aggregator)
        log.info("ended: %s", aggregator)


def _reconcile(
    frame: Frame | None, idle_limit: float | None, settings: Settings, stop: Event, metrics: AggregatorMetrics
) -> None:
    """Reconcile without forming candles; with a frame, also maintain wider candles from now on."""
    with closing(Reconciliation(address_of(settings))) as minutes:
        retry = Retry(stop, log, metrics=metrics)
        retry(minutes.check)
        if frame:
            kept = KeptFrame.of(frame, settings.calendars)
            retry(lambda: minutes.keep_frame(kept))
        reconciler = reconciler_of(settings, minutes, metrics.reconciler)
        reconciler.run(stop, idle_limit)
        log.info("ended: %s", reconciler.total)


def _frame(arguments: argparse.Namespace) -> Frame | None:
    """Return the requested frame, or None for the one-minute candles in `stock_metrics`."""
    if arguments.window is None:
        if arguments.slide is not None:
            raise UsageError(what="--slide goes with --window, such as --window 5m --slide 1m")
        return None
    frame = Frame(arguments.window, arguments.slide or arguments.window)
    if not frame.fits:
        raise UsageError(
            what="--window and --slide have to be whole minutes, and the slide has to fit a whole number of "
            f"times into the window, at most {MOST_OVERLAPPING}"
        )
    return frame


def _span(text: str) -> int:
    span = duration(text) // timedelta(microseconds=1)
    if not MINUTE <= span <= WEEK:
        message = f"{text} is not from 1m to 1w"
        raise argparse.ArgumentTypeError(message)
    return span


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    command_line = argparse.ArgumentParser(prog="aggregator.py", description=__doc__)
    command_line.add_argument(
        "--exit-when-idle",
        type=positive,
        metavar="S",
        help="end when all is read and no message came for this many seconds (default: run until stopped)",
    )
    command_line.add_argument(
        "--window",
        type=_span,
        metavar="W",
        help="keep candles of this width, 1m to 1w, in the table candles, from now on, made of the "
        "reconciled minutes in stock_metrics; days and weeks are those of the exchange, see CALENDARS",
    )
    command_line.add_argument(
        "--slide", type=_span, metavar="S", help="let a window begin every so often (default: none overlap)"
    )
    command_line.add_argument(
        "--reconcile-only",
        action="store_true",
        help="make no candles as they form; make those of minutes that are over equal to the tape",
    )
    return command_line
