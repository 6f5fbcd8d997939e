"""Turn the trades of the topic into candles by event time, each provably right."""

import argparse
import logging
import time
from datetime import timedelta
from threading import Event

from stockstream import cli
from stockstream.argument_types import duration, not_negative, positive
from stockstream.connectors.candles import CandleTable
from stockstream.connectors.groups import group_of
from stockstream.connectors.kafka import KafkaSource
from stockstream.connectors.kafka_cluster import cluster_of
from stockstream.connectors.kafka_topic import ensure_topic
from stockstream.connectors.metrics import AggregatorMetrics, serve
from stockstream.connectors.postgres import Address, address_of
from stockstream.connectors.topic_lives import TopicLives
from stockstream.connectors.wide_candles import WideCandles
from stockstream.errors import RecoverableError, UsageError
from stockstream.jobs.aggregate import Aggregator
from stockstream.jobs.patience import Patience
from stockstream.market.compiled import spare_scipy
from stockstream.market.windows import Windows
from stockstream.market.windows_frame import DAY, MINUTE, MOST_OVERLAPPING, SECOND, Frame
from stockstream.settings import Settings

AHEAD_KBYTES = 2_048  # more makes it no quicker, and larger
LEAST_BYTES = 65_536  # candles are stored ten times a second at most

log = logging.getLogger("aggregator")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Aggregate until stopped, or idle for as long as asked."""
    spare_scipy()
    servers, topic = cluster_of(settings), settings.kafka_topic
    frame = _frame(arguments)
    table = _table(frame, address_of(settings), topic)
    metrics = AggregatorMetrics()
    serve("aggregator", settings, metrics, log)
    patience = Patience(stop, log, metrics=metrics)
    try:
        patience(table.check)
        patience(lambda: ensure_topic(servers, topic, settings.kafka_partitions))
    except RecoverableError:
        return 0
    lateness, width = round(arguments.allowed_lateness * SECOND), frame.piece if frame else MINUTE
    windows = Windows(width=width, lateness=lateness)
    aggregator = Aggregator(windows, table, lambda: time.time_ns() // 1_000, metrics)
    # Candles of other frames can be made anew: what the topic has dropped is noted, and passed over.
    lives = TopicLives(address_of(settings), servers, topic, table.job, skips_lost=frame is not None)
    group = group_of(table.job.replace(" ", "-").replace("/", "-"), settings)
    source = KafkaSource(
        servers,
        topic,
        group,
        aggregator.claim,
        lives,
        ahead_kbytes=AHEAD_KBYTES,
        least_bytes=LEAST_BYTES,
        metrics=metrics,
    )
    log.info("reading %s from %s", topic, servers)
    try:
        aggregator.run(source, stop, arguments.exit_when_idle)
    finally:
        source.close()
        table.close()
    log.info("ended: %s", aggregator.total)
    return 0


def _frame(arguments: argparse.Namespace) -> Frame | None:
    """Return the frame that was asked for; None for the candles of a minute in `stock_metrics`."""
    if arguments.window is None:
        if arguments.slide is not None:
            raise UsageError(what="--slide goes with --window, such as --window 5m --slide 1m")
        return None
    frame = Frame(arguments.window, arguments.slide or arguments.window)
    if not frame.fits:
        raise UsageError(
            what=f"--slide has to fit a whole number of times into --window, at most {MOST_OVERLAPPING}"
        )
    return frame


def _table(frame: Frame | None, address: Address, topic: str) -> CandleTable:
    return WideCandles(address, topic, frame) if frame else CandleTable(address, topic)


def _span(text: str) -> int:
    span = duration(text) // timedelta(microseconds=1)
    if not SECOND <= span <= DAY:
        message = f"{text} is not from 1s to 1d"
        raise argparse.ArgumentTypeError(message)
    return span


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aggregator.py", description=__doc__)
    parser.add_argument(
        "--exit-when-idle",
        type=positive,
        metavar="S",
        help="end when all is read and no message came for so many seconds (default: run until stopped)",
    )
    parser.add_argument(
        "--allowed-lateness",
        type=not_negative,
        default=5.0,
        metavar="S",
        help="a trade up to so many seconds of event time late restates its candle, a later one is counted "
        "apart (default: %(default)g)",
    )
    parser.add_argument(
        "--window",
        type=_span,
        metavar="W",
        help="make candles of this width, 1s to 1d, in the table candles (default: 1m, in stock_metrics)",
    )
    parser.add_argument(
        "--slide", type=_span, metavar="S", help="let a window begin every so often (default: none overlap)"
    )
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)
