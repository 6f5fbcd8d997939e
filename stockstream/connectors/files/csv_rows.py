"""Rows of a text file, read strictly and bounded, so that a broken one does not affect others.

A quote that is never closed makes a reader take everything after it for one cell. A row that spans lines is
therefore accepted only if it ends soon and none of these lines looks like a row of its own; otherwise its
first line is a row that cannot be read, and the next line begins another.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TextIO

from stockstream.connectors.files.block import Row
from stockstream.connectors.files.dialect import LOOKED_AT, Dialect, dialect_of

MOST_LETTERS = 1 << 20  # per line; a message has at most 64 KiB
MOST_LINES = 100  # per row
FAULTS = {"unexpected end of data": "a quote is not closed"}


class Lines:
    """The lines of a file that the reader takes for one row; they can be put back.

    Attributes:
        number: how many lines were read, or skipped.
    """

    def __init__(self, file: TextIO) -> None:
        """Start at the current position of a file."""
        self._file = file
        self._text, self._left = io.StringIO(), 0
        self._back: deque[tuple[int, str]] = deque()
        self.number = 0
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

    def feed(self, text: str) -> None:
        """Read this text, which was read from the file, before the rest of the file."""
        self._text, self._left = io.StringIO(text, newline=""), len(text)

    @property
    def is_fed(self) -> bool:
        """Whether lines that were fed or put back are left."""
        return bool(self._back) or self._left > 0

    def put_back(self, lines: Sequence[tuple[int, str]]) -> None:
        """Read these lines again."""
        self._back.extendleft(reversed(lines))

    def _read(self) -> tuple[int, str]:
        self.number += 1
        text = self._line(MOST_LETTERS)
        if len(text) == MOST_LETTERS and not _ends(text):
            while (rest := self._line(MOST_LETTERS)) and not _ends(rest):
                pass
        return self.number, text

    def _line(self, most: int) -> str:
        text = self._text.readline(most)
        self._left -= len(text)
        return text if _ends(text) or len(text) == most else text + self._file.readline(most - len(text))


def _ends(line: str) -> bool:
    return line.endswith(("\n", "\r"))


def read_dialect(file: TextIO) -> Dialect:
    """Return how an open file is written; it is read from its beginning.

    Raises:
        OSError, ValueError: its beginning cannot be read, or it is empty.
    """
    return dialect_of(list(islice(Lines(file), LOOKED_AT)))


def rows_from(lines: Lines, dialect: Dialect) -> Iterator[Row]:
    """Yield the rows from the next line on, also those that cannot be read, with their fault.

    Raises:
        OSError: the rest of the file cannot be read.
    """
    width, separator = len(dialect.header or dialect.first), dialect.separator
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
