"""Tapes for tests of candles that form, and what plain arithmetic makes of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from stockstream.market.candles.candle import Candle
from stockstream.market.candles.columns import FIELDS, columns, moment
from stockstream.market.candles.frame import MINUTE, SECOND
from stockstream.market.candles.tumbling import Changes, Tumbling
from stockstream.market.trade.arrivals import Messages, sort
from stockstream.market.trade.codec import encode
from stockstream.market.trade.schema import Trade

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


class Scene:
    """Candles that form, with a place in each partition, and those given out, as a table would hold them."""

    def __init__(self, partitions: Iterable[int] = (0,), **arguments: int) -> None:
        """Hold empty partitions; `arguments` are those of `Tumbling`."""
        self.forming = Tumbling(**arguments)
        self.tapes: dict[int, list[Tick | Trade]] = defaultdict(list)
        self.read_to = dict.fromkeys(partitions, 0)
        self.candles: dict[tuple[str, int], Candle] = {}
        self.late = 0
        for partition in partitions:
            self.forming.hold(partition, 0, [], NOON)

    def produce(self, *ticks: Tick | Trade, partition: int = 0) -> None:
        """Append to a partition."""
        self.tapes[partition] += ticks

    def read(self, count: int = 1_000_000, partition: int = 0, now: int = LATER) -> None:
        """Read what a partition has next."""
        at = self.read_to[partition]
        batch = self.tapes[partition][at : at + count]
        self.read_to[partition] = at + len(batch)
        values = [encode(trade_of(each) if isinstance(each, Tick) else each) for each in batch]
        offsets, spans = range(at, at + len(batch)), {partition: (at, at + len(batch))}
        messages = Messages(values, [None] * len(batch), [partition] * len(batch), offsets)
        self.forming.add(columns(sort(messages, spans, FIELDS)), spans, now)

    def store(self, now: int = LATER, *, ended: bool = False) -> Changes:
        """Take changes into the table."""
        caught_up = [each for each, at in self.read_to.items() if at == len(self.tapes[each])]
        changes = self.forming.changes(now, caught_up, ended=ended)
        for candle in changes.candles:
            self.candles[candle.symbol, (candle.start - NOON) // SECOND] = candle
        self.late += changes.late
        return changes

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


Summary = tuple[int, *tuple[Fraction, ...]]


def summary(candle: Candle) -> Summary:
    return (
        candle.trade_count,
        Fraction(candle.price_sum),
        Fraction(candle.low or 0),
        Fraction(candle.high or 0),
        Fraction(candle.volume),
        Fraction(candle.value),
        Fraction(candle.open or 0),
        Fraction(candle.close or 0),
        Fraction(candle.buy_volume),
    )


def expected(tapes: Mapping[int, Sequence[Tick | Trade]]) -> dict[tuple[str, int], Summary]:
    """What each minute comes to, by fractions and plain lists."""
    groups = defaultdict(list)
    for partition, tape in tapes.items():
        for offset, tick in enumerate(tape):
            assert isinstance(tick, Tick)
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
