"""The rows of a replayed file as trades; a first pass over all of them decides how they are read."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import numpy as np
import pyarrow as pa

from stockstream.connectors.files.block import Block, Row
from stockstream.connectors.files.trade_file import BLOCK, TradeFile
from stockstream.errors import BadTradeError, TradeFileError, UsageError
from stockstream.jobs.progress_log import Progress
from stockstream.jobs.replay.ahead import ahead
from stockstream.jobs.replay.options import ReplayOptions
from stockstream.jobs.replay.portion import Ints, Portion
from stockstream.market.files.column_reader import ColumnReader
from stockstream.market.files.columns import Columns
from stockstream.market.files.identity import Clashes, Keys, Naming, Reading, source_of
from stockstream.market.files.rows import RowReader
from stockstream.market.files.survey import Survey
from stockstream.market.files.times import YEAR, TimeReader, TimeRule
from stockstream.market.files.trade_columns import TradeColumns
from stockstream.market.trade.schema import Trade

MOST_BAD = 10  # a file may have one bad row in this many
DAY = timedelta(days=1)
NONE = np.zeros(0, np.int64)

log = logging.getLogger("producer")


class TradeRows:
    """Reads a file's trades, as often as needed.

    Attributes:
        count: how many trades there are.
        earliest: the earliest of their times, in microseconds since 1970.
        sources: where the trades that were read so far come from.
    """

    def __init__(self, look: "Look", reader: RowReader, survey: Survey, repeated: Ints) -> None:
        """Create a reader from the results of a first pass over the file.

        Args:
            look: the first pass.
            reader: makes trades from rows.
            survey: what the first pass has found.
            repeated: hashes of the keys that occur more than once.
        """
        self.file = look.file
        self.count, self.earliest = survey.good, survey.earliest
        self.sources = frozenset[str]()
        self._reader, self._id_parts = reader, look.id_parts
        self._repeated = repeated

    def after(self, line: int, size: int = BLOCK) -> Iterator[Portion]:
        """Yield the rows after a line.

        Args:
            line: the last line to leave out.
            size: the length of a block of text in characters, which is read at once.

        Raises:
            TradeFileError: the rest of the file cannot be read.
        """
        naming = Naming(self._id_parts, frozenset(self._repeated.tolist()))
        columns = ColumnReader(self._reader)
        for block in self.file.blocks(self._reader.wanted, size):
            # Equal rows before the line count too: they determine the id of a trade after it.
            if block.lines.size and block.lines[-1] <= line and not self._repeated.size:
                continue
            trades = _columns(columns, block)
            portion = self._by_column(block, trades, naming) if trades else None
            yield (portion or self._by_row(block, naming)).after(line)

    def _by_column(self, block: Block, trades: TradeColumns, naming: Naming) -> Portion | None:
        ids = trades.ids(self._id_parts)
        if self._repeated.size:
            keys = trades.keys(self._id_parts)
            again = np.flatnonzero(_are_in(keys, self._repeated))
            if again.size and trades.own_ids is not None:
                return None
            names = ids.to_pylist() if again.size else []
            for index in again.tolist():
                names[index] = naming.numbered(names[index], keys[index])
            ids = pa.array(names, pa.string()) if names else ids
        self._note_sources(trades.sources.unique().to_pylist())
        return Portion.of_columns(trades, block.lines[trades.rows], ids)

    def _by_row(self, block: Block, naming: Naming) -> Portion:
        lines, trades, bad = [], [], []
        for row in block.rows():
            if not row.fault and not self._reader.is_trade(row.cells):
                continue
            try:
                trades.append(self._trade(row, naming))
                lines.append(row.line)
            except BadTradeError as exc:
                bad.append((row.line, str(exc)))
        self._note_sources([trade.source for trade in trades])
        return Portion.of_rows(lines, trades, bad)

    def _note_sources(self, sources: Collection[str]) -> None:
        # A new set each time: another thread may look at the former one.
        if not self.sources.issuperset(sources):
            self.sources = self.sources.union(sources)

    def _trade(self, row: Row, naming: Naming) -> Trade:
        if row.fault:
            raise BadTradeError(reason=row.fault)
        return naming.name(self._reader.read(row.cells), row.line)


def _columns(reader: ColumnReader, block: Block) -> TradeColumns | None:
    return reader.read(block.columns, lambda at: block.row(at).cells) if block.columns else None


def _are_in(keys: Collection[str], hashes: Ints) -> np.ndarray:
    return np.isin(np.fromiter(map(hash, keys), np.int64, len(keys)), hashes)


class Look:
    """A first pass over a file before any of it is sent.

    Attributes:
        sample: some of the trades, as they will be on the tape.
        keys: what is equal for rows that would be one trade on the tape.
        source: the source of trades without a column for it.
        options: how the file is read.
    """

    def __init__(self, file: TradeFile, columns: Columns, options: ReplayOptions, stop: Event) -> None:
        self.sample: list[Trade] = []
        self.keys = Keys()
        self.file = file
        self.options, self._stop = options, stop
        names_source = options.source is not None or options.manner.shift
        self._columns = columns.without("source") if names_source else columns
        has_ids = "trade_id" in columns.of or options.manner.shift
        self.id_parts = options.id_parts
        self.source = source_of(file.stem, options.source, has_ids=has_ids)
        self._progress = Progress(log, time.monotonic)
        self._first_reader = self._reader(options.time_rule(datetime.now(UTC) + YEAR))

    def through(self) -> TradeRows:
        """Read the file and return the reader of its trades.

        Raises:
            UsageError: the rows raise a question that only a person can answer.
            TradeFileError: no row is a trade.
        """
        reader = self._first_reader
        survey = Survey(reader, self.options.id_parts, doubts_prices=self.options.price_shift is None)
        fault = self._survey(survey)
        rule = survey.time_rule(reader.times.rule)
        if not survey.good and not self._stop.is_set():
            raise fault or TradeFileError(path=self.file.path, reason=_no_trade(survey.bad, survey.example))
        if survey.bad * MOST_BAD > survey.good + survey.bad and not self.options.force:
            raise UsageError(what=f"{self.file.name}: {_much_is_bad(survey)}")
        _warn_of_future(self.file, survey, datetime.now(UTC))
        self.keys = survey.keys
        # With new ids, equal rows are different trades.
        repeated = NONE if self.options.manner.shift else survey.repeated()
        if repeated.size and "trade_id" in self._columns.of:
            self._refuse_clashes(repeated)
        naming = Naming(self.options.id_parts)
        self.sample = [naming.name(reading, line) for reading, line in survey.sample if reading.has_id]
        return TradeRows(self, self._reader(rule), survey, repeated)

    def _reader(self, rule: TimeRule) -> RowReader:
        options = self.options
        meaning = replace(options.meaning, price_shift=options.price_shift or 0)
        times = TimeReader(rule)
        return RowReader(self._columns, times, self.source, symbol=options.symbol, meaning=meaning)

    def _survey(self, survey: Survey) -> TradeFileError | None:
        """Add all rows that can be read; return the error that stopped reading, if any."""

        def add(block: Block, trades: TradeColumns | None) -> None:
            if trades and survey.add_columns(
                trades, block.lines[trades.rows], lambda at: reading(block, trades, at)
            ):
                return
            for row in block.rows():
                if row.fault:
                    survey.add_bad(row.line, row.fault)
                elif self._first_reader.is_trade(row.cells):
                    survey.add(row.line, row.cells)

        def reading(block: Block, trades: TradeColumns, at: int) -> Reading:
            return self._first_reader.read(block.row(int(trades.rows[at])).cells)

        return self._each_block(add)

    def _each_block(self, take: Callable[[Block, TradeColumns | None], object]) -> TradeFileError | None:
        """Pass on the blocks that can be read, as columns too; return the error that stopped it, if any."""
        columns, count = ColumnReader(self._first_reader), 0
        try:
            for block in ahead(self.file.blocks(self._first_reader.wanted)):
                take(block, _columns(columns, block))
                count += len(block.lines)
                self._progress.update(len(block.lines), f"{self.file.name}: looked through {count:,} rows")
                if self._stop.is_set():
                    break
        except TradeFileError as exc:
            return exc
        return None

    def each_reading(self, hashes: Ints, take: Callable[[int, Reading], object]) -> None:
        """Pass each trade to `take`, with its line, whose key has one of these hashes; perhaps others too."""

        def some(block: Block, trades: TradeColumns | None) -> Iterator[Row]:
            if not trades:
                return block.rows()
            again = np.flatnonzero(_are_in(trades.keys(self.id_parts), hashes))
            return (block.row(int(index)) for index in trades.rows[again])

        def add(block: Block, trades: TradeColumns | None) -> None:
            for row in some(block, trades):
                with suppress(BadTradeError):
                    if not row.fault and self._first_reader.is_trade(row.cells):
                        take(row.line, self._first_reader.read(row.cells))

        self._each_block(add)

    def _refuse_clashes(self, repeated: Ints) -> None:
        hashes = frozenset(repeated.tolist())
        clashes = Clashes(self.options.id_parts, hashes, has_venues="venue" in self._columns.of)
        self.each_reading(repeated, clashes.add)
        if question := clashes.question():
            raise UsageError(what=f"{self.file.name}: {question}")


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
