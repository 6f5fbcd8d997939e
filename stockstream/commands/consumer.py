"""Store the trades of the topic in PostgreSQL, each once."""

import argparse
import logging
from contextlib import closing
from threading import Event

from stockstream.commands.argument_types import positive
from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.groups import group_of
from stockstream.connectors.kafka.source import KafkaSource
from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.metrics.consumer import ConsumerMetrics
from stockstream.connectors.metrics.server import serve
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.store.dead_letters import DeadLetters
from stockstream.connectors.postgres.store.trades import JOB, Tape
from stockstream.errors import RecoverableError
from stockstream.jobs.ingest import Ingest, warm_up
from stockstream.jobs.retry import Retry
from stockstream.jobs.tape.replay_dead_letters import replay_dead_letters
from stockstream.jobs.topic_incarnations import TopicIncarnations
from stockstream.jobs.worker import Worker
from stockstream.market.compiled import spare
from stockstream.settings import Settings

log = logging.getLogger("consumer")


def main(arguments: argparse.Namespace, settings: Settings, stop: Event, group: str | None = None) -> int:
    """Consume until stopped, or idle for as long as requested; `group` replaces the default group."""
    spare("scipy.linalg", "pandas")
    servers, topic = cluster_of(settings), settings.kafka_topic
    tape = Tape(address_of(settings), topic)
    metrics = ConsumerMetrics()
    retry = Retry(stop, log, metrics=metrics)
    try:
        if arguments.replay_dead_letters:
            retry(tape.check)
            log.info("ended: %s", replay_dead_letters(DeadLetters(address_of(settings), topic), stop))
            return 0
        serve("consumer", settings, metrics, log)
        retry(tape.check)
        retry(lambda: ensure_topic(servers, topic, settings.kafka_partitions))
        incarnations = _incarnations(arguments, settings)
        if arguments.skip_lost:
            retry(incarnations.skip_lost)
    except RecoverableError:
        return 0
    source = KafkaSource(
        servers, topic, group or group_of(JOB, settings), tape.acquire, incarnations, metrics=metrics
    )
    log.info("reading %s from %s", topic, servers)
    # The client joins its group meanwhile.
    warm_up()
    # Closed in reverse order: the batch in flight is stored, then the group is notified.
    with closing(tape), closing(source), closing(Ingest(tape, metrics)) as ingest:
        Worker(source, stop, log, metrics, arguments.exit_when_idle).run(ingest)
    log.info("ended: %s", ingest)
    return 0


def _incarnations(arguments: argparse.Namespace, settings: Settings) -> TopicIncarnations:
    return TopicIncarnations(
        address_of(settings),
        cluster_of(settings),
        settings.kafka_topic,
        JOB,
        accepts_new=arguments.accept_new_topic,
        skips_lost=arguments.skip_lost,
    )


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    command_line = argparse.ArgumentParser(prog="consumer.py", description=__doc__)
    command_line.add_argument(
        "--exit-when-idle",
        type=positive,
        metavar="S",
        help="end after this many seconds without a message (default: run until stopped)",
    )
    command_line.add_argument(
        "--replay-dead-letters",
        action="store_true",
        help="try the messages that were refused again by today's rules, and end",
    )
    command_line.add_argument(
        "--skip-lost",
        action="store_true",
        help="go on where the topic begins, though it has dropped messages unread; lost_ranges keeps which",
    )
    command_line.add_argument(
        "--accept-new-topic",
        action="store_true",
        help="read a topic that was deleted and recreated from its beginning, as the tape's continuation",
    )
    return command_line
