"""A replayed file opened: looked through once, compared with the tape, and where it goes on."""

import logging
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import numpy as np

from stockstream.connectors.files.resume import ResumePoints
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.connectors.kafka_cluster import cluster_of
from stockstream.connectors.postgres import address_of
from stockstream.connectors.replayed import ReplayedTape
from stockstream.errors import StockstreamError, UsageError
from stockstream.jobs.pace import SystemClock
from stockstream.jobs.replay import ReplaySource
from stockstream.jobs.replay_options import ReplayOptions
from stockstream.jobs.replay_outcome import Outcome
from stockstream.jobs.replay_rows import Look
from stockstream.market.files.columns import match
from stockstream.market.files.identity import VENUE
from stockstream.market.trade import Trade
from stockstream.settings import Settings

FOLDER = "producer"

log = logging.getLogger("producer")


def replay(arguments: Namespace, settings: Settings, stop: Event) -> tuple[ReplaySource, str]:
    """Open a file of trades, say what its columns are taken for, and look through it.

    Raises:
        UsageError: a word cannot be meant, a needed column is not there, or the rows raise a question.
        TradeFileError: the file cannot be read, or has no trade.
    """
    if not arguments.file:
        raise UsageError(what="--source replay: which file? name it with --file")
    options = ReplayOptions.of(arguments)
    file = TradeFile(Path(arguments.file).expanduser())
    columns = match(file.header, options.columns, options.symbol)
    log.info("%s: %s", file.path.name, columns.summary)
    if VENUE in options.id_parts and VENUE not in columns.of:
        raise UsageError(what=f"--id-per venue: which column has it? --columns venue=NAME, of {file.header}")
    look = Look(file, columns, options, stop)
    rows = look.through()
    tape = ReplayedTape(address_of(settings), settings.kafka_topic)
    if not options.manner.shift:
        _compare(tape, look.sample, file.path.name)
    points = ResumePoints(settings.data_dir / FOLDER, settings.kafka_topic, file, options.reading())
    _say_where_it_begins(points, from_start=arguments.from_start)
    outcome = Outcome(tape, cluster_of(settings), settings.kafka_topic, stop)
    source = ReplaySource(
        rows, points, options.manner, clock=SystemClock(), chance=np.random.default_rng(), outcome=outcome
    )
    speed = options.manner.speed
    pace = "as fast as it goes" if speed is None else f"{speed:g} times the original pace"
    return source, f"{file.path.name}, {pace}"


def _compare(tape: ReplayedTape, sample: Sequence[Trade], name: str) -> None:
    """Refuse a file whose ids are those of other trades on the tape.

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


def _say_where_it_begins(points: ResumePoints, *, from_start: bool) -> None:
    if from_start:
        points.forget()
    elif line := points.read().line:
        log.info("goes on after line %s, where it stopped; --from-start begins with the first", f"{line:,}")
