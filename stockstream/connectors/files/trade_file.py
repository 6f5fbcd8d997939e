"""A file of trades: Parquet by its name or its beginning, else text, which may be compressed."""

import csv
import hashlib
import lzma
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import BadZipFile

import pyarrow as pa

from stockstream.connectors.files import csv_blocks, json_lines, parquet_rows
from stockstream.connectors.files.block import Block, Row
from stockstream.connectors.files.containers import PACKED, beginning, open_text
from stockstream.connectors.files.csv_rows import MOST_LETTERS, read_dialect
from stockstream.connectors.files.dialect import Dialect
from stockstream.errors import TradeFileError

FINGERPRINT_BYTES = 1 << 20
BLOCK = 1 << 20  # characters
PARQUET, PARQUET_MAGIC = (".parquet", ".pq"), b"PAR1"
# A member of an archive that is encrypted, or packed in a way that is not known, is a RuntimeError.
FAULTS = (
    *(OSError, EOFError, ValueError, RuntimeError, csv.Error, zlib.error, lzma.LZMAError, BadZipFile),
    pa.ArrowException,
)


class TradeFile:
    """A file of trades, or a member of an archive, with columns.

    Attributes:
        name: for people: the file's name, with that of the member.
        header: the names of the columns; their numbers from 1 on if the file has none.
        has_names: whether the file names its columns.
        first: the cells of the first row; empty if there is none.
    """

    def __init__(self, path: Path, member: str = "") -> None:
        """Read the names of the columns.

        Raises:
            TradeFileError: the file cannot be read.
        """
        self.path, self.member = path, member
        self.name = f"{path.name}/{member}" if member else path.name
        try:
            self._is_parquet = path.suffix.lower() in PARQUET or beginning(path).startswith(PARQUET_MAGIC)
            self.fingerprint = _fingerprint(path, member)
            self._dialect = parquet_rows.read_dialect(path) if self._is_parquet else self._read()
        except FAULTS as exc:
            raise self._fault(exc) from exc
        self.first = self._dialect.first
        self.has_names = bool(self._dialect.header)
        self.header = self._dialect.header or [str(number) for number in range(1, len(self.first) + 1)]

    @property
    def stem(self) -> str:
        """Its name without a folder, and without what it says of its container and format."""
        name = Path(self.member or self.path.name)
        return Path(name.stem).stem if name.suffix.lower() in PACKED else name.stem

    @property
    def partition(self) -> dict[str, str]:
        """What folders named `column=value` say of all its rows, as in a table that is partitioned."""
        pairs = (part.partition("=") for part in self.path.parts[:-1])
        return {column: unquote(value) for column, equals, value in pairs if equals}

    @property
    def decimal_comma(self) -> bool:
        """Whether a comma is a decimal point."""
        return self._dialect.decimal_comma

    def blocks(self, wanted: Sequence[int], size: int = BLOCK) -> Iterator[Block]:
        """Yield the rows in blocks.

        Args:
            wanted: the indices of the columns that are used.
            size: the length of a block of text in characters.

        Raises:
            TradeFileError: the rest of the file cannot be read.
        """
        try:
            if self._is_parquet:
                yield from parquet_rows.blocks_of(self.path, wanted)
                return
            with open_text(self.path, self.member) as file:
                if self._is_json:
                    yield from json_lines.blocks_of(file, self.header)
                    return
                yield from csv_blocks.blocks_of(file, self._dialect, wanted, size)
        except FAULTS as exc:
            raise self._fault(exc) from exc

    def rows(self, wanted: Sequence[int]) -> Iterator[Row]:
        """Yield the rows, one by one.

        Raises:
            TradeFileError: the rest of the file cannot be read.
        """
        try:
            for block in self.blocks(wanted):
                yield from block.rows()
        except FAULTS as exc:
            raise self._fault(exc) from exc

    def _fault(self, exc: Exception) -> TradeFileError:
        return TradeFileError(path=self.path, reason=first_line(exc))

    def _read(self) -> Dialect:
        with open_text(self.path, self.member) as file:
            self._is_json = json_lines.is_json(file.readline(MOST_LETTERS))
        with open_text(self.path, self.member) as file:
            return json_lines.read_dialect(file) if self._is_json else read_dialect(file)


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


def _fingerprint(path: Path, member: str) -> str:
    """Return an identifier of the content: a hash of its size and beginning."""
    with path.open("rb") as file:
        begin = hashlib.sha256(file.read(FINGERPRINT_BYTES))
    begin.update(f"{path.stat().st_size}{member}".encode())
    return begin.hexdigest()[:16]


def first_line(exc: Exception) -> str:
    """Return what an error says, in one line."""
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    return (str(exc).splitlines() or [type(exc).__name__])[0]
