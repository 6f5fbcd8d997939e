"""Trades as a table, grouped by symbol, as the detectors read them."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from stockstream.market.anomalies.features.trade_window import Floats, Ints, Texts, TradeWindow
from stockstream.market.trade.columns import micros, sides, units

# Above this, a float does not hold every whole number.
_EXACT = 1 << 53
# Few amounts have more than eight decimals.
_FEWER = 10_000


def by_symbol(trades: pa.Table) -> Iterator[tuple[TradeWindow, Ints]]:
    """Yield the window of each symbol, in row order, and the indices of its rows.

    Args:
        trades: rows of `columns.SCHEMA`, possibly with further columns.
    """
    symbols = trades["symbol"].combine_chunks().dictionary_encode()
    codes = symbols.indices.to_numpy()
    whole = _window(trades)
    order = np.argsort(codes, kind="stable")
    bounds = np.flatnonzero(np.diff(codes[order])) + 1
    for rows in np.split(order, bounds) if len(order) else []:
        yield whole.of(symbols.dictionary[codes[rows[0]]].as_py(), rows), rows


def floats(amounts: pa.ChunkedArray) -> Floats:
    """Return exact decimals as the nearest floats.

    >>> from decimal import Decimal
    >>> from stockstream.market.trade.columns import AMOUNT
    >>> exact = pa.array([Decimal("0.1"), Decimal("98765432109.87654321")], AMOUNT)
    >>> floats(pa.chunked_array([exact])).tolist()
    [0.1, 98765432109.87654]
    """
    low, high = units(amounts).T
    found: Floats = low // _FEWER / 1e8
    is_near = (low % _FEWER == 0) & (np.abs(low // _FEWER) < _EXACT) & (high == low >> 63)
    for row in np.flatnonzero(~is_near).tolist():
        found[row] = float(amounts[row].as_py())
    return found


def _window(trades: pa.Table) -> TradeWindow:
    count = len(trades)
    return TradeWindow(
        "",
        micros(trades),
        floats(trades["price"]),
        floats(trades["volume"]),
        sides(trades["trade_type"]),
        np.array(trades["trade_id"].to_pylist(), np.object_),
        _texts(trades["source"]),
        np.zeros(count, np.int64),
        np.ones(count),
    )


def _texts(column: pa.ChunkedArray) -> Texts:
    """Return texts with few distinct values: equal ones share one object."""
    encoded = column.combine_chunks().dictionary_encode()
    words: Texts = np.array(encoded.dictionary.to_pylist(), np.object_)
    return words[encoded.indices.to_numpy()] if len(words) else words
