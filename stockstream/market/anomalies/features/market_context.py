"""The market around a symbol: when all symbols traded, and the surprise of each of these trades.

The other symbols' trades show what a symbol's own last trades cannot show yet: an opening or a day of stress
reaches all of them at once. A trade's surprise is the square of its return over an exponentially weighted
mean of the squares before (RiskMetrics Technical Document, 1996), at most MOST; the unrest at a trade is the
mean surprise of the last NEIGHBOURS trades of the others, if that is above one. So a common factor of
volatility (Diebold and Nerlove, Journal of Applied Econometrics 4, 1989) counts as soon as it appears.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from stockstream.market.anomalies.features import rolling
from stockstream.market.anomalies.features.jumps import steps
from stockstream.market.anomalies.features.levels import levels
from stockstream.market.anomalies.features.trade_window import Floats, Ints, TradeWindow
from stockstream.market.compiled import compiled

DECAY, BEFORE = 0.95, 60
# The number of prices in a trade's surprise: its own, the one before, and those of the returns before it.
PRICES = BEFORE + 2
MOST = 16.0
# A tenth of a basis point: the assumed move of a price that stands still.
LEAST = 1e-5
NEIGHBOURS = 16
# The others' trades count back to this many of the symbol's own: older ones say nothing about the present.
RECENT = 400


@dataclass(frozen=True, eq=False)
class MarketContext:
    """The market's trades in a span, in order of time; columns of equal length.

    Attributes:
        micros: event time, microseconds since 1970 in UTC.
        surprises: NaN if too few trades came before.
        symbols: the symbol of each trade, as an index into `names`.
    """

    micros: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    surprises: Floats = field(default_factory=lambda: np.empty(0))
    symbols: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    names: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.micros)

    def around(self, window: TradeWindow) -> TradeWindow:
        """Return a trade window, which is part of this market, with its market context.

        >>> from stockstream.market.anomalies.features.trade_window import of_rows
        >>> own, other = (of_rows(name, [(at, 1.0, 1.0, 1, "", "")]) for name, at in (("A", 5), ("B", 1)))
        >>> market_context_of([own, other]).around(own).market.tolist()
        [2]
        """
        place = np.searchsorted(self.micros, window.micros, side="right").astype(np.int64)
        return replace(window, market=place, unrest=self._unrest(window, place))

    def _unrest(self, window: TradeWindow, place: Ints) -> Floats:
        """Return the unrest at each trade, or one if the market is calm or unknown."""
        own = self.names.get(window.symbol, -1)
        return last_surprises(self.micros, self.surprises, self.symbols, own, window.micros, place)


# Returns the market's trades from one time to another, both included, in microseconds since 1970; none if the
# market is unknown.
Market = Callable[[int, int], MarketContext]
NOBODY = MarketContext()


def unknown(_first: int, _last: int) -> MarketContext:
    """Return an empty market, for a tape that is examined on its own."""
    return NOBODY


def market_context_of(windows: Iterable[TradeWindow]) -> MarketContext:
    """Return the market that windows of several symbols form together."""
    return of_prices({each.symbol: (each.micros, each.price) for each in windows})


def of_prices(tapes: Mapping[str, tuple[Ints, Floats]]) -> MarketContext:
    """Return the market of the symbols' times and prices, each symbol's in the order of its trades."""
    if not tapes:
        return NOBODY
    micros = np.concatenate([times for times, _ in tapes.values()])
    surprised = np.concatenate([surprises(prices) for _, prices in tapes.values()])
    symbols = np.repeat(np.arange(len(tapes)), [len(times) for times, _ in tapes.values()])
    order = np.argsort(micros, kind="stable")
    names = {symbol: number for number, symbol in enumerate(tapes)}
    return MarketContext(micros[order], surprised[order], symbols[order], names)


@compiled
def last_surprises(  # noqa: PLR0913, PLR0917 - compiled code takes arrays, not the object that holds them
    micros: Ints, surprises: Floats, symbols: Ints, own: int, times: Ints, positions: Ints
) -> Floats:
    """Return the mean of the others' last NEIGHBOURS surprises at each trade of a symbol, at least one.

    It is one if too little is known of them: where the window itself does not reach back far enough, a longer
    one would contain more, so no value is given.

    Args:
        micros: event times of the market's trades.
        surprises: their surprises.
        symbols: their symbols.
        own: the symbol's number in `symbols`.
        times: the times of its trades.
        positions: how many of the market's trades each of them has seen, including its own.
    """
    unrest = np.ones(len(times))
    for row in range(RECENT, len(times)):
        counted, total, at = 0, 0.0, positions[row]
        while counted < NEIGHBOURS and at > 0 and micros[at - 1] >= times[row - RECENT]:
            at -= 1
            if symbols[at] != own and np.isfinite(surprises[at]):
                total += surprises[at]
                counted += 1
        if counted == NEIGHBOURS:
            unrest[row] = max(total / NEIGHBOURS, 1.0)
    return unrest


def surprises(prices: Floats) -> Floats:
    """Return the surprise of each trade, from the PRICES up to it; NaN if there are fewer.

    >>> calm = np.exp(np.cumsum(np.where(np.arange(100) % 2, 1e-4, -1e-4)))
    >>> surprises(np.append(calm, calm[-1] * np.exp(2e-4)))[[60, 61, 100]].round(2).tolist()
    [nan, 1.0, 4.0]
    """
    if len(prices) < PRICES:
        return np.full(len(prices), np.nan)
    squares = steps(levels(prices), 1) ** 2
    weights = DECAY ** np.arange(BEFORE, dtype=np.float64)[::-1]
    usual = rolling.weighted(squares, weights / weights.sum(), PRICES - 1)
    surprised: Floats = np.minimum(squares / np.maximum(usual, LEAST**2), MOST)
    surprised[: PRICES - 1] = np.nan
    return surprised
