"""Trades of a file that are sent together, as columns: lines, times, and the parts of messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stockstream.connectors.kafka.sink import Messages
from stockstream.market.files.times import EPOCH, MICRO
from stockstream.market.files.trade_columns import TradeColumns, stamps
from stockstream.market.trade.codec import encode
from stockstream.market.trade.schema import Trade

Ints = NDArray[np.int64]

_ID, _TIME, _SYMBOL, _PRICE = '{"trade_id":"', '","timestamp":"', '","symbol":"', '","price":'


@dataclass(frozen=True)
class Portion:
    """Trades in the order of the file, and the bad rows between them.

    Attributes:
        trades: a row per trade: `line`; `at`, microseconds since 1970; `id` and `symbol`; and `rest`, what
            comes after the symbol in its message.
        bad: the lines of the rows that are not trades, and why.
    """

    trades: pa.RecordBatch
    bad: Sequence[tuple[int, str]] = field(default=())

    @classmethod
    def of_columns(cls, trades: TradeColumns, lines: Ints, ids: pa.Array) -> "Portion":
        """Return trades that were read by column, with their ids on the tape."""
        rest = pc.binary_join_element_wise(
            _PRICE, trades.prices, ',"volume":', trades.volumes, trades.tails, ""
        )
        return cls(_batch(lines, trades.at, ids, trades.symbols, rest))

    @classmethod
    def of_rows(
        cls, lines: Sequence[int], trades: Sequence[Trade], bad: Sequence[tuple[int, str]]
    ) -> "Portion":
        """Return trades that were read one by one, and the rows that are not trades."""
        at = [(trade.timestamp - EPOCH) // MICRO for trade in trades]
        messages = [encode(trade).decode() for trade in trades]
        # As in JSON: without quotes that are not escaped, so that what follows is found.
        ids = [message[len(_ID) : message.index(_TIME)] for message in messages]
        rest = [message[message.index(_PRICE) :] for message in messages]
        symbols = [trade.symbol for trade in trades]
        return cls(
            _batch(
                np.array(lines, np.int64),
                np.array(at, np.int64),
                *(pa.array(texts, pa.string()) for texts in (ids, symbols, rest)),
            ),
            bad,
        )

    def after(self, line: int) -> "Portion":
        """Return what comes after a line."""
        return Portion(
            self.trades.slice(int(np.searchsorted(column(self.trades, "line"), line, "right"))),
            [each for each in self.bad if each[0] > line],
        )


def _batch(lines: Ints, at: Ints, *texts: pa.Array) -> pa.RecordBatch:
    arrays = [pa.array(lines), pa.array(at), *texts]
    return pa.RecordBatch.from_arrays(arrays, ["line", "at", "id", "symbol", "rest"])


def column(trades: pa.RecordBatch, name: str) -> Ints:
    """Return a column of numbers."""
    found: Ints = trades[name].to_numpy()
    return found


def messages_of(trades: pa.RecordBatch, at: Ints | None = None, ids: pa.Array | None = None) -> Messages:
    """Return the messages of trades, with other times and ids if they are given."""
    at = column(trades, "at") if at is None else at
    values = pc.binary_join_element_wise(
        *(
            _ID,
            trades["id"] if ids is None else ids,
            _TIME,
            stamps(at),
            _SYMBOL,
            trades["symbol"],
            trades["rest"],
        ),
        "",
    )
    return Messages(*(texts.cast(pa.binary()).to_pylist() for texts in (trades["symbol"], values)))
