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
from stockstream.errors import RecoverableError, SettingsError
from stockstream.jobs.produce.live_gaps import GapKeeper
from stockstream.jobs.produce.live_produced import produced
from stockstream.jobs.produce.live_source import LiveSource
from stockstream.jobs.produce.options import symbols_of
from stockstream.jobs.produce.validation import refuse
from stockstream.jobs.retry import Retry
from stockstream.market.venues import (
    CHOICES,
    FEEDS,
    KEYS,
    Feed,
    FeedPosition,
    Gap,
    Reached,
    furthest,
    reached,
)
from stockstream.settings import Settings

ALLOWED = "symbols as the venue spells them, separated by commas, or an existing file of symbols"
FOLDER = "producer"
ADDRESSES = {"stream": ("ws://", "wss://"), "rest": ("http://", "https://")}

log = logging.getLogger("producer")


def live(arguments: Namespace, settings: Settings, stop: Event) -> tuple[LiveSource, str]:
    """Prepare a venue's feed without connecting yet.

    Raises:
        UsageError: an option is invalid.
        SettingsError: the venue needs a key, and there is none.
    """
    feed = _feed(arguments, settings)
    symbols = symbols_of(arguments.symbols, ALLOWED) if arguments.symbols else tuple(feed.symbols)
    kept = settings.data_dir / FOLDER, feed.name, settings.kafka_topic
    positions, files, table = ResumePoints(*kept), GapFiles(*kept), FeedGaps(address_of(settings), feed.name)
    open_stream = partial(_open, feed, symbols, positions, settings, stop)
    open_gaps = partial(GapKeeper, files, table, symbols)
    return LiveSource(open_stream, open_gaps, partial(_keep, positions, settings)), ", ".join(symbols)


def _feed(arguments: Namespace, settings: Settings) -> Feed:
    """Return the venue's feed with its addresses, its key and its other settings."""
    options: dict[str, str] = {}
    for name, schemes in ADDRESSES.items():
        url = getattr(arguments, f"{name}_url")
        if url and not url.startswith(schemes):
            refuse(f"--{name}-url", url, f"an address that begins with {' or '.join(schemes)}")
        options |= {name: url.rstrip("/")} if url else {}
    venue = arguments.source
    for name in KEYS.get(venue, ()):
        options[name] = getattr(settings, name).get_secret_value().strip()
        if not options[name]:
            raise SettingsError(
                key=name.upper(), value="", allowed=f"--source {venue} needs the key of an account"
            )
    return FEEDS[venue](**options, **{name: getattr(settings, name) for name in CHOICES.get(venue, ())})


def _open(  # noqa: PLR0913, PLR0917 - all but the last are known before it is opened
    feed: Feed,
    symbols: tuple[str, ...],
    positions: ResumePoints,
    settings: Settings,
    stop: Event,
    note: Callable[[Gap], object],
) -> tuple[Stream, Reached]:
    kept, start = positions.read(symbols)
    look = partial(produced, cluster_of(settings), settings.kafka_topic, feed, symbols, start)
    for symbol, position in Retry(stop, log)(look).items():
        kept[symbol] = furthest(kept.get(symbol, position), position)
    for symbol, position in kept.items():
        which = f"trade {position.number}" if feed.is_numbered else "its trade"
        log.info("%s goes on after %s of %s", symbol, which, position.at.isoformat())
    return Stream(feed, symbols, kept, note=note), reached(kept, is_numbered=feed.is_numbered)


def _keep(positions: ResumePoints, settings: Settings, acknowledged: dict[str, FeedPosition]) -> None:
    try:
        positions.write(acknowledged, ends(cluster_of(settings), settings.kafka_topic))
    except RecoverableError:
        return  # the files stay as they are; the topic provides the rest
    except OSError as exc:
        log.warning("cannot keep places in %s (%s)", settings.data_dir / FOLDER, exc.strerror)
