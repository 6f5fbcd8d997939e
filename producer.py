"""Send trades to Kafka: those of a simulated market.

Ctrl-C or SIGTERM ends it: what it has sent is acknowledged first.
"""

import logging
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from threading import Event

import numpy as np

from stockstream import cli
from stockstream.connectors.kafka_sink import KafkaSink
from stockstream.connectors.kafka_topic import ensure_topic
from stockstream.errors import RecoverableError
from stockstream.jobs.pace import SystemClock
from stockstream.jobs.patience import Patience
from stockstream.jobs.produce import MessageSource, produce
from stockstream.jobs.produce_options import ProduceOptions
from stockstream.jobs.produce_progress import counts, telling
from stockstream.jobs.synthetic import SyntheticSource
from stockstream.market.simulator import Injection, Market
from stockstream.settings import Settings

FAST = 100_000.0  # trades a second of market time, where no rate is asked for
A_TRY = 2.0  # seconds to reach Kafka in, so that a signal is not left waiting

log = logging.getLogger("producer")


def synthetic(options: ProduceOptions) -> MessageSource:
    """Open the simulated market."""
    rate = FAST if options.rate is None else options.rate
    seeded = np.random.default_rng(options.seed)
    market = Market(seeded, options.listings, rate, Injection(options.anomaly_rate))
    return SyntheticSource(market, SystemClock(), np.random.default_rng(), paced=options.rate is not None)


SOURCES: dict[str, Callable[[ProduceOptions], MessageSource]] = {"synthetic": synthetic}


def main(arguments: Namespace, settings: Settings, stop: Event) -> int:
    """Send trades until the count is reached or a signal comes; 1 if any could not be delivered."""
    options = ProduceOptions.of(arguments, settings.producer_interval)
    servers, topic = settings.kafka_bootstrap_servers, settings.kafka_topic
    try:
        Patience(stop, log)(lambda: ensure_topic(servers, topic, settings.kafka_partitions, A_TRY))
    except RecoverableError:
        return 0
    sink = KafkaSink(servers, topic)
    pace = "as fast as it goes" if options.rate is None else f"{options.rate:,.6g} trades/s"
    log.info("%s to %s at %s, %s", arguments.source, topic, servers, pace)
    with telling(options.count) as tell:
        lost = produce(SOURCES[arguments.source](options), sink, options.count, stop, tell)
    log.info("%s", counts(sink))
    if lost:
        log.error("%s trades were not delivered (%s)", f"{lost:,}", sink.failure or sink.outage)
    return 1 if lost else 0


def parser() -> ArgumentParser:
    """Return the command line."""
    found = ArgumentParser(
        prog="producer.py", description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    add = found.add_argument
    add("--source", choices=sorted(SOURCES), default="synthetic", help="where trades come from (%(default)s)")
    add("--rate", metavar="R", help="trades a second, or max (default: one each PRODUCER_INTERVAL seconds)")
    add("--count", metavar="N", help="end after so many trades (default: never)")
    add("--seed", metavar="S", help="the same seed gives the same trades, but for their times and ids")
    add("--symbols", metavar="A,B,C", help="symbols, a number of them, or a file of them (default: 10)")
    add("--anomaly-rate", metavar="P", help="share of trades that are part of an anomaly (default: 0.01)")
    return found


if __name__ == "__main__":
    cli.run(parser(), main)
