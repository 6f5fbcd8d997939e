"""Messages as columns, the shape in which windows take them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import numpy as np

from stockstream.errors import BadTradeError
from stockstream.market import scanner
from stockstream.market.trade import DEFAULT_SOURCE, MAX_DECIMALS, Trade, decode
from stockstream.market.windows_arrays import MOST, Bytes, Flags, Ints, Rows
from stockstream.market.windows_ids import KINDS, LONG, pack_ids
from stockstream.market.windows_names import Names

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_SOURCE = DEFAULT_SOURCE.encode()
_BUY_LENGTH = len("BUY")


@dataclass(frozen=True)
class Naming:
    """The numbers of symbols and sources that columns are made with."""

    symbols: Names
    sources: Names


@dataclass(frozen=True)
class Columns:
    """Trades in the order of arrival; `trade` returns the whole one at a row of the columns.

    `bad` counts the messages that are no trades and are in no column.
    """

    rows: Rows
    trade: Callable[[int], Trade]
    bad: int = 0

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.rows.times)


def columns(
    values: Sequence[bytes | None], partitions: Sequence[int], offsets: Sequence[int], naming: Naming
) -> Columns:
    """Return the trades of messages: all at once what is plain, the rest one by one.

    Those that break the contract are counted and left out.
    """
    messages = [value or b"" for value in values]
    text = np.frombuffer(b"".join([*messages, _NO_SOURCE]), np.uint8)
    found = scanner.scan(text, np.cumsum(np.fromiter(map(len, messages), np.int64, len(messages))))
    rows = _rows(text, found, partitions, offsets, naming)
    if found.plain.all():
        return Columns(rows, lambda row: decode(values[row]))
    good = found.plain.copy()
    for row in np.flatnonzero(~found.plain).tolist():
        try:
            _put(rows, row, decode(values[row]), naming)
        except BadTradeError:
            continue
        good[row] = True
    places = np.flatnonzero(good)
    kept = Rows._make(column[places] for column in rows)
    return Columns(kept, lambda row: decode(values[places[row]]), bad=len(values) - len(places))


def columns_of(trades: Sequence[Trade], partition: int, offsets: Sequence[int], naming: Naming) -> Columns:
    """Return trades of one partition as columns."""
    rows = _empty(len(trades), [partition] * len(trades), offsets)
    for row, trade in enumerate(trades):
        _put(rows, row, trade, naming)
    return Columns(rows, lambda row: trades[row])


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


def _empty(count: int, partitions: Sequence[int], offsets: Sequence[int]) -> Rows:
    return Rows(
        partitions=np.fromiter(partitions, np.int64, count),
        offsets=np.fromiter(offsets, np.int64, count),
        times=np.zeros(count, np.int64),
        symbols=np.zeros(count, np.int64),
        origins=np.zeros(count, np.int64),
        ids=np.zeros((count, 2), np.uint64),
        prices=np.zeros(count, np.int64),
        volumes=np.zeros(count, np.int64),
        buys=np.zeros(count, np.bool_),
    )


def _rows(
    text: Bytes, found: scanner.Found, partitions: Sequence[int], offsets: Sequence[int], naming: Naming
) -> Rows:
    """Return columns of all messages, which hold what is plain; the other rows are to be put."""
    rows = _empty(len(found.plain), partitions, offsets)
    # Where a message is not plain its places mean nothing: nothing is read there.
    places = np.where(found.plain[:, None, None], found.places, 0)
    rows.times[:] = found.times
    rows.prices[:], rows.volumes[:] = found.amounts[:, 0], found.amounts[:, 1]
    sides = places[:, scanner.SIDE]
    rows.buys[:] = sides[:, 1] - sides[:, 0] == _BUY_LENGTH
    sources = np.ascontiguousarray(places[:, scanner.SOURCE])
    sources[sources[:, 1] == 0] = (len(text) - len(_NO_SOURCE), len(text))
    rows.symbols[:] = _numbers(naming.symbols, text, places[:, scanner.SYMBOL], found.plain)
    rows.origins[:] = naming.sources.numbers(text, sources) * KINDS
    _pack(rows, text, np.ascontiguousarray(places[:, scanner.TRADE_ID]))
    return rows


def _numbers(names: Names, text: Bytes, places: Ints, plain: Flags) -> Ints:
    if plain.all():
        return names.numbers(text, np.ascontiguousarray(places))
    found = np.zeros(len(places), np.int64)
    found[plain] = names.numbers(text, places[plain])
    return found


def _pack(rows: Rows, text: Bytes, places: Ints) -> None:
    kinds = np.empty(len(places), np.int64)
    pack_ids(text, places, rows.ids, kinds)
    rows.origins[:] += kinds
    for row in np.flatnonzero(kinds == LONG).tolist():
        begin, end = places[row]
        rows.ids[row] = _digest(text[begin:end].tobytes())


def _put(rows: Rows, row: int, trade: Trade, naming: Naming) -> None:
    """Put a trade into a row."""
    one = Rows._make(column[row : row + 1] for column in rows)
    spelled = trade.trade_id.encode()
    one.times[0] = microseconds(trade.timestamp)
    one.symbols[0] = naming.symbols.number(trade.symbol)
    one.origins[0] = naming.sources.number(trade.source) * KINDS
    one.buys[0] = trade.trade_type == "BUY"
    price, volume = (int(amount.scaleb(MAX_DECIMALS)) for amount in (trade.price, trade.volume))
    one.prices[0], one.volumes[0] = (price, volume) if max(price, volume) <= MOST else (0, 0)
    _pack(one, np.frombuffer(spelled, np.uint8), np.array([[0, len(spelled)]], np.int64))


def _digest(spelled: bytes) -> Ints:
    return np.frombuffer(blake2b(spelled, digest_size=16).digest(), np.uint64)
