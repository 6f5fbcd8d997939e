"""Rows of a text file, read strictly and bounded, so that a broken one does not affect others.

A quote that is never closed makes a reader take everything after it for one cell. A row that spans lines is
therefore accepted only if it ends soon and none of these lines looks like a row of its own; otherwise its
first line is a row that cannot be read, and the next line begins another.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, TextIO

from stockstream.connectors.files.dialect import LOOKED_AT, Dialect, dialect_of

MOST_LETTERS = 1 << 20  # per line; a message has at most 64 KiB
MOST_LINES = 100  # per row
FAULTS = {"unexpected end of data": "a quote is not closed"}


class Row(NamedTuple):
    """A row and its line, counted as in an editor: a header is line 1; in Parquet, the row number from 1.

    Attributes:
        fault: why the row cannot be read; empty if it can.
    """

    line: int
    cells: Sequence[Any]
    fault: str = ""


class _Lines:
    """The lines of a file that the reader takes for one row; they can be put back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._back: deque[tuple[int, str]] = deque()
        self._number = 0
        self.taken: list[tuple[int, str]] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) == MOST_LINES:
            raise StopIteration
        number, text = self._back.popleft() if self._back else self._read()
        if not text:
            raise StopIteration
        self.taken.append((number, text))
        return text

    def put_back(self, lines: Sequence[tuple[int, str]]) -> None:
        self._back.extendleft(reversed(lines))

    def _read(self) -> tuple[int, str]:
        self._number += 1
        text = self._file.readline(MOST_LETTERS)
        if len(text) == MOST_LETTERS and not text.endswith(("\n", "\r")):
            while (rest := self._file.readline(MOST_LETTERS)) and not rest.endswith(("\n", "\r")):
                pass
        return self._number, text


def read_dialect(file: TextIO) -> Dialect:
    """Return how an open file is written; it is read from its beginning.

    Raises:
        OSError, ValueError: its beginning cannot be read, or it is empty.
    """
    return dialect_of(list(islice(_Lines(file), LOOKED_AT)))


def rows_of(file: TextIO, dialect: Dialect) -> Iterator[Row]:
    """Yield the rows of an open file, including those that cannot be read, with their fault.

    Raises:
        OSError: the rest of the file cannot be read.
    """
    lines = _Lines(file)
    for _ in islice(lines, dialect.skipped):
        pass
    rows = _rows(lines, len(dialect.header or dialect.first), dialect.separator)
    yield from islice(rows, 1 if dialect.header else 0, None)


def _rows(lines: _Lines, width: int, separator: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        lines.taken = []
        try:
            cells = next(reader, None)
            fault = "" if cells is None else _fault(cells, lines.taken, width, separator)
        except csv.Error as exc:
            cells, fault = [], FAULTS.get(str(exc), str(exc))
        if cells is None:
            return
        if fault and lines.taken:
            lines.put_back(lines.taken[1:])
            reader = csv.reader(lines, delimiter=separator, strict=True)
        if cells or fault:
            yield Row(lines.taken[0][0], cells, fault)


def _fault(cells: Sequence[str], taken: Sequence[tuple[int, str]], width: int, separator: str) -> str:
    """Return why a row cannot be read."""
    _, first = taken[0]
    if len(first) >= MOST_LETTERS:
        return f"the line has more than {MOST_LETTERS:,} characters"
    if any(_looks_like_a_row(text, width, separator) for _, text in taken[1:]):
        return "a quote is not closed"
    if cells and len(cells) != width:
        return f"it has {len(cells)} cells, the header has {width}"
    return ""


def _looks_like_a_row(text: str, width: int, separator: str) -> bool:
    return len(next(csv.reader([text.replace('"', "")], delimiter=separator), [])) >= width
