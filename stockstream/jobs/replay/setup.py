"""Setup of a replay: scan the files once, compare them with the tape, and find where each resumes."""

import logging
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from threading import Event

import numpy as np

from stockstream.connectors.files.named_files import files_of
from stockstream.connectors.files.resume import ResumePoints
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.postgres.connection import address_of
from stockstream.connectors.postgres.read.replayed import ReplayedTape
from stockstream.errors import StockstreamError, UsageError
from stockstream.jobs.produce.pace import SystemClock
from stockstream.jobs.replay.file import ReplayedFile
from stockstream.jobs.replay.ids import refuse_shared_ids
from stockstream.jobs.replay.layout import layout_of, require_venue
from stockstream.jobs.replay.options import ReplayOptions
from stockstream.jobs.replay.outcome import Outcome
from stockstream.jobs.replay.rows import Look
from stockstream.jobs.replay.sides import SideRule, quotes_of
from stockstream.jobs.replay.source import ReplaySource
from stockstream.market.trade.schema import Trade
from stockstream.settings import Settings

FOLDER = "producer"
SHOWN = 5  # names of files in a line

log = logging.getLogger("producer")


def replay(arguments: Namespace, settings: Settings, stop: Event) -> tuple[ReplaySource, str]:
    """Open files of trades, log how their columns are interpreted, and scan the files.

    Raises:
        UsageError: an option is invalid, a required column is missing, or the rows raise a question.
        TradeFileError: a file cannot be read, or has no trade.
    """
    if not arguments.file:
        raise UsageError(what="--source replay: which file? name it with --file")
    options = ReplayOptions.of(arguments)
    tape = ReplayedTape(address_of(settings), settings.kafka_topic)
    spool = settings.data_dir / FOLDER
    looks = _looks(files_of(arguments.file, spool, stop), options, stop)
    rows = [look.through() for look in looks]
    if not options.manner.shift:
        refuse_shared_ids(looks)
        for look in looks:
            _compare(tape, look.sample, look.file.name)
    # Their times are in the zone of the trades.
    quotes = quotes_of(looks[0].options, spool, stop)
    files = [
        ReplayedFile(
            each,
            _resume_points(each.file, options, settings, arguments),
            SideRule(quotes) if options.side else None,
        )
        for each in rows
    ]
    outcome = Outcome(tape, cluster_of(settings), settings.kafka_topic, stop)
    chance = np.random.default_rng()
    source = ReplaySource(files, options.manner, clock=SystemClock(), chance=chance, outcome=outcome)
    speed = options.manner.speed
    pace = "as fast as it goes" if speed is None else f"{speed:g} times the original pace"
    return source, f"{_names(files)}, {pace}"


def _names(files: Sequence[ReplayedFile]) -> str:
    if len(files) == 1:
        return files[0].name
    shown = ", ".join(file.name for file in files) if len(files) <= SHOWN else f"{len(files):,} files"
    return f"{shown} merged by time"


def _looks(files: Sequence[TradeFile], options: ReplayOptions, stop: Event) -> list[Look]:
    """Return what will look through each file, and log how they are read, once for those read alike."""
    looks, alike = [], Counter[str]()
    for file in files:
        own, columns, summary = layout_of(file, options)
        if not alike[summary]:
            log.info("%s: %s", file.name, summary)
        alike[summary] += 1
        require_venue(columns, own, file.header)
        looks.append(Look(file, columns, own, stop))
    if others := sum(alike.values()) - len(alike):
        log.info("%s other files are read alike", f"{others:,}")
    return looks


def _resume_points(
    file: TradeFile, options: ReplayOptions, settings: Settings, arguments: Namespace
) -> ResumePoints:
    """Return the storage of a file's resume point, and log where it resumes."""
    points = ResumePoints(settings.data_dir / FOLDER, settings.kafka_topic, file, options.reading())
    if arguments.from_start:
        points.forget()
    elif line := points.read().line:
        what = "%s goes on after line %s, where it stopped; --from-start begins with the first"
        log.info(what, file.name, f"{line:,}")
    return points


def _compare(tape: ReplayedTape, sample: Sequence[Trade], name: str) -> None:
    """Reject a file whose ids belong to other trades on the tape.

    Raises:
        UsageError: names one of them.
    """
    try:
        other = tape.other_trade(sample)
    except StockstreamError as exc:
        log.info("%s is not compared with the tape: %s", name, exc)
        return
    if other:
        raise UsageError(
            what=f"{name}: trade_id {other.trade_id} of {other.symbol} is another trade's on the tape "
            f"{other.source}: name this file's tape with --source-name NAME"
        )
