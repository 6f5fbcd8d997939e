"""The messages of one partition as columns, the shape in which windows take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import itemgetter

from stockstream.errors import BadTradeError
from stockstream.market.trade import Trade, decode

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TradeKey = tuple[str, str]


@dataclass(frozen=True)
class Columns:
    """Trades of one partition in the order of offsets, as columns of equal length.

    `keys` are (source, trade_id); `times` are event times in microseconds since 1970; `buys` tells
    whether the taker bought; `bad` counts the messages that are no trades and are in no column.
    """

    offsets: Sequence[int] = ()
    times: Sequence[int] = ()
    symbols: Sequence[str] = ()
    keys: Sequence[TradeKey] = ()
    prices: Sequence[Decimal] = ()
    volumes: Sequence[Decimal] = ()
    buys: Sequence[bool] = ()
    bad: int = 0

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.offsets)

    def pick(self, places: Sequence[int]) -> "Columns":
        """Return the trades at these places of the columns."""
        if not places:
            return Columns()
        if len(places) == 1:
            return self._one(places[0])
        take = itemgetter(*places)
        return Columns(
            take(self.offsets),
            take(self.times),
            take(self.symbols),
            take(self.keys),
            take(self.prices),
            take(self.volumes),
            take(self.buys),
        )

    def _one(self, place: int) -> "Columns":
        cut = slice(place, place + 1)
        return Columns(
            self.offsets[cut],
            self.times[cut],
            self.symbols[cut],
            self.keys[cut],
            self.prices[cut],
            self.volumes[cut],
            self.buys[cut],
        )


def columns(values: Sequence[bytes | None], offsets: Sequence[int]) -> Columns:
    """Return the trades of messages; those that break the contract are counted and left out."""
    placed = [
        (offset, trade)
        for offset, value in zip(offsets, values, strict=True)
        if (trade := _trade(value)) is not None
    ]
    trades = [trade for _, trade in placed]
    return Columns(
        [offset for offset, _ in placed],
        [microseconds(trade.timestamp) for trade in trades],
        [trade.symbol for trade in trades],
        [(trade.source, trade.trade_id) for trade in trades],
        [trade.price for trade in trades],
        [trade.volume for trade in trades],
        [trade.trade_type == "BUY" for trade in trades],
        bad=len(values) - len(trades),
    )


def joined(parts: Sequence[Columns]) -> Columns:
    """Return columns one after the other."""
    return Columns(
        [each for part in parts for each in part.offsets],
        [each for part in parts for each in part.times],
        [each for part in parts for each in part.symbols],
        [each for part in parts for each in part.keys],
        [each for part in parts for each in part.prices],
        [each for part in parts for each in part.volumes],
        [each for part in parts for each in part.buys],
    )


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


def _trade(value: bytes | None) -> Trade | None:
    try:
        return decode(value)
    except BadTradeError:
        return None
