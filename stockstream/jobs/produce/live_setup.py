"""Setup of a live source: its symbols, where it resumes, and where its positions and gaps are stored."""

import logging
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from threading import Event

from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.topic import ends
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.store.feed_gaps import FeedGaps
from stockstream.connectors.venues import GapFiles, ResumePoints, Stream
from stockstream.errors import RecoverableError
from stockstream.jobs.produce.live_gaps import GapKeeper
from stockstream.jobs.produce.live_produced import produced
from stockstream.jobs.produce.live_source import LiveSource
from stockstream.jobs.produce.options import symbols_of
from stockstream.jobs.retry import Retry
from stockstream.market.venues import FEEDS, Feed, FeedPosition, Gap
from stockstream.settings import Settings

ALLOWED = "symbols as the venue spells them, separated by commas, or an existing file of symbols"
FOLDER = "producer"

log = logging.getLogger("producer")


def live(arguments: Namespace, settings: Settings, stop: Event) -> tuple[LiveSource, str]:
    """Prepare a venue's feed without connecting yet.

    Raises:
        UsageError: an option is invalid.
    """
    addresses = {"stream": arguments.stream_url, "rest": arguments.rest_url}
    feed = FEEDS[arguments.source](**{name: url.rstrip("/") for name, url in addresses.items() if url})
    symbols = symbols_of(arguments.symbols, ALLOWED) if arguments.symbols else tuple(feed.symbols)
    kept = settings.data_dir / FOLDER, feed.name, settings.kafka_topic
    positions, files, table = ResumePoints(*kept), GapFiles(*kept), FeedGaps(address_of(settings), feed.name)
    open_stream = partial(_open, feed, symbols, positions, settings, stop)
    open_gaps = partial(GapKeeper, files, table, symbols)
    return LiveSource(open_stream, open_gaps, partial(_keep, positions, settings)), ", ".join(symbols)


def _open(  # noqa: PLR0913, PLR0917 - all but the last are known before it is opened
    feed: Feed,
    symbols: tuple[str, ...],
    positions: ResumePoints,
    settings: Settings,
    stop: Event,
    note: Callable[[Gap], object],
) -> Stream:
    kept, start = positions.read(symbols)
    look = partial(produced, cluster_of(settings), settings.kafka_topic, feed.name, symbols, start)
    for symbol, position in Retry(stop, log)(look).items():
        kept[symbol] = max(kept.get(symbol, position), position)
    for symbol, position in kept.items():
        log.info("%s goes on after trade %s of %s", symbol, position.number, position.at.isoformat())
    return Stream(feed, symbols, kept, note=note)


def _keep(positions: ResumePoints, settings: Settings, acknowledged: dict[str, FeedPosition]) -> None:
    try:
        positions.write(acknowledged, ends(cluster_of(settings), settings.kafka_topic))
    except RecoverableError:
        return  # the files stay as they are; the topic provides the rest
    except OSError as exc:
        log.warning("cannot keep places in %s (%s)", settings.data_dir / FOLDER, exc.strerror)
