"""Import of files that `database.py export` wrote: read row by row, stored batch by batch."""

import logging
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Protocol

import pyarrow as pa

from stockstream.connectors.files.block import Row
from stockstream.connectors.files.trade_file import TradeFile, portions
from stockstream.errors import BadTradeError, TradeFileError, UsageError
from stockstream.jobs.progress_log import Progress
from stockstream.market.files.columns import match
from stockstream.market.files.rows import RowReader
from stockstream.market.files.times import YEAR, TimeReader, TimeRule
from stockstream.market.trade.arrivals import placed, table
from stockstream.market.trade.schema import Trade

BATCH = 20_000
SPOKEN = 10  # bad rows that are logged individually
PLACE = ("kafka_partition", "kafka_offset")
LARGEST = (2**31 - 1, 2**63 - 2)

log = logging.getLogger("database")

PlacedTrade = tuple[Trade, int, int]


class Store(Protocol):
    """Storage for trades that are not stored yet."""

    def add(self, trades: pa.Table, path: Path) -> int:
        """Store a batch and return how many trades were new."""


@dataclass
class Imported:
    """Counts of the imported rows."""

    stored: int = 0
    present: int = 0
    bad: int = 0

    def __str__(self) -> str:
        return f"{self.stored:,} stored, {self.present:,} were there already, {self.bad:,} bad rows left out"


class Importer:
    """Imports files into a store."""

    def __init__(self, store: Store, stop: Event, clock: Callable[[], float]) -> None:
        """Create an importer; `clock` is in seconds, `stop` ends the import after the current batch."""
        self.total = Imported()
        self._store = store
        self._stop = stop
        self._progress = Progress(log, clock)

    def add(self, path: Path) -> None:
        """Import a file; memory is one batch of rows, whatever the file's length.

        Raises:
            TradeFileError: the file cannot be read, or has no trade.
            UsageError: it lacks a column of an export.
            StockstreamError: the store rejects it.
        """
        file = TradeFile(path)
        reader = PlacedReader(file)
        read, bad = 0, self.total.bad
        for rows in portions(file.rows(range(len(file.header))), BATCH):
            trades = list(self._read(reader, rows, path))
            stored = self._store.add(_table(trades), path) if trades else 0
            self.total.stored += stored
            self.total.present += len(trades) - stored
            self._progress.update(len(rows), f"{path.name}: {self.total}")
            read += len(trades)
            if self._stop.is_set():
                return
        if not read:
            bad = self.total.bad - bad
            raise TradeFileError(
                path=path, reason=f"none of its {bad:,} rows is a trade" if bad else "it has no rows"
            )

    def _read(self, reader: "PlacedReader", rows: Sequence[Row], path: Path) -> Iterator[PlacedTrade]:
        for row in rows:
            try:
                yield reader.trade(row)
            except BadTradeError as exc:
                self.total.bad += 1
                if self.total.bad <= SPOKEN:
                    log.warning("%s, line %s: %s; left out", path.name, f"{row.line:,}", exc)


class PlacedReader:
    """Makes trades with their partitions and offsets from the rows of an export."""

    def __init__(self, file: TradeFile) -> None:
        """Find the columns.

        Raises:
            UsageError: a column is missing.
        """
        wanted = {name: name for name in ("trade_id", "source", "symbol")}
        missing = [name for name in (*wanted, *PLACE) if name not in file.header]
        if missing:
            name = shlex.quote(str(file.path))
            raise UsageError(
                what=f"{file.path}: no column {', '.join(missing)}, as an export has; trades without "
                f"a place go through the topic: python producer.py --source replay --file {name}"
            )
        times = TimeReader(TimeRule.plausible(datetime.now(UTC) + YEAR))
        self._reader = RowReader(match(file.header, wanted), times, source="replay")
        self._ids = [file.header.index(name) for name in wanted]
        self._positions = [file.header.index(name) for name in PLACE]

    def trade(self, row: Row) -> PlacedTrade:
        """Return the trade of a row, its partition and its offset.

        Raises:
            BadTradeError: the row is not a trade, or has no partition or offset; the reason names the field.
        """
        cells = row.cells
        if row.fault:
            raise BadTradeError(reason=row.fault)
        if max(*self._ids, *self._positions) >= len(cells) or not all(cells[number] for number in self._ids):
            raise BadTradeError(reason="the row ends too early, or lacks its trade_id, source or symbol")
        partition, offset = (
            _position(*each)
            for each in zip(PLACE, (cells[number] for number in self._positions), LARGEST, strict=True)
        )
        return self._reader.read(cells).trade, partition, offset


def _position(name: str, cell: object, largest: int) -> int:
    text = "" if cell is None else str(cell)
    if not (text.isascii() and text.isdecimal() and int(text) <= largest):
        raise BadTradeError(reason=f"{name} {text!r} is not a place")
    return int(text)


def _table(rows: Sequence[PlacedTrade]) -> pa.Table:
    """Return trades as columns, in the schema of `arrivals`."""
    trades, partitions, offsets = zip(*rows, strict=True)
    return placed(table(trades), partitions, offsets)
