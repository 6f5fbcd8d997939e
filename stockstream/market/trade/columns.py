"""Many messages at once: those in plain form, as Arrow columns.

`trade.decode` is the contract, message by message. This is its fast half: `scanner` finds the messages in
plain form, all others are left to `decode`, and both together give the same result.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stockstream.market.trade import scanner, schema

AMOUNT = pa.decimal128(schema.MAX_DIGITS + schema.MAX_DECIMALS, schema.MAX_DECIMALS)
TIME = pa.timestamp("us", "UTC")
_TYPES = {schema.TIME: TIME, schema.PRICE: AMOUNT, schema.VOLUME: AMOUNT, schema.FLAG: pa.bool_()}
SCHEMA = pa.schema([(field.name, _TYPES.get(field.kind, pa.string())) for field in schema.FIELDS])
# The value of a column whose field is missing in a message, and the bounds of each in all of them together.
_DEFAULTS = {field.name: field.default for field in schema.FIELDS if isinstance(field.default, str)}
_DEFAULT_TEXT = "".join(_DEFAULTS.values()).encode()
_BOUNDS = pairwise(accumulate(map(len, _DEFAULTS.values()), initial=0))
_DEFAULT_BOUNDS = dict(zip(_DEFAULTS, _BOUNDS, strict=True))


def read(values: Sequence[bytes | None], fields: pa.Schema = SCHEMA) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Return a row for each plain message, and which messages are plain.

    Args:
        values: the messages.
        fields: the columns of a row, those of `SCHEMA` or some of them.
    """
    messages = [value or b"" for value in values]
    text = np.frombuffer(b"".join([*messages, _DEFAULT_TEXT]), np.uint8)
    found = scanner.scan(text, np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages))))
    if not (plain := found.plain).all():
        found = scanner.Found._make(each[plain] for each in found)
    return pa.table([_column(text, found, name) for name in fields.names], fields), plain


def micros(trades: pa.Table) -> NDArray[np.int64]:
    """Return the event times of trades in microseconds since 1970."""
    times: NDArray[np.int64] = trades["timestamp"].combine_chunks().view(pa.int64()).to_numpy()
    return times


def units(amounts: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return amounts in units of 10^-12, as the low and the high half of 128 bits, shape (n, 2)."""
    column = amounts.combine_chunks()
    words: NDArray[np.int64] = np.frombuffer(column.buffers()[1] or b"", np.int64).reshape(-1, 2)
    return words[column.offset :][: len(column)]


def flags(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return truth values; null counts as false."""
    array = column.combine_chunks()
    valid, truths = (bits(array, buffer) for buffer in array.buffers())
    return truths if array.null_count == 0 else truths & valid


def sides(column: pa.ChunkedArray) -> NDArray[np.int8]:
    """Return the sides of takers as the numbers BUY, SELL and UNKNOWN of `schema`."""
    bought, sold = (flags(pc.equal(column, side)) for side in ("BUY", "SELL"))
    return bought.astype(np.int8) - sold.astype(np.int8)


def bits(array: pa.Array, buffer: pa.Buffer | None) -> NDArray[np.bool_]:
    """Return one of an array's bitmaps, such as that of its valid values."""
    every = np.unpackbits(np.frombuffer(buffer or b"", np.uint8), bitorder="little")
    return every[array.offset : array.offset + len(array)].astype(np.bool_)


def column(kind: pa.DataType, values: NDArray[np.generic]) -> pa.Array:
    """Return values with Arrow's memory layout as a column without nulls.

    The usual way, `pa.array`, would load all of pandas to check whether the values belong to it.
    """
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def _column(text: scanner.Bytes, found: scanner.Found, name: str) -> pa.Array:
    if name in schema.TIMES:
        return column(TIME, found.times[:, schema.TIMES.index(name)])
    if name in schema.AMOUNTS:
        return column(AMOUNT, found.amounts[:, schema.AMOUNTS.index(name)])
    if name in schema.FLAGS:
        bits = np.packbits(found.flags[:, schema.FLAGS.index(name)], bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), len(found.flags), [None, pa.py_buffer(bits)])
    positions = np.ascontiguousarray(found.positions[:, schema.TEXTS.index(name)])
    if name in _DEFAULTS:
        begin = len(text) - len(_DEFAULT_TEXT)
        positions[positions[:, 1] == 0] = begin + np.array(_DEFAULT_BOUNDS[name])
    return _texts(text, positions)


def _texts(text: scanner.Bytes, positions: NDArray[np.int64]) -> pa.Array:
    """Return the texts at these positions; null if one is empty."""
    offsets, gathered = scanner.gather(text, positions)
    there = positions[:, 1] > 0
    valid = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(
        pa.string(), len(positions), [valid, pa.py_buffer(offsets), pa.py_buffer(gathered)]
    )
