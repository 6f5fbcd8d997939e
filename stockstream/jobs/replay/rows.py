"""The rows of a replayed file as trades; a first pass over all of them decides how they are read."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import NamedTuple

from stockstream.connectors.files.csv_rows import Row
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import BadTradeError, TradeFileError, UsageError
from stockstream.jobs.progress_log import Progress
from stockstream.jobs.replay.options import ReplayOptions
from stockstream.market.files.columns import Columns
from stockstream.market.files.identity import Clashes, Keys, Naming, Reading, source_of
from stockstream.market.files.rows import RowReader
from stockstream.market.files.survey import Survey
from stockstream.market.files.times import YEAR, TimeReader, TimeRule
from stockstream.market.trade.schema import Trade

MOST_BAD = 10  # of a file, one row in so many may be bad
LOOK_EVERY = 10_000  # rows between two checks of the clock
DAY = timedelta(days=1)

log = logging.getLogger("producer")


class TradeRow(NamedTuple):
    """A row's line and trade; for a bad row, None and the reason."""

    line: int
    trade: Trade | None
    fault: str = ""


class TradeRows:
    """Reads a file's trades, as often as needed."""

    def __init__(
        self, file: TradeFile, reader: RowReader, id_parts: Collection[str], repeated: Collection[int]
    ) -> None:
        """Create a reader from the results of a first pass over the file.

        Args:
            file: the file to read.
            reader: makes trades from rows.
            id_parts: within what ids are unique.
            repeated: hashes of the keys that occur more than once.
        """
        self.file = file
        self._reader, self._id_parts, self._repeated = reader, id_parts, repeated

    def after(self, line: int) -> Iterator[TradeRow]:
        """Yield the rows after a line.

        Raises:
            TradeFileError: the rest of the file cannot be read.
        """
        naming = Naming(self._id_parts, self._repeated)
        # Identical rows before the line count too: they determine the id of the trade after it.
        for row in self.file.rows(self._reader.wanted, 0 if self._repeated else line):
            if not row.fault and not self._reader.is_trade(row.cells):
                continue
            read = self._read(row, naming)
            if row.line > line:
                yield read

    def _read(self, row: Row, naming: Naming) -> TradeRow:
        if row.fault:
            return TradeRow(row.line, None, row.fault)
        try:
            return TradeRow(row.line, naming.name(self._reader.read(row.cells), row.line))
        except BadTradeError as exc:
            return TradeRow(row.line, None, str(exc))


class Look:
    """A first pass over a file before any of it is sent.

    Attributes:
        sample: some of the trades, as they will be on the tape.
        keys: what is equal for rows that would be one trade on the tape.
    """

    def __init__(self, file: TradeFile, columns: Columns, options: ReplayOptions, stop: Event) -> None:
        self.sample: list[Trade] = []
        self.keys = Keys()
        self.file = file
        self._options, self._stop = options, stop
        names_source = options.source is not None or options.manner.shift
        self._columns = columns.without("source") if names_source else columns
        has_ids = "trade_id" in columns.of or options.manner.shift
        self.id_parts = options.id_parts
        self._source = source_of(file.stem, options.source, has_ids=has_ids)
        self._progress = Progress(log, time.monotonic)
        self._first_reader = self._reader(options.time_rule(datetime.now(UTC) + YEAR))

    def through(self) -> TradeRows:
        """Read the file and return the reader of its trades.

        Raises:
            UsageError: the rows raise a question that only a person can answer.
            TradeFileError: no row is a trade.
        """
        reader = self._first_reader
        survey = Survey(reader, self._options.id_parts, doubts_prices=self._options.price_shift is None)
        fault = self._each(lambda row: _add(survey, row))
        rule = survey.time_rule(reader.times.rule)
        if not survey.good and not self._stop.is_set():
            raise fault or TradeFileError(path=self.file.path, reason=_no_trade(survey.bad, survey.example))
        if survey.bad * MOST_BAD > survey.good + survey.bad and not self._options.force:
            raise UsageError(what=f"{self.file.name}: {_much_is_bad(survey)}")
        _warn_of_future(self.file, survey, datetime.now(UTC))
        self.keys = survey.keys
        repeated = frozenset[int]() if self._options.manner.shift else survey.repeated()
        if repeated:
            self._refuse_clashes(repeated)
        naming = Naming(self._options.id_parts)
        self.sample = [naming.name(reading, line) for reading, line in survey.sample if reading.has_id]
        return TradeRows(self.file, self._reader(rule), self._options.id_parts, repeated)

    def _reader(self, rule: TimeRule) -> RowReader:
        options = self._options
        meaning = replace(options.meaning, price_shift=options.price_shift or 0)
        times = TimeReader(rule)
        return RowReader(self._columns, times, self._source, symbol=options.symbol, meaning=meaning)

    def _each(self, take: Callable[[Row], object]) -> TradeFileError | None:
        """Process all rows that can be read; return the error that stopped reading, if any."""
        try:
            for count, row in enumerate(self.file.rows(self._columns.wanted), 1):
                if row.fault or self._first_reader.is_trade(row.cells):
                    take(row)
                if count % LOOK_EVERY == 0:
                    self._progress.update(LOOK_EVERY, f"looked through {count:,} rows")
                    if self._stop.is_set():
                        break
        except TradeFileError as exc:
            return exc
        return None

    def each_reading(self, take: Callable[[int, Reading], object]) -> None:
        """Pass each row that is a trade to `take`, with its line."""

        def add(row: Row) -> None:
            with suppress(BadTradeError):
                if not row.fault:
                    take(row.line, self._first_reader.read(row.cells))

        self._each(add)

    def _refuse_clashes(self, repeated: Collection[int]) -> None:
        clashes = Clashes(self._options.id_parts, repeated, has_venues="venue" in self._columns.of)
        self.each_reading(clashes.add)
        if question := clashes.question():
            raise UsageError(what=f"{self.file.name}: {question}")


def _add(survey: Survey, row: Row) -> None:
    if row.fault:
        survey.add_bad(row.line, row.fault)
    else:
        survey.add(row.line, row.cells)


def _much_is_bad(survey: Survey) -> str:
    rows = f"{survey.bad:,} of {survey.good + survey.bad:,} rows are not trades, the first: {survey.example}"
    return f"{rows}; is it another format (--format, --columns)? --force sends the others"


def _no_trade(bad: int, example: str) -> str:
    return f"none of its {bad:,} rows is a trade; {example}" if bad else "it has no rows"


def _warn_of_future(file: TradeFile, survey: Survey, now: datetime) -> None:
    moment, line = survey.latest
    if moment > now + DAY:
        text = "%s, line %s: the trade of %s lies %s ahead of now"
        log.warning(text, file.name, f"{line:,}", moment.isoformat(), span_of(moment - now))


def span_of(span: timedelta) -> str:
    """Format a long duration for people.

    >>> span_of(timedelta(days=27_400)), span_of(timedelta(hours=30)), span_of(timedelta(minutes=90))
    ('75 years', '30 hours', '90 minutes')
    >>> span_of(timedelta(seconds=0.25))
    '0.25 seconds'
    """
    units = ("years", YEAR), ("days", DAY), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1))
    for words, unit in units:
        if span >= 2 * unit:
            return f"{span / unit:.0f} {words}"
    return f"{span.total_seconds():.3g} seconds"
