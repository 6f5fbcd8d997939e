"""How high a chart of prices reaches: a single odd trade does not decide it.

One trade five percent away from all others would press these into a line. Where it was found it is shown at
the chart's edge instead, and at its own height as well, where a viewer who zooms out finds it; a candle's
wick just leaves the chart.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from stockstream.ui.data.market_snapshot import MarketSnapshot
from stockstream.ui.data.records import Candle, Line, Mark

ROOM = 0.08  # above and below, as a part of what is between


@dataclass(frozen=True)
class Scale:
    """The heights that a chart reaches at most, in its own unit."""

    low: float
    high: float

    def axis(self) -> dict[str, Any]:
        """Return what keeps Plotly's own choice of a range within them; a viewer's zoom is not touched."""
        return {"autorangeoptions": {"clipmin": self.low, "clipmax": self.high}}

    def beyond(self, height: float) -> int:
        """Return 1 for what lies above, -1 for what lies below, 0 for what is shown.

        >>> [Scale(1.0, 2.0).beyond(height) for height in (0.5, 1.5, 2.5)]
        [-1, 0, 1]
        """
        return (height > self.high) - (height < self.low)


def scale_of(heights: Collection[float]) -> Scale | None:
    """Return a scale that shows these with some room; None where they are all the same, or none.

    >>> scale_of([100.0, 101.0])
    Scale(low=99.92, high=101.08)
    """
    low, high = min(heights, default=0.0), max(heights, default=0.0)
    room = ROOM * (high - low)
    return Scale(low - room, high + room) if room else None


def usual_lines(snapshot: MarketSnapshot) -> dict[str, Line]:
    """Return each symbol's line without the single trades that were found, worked out once for all."""
    return snapshot.once("usual lines", lambda: _without_found(snapshot.lines, snapshot.marks))


def usual_prices(candles: Sequence[Candle], marks: Sequence[Mark]) -> list[Decimal]:
    """Return the prices that a chart of one symbol's candles is high enough for.

    All opens and closes, and of highs and lows those that are no further beyond these than they are apart, or
    than half of the candles are high; single trades that were found are left out.
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
