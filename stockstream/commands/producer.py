"""Send trades to Kafka: those of a simulated market, of a file, or of a venue as they happen.

Ctrl-C or SIGTERM ends it: what it has sent is acknowledged first.
"""

import logging
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from contextlib import closing
from threading import Event

import numpy as np

from stockstream.commands.argument_types import duration
from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.sink import KafkaSink
from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.metrics.producer import ProducerMetrics
from stockstream.connectors.metrics.server import serve
from stockstream.errors import RecoverableError
from stockstream.jobs.produce.live_setup import live
from stockstream.jobs.produce.live_source import LiveSource
from stockstream.jobs.produce.loop import produce
from stockstream.jobs.produce.options import SyntheticOptions
from stockstream.jobs.produce.pace import SystemClock
from stockstream.jobs.produce.progress import counts, progress_shown
from stockstream.jobs.produce.simulated_source import SyntheticSource
from stockstream.jobs.produce.validation import only_own, whole
from stockstream.jobs.replay.setup import replay
from stockstream.jobs.replay.sides import TICK_RULE
from stockstream.jobs.replay.source import ReplaySource
from stockstream.jobs.retry import Retry
from stockstream.market.compiled import spare
from stockstream.market.simulator import Market, Terms
from stockstream.market.venues import FEEDS
from stockstream.settings import Settings

FAST = 100_000.0  # trades a second of market time, if no rate is given
A_TRY = 2.0  # seconds to reach Kafka, so that a signal does not wait longer

Opener = Callable[[Namespace, Settings, Event], tuple[LiveSource | ReplaySource | SyntheticSource, str]]

log = logging.getLogger("producer")


def synthetic(arguments: Namespace, settings: Settings, _stop: Event) -> tuple[SyntheticSource, str]:
    """Open the simulated market."""
    options = SyntheticOptions.of(arguments, settings.producer_interval)
    chance = np.random.default_rng()
    terms = Terms(options.factors, options.session, run=chance.bytes(4).hex())
    rate = FAST if options.rate is None else options.rate
    market = Market(np.random.default_rng(options.seed), options.listings, rate, options.injection, terms)
    source = SyntheticSource(market, SystemClock(), chance, paced=options.rate is not None)
    return source, "as fast as it goes" if options.rate is None else f"{options.rate:,.6g} trades/s"


SOURCES: dict[str, Opener] = {"synthetic": synthetic, "replay": replay}
SOURCES |= dict.fromkeys(FEEDS, live)
OPTIONS = {
    "replay": {
        *("file", "speed", "shift", "loop", "columns", "from_start", "symbols"),
        *("source_name", "id_per", "time_unit", "date", "price_scale", "format", "time_zone", "force"),
        *("side", "quotes"),
    },
    "synthetic": {"rate", "seed", "symbols", "anomaly_rate", "anomaly_magnitude", "correlation", "bursts"},
} | {venue: {"symbols", "stream_url", "rest_url"} for venue in FEEDS}


def main(arguments: Namespace, settings: Settings, stop: Event) -> int:
    """Send trades until the count is reached or a signal arrives; return 1 if any was not delivered."""
    spare("scipy.linalg", "pandas")
    only_own(arguments, OPTIONS)
    count = whole("--count", arguments.count, least=1)
    servers, topic = cluster_of(settings), settings.kafka_topic
    source, words = SOURCES[arguments.source](arguments, settings, stop)
    metrics = ProducerMetrics(lambda: source.stream if isinstance(source, LiveSource) else None)
    serve("producer", settings, metrics, log)
    try:
        Retry(stop, log, metrics=metrics)(
            lambda: ensure_topic(servers, topic, settings.kafka_partitions, A_TRY)
        )
    except RecoverableError:
        return 0
    sink = KafkaSink(servers, topic, metrics.polled)
    log.info("%s to %s at %s, %s", arguments.source, topic, servers, words)
    try:
        with closing(source):
            try:
                total = source.total if isinstance(source, ReplaySource) else None
                with progress_shown(count or total) as on_progress:
                    lost = produce(source, sink, count, stop, on_progress)
            finally:
                log.info("%s", counts(sink))
    except RecoverableError:
        return 0  # a stop was requested while the source waited for a server
    if lost:
        log.error("%s trades were not delivered (%s)", f"{lost:,}", sink.failure or sink.outage)
    return 1 if lost else 0


def parser() -> ArgumentParser:
    """Return the argument parser."""
    found = ArgumentParser(
        prog="producer.py", description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    add = found.add_argument
    add("--source", choices=sorted(SOURCES), default="synthetic", help="where trades come from (%(default)s)")
    add("--count", metavar="N", help="end after this many trades (default: never)")
    add("--symbols", metavar="A,B,C", help="symbols, a file of them or, simulated, a number of them")
    add = found.add_argument_group("the simulated market").add_argument
    add("--rate", metavar="R", help="trades a second, or max (default: one each PRODUCER_INTERVAL seconds)")
    add("--seed", metavar="S", help="the same seed gives the same trades, but for their times and ids")
    add("--correlation", metavar="C", help="of symbols of different sectors, 0 to 1 (default: 0.35)")
    add(
        "--bursts",
        metavar="TIME",
        type=duration,
        help="sessions so long, such as 390m: trades crowd at both ends",
    )
    add("--anomaly-rate", metavar="P", help="share of trades that are part of an anomaly (default: 0.01)")
    add("--anomaly-magnitude", metavar="M", help="how many times as strong as usual (default: 1)")
    add = found.add_argument_group("replay of files").add_argument
    add(
        "--file",
        metavar="FILE",
        nargs="+",
        action="extend",
        help="trades as CSV or Parquet, also packed, in folders, or by a pipe (-); merged by time",
    )
    add("--speed", metavar="N", help="times the original pace, or max (default: 1)")
    add("--shift", action="store_true", help="let the trades happen now, under new ids")
    add("--loop", action="store_true", help="begin again at the end; with --shift")
    add(
        "--columns",
        metavar="F=NAME,…",
        help="which column has a field; columns without names by number, 1=time,2=price",
    )
    add("--from-start", action="store_true", help="begin with the first row, not where it stopped")
    add(
        "--source-name",
        metavar="NAME",
        help="the source of its trades (default: replay:FILE, without ids replay)",
    )
    add("--id-per", metavar="P", help="ids begin again each: day, venue, or day,venue")
    add(
        "--time-unit",
        metavar="U",
        help="what numbers are that are times: s, ms, us, ns, days, date (YYYYMMDD), day-ms… (of the day)",
    )
    add("--format", metavar="NAME", help="the format of a vendor, if it is not recognised (docs/files.md)")
    add("--time-zone", metavar="ZONE", help="the zone of times without an offset (default: UTC)")
    add("--side", choices=[TICK_RULE], help="infer unknown sides by the rule of Lee and Ready (default: no)")
    add("--quotes", metavar="FILE", nargs="+", help="bids and asks for that rule; without, the tick decides")
    add("--force", action="store_true", help="send a file although more than a tenth of its rows is bad")
    add("--date", metavar="DAY", help="the day of times of day, where no column has it")
    add(
        "--price-scale",
        metavar="N",
        help="divide prices by a power of ten; 1 takes them as they are, unasked",
    )
    feeds = "alpaca, finnhub and massive need a key: docs/feeds.md says in which settings"
    add = found.add_argument_group("live feeds", feeds).add_argument
    add("--stream-url", metavar="URL", help="another address of the venue's stream, such as a mirror's")
    add("--rest-url", metavar="URL", help="and of its REST interface")
    return found
