"""A file of trades, row by row: CSV or Parquet, according to its name."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from stockstream.connectors.files import csv_rows, parquet_rows
from stockstream.connectors.files.csv_rows import Row
from stockstream.errors import TradeFileError

FINGERPRINT_BYTES = 1 << 20
PARQUET = (".parquet", ".pq")
FAULTS = (OSError, ValueError, csv.Error, pa.ArrowException)


class TradeFile:
    """A file of trades with named columns."""

    def __init__(self, path: Path) -> None:
        """Read the names of the columns.

        Raises:
            TradeFileError: the file cannot be read.
        """
        self.path = path
        self._is_parquet = path.suffix.lower() in PARQUET
        try:
            self.fingerprint = _fingerprint(path)
            self.header = (parquet_rows if self._is_parquet else csv_rows).header_of(path)
        except FAULTS as exc:
            raise TradeFileError(path=path, reason=_first_line(exc)) from exc

    def rows(self, wanted: Sequence[int], after: int = 0) -> Iterator[Row]:
        """Yield the rows after a line.

        Args:
            wanted: the indices of the columns that are used.
            after: the last line to skip.

        Raises:
            TradeFileError: the rest of the file cannot be read.
        """
        try:
            if self._is_parquet:
                rows = parquet_rows.rows_of(self.path, after, wanted)
            else:
                rows = csv_rows.rows_of(self.path, len(self.header))
            yield from (row for row in rows if row.line > after)
        except FAULTS as exc:
            raise TradeFileError(path=self.path, reason=_first_line(exc)) from exc


def portions(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Yield rows in lists; those before an unreadable part are yielded before the error.

    Raises:
        TradeFileError: the rest of the file cannot be read.
    """
    fault: TradeFileError | None = None
    while fault is None:
        portion: list[Any] = []
        try:
            portion.extend(islice(rows, size))
        except TradeFileError as exc:
            fault = exc
        if not portion:
            break
        yield portion
    if fault:
        raise fault


def _fingerprint(path: Path) -> str:
    """Return an identifier of the content: a hash of its size and beginning."""
    with path.open("rb") as file:
        begin = hashlib.sha256(file.read(FINGERPRINT_BYTES))
    begin.update(str(path.stat().st_size).encode())
    return begin.hexdigest()[:16]


def _first_line(exc: Exception) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    return (str(exc).splitlines() or [type(exc).__name__])[0]
