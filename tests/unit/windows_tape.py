"""Tapes for tests of windows, and what plain arithmetic makes of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stockstream.market.candle import Candle
from stockstream.market.trade import Trade, encode
from stockstream.market.windows import Windows
from stockstream.market.windows_checkpoint import Checkpoint, Mark
from stockstream.market.windows_columns import columns, moment
from stockstream.market.windows_frame import MINUTE, SECOND

NOON = 1_764_072_000 * SECOND
LATER = NOON + 3_600 * SECOND


@dataclass(frozen=True)
class Tick:
    """A trade so many seconds after noon."""

    second: float
    symbol: str = "AAPL"
    price: str = "100"
    volume: str = "1"
    name: str = ""
    buys: bool = True

    @property
    def time(self) -> int:
        """In microseconds since 1970."""
        return NOON + round(self.second * SECOND)


def trade_of(tick: Tick) -> Trade:
    return Trade(
        trade_id=tick.name or f"{tick.symbol}-{tick.time}-{tick.price}",
        timestamp=moment(tick.time),
        symbol=tick.symbol,
        price=Decimal(tick.price),
        volume=Decimal(tick.volume),
        trade_type="BUY" if tick.buys else "SELL",
        source="test",
    )


class Desk:
    """Windows with a place in each partition, and the candles they gave, as a table would hold them."""

    def __init__(self, partitions: Iterable[int] = (0,), **arguments: int) -> None:
        """Hold empty partitions; `arguments` are those of `Windows`."""
        self.arguments = arguments
        self.marks = dict.fromkeys(partitions, Mark())
        self.symbols: dict[int, dict[str, int]] = defaultdict(dict)
        self.early: dict[int, list[tuple[int, Trade]]] = defaultdict(list)
        self.tapes: dict[int, list[Any]] = defaultdict(list)
        self.candles: dict[tuple[str, int], Candle] = {}
        self.late: list[tuple[str, int]] = []
        self.late_places: list[tuple[int, int]] = []
        self.start(NOON)

    def start(self, now: int) -> None:
        """Begin, or begin again from what was stored."""
        self.windows = Windows(**self.arguments)
        self.read_to = {}
        for partition, mark in self.marks.items():
            symbols, early = dict(self.symbols[partition]), list(self.early[partition])
            stored = replace(mark, symbols=symbols, early=early)
            self.windows.hold(partition, stored, now)
            self.read_to[partition] = mark.rewind_offset

    def produce(self, *ticks: Tick | Trade, partition: int = 0) -> None:
        """Append to a partition."""
        self.tapes[partition] += ticks

    def read(self, count: int = 1_000_000, partition: int = 0, now: int = LATER) -> None:
        """Read what a partition has next."""
        at = self.read_to[partition]
        batch = self.tapes[partition][at : at + count]
        self.read_to[partition] = at + len(batch)
        offsets = list(range(at, at + len(batch)))
        values = [encode(trade_of(each) if isinstance(each, Tick) else each) for each in batch]
        trades = columns(values, [partition] * len(batch), offsets, self.windows.naming)
        self.windows.add(trades, {partition: (at, at + len(batch))}, now)

    def store(self, now: int = LATER, *, ended: bool = False) -> Checkpoint:
        """Take a checkpoint into the table."""
        caught_up = [each for each, at in self.read_to.items() if at == len(self.tapes[each])]
        checkpoint = self.windows.checkpoint(now, caught_up, ended=ended)
        for candle in checkpoint.candles:
            self.candles[candle.symbol, (candle.start - NOON) // SECOND] = candle
        self.late += [(trade.symbol, (trade.start - NOON) // SECOND) for trade in checkpoint.late]
        self.late_places += [(trade.partition, trade.offset) for trade in checkpoint.late]
        for partition, mark in checkpoint.marks.items():
            self.symbols[partition] |= mark.symbols
            self.early[partition] += mark.early
        self.marks = checkpoint.marks
        return checkpoint

    def trade(self, *ticks: Tick, partition: int = 0, now: int = LATER) -> None:
        """Produce, read and store."""
        self.produce(*ticks, partition=partition)
        self.read(partition=partition, now=now)
        self.store(now)

    def counts(self) -> dict[tuple[str, int], int]:
        """Trades of each candle, by symbol and seconds after noon."""
        return {key: candle.trade_count for key, candle in self.candles.items()}

    def final(self) -> set[tuple[str, int]]:
        """The candles that are final."""
        return {key for key, candle in self.candles.items() if candle.is_final}


Summary = tuple[int, Fraction, Fraction, Fraction, Fraction, Fraction, Fraction, Fraction, Fraction]


def summary(candle: Candle) -> Summary:
    return (
        candle.trade_count,
        Fraction(candle.price_sum),
        Fraction(candle.low),
        Fraction(candle.high),
        Fraction(candle.volume),
        Fraction(candle.value),
        Fraction(candle.open),
        Fraction(candle.close),
        Fraction(candle.buy_volume),
    )


def expected(tapes: Mapping[int, Sequence[Tick]]) -> dict[tuple[str, int], Summary]:
    """What each minute comes to, by fractions and plain lists."""
    groups = defaultdict(list)
    for partition, tape in tapes.items():
        for offset, tick in enumerate(tape):
            start = (tick.time - NOON) // MINUTE * MINUTE // SECOND
            groups[tick.symbol, start].append((tick.time, partition, offset, tick))
    return {key: _summary_of([each[-1] for each in sorted(group)]) for key, group in groups.items()}


def _summary_of(ticks: list[Tick]) -> Summary:
    prices = [Fraction(tick.price) for tick in ticks]
    volumes = [Fraction(tick.volume) for tick in ticks]
    value = sum((price * volume for price, volume in zip(prices, volumes, strict=True)), Fraction())
    bought = sum((Fraction(tick.volume) for tick in ticks if tick.buys), Fraction())
    return (
        len(ticks),
        sum(prices, Fraction()),
        min(prices),
        max(prices),
        sum(volumes, Fraction()),
        value,
        prices[0],
        prices[-1],
        bought,
    )
