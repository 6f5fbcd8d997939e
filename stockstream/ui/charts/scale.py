"""The range of a price chart, which a single odd trade does not decide.

One trade five percent away from all others would flatten them into a line. If it is a finding, it is shown
at the chart's edge instead, and also at its own height, where a viewer who zooms out sees it; a candle's wick
simply leaves the chart.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.records import Candle, Line, Mark

ROOM = 0.08  # above and below, as a share of the height between


@dataclass(frozen=True)
class Scale:
    """The lowest and the highest value that a chart shows, in its own unit."""

    low: float
    high: float

    def axis(self) -> dict[str, Any]:
        """Return the layout that keeps Plotly's choice of a range within them, but not a viewer's zoom."""
        return {"autorangeoptions": {"clipmin": self.low, "clipmax": self.high}}

    def beyond(self, height: float) -> int:
        """Return 1 for a height above the scale, -1 for one below it, 0 for one within it.

        >>> [Scale(1.0, 2.0).beyond(height) for height in (0.5, 1.5, 2.5)]
        [-1, 0, 1]
        """
        return (height > self.high) - (height < self.low)


def scale_of(heights: Collection[float]) -> Scale | None:
    """Return a scale that shows these heights with some room; None if all are equal, or there are none.

    >>> scale_of([100.0, 101.0])
    Scale(low=99.92, high=101.08)
    """
    low, high = min(heights, default=0.0), max(heights, default=0.0)
    room = ROOM * (high - low)
    return Scale(low - room, high + room) if room else None


def usual_lines(snapshot: MarketSnapshot) -> dict[str, Line]:
    """Return each symbol's line without single trades that are findings, computed once per snapshot."""
    return snapshot.once("usual lines", lambda: _without_found(snapshot.lines, snapshot.marks))


def usual_prices(candles: Sequence[Candle], marks: Sequence[Mark]) -> list[Decimal]:
    """Return the prices that the scale of one symbol's candle chart must include.

    These are all opens and closes, and the highs and lows that lie beyond them by no more than their range,
    or by no more than the median height of a candle; single trades that are findings are left out.
    """
    found = {mark.price for mark in marks if not mark.is_span}
    bodies = [price for candle in candles for price in (candle.open, candle.close) if price not in found]
    wicks = [price for candle in candles for price in (candle.high, candle.low) if price not in found]
    if not bodies:
        return wicks
    low, high = min(bodies), max(bodies)
    reach = max(high - low, median(candle.high - candle.low for candle in candles))
    return bodies + [wick for wick in wicks if low - reach <= wick <= high + reach]


def _without_found(lines: Mapping[str, Line], marks: Sequence[Mark]) -> dict[str, Line]:
    found = {(mark.symbol, mark.end, mark.price) for mark in marks if not mark.is_span}
    return {
        symbol: [(moment, price) for moment, price in line if (symbol, moment, price) not in found]
        for symbol, line in lines.items()
    }
