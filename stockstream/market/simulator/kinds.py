"""The kinds of anomaly, each a shape that an episode gives to the trades it affects.

A shape changes the columns of its rows in place. It knows the market's own price at each row, so
the trades after an episode are back on the market's path.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from stockstream.market.simulator.path import Path
from stockstream.market.simulator.tape import Bools, Floats, Ints, Tape

DUMP_AT = 0.7  # the share of a pump_and_dump that pumps
CRASH_AT = 0.3  # the share of a flash_crash that falls


@dataclass(frozen=True)
class Segment:
    """The rows of one block that an episode affects.

    Args:
        turns: how many trades of the episode came before each row.
        progress: the progress of the episode at each row, from 0 to 1.
        size: the episode's magnitude, whose meaning depends on the kind.
        sign: 1 or -1, up or down.
        first_cents: the price of the episode's first trade.
        first_volume: the shares of the episode's first trade.
    """

    tape: Tape
    path: Path
    rows: Ints
    turns: Ints
    progress: Floats
    size: float
    sign: int
    first_cents: int
    first_volume: int

    def move(self, factor: Floats | float) -> None:
        """Multiply prices; none falls below one cent."""
        cents = np.rint(self.tape.cents[self.rows] * factor)
        self.tape.cents[self.rows] = np.maximum(cents, 1).astype(np.int64)

    def swell(self, factor: Floats | float) -> None:
        """Multiply volumes, in whole shares."""
        volume = np.rint(self.tape.volume[self.rows] * factor)
        self.tape.volume[self.rows] = np.maximum(volume, 1).astype(np.int64)

    def one_side(self) -> None:
        """Let all takers buy, or all sell, according to the episode's sign."""
        self.side(np.full(self.rows.size, self.sign > 0))

    def side(self, buy: Bools) -> None:
        """Set the takers' sides, and the prices that belong to these sides."""
        self.tape.buy[self.rows] = buy
        rows = self.rows
        self.tape.cents[rows] = self.path.quote(
            self.tape.at[rows], self.tape.symbol[rows], self.tape.buy[rows]
        )


def price_spike(segment: Segment) -> None:
    """Trade far off the price, up or down; `size` is the relative distance."""
    segment.move(1 + segment.sign * segment.size)


def volume_spike(segment: Segment) -> None:
    """Trade `size` times the volume."""
    segment.swell(segment.size)


def burst(segment: Segment) -> None:
    """Price a crowd of trades that its symbol has drawn from all others; `size` multiplies volume."""
    segment.swell(segment.size)
    segment.side(segment.tape.buy[segment.rows])


def same_side_run(segment: Segment) -> None:
    """Put all takers on one side; `size` multiplies their volume."""
    segment.one_side()
    segment.swell(segment.size)


def wash_like(segment: Segment) -> None:
    """Trade the same shares back and forth at one price; `size` multiplies the first volume."""
    segment.tape.buy[segment.rows] = segment.turns % 2 == (segment.sign > 0)
    segment.tape.cents[segment.rows] = segment.first_cents
    segment.tape.volume[segment.rows] = segment.first_volume * round(segment.size)


def pump_and_dump(segment: Segment) -> None:
    """Buy the price up by `size`, then sell it back to where it started, in heavy volume."""
    pumping = segment.progress < DUMP_AT
    height = np.where(pumping, segment.progress / DUMP_AT, (1 - segment.progress) / (1 - DUMP_AT))
    segment.side(pumping)
    segment.move(1 + segment.size * height)
    segment.swell(np.where(pumping, 3.0, 6.0))


def flash_crash(segment: Segment) -> None:
    """Sell the price down by `size` abruptly, and let it recover more slowly."""
    falling = segment.progress < CRASH_AT
    depth = np.where(falling, segment.progress / CRASH_AT, (1 - segment.progress) / (1 - CRASH_AT))
    segment.side(~falling)
    segment.move(1 - segment.size * depth)
    segment.swell(np.where(falling, 4.0, 2.0))


def stale_price(segment: Segment) -> None:
    """Repeat one price, as a stuck feed does; `size` moves it off the market."""
    segment.tape.cents[segment.rows] = max(1, round(segment.first_cents * (1 + segment.sign * segment.size)))


def multivariate(segment: Segment) -> None:
    """Move price and volume together, each by an amount that alone would pass; `size` scales both."""
    segment.one_side()
    segment.move(1 + segment.sign * segment.size * 0.004)
    segment.swell(1 + 4 * segment.size)


@dataclass(frozen=True)
class Kind:
    """A kind of anomaly.

    Args:
        weight: how often it is started, relative to the others.
        trades: its shortest and its longest episode.
        size: its smallest and its largest magnitude, as `shape` interprets it.
        neutral: the size without effect: 0 for a distance, 1 for a factor.
        crowds: whether it takes all trades of the market, not only its symbol's.
    """

    label: str
    shape: Callable[[Segment], None]
    weight: float
    trades: tuple[int, int]
    size: tuple[float, float]
    crowds: bool = False
    neutral: float = 0.0

    def scaled(self, magnitude: float) -> Self:
        """Return this kind with sizes `magnitude` times as far from the neutral one."""
        low, high = (self.neutral + (size - self.neutral) * magnitude for size in self.size)
        return replace(self, size=(low, high))

    @property
    def mean_trades(self) -> float:
        """Mean number of trades per episode."""
        return sum(self.trades) / 2


# The market itself hardly makes bursts and runs on one side of this length. Trades trigger trades: of its
# clusters 1 in 1,200 has 20 trades and 1 in 12,000,000 has 60 (Borel's law with half a child per trade), and
# a symbol has 103 runs of 12 trades on one side a day and 3.7 of 20. So a burst has 60 trades or more, and a
# run is an order worked in 25 pieces or more, each two to four times as large as it would have been.
KINDS = (
    Kind("price_spike", price_spike, 20, (1, 1), (0.01, 0.06)),
    Kind("volume_spike", volume_spike, 20, (1, 1), (15.0, 60.0), neutral=1.0),
    Kind("multivariate", multivariate, 6, (1, 2), (0.8, 2.0)),
    Kind("burst", burst, 1, (60, 120), (1.0, 2.0), crowds=True, neutral=1.0),
    Kind("same_side_run", same_side_run, 1, (25, 40), (2.0, 4.0), neutral=1.0),
    Kind("wash_like", wash_like, 1, (8, 14), (1.0, 4.0), neutral=1.0),
    Kind("pump_and_dump", pump_and_dump, 1, (25, 45), (0.03, 0.10)),
    Kind("flash_crash", flash_crash, 1, (12, 25), (0.04, 0.12)),
    Kind("stale_price", stale_price, 1, (10, 20), (0.0, 0.01)),
)
LABELS: tuple[str | None, ...] = (None, *(kind.label for kind in KINDS))
