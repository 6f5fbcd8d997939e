"""Many messages at once: what is plainly a trade, as Arrow columns.

`trade.decode` is the contract, message by message. This is its fast half: `scanner` finds the messages
that are spelled plainly, all others are left to `decode`, and both together give the same answer.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stockstream.market.trade import scanner
from stockstream.market.trade.codec import DEFAULT_SOURCE

AMOUNT = pa.decimal128(26, 8)
TIME = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("trade_id", pa.string()),
        ("timestamp", TIME),
        ("symbol", pa.string()),
        ("price", AMOUNT),
        ("volume", AMOUNT),
        ("trade_type", pa.string()),
        ("source", pa.string()),
        ("anomaly", pa.string()),
    ]
)
_NO_SOURCE = DEFAULT_SOURCE.encode()


def read(values: Sequence[bytes | None]) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Return a row in `SCHEMA` for each message that is plainly a trade, and which those are."""
    messages = [value or b"" for value in values]
    text = np.frombuffer(b"".join([*messages, _NO_SOURCE]), np.uint8)
    found = scanner.scan(text, np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages))))
    if not (plain := found.plain).all():
        found = scanner.Found(plain[plain], found.positions[plain], found.times[plain], found.amounts[plain])
    return _table(text, found), plain


def column(kind: pa.DataType, values: NDArray[np.generic]) -> pa.Array:
    """Return values that are laid out as Arrow's are as a column without nulls.

    The usual way, `pa.array`, would load all of pandas to see whether these are its own.
    """
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def _table(text: scanner.Bytes, found: scanner.Found) -> pa.Table:
    positions = found.positions
    sourceless = positions[:, scanner.SOURCE, 1] == 0
    positions[sourceless, scanner.SOURCE] = (len(text) - len(_NO_SOURCE), len(text))
    columns = {
        "timestamp": column(TIME, found.times),
        "price": _amounts(found.amounts[:, 0]),
        "volume": _amounts(found.amounts[:, 1]),
    } | {
        name.decode(): _texts(text, positions[:, number])
        for number, name in enumerate(scanner.NAMES[: scanner.PLACES])
    }
    return pa.table([columns[name] for name in SCHEMA.names], SCHEMA)


def _texts(text: scanner.Bytes, positions: NDArray[np.int64]) -> pa.Array:
    """Return what stands at these places; null where a place is empty."""
    offsets, gathered = scanner.gather(text, positions)
    there = positions[:, 1] > 0
    valid = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(
        pa.string(), len(positions), [valid, pa.py_buffer(offsets), pa.py_buffer(gathered)]
    )


def _amounts(units: NDArray[np.int64]) -> pa.Array:
    """Return decimals of so many units of 10^-8: 128 bits each, of which the low half is enough."""
    words = np.zeros((len(units), 2), np.int64)
    words[:, 0] = units
    return column(AMOUNT, words)
