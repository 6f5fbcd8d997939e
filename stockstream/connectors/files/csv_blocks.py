"""Rows of a text file in blocks, parsed by Arrow; a block with anything unusual is read row by row.

A block is usual if each of its lines is a row with a cell for each column: no quote spans lines or stands
within a cell, no byte is invalid, and lines end alike.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TextIO

import numpy as np
import pyarrow as pa
from pyarrow import csv

from stockstream.connectors.files.block import Block, Row
from stockstream.connectors.files.csv_rows import MOST_LETTERS, Lines, rows_from
from stockstream.connectors.files.dialect import LONGEST, Dialect


def blocks_of(file: TextIO, dialect: Dialect, wanted: Sequence[int], size: int) -> Iterator[Block]:
    """Yield the rows of an open file, in blocks.

    Args:
        file: the file, at its beginning.
        dialect: how it is written.
        wanted: the indices of the columns that are used.
        size: the length of a block in characters.

    Raises:
        OSError: the rest of the file cannot be read.
    """
    lines = Lines(file)
    for _ in range(dialect.skipped + bool(dialect.header)):
        next(lines, None)
        lines.taken = []
    rows = rows_from(lines, dialect)
    while text := file.read(size):
        text += file.readline(MOST_LETTERS)
        if (columns := _columns(text, dialect, wanted)) is None:
            lines.feed(text)
            found = []
            while lines.is_fed and (row := next(rows, None)):
                found.append(row)
            yield Block.of(found)
            continue
        number = len(columns[wanted[0]])
        first = lines.number + 1
        lines.number += number
        yield Block(
            np.arange(first, first + number),
            columns,
            partial(_rows, text, dialect, first),
            partial(_row, columns, len(dialect.header or dialect.first), first),
        )


def _columns(text: str, dialect: Dialect, wanted: Sequence[int]) -> Mapping[int, pa.Array] | None:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return None
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    has_odd_ends = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
    has_long_line = np.diff(ends, prepend=-1, append=len(data)).max() > LONGEST
    if b"\0" in data or has_odd_ends or has_long_line or not _is_quoted_simply(data, dialect):
        return None
    names = [str(at) for at in range(len(dialect.header or dialect.first))]
    used = [names[at] for at in wanted]
    try:
        table = csv.read_csv(
            io.BytesIO(data),
            csv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
            csv.ParseOptions(delimiter=dialect.separator, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=dict.fromkeys(used, pa.string()), include_columns=used),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != len(ends) + (not data.endswith(b"\n")):
        return None
    return {at: table.column(name).combine_chunks() for at, name in zip(wanted, used, strict=True)}


def _is_quoted_simply(data: bytes, dialect: Dialect) -> bool:
    """Return whether each quote begins or ends a cell."""
    if b'"' not in data:
        return True
    quotes = data.count(b'"')
    separator = dialect.separator.encode()
    begins = data.count(separator + b'"') + data.count(b'\n"') + data.startswith(b'"')
    ends = data.count(b'"' + separator) + data.count(b'"\n') + data.count(b'"\r') + data.endswith(b'"')
    return begins == ends and begins + ends == quotes


def _rows(text: str, dialect: Dialect, first: int) -> Iterator[Row]:
    lines = Lines(io.StringIO(text, newline=""))
    lines.number = first - 1
    return rows_from(lines, dialect)


def _row(columns: Mapping[int, pa.Array], width: int, first: int, at: int) -> Row:
    return Row(
        first + at, [columns[number][at].as_py() if number in columns else "" for number in range(width)]
    )
