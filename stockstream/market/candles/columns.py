"""Messages as the columns that candles are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stockstream.errors import BadTradeError
from stockstream.market.candles.sums import MOST, Ints, Trades
from stockstream.market.trade import scanner
from stockstream.market.trade.codec import MAX_DECIMALS, Trade, decode

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BUY_LENGTH = len("BUY")


@dataclass(frozen=True)
class Columns:
    """Trades in the order of arrival, as columns of equal length.

    Attributes:
        trades: times, amounts and sides.
        partitions: of each.
        numbers: of each, which of `symbols` it has.
        bad: how many messages are in no column: those that are no trades, and those with amounts that fit no
            word, which are left to SQL.
    """

    trades: Trades
    partitions: Ints
    numbers: Ints
    symbols: list[str]
    bad: int = 0

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.numbers)


def columns(values: Sequence[bytes | None], partitions: Sequence[int]) -> Columns:
    """Return the trades of messages: all at once what is plain, the rest one by one."""
    messages = [value or b"" for value in values]
    text = np.frombuffer(b"".join(messages), np.uint8)
    found = scanner.scan(text, np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages))))
    plain = np.flatnonzero(found.plain)
    rest = [] if len(plain) == len(values) else _decoded(values, np.flatnonzero(~found.plain).tolist())
    trades = _trades(found, plain, [trade for _, trade in rest])
    numbers, symbols = _symbols(text, found.positions[plain, scanner.SYMBOL], [trade for _, trade in rest])
    rows = plain
    if rest:
        rows = np.concatenate([plain, [row for row, _ in rest]])
        order = np.argsort(rows)
        trades, numbers, rows = Trades._make(each[order] for each in trades), numbers[order], rows[order]
    of_row = np.fromiter(partitions, np.int64, len(partitions))[rows]
    return Columns(trades, of_row, numbers, symbols, bad=len(values) - len(rows))


def microseconds(moment: datetime) -> int:
    """Return a moment of the years 1970 to 2200 as microseconds since 1970, exactly.

    The float of `timestamp()` is off by less than a microsecond in these years, so its whole seconds
    are right; the microseconds are taken from the moment itself.

    >>> microseconds(datetime(1970, 1, 1, 0, 1, 0, 1, tzinfo=UTC))
    60000001
    """
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def moment(since_1970: int) -> datetime:
    """Return the moment so many microseconds after 1970 began, exactly."""
    return EPOCH + timedelta(microseconds=since_1970)


def _decoded(values: Sequence[bytes | None], rows: list[int]) -> list[tuple[int, Trade]]:
    """Return those of these messages that are trades with amounts that fit a word, by their rows."""
    found = []
    for row in rows:
        try:
            trade = decode(values[row])
        except BadTradeError:
            continue
        if max(_units(trade)) <= MOST:
            found.append((row, trade))
    return found


def _units(trade: Trade) -> tuple[int, int]:
    return int(trade.price.scaleb(MAX_DECIMALS)), int(trade.volume.scaleb(MAX_DECIMALS))


def _trades(found: scanner.Found, plain: NDArray[np.int64], rest: list[Trade]) -> Trades:
    sides = found.positions[plain, scanner.SIDE]
    times, amounts = found.times[plain], found.amounts[plain]
    buys = sides[:, 1] - sides[:, 0] == _BUY_LENGTH
    if rest:
        times = np.concatenate([times, [microseconds(trade.timestamp) for trade in rest]])
        amounts = np.concatenate([amounts, np.array([_units(trade) for trade in rest], np.int64)])
        buys = np.concatenate([buys, [trade.trade_type == "BUY" for trade in rest]])
    return Trades(times, amounts[:, 0].copy(), amounts[:, 1].copy(), buys)


def _symbols(text: scanner.Bytes, positions: Ints, rest: list[Trade]) -> tuple[Ints, list[str]]:
    """Return the number of each symbol among the distinct ones, and those."""
    offsets, gathered = scanner.gather(text, np.ascontiguousarray(positions))
    names = pa.Array.from_buffers(
        pa.string(), len(positions), [None, pa.py_buffer(offsets), pa.py_buffer(gathered)]
    )
    if rest:
        names = pa.concat_arrays([names, pa.array([trade.symbol for trade in rest], pa.string())])
    coded = names.dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()
