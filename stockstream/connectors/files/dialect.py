"""How a file of text is written: its separator, the lines before its rows, and the names of its columns."""

import csv
import re
from collections.abc import Sequence
from typing import NamedTuple

SEPARATORS = ",;\t|"
LOOKED_AT = 50  # lines
LONGEST = 1 << 16  # letters; a longer line is a broken row
# What a name of a column is not: a number, or something that begins with a date or a time of day.
_VALUE = re.compile(r"[+-]?(\d[\d.,_]*|\.\d+)([eE][+-]?\d+)?|\d{1,4}[-/.:]\d{1,2}[-/.:].*")

_POINT, _COMMA = (re.compile(rf"[+-]?\d*{mark}\d+") for mark in (r"\.", ","))


class Dialect(NamedTuple):
    """How a file is written.

    Attributes:
        separator: what separates the cells of a row.
        skipped: how many lines come before the header, or before the first row if there is none.
        header: the names of the columns; empty if the file has none.
        first: the cells of the first row.
        decimal_comma: whether a comma is a decimal point.
    """

    separator: str
    skipped: int
    header: list[str]
    first: list[str]
    decimal_comma: bool = False


def dialect_of(lines: Sequence[str]) -> Dialect:
    """Return how a file is written, from its first lines.

    >>> dialect_of(["https://www.example.com", "unix;price", "1709280000;1,5"])[:-1]
    (';', 1, ['unix', 'price'], ['1709280000', '1,5'])
    >>> [dialect_of(["a;b", row]).decimal_comma for row in ("1;1,5", "1.5;1,200")]
    [True, False]
    >>> dialect_of(["1709280000.1,BTC-USD,buy,61000.5,0.25"]).header
    []

    Raises:
        ValueError: there is no line.
    """
    begin = next((at for at, line in enumerate(lines) if _may_be_row(line)), None)
    if begin is None:
        message = "it is empty"
        raise ValueError(message)
    # A title is a line of its own: it has fewer cells than what follows it.
    separator = _separator(lines[begin:])
    widths = [len(_cells(line, separator)) for line in lines[begin:] if _may_be_row(line)]
    if len(widths) > 1 and widths[0] < widths[1] and widths[0] == 1:
        following = lines[begin + 1 :]
        begin += 1 + next(at for at, line in enumerate(following) if _may_be_row(line))
    rows = [_cells(line, separator) for line in lines[begin:] if _may_be_row(line)]
    cells = {cell.strip() for row in rows for cell in row}
    # Where numbers have points, a comma only groups digits.
    has_points = any(_POINT.fullmatch(cell) for cell in cells)
    decimal_comma = separator != "," and not has_points and any(_COMMA.fullmatch(cell) for cell in cells)
    if any(_VALUE.fullmatch(cell.strip()) for cell in rows[0]):
        return Dialect(separator, begin, [], rows[0], decimal_comma)
    return Dialect(separator, begin, rows[0], rows[1] if len(rows) > 1 else [], decimal_comma)


def _may_be_row(line: str) -> bool:
    return len(line) <= LONGEST and bool(line.strip()) and not line.lstrip().startswith("#")


def _separator(lines: Sequence[str]) -> str:
    """Return what most lines have the same number of, and most of it."""
    rows = [line for line in lines if _may_be_row(line)]
    widths = {each: [len(_cells(line, each)) for line in rows] for each in SEPARATORS}

    def likely(separator: str) -> tuple[int, int]:
        usual = max(set(widths[separator]), key=widths[separator].count)
        return (widths[separator].count(usual) if usual > 1 else 0), usual

    return max(SEPARATORS, key=likely)


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")], delimiter=separator), [])
