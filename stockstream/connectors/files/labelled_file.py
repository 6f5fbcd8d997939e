"""A file of messages, one per line as in the topic, read with their labels: for evaluation only."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from stockstream.errors import BadTradeError, UsageError
from stockstream.market.anomalies.features.market_context import market_context_of
from stockstream.market.anomalies.features.trade_window import of_trades
from stockstream.market.evaluation.labelled import SINGLE, Labelled, events_of
from stockstream.market.trade.codec import decode
from stockstream.market.trade.labels import read_label
from stockstream.market.trade.schema import Trade


def read(path: Path) -> dict[str, Labelled]:
    """Return each symbol's labelled tape, in order of time.

    Raises:
        UsageError: the file cannot be read, or a line is not a trade; names the line.
    """
    trades: dict[str, list[Trade]] = defaultdict(list)
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                trade = _trade(line, path, number)
                trades[trade.symbol].append(trade)
    except OSError as exc:
        raise UsageError(what=f"{path} cannot be read ({exc.strerror})") from exc
    tapes = {symbol: _labelled(symbol, own) for symbol, own in sorted(trades.items())}
    market = market_context_of(tape.window for tape in tapes.values())
    return {name: replace(tape, window=market.around(tape.window)) for name, tape in tapes.items()}


def _trade(line: bytes, path: Path, number: int) -> Trade:
    try:
        return decode(line.strip())
    except BadTradeError as exc:
        raise UsageError(what=f"{path}, line {number}: {exc}") from exc


def _labelled(symbol: str, trades: list[Trade]) -> Labelled:
    ordered = sorted(trades, key=lambda trade: trade.timestamp)
    labels = [read_label(trade.anomaly) if trade.anomaly else None for trade in ordered]
    kinds = ["", *sorted({label.kind for label in labels if label})]
    kind = np.array([kinds.index(label.kind) if label else 0 for label in labels], np.int64)
    # Labels without an episode name form one episode for as long as their kind continues.
    running = events_of(kind, np.array([each in SINGLE for each in kinds]))
    names = [
        (label.episode or str(number)) if label else "" for label, number in zip(labels, running, strict=True)
    ]
    _, first, event = np.unique(np.array(["", *names]), return_index=True, return_inverse=True)
    of_event = np.concatenate([[""], np.array(kinds, np.object_)[kind[first[1:] - 1]]])
    return Labelled(of_trades(symbol, ordered), event[1:], of_event, np.full(len(of_event), np.nan))
