"""The minutes that stored trades touch, noted in the same transaction, to be reconciled."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from stockstream.market.candles.frame import MINUTE
from stockstream.market.trade.columns import micros

# Symbols and minutes since 1970, as the statement `insert_touched_minutes` takes them.
Touched = Mapping[str, Sequence[object]]


def touched(trades: pa.Table) -> Touched:
    """Return the distinct pairs of symbol and minute of trades in the schema of `arrivals`."""
    symbols = trades["symbol"].combine_chunks().dictionary_encode()
    minutes = micros(trades) // MINUTE
    pairs = np.unique(symbols.indices.to_numpy().astype(np.int64) << 32 | minutes)
    names = symbols.dictionary.to_pylist()
    return {
        "symbols": [names[pair >> 32] for pair in pairs.tolist()],
        "minutes": (pairs & 0xFFFF_FFFF).tolist(),
    }
