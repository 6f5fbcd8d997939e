"""Trade windows of a simulated, labelled tape for the tests of the detector."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from stockstream.market.anomalies.features.trade_window import TradeWindow
from stockstream.market.simulator import Injection, Market, Tape, listed

RATE = 50.0


@cache
def labelled(
    symbol: str, trades: int, seed: int, share: float = 0.01
) -> tuple[TradeWindow, NDArray[np.object_]]:
    """Return a symbol's first `trades` trades in a market of ten symbols, and the label of each or None."""
    market = Market(np.random.default_rng(seed), listed(10), RATE, Injection(share=share))
    parts: list[tuple[TradeWindow, NDArray[np.object_]]] = []
    while sum(len(part) for part, _ in parts) < trades:
        parts.append(_of(market.next_block(), symbol, len(parts)))
    window = parts[0][0]
    for part, _ in parts[1:]:
        window = window.then(part)
    return window[:trades], np.concatenate([labels for _, labels in parts])[:trades]


def quiet(trades: int, seed: int = 7) -> TradeWindow:
    """Return a window without injected anomalies."""
    return labelled("AAPL", trades, seed, 0.0)[0]


def _of(tape: Tape, symbol: str, block: int) -> tuple[TradeWindow, NDArray[np.object_]]:
    rows = np.flatnonzero(tape.symbol == tape.symbols.index(symbol))
    names = np.array([f"{block}-{row}" for row in rows], np.object_)
    window = TradeWindow(
        symbol,
        (tape.at[rows] * 1e6).astype(np.int64),
        tape.cents[rows] / 100,
        tape.volume[rows].astype(np.float64),
        np.where(tape.buy[rows], 1, -1).astype(np.int8),
        names,
        np.full(len(rows), "synthetic", np.object_),
        block * len(tape) + rows + 1,
        np.ones(len(rows)),
    )
    return window, np.array(tape.kinds, np.object_)[tape.label[rows]]
