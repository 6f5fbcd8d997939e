"""Turn the trades of the topic into 60-second candles by event time, each provably right."""

import argparse
import logging
import time
from threading import Event

from stockstream import cli
from stockstream.connectors.candles import JOB, CandleTable
from stockstream.connectors.groups import group_of
from stockstream.connectors.kafka import KafkaSource
from stockstream.connectors.kafka_topic import ensure_topic
from stockstream.connectors.postgres import address_of
from stockstream.connectors.topic_lives import TopicLives
from stockstream.errors import RecoverableError
from stockstream.jobs.aggregate import Aggregator
from stockstream.jobs.patience import Patience
from stockstream.market.windows import SECOND, Windows
from stockstream.settings import Settings

log = logging.getLogger("aggregator")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Aggregate until stopped, or idle for as long as asked."""
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    table = CandleTable(address_of(settings), topic)
    patience = Patience(stop, log)
    try:
        patience(table.check)
        patience(lambda: ensure_topic(servers, topic, settings.kafka_partitions))
    except RecoverableError:
        return 0
    windows = Windows(lateness=round(arguments.allowed_lateness * SECOND))
    aggregator = Aggregator(windows, table, lambda: time.time_ns() // 1_000)
    lives = TopicLives(address_of(settings), servers, topic, JOB)
    source = KafkaSource(servers, topic, group_of(JOB, settings), aggregator.claim, lives)
    log.info("reading %s from %s", topic, servers)
    try:
        aggregator.run(source, stop, arguments.exit_when_idle)
    finally:
        source.close()
        table.close()
    log.info("ended: %s", aggregator.total)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aggregator.py", description=__doc__)
    parser.add_argument(
        "--exit-when-idle",
        type=cli.positive,
        metavar="S",
        help="end when all is read and no message came for so many seconds (default: run until stopped)",
    )
    parser.add_argument(
        "--allowed-lateness",
        type=cli.not_negative,
        default=5.0,
        metavar="S",
        help="a trade up to so many seconds of event time late restates its candle, a later one is counted "
        "apart (default: %(default)g)",
    )
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)
