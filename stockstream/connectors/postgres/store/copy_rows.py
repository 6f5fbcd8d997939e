"""Encoding of trades for PostgreSQL's binary COPY, from Arrow columns in one compiled pass.

The format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT. A number is
what `numeric_send` sends: how many digits of base 10,000, the weight of the first, the sign, the decimals
to show, then the digits.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stockstream.connectors.postgres.trade_columns import NAMES
from stockstream.fault_injection import reached
from stockstream.market.compiled import compiled
from stockstream.market.trade.columns import units
from stockstream.market.trade.schema import AMOUNTS, TEXTS, TIMES

CHUNK_ROWS = 2_000

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_UNITS = 10**8  # of an amount; two digits of base 10,000 after the point
_BASE = 10_000
_SINCE_2000 = 946_684_800_000_000
# Of a row without its texts: the number of columns, their lengths, times and offset, partition, and amounts
# of at most seven digits of base 10,000.
_FIXED_BYTES = 2 + 4 * len(NAMES) + 8 * (len(TIMES) + 1) + 4 + (8 + 2 * 7) * len(AMOUNTS)

Bytes = NDArray[np.uint8]
Number = TypeVar("Number", np.int32, np.int64)
Element = TypeVar("Element", bound=np.generic)


class Rows:
    """Rows of a COPY, encoded before they are stored."""

    def __init__(self, trades: pa.Table) -> None:
        """Encode the rows of `trades`, in the schema of `arrivals`."""
        trades = trades.combine_chunks()
        self._chunks = [
            _encoded(trades.slice(first, CHUNK_ROWS).combine_chunks())
            for first in range(0, trades.num_rows, CHUNK_ROWS)
        ]

    def file(self) -> "RowFile":
        """Return the rows as a file to be read from its beginning."""
        return RowFile(self._read())

    def _read(self) -> Iterator[bytes]:
        reached("after the fence")
        yield _HEADER
        for chunk in self._chunks:
            yield chunk
            reached("inside COPY")
        yield _TRAILER


class RowFile:
    """A file for `copy_expert`."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, _size: int = -1) -> bytes:
        """Return the next rows, however many bytes they have; nothing at the end."""
        return next(self._chunks, b"")

    def readline(self, _size: int = -1) -> bytes:
        """Return the same as `read`: the driver's type requires both."""
        return self.read()


class _Texts(NamedTuple):
    """A column of text: the bounds of each value, shape (n + 1,), the bytes, and which are not null."""

    bounds: NDArray[np.int32]
    text: Bytes
    there: NDArray[np.bool_]


class _Amounts(NamedTuple):
    """A column of amounts: the part before the point, and the part after it in units of 10^-8."""

    wholes: NDArray[np.int64]
    fractions: NDArray[np.int64]


class _Columns(NamedTuple):
    """The columns of rows, in the order they are sent; times are microseconds since 2000."""

    texts: tuple[_Texts, ...]
    amounts: tuple[_Amounts, ...]
    longs: tuple[NDArray[np.int64], ...]
    partitions: NDArray[np.int32]


def _encoded(trades: pa.Table) -> bytes:
    columns = _Columns(
        tuple(_texts(trades[name]) for name in TEXTS),
        tuple(_amounts(trades[name]) for name in AMOUNTS),
        (*(_since_2000(trades[name]) for name in TIMES), _numbers(trades["kafka_offset"], np.int64)),
        _numbers(trades["kafka_partition"], np.int32),
    )
    length = sum(len(column.text) for column in columns.texts)
    rows = np.empty(trades.num_rows * _FIXED_BYTES + length, np.uint8)
    return rows[: _write(rows, columns)].tobytes()


def _texts(column: pa.ChunkedArray) -> _Texts:
    array = column.chunk(0)
    _, offsets, text = array.buffers()
    bounds = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    return _Texts(_fixed(bounds), _fixed(np.frombuffer(text or b"", np.uint8)), _fixed(_there(array)))


def _there(array: pa.Array) -> NDArray[np.bool_]:
    """Return which values are not null."""
    bits = array.buffers()[0]
    if bits is None:
        return np.ones(len(array), np.bool_)
    every = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return every[array.offset : array.offset + len(array)].astype(np.bool_)


def _numbers(column: pa.ChunkedArray, kind: type[Number]) -> NDArray[Number]:
    """Return a column without nulls as an array of its underlying numbers."""
    array = column.chunk(0)
    return _fixed(np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)])


def _since_2000(times: pa.ChunkedArray) -> NDArray[np.int64]:
    return _fixed(_numbers(times, np.int64) - _SINCE_2000)


def _fixed(array: NDArray[Element]) -> NDArray[Element]:
    """Make an array read-only: compiled code treats writable and read-only arrays as two types."""
    array.flags.writeable = False
    return array


def _amounts(column: pa.ChunkedArray) -> _Amounts:
    low, fit = units(column)
    if fit.all():
        return _Amounts(low // _UNITS, low % _UNITS)
    # More than 63 bits of units: rare, and exact in Python's own integers.
    exact = [int(amount.scaleb(8)) for amount in column.to_pylist()]
    return _Amounts(np.array([each // _UNITS for each in exact]), np.array([each % _UNITS for each in exact]))


@compiled
def _write(rows: Bytes, columns: _Columns) -> int:
    """Write the rows and return where they end."""
    at, count = 0, len(NAMES)
    for row in range(len(columns.partitions)):
        at = _put(rows, at, count, 2)
        for texts in columns.texts:
            at = _put_text(rows, at, texts, row)
        for amounts in columns.amounts:
            at = _put_number(rows, at, amounts, row)
        for longs in columns.longs:
            at = _put_field(rows, at, longs[row], 8)
        at = _put_field(rows, at, columns.partitions[row], 4)
    return at


@compiled
def _put(rows: Bytes, at: int, number: int, width: int) -> int:
    """Write a number in `width` bytes, most significant first, and return the position after it."""
    for step in range(width):
        rows[at + step] = (number >> (8 * (width - 1 - step))) & 0xFF
    return at + width


@compiled
def _put_field(rows: Bytes, at: int, number: int, width: int) -> int:
    return _put(rows, _put(rows, at, width, 4), number, width)


@compiled
def _put_text(rows: Bytes, at: int, texts: _Texts, row: int) -> int:
    if not texts.there[row]:
        return _put(rows, at, -1, 4)
    begin, length = texts.bounds[row], texts.bounds[row + 1] - texts.bounds[row]
    at = _put(rows, at, length, 4)
    for step in range(length):
        rows[at + step] = texts.text[begin + step]
    return at + int(length)


@compiled
def _put_number(rows: Bytes, at: int, amounts: _Amounts, row: int) -> int:
    """Write a positive decimal without leading or trailing zero digits."""
    whole, fraction = amounts.wholes[row], amounts.fractions[row]
    count, divisor = (1 if whole else 0), 1
    while whole // divisor >= _BASE:
        count += 1
        divisor *= _BASE
    weight, first = count - 1, at + 4 + 8
    for digit in range(count):
        _put(rows, first + 2 * digit, whole // divisor % _BASE, 2)
        divisor //= _BASE
    for digit in (fraction // _BASE, fraction % _BASE):
        _put(rows, first + 2 * count, digit, 2)
        count += 1 if fraction else 0
    if fraction and fraction % _BASE == 0:
        count -= 1
    at = _put(rows, at, 8 + 2 * count, 4)
    at = _put(rows, _put(rows, _put(rows, at, count, 2), weight, 2), 0, 2)
    return _put(rows, at, _decimals(fraction), 2) + 2 * count


@compiled
def _decimals(fraction: int) -> int:
    """Return how many decimals a fraction in units of 10^-8 has, without trailing zeros."""
    decimals = 8 if fraction else 0
    while fraction and fraction % 10 == 0:
        fraction //= 10
        decimals -= 1
    return decimals
