"""Encoding of trades for PostgreSQL's binary COPY, from Arrow columns in one compiled pass.

The format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT. A number is
what `numeric_send` sends: how many digits of base 10,000, the weight of the first, the sign, the decimals
to show, then the digits. An amount has three of them after the point.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stockstream.connectors.postgres.trade_columns import NAMES
from stockstream.fault_injection import reached
from stockstream.market.compiled import compiled
from stockstream.market.trade.columns import bits, flags, units
from stockstream.market.trade.schema import AMOUNTS, FLAGS, MAX_DECIMALS, TEXTS, TIMES

CHUNK_ROWS = 2_000

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_UNITS = 10**12  # of an amount
_BASE, _PAIR = 10**4, 10**8
_FOUR = 10**16  # more than four digits of base 10,000 hold
_NEGATIVE = 0x4000
_SINCE_2000 = 946_684_800_000_000
# Of a row without its texts: the number of columns, their lengths, times and offset, partition, and amounts
# of at most eight digits of base 10,000.
_FIXED_BYTES = 2 + 4 * len(NAMES) + 8 * (len(TIMES) + 1) + 4 + (8 + 2 * 8) * len(AMOUNTS) + len(FLAGS)

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


class _Columns(NamedTuple):
    """The columns of rows, as they are sent: times in microseconds since 2000, amounts in units."""

    texts: tuple[_Texts, ...]
    amounts: tuple[NDArray[np.int64], ...]
    flags: tuple[NDArray[np.bool_], ...]
    longs: tuple[NDArray[np.int64], ...]
    partitions: NDArray[np.int32]


def _encoded(trades: pa.Table) -> bytes:
    columns = _Columns(
        tuple(_texts(trades[name]) for name in TEXTS),
        tuple(_fixed(units(trades[name])) for name in AMOUNTS),
        tuple(_fixed(flags(trades[name])) for name in FLAGS),
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
    valid = array.buffers()[0]
    return np.ones(len(array), np.bool_) if valid is None else bits(array, valid)


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


@compiled
def _write(rows: Bytes, columns: _Columns) -> int:
    """Write the rows and return where they end."""
    at, count = 0, len(NAMES)
    for row in range(len(columns.partitions)):
        at = _put(rows, at, count, 2)
        for texts in columns.texts:
            at = _put_text(rows, at, texts, row)
        for amounts in columns.amounts:
            at = _put_number(rows, at, amounts[row, 0], amounts[row, 1])
        for truths in columns.flags:
            at = _put_field(rows, at, int(truths[row]), 1)
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
def _put_number(rows: Bytes, at: int, low: int, high: int) -> int:
    """Write an amount in units, without leading zero digits and without trailing zeros after the point."""
    is_negative = high < 0
    if is_negative:
        low, high = -low, ~high + (low == 0)
    upper, lower = _split(low, high)
    fraction = lower % _UNITS
    first = at + 4 + 8
    end = first
    if upper:
        for power in (_UNITS, _PAIR, _BASE, 1):
            end = _put_digit(rows, first, end, upper // power % _BASE)
    end = _put_digit(rows, first, end, lower // _UNITS)
    weight, used = (end - first) // 2 - 1, end
    for power in (_PAIR, _BASE, 1):
        digit = fraction // power % _BASE
        end = _put_digit(rows, first, end, digit)
        weight -= end == first
        used = end if digit else used
    at = _put(rows, at, 8 + used - first, 4)
    at = _put(rows, _put(rows, at, (used - first) // 2, 2), weight, 2)
    _put(rows, _put(rows, at, _NEGATIVE if is_negative else 0, 2), _decimals(fraction), 2)
    return int(used)


@compiled
def _put_digit(rows: Bytes, first: int, end: int, digit: int) -> int:
    """Write a digit of base 10,000 unless it is a leading zero, and return where the digits end."""
    return _put(rows, end, digit, 2) if digit or end > first else end


@compiled
def _split(low: int, high: int) -> tuple[int, int]:
    """Divide a number of 128 bits by 10^16; return the quotient and the remainder."""
    if high == 0 and low >= 0:
        return low // _FOUR, low % _FOUR
    low, high, remainder = _divided(low, high)
    low, _, upper = _divided(low, high)
    return low, upper * _PAIR + remainder


@compiled
def _divided(low: int, high: int) -> tuple[int, int, int]:
    """Divide a number of 128 bits by 10^8, 32 bits at a time; return the quotient's halves and the rest."""
    mask, rest = 0xFFFF_FFFF, high >> 32 & 0xFFFF_FFFF
    first, rest = rest // _PAIR, rest % _PAIR
    rest = rest << 32 | high & mask
    second, rest = rest // _PAIR, rest % _PAIR
    rest = rest << 32 | low >> 32 & mask
    third, rest = rest // _PAIR, rest % _PAIR
    rest = rest << 32 | low & mask
    return third << 32 | rest // _PAIR, first << 32 | second, rest % _PAIR


@compiled
def _decimals(fraction: int) -> int:
    """Return how many decimals a fraction in units has, without trailing zeros."""
    decimals = MAX_DECIMALS if fraction else 0
    while fraction and fraction % 10 == 0:
        fraction //= 10
        decimals -= 1
    return decimals
