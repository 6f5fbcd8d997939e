"""Store the trades of the topic in PostgreSQL, each once."""

import argparse
import logging
import time
from threading import Event

from stockstream import cli
from stockstream.connectors.kafka import KafkaSource
from stockstream.connectors.kafka_topic import ensure_topic
from stockstream.connectors.postgres import address_of
from stockstream.connectors.tape import Tape
from stockstream.errors import RecoverableError
from stockstream.jobs.ingest import ingest
from stockstream.jobs.patience import Patience
from stockstream.settings import Settings

GROUP = "stockstream-consumer"

log = logging.getLogger("consumer")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event) -> int:
    """Consume until stopped, or idle for as long as asked."""
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    tape = Tape(address_of(settings), topic)
    patience = Patience(stop, log)
    try:
        patience(tape.check)
        patience(lambda: ensure_topic(servers, topic, settings.kafka_partitions))
    except RecoverableError:
        return 0
    source = KafkaSource(servers, topic, GROUP, tape.claim)
    log.info("reading %s from %s", topic, servers)
    try:
        total = ingest(source, tape, stop, time.monotonic, arguments.exit_when_idle)
    finally:
        source.close()
        tape.close()
    log.info("ended: %s", total)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="consumer.py", description=__doc__)
    parser.add_argument(
        "--exit-when-idle",
        type=cli.positive,
        metavar="S",
        help="end after so many seconds without a message (default: run until stopped)",
    )
    return parser


if __name__ == "__main__":
    cli.run(_parser(), main)
