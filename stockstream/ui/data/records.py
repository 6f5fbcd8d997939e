"""The parts of a market snapshot: standings, candles, trades, marks, gaps and buckets."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


def percent(price: Decimal, base: Decimal) -> Decimal:
    """Return the change from a price other than zero to another, in percent of the size of the first.

    >>> percent(Decimal(150), Decimal(100)), percent(Decimal(-30), Decimal(-40))
    (Decimal('50.0'), Decimal('25.00'))
    """
    return (price - base) / abs(base) * 100


@dataclass(frozen=True)
class Standing:
    """How one symbol did in the window; values without a trade are None or zero."""

    symbol: str
    last: Decimal | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    volume: Decimal
    buy_volume: Decimal
    sell_volume: Decimal
    value: Decimal
    vwap: Decimal | None
    trades: int
    late: int
    findings: int

    @property
    def change(self) -> Decimal | None:
        """Return the change from the window's first price to the last, in percent."""
        return None if self.last is None or not self.open else percent(self.last, self.open)


@dataclass(frozen=True)
class Candle:
    """Open, high, low and close of one interval."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    vwap: Decimal
    buy_volume: Decimal
    sell_volume: Decimal

    @property
    def imbalance(self) -> Decimal:
        """Return what takers bought less what they sold, in percent of the volume."""
        return (self.buy_volume - self.sell_volume) / self.volume * 100 if self.volume else Decimal(0)


@dataclass(frozen=True)
class ShownTrade:
    """One trade: every field of its message, so that a download can be replayed, and what the tape shows.

    `anomaly` is the label of an injected anomaly, `found` the kinds that the detector found. A trade with
    `corrected_at` counts no more.
    """

    trade_id: str
    timestamp: datetime
    symbol: str
    price: Decimal
    volume: Decimal
    trade_type: str | None
    conditions: str | None
    updates_last: bool
    side_inferred: bool
    corrects: str | None
    cancels: bool
    corrected_at: datetime | None
    source: str
    anomaly: str | None
    value: Decimal
    found: str | None


@dataclass(frozen=True)
class Mark:
    """One finding, with the price at which a chart marks it."""

    start: datetime
    end: datetime
    symbol: str
    kind: str
    methods: list[str]
    score: float
    threshold: float
    explanation: str
    is_span: bool
    price: Decimal | None


@dataclass(frozen=True)
class FeedGap:
    """A gap of a feed, and its reason; `end` is None while no trade has come after it."""

    source: str
    start: datetime
    end: datetime | None
    missing: int | None
    reason: str


Line = list[tuple[datetime, Decimal]]


@dataclass(frozen=True)
class Bucket:
    """The whole market in one interval of time."""

    start: datetime
    trades: int
    volume: Decimal
    value: Decimal
    active: int
    findings: int
