"""A replayed file opened: what is asked for, what its columns are, and where it goes on."""

import logging
from argparse import Namespace
from pathlib import Path
from threading import Event

import numpy as np

from stockstream.connectors.replay_files import ReplayPlaces, TradeFile
from stockstream.errors import UsageError
from stockstream.jobs.pace import SystemClock
from stockstream.jobs.produce_options import symbols_of
from stockstream.jobs.produce_words import number, refuse
from stockstream.jobs.replay import Manner, ReplaySource
from stockstream.market.replay_rows import NAMES, Reader, guess
from stockstream.settings import Settings

FOLDER = "producer"
SLOWEST, FASTEST = 0.001, 1e6
ALLOWED_SYMBOLS = "symbols separated by commas, or an existing file of symbols"

log = logging.getLogger("producer")


def replay(arguments: Namespace, settings: Settings, _stop: Event) -> tuple[ReplaySource, str]:
    """Open a file of trades and tell what its columns are taken for.

    Raises:
        UsageError: a word cannot be meant, or a needed column is not there.
        TradeFileError: the file cannot be read.
    """
    if not arguments.file:
        raise UsageError(what="--source replay: which file? name it with --file")
    symbols = symbols_of(arguments.symbols, ALLOWED_SYMBOLS) if arguments.symbols else ()
    manner = Manner(_speed(arguments.speed), arguments.shift, arguments.loop, frozenset(symbols))
    if manner.loop and not manner.shift:
        message = "--loop: the second lap would be the same trades, and the tape keeps each once; add --shift"
        raise UsageError(what=message)
    asked = _columns(arguments.columns)
    file = TradeFile(Path(arguments.file).expanduser())
    only = symbols[0] if len(symbols) == 1 else None
    columns = guess(file.header, asked, only)
    log.info("%s: %s", file.path.name, columns.told)
    places = ReplayPlaces(settings.data_dir / FOLDER, settings.kafka_topic, file)
    _begin(places, anew=arguments.from_start)
    reader = Reader(columns, file.fingerprint, only)
    source = ReplaySource(file, reader, places, manner, clock=SystemClock(), chance=np.random.default_rng())
    pace = "as fast as it goes" if manner.speed is None else f"{manner.speed:g} times the original pace"
    return source, f"{file.path.name}, {pace}"


def _begin(places: ReplayPlaces, *, anew: bool) -> None:
    if anew:
        places.forget()
    elif line := places.read().line:
        log.info("goes on after line %s, where it stopped; --from-start begins anew", f"{line:,}")


def _speed(text: str | None) -> float | None:
    if text is None:
        return 1.0
    if text == "max":
        return None
    allowed = f"how many times the original pace, {SLOWEST:g} to {FASTEST:,.0f}, or max"
    speed = number("--speed", text, float, allowed)
    if not SLOWEST <= speed <= FASTEST:
        refuse("--speed", text, allowed)
    return speed


def _columns(text: str | None) -> dict[str, str]:
    asked: dict[str, str] = {}
    for pair in text.split(",") if text else ():
        field, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column or field not in NAMES:
            refuse("--columns", pair, f"FIELD=NAME, where FIELD is one of {', '.join(NAMES)}")
        asked[field] = column
    return asked
