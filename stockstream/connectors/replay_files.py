"""Files of trades, row by row: CSV and Parquet."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from stockstream.errors import TradeFileError

FINGERPRINT_BYTES = 1 << 20
ROWS = 10_000
HEADER_LINE = 1
PARQUET = (".parquet", ".pq")


class Row(NamedTuple):
    """A row and its line, as an editor counts: the header is line 1. In Parquet it is the row, from 1."""

    line: int
    cells: Sequence[Any]


class TradeFile:
    """A file of trades with named columns."""

    def __init__(self, path: Path) -> None:
        """Read the names of the columns.

        Raises:
            TradeFileError: it cannot be read.
        """
        self.path = path
        self._parquet = path.suffix.lower() in PARQUET
        try:
            self.fingerprint = _fingerprint(path)
            self.header = self._parquet_header() if self._parquet else self._csv_header()
        except (OSError, ValueError, csv.Error, pa.ArrowException) as exc:
            raise TradeFileError(path=path, reason=_first_line(exc)) from exc

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Yield the rows after a line.

        Raises:
            TradeFileError: it cannot be read on.
        """
        try:
            for row in self._parquet_rows(after) if self._parquet else self._csv_rows():
                if row.line > after:
                    yield row
        except (OSError, ValueError, csv.Error, pa.ArrowException) as exc:
            raise TradeFileError(path=self.path, reason=_first_line(exc)) from exc

    def _csv_header(self) -> list[str]:
        with self.path.open(encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines), None)
        if not header:
            message = "it is empty"
            raise ValueError(message)
        return header

    def _csv_rows(self) -> Iterator[Row]:
        # What is no UTF-8 becomes a bad row, not the end of the file.
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            reader = csv.reader(lines)
            next(reader, None)
            begin = reader.line_num + 1
            for cells in reader:
                if cells:
                    yield Row(begin, cells)
                begin = reader.line_num + 1

    def _parquet_header(self) -> list[str]:
        return list(pq.read_schema(self.path).names)

    def _parquet_rows(self, after: int) -> Iterator[Row]:
        line = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(ROWS):
                if line + batch.num_rows > after:
                    columns = [column.to_pylist() for column in batch.columns]
                    yield from (
                        Row(line + number, cells)
                        for number, cells in enumerate(zip(*columns, strict=True), 1)
                    )
                line += batch.num_rows


def _fingerprint(path: Path) -> str:
    """Return what tells this content from another: its size and how it begins."""
    with path.open("rb") as file:
        begin = hashlib.sha256(file.read(FINGERPRINT_BYTES))
    begin.update(str(path.stat().st_size).encode())
    return begin.hexdigest()[:16]


def _first_line(exc: Exception) -> str:
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    return (str(exc).splitlines() or [type(exc).__name__])[0]


class ReplayPlace(msgspec.Struct, frozen=True):
    """How far a file is replayed: the last line, and how many rows were bad up to there."""

    fingerprint: str
    line: int
    bad: int = 0


class ReplayPlaces:
    """Where the place in a file is kept, and which of its rows are bad."""

    def __init__(self, folder: Path, topic: str, file: TradeFile) -> None:
        """Prepare; the folder is made when something is written."""
        name = hashlib.sha256(str(file.path.resolve()).encode()).hexdigest()[:16]
        self._fingerprint = file.fingerprint
        self._place = folder / topic / "replay" / f"{name}.json"
        self.bad_rows = folder / topic / "replay" / f"{file.path.name}.{name[:6]}.bad-rows.txt"

    def read(self) -> ReplayPlace:
        """Return the place in this file; its begin if the file has another content now."""
        begin = ReplayPlace(self._fingerprint, 0)
        try:
            found = msgspec.json.decode(self._place.read_bytes(), type=ReplayPlace)
        except (OSError, msgspec.DecodeError):
            return begin
        return found if found.fingerprint == self._fingerprint else begin

    def write(self, place: ReplayPlace) -> None:
        """Keep a place."""
        self._place.parent.mkdir(parents=True, exist_ok=True)
        made = self._place.with_suffix(".new")
        made.write_bytes(msgspec.json.encode(place))
        made.replace(self._place)

    def forget(self) -> None:
        """Begin anew the next time."""
        self._place.unlink(missing_ok=True)

    def note(self, lines: Sequence[str], *, anew: bool) -> None:
        """Write down bad rows."""
        self.bad_rows.parent.mkdir(parents=True, exist_ok=True)
        with self.bad_rows.open("w" if anew else "a", encoding="utf-8") as report:
            report.writelines(f"{line}\n" for line in lines)
