"""The prices behind the trades: correlated log prices whose volatility clusters.

A symbol's log return is the sum of a market, a sector and an own factor, scaled by a volatility
whose logarithm is an Ornstein-Uhlenbeck process (Taylor, 1982; Scott, 1987): returns have heavy
tails, their sizes are correlated over time, and their signs are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from stockstream.market.simulator.listings import Listing
from stockstream.market.simulator.tape import Bools, Floats, Ints

TRADING_YEAR = 252 * 6.5 * 3600.0  # seconds
LOG_VOLATILITY = 0.5  # standard deviation of the logarithm of volatility
SHARED_VOLATILITY = 0.5  # share of that variance that all symbols have in common
MEMORY = 300.0  # seconds in which volatility decays to 1/e
HALF_SPREAD = 0.5e-4  # of the price
MOST_STEPS, MOST_CELLS = 512, 262_144
HIGHEST = 1e12  # cents: far below the limit for a trade


@dataclass(frozen=True)
class Factors:
    """Shares of a return's variance that symbols have in common; the rest is each symbol's own.

    Two symbols of different sectors have `market` as their correlation, two of one sector
    `market + sector`, both a tenth less as measured: volatilities do not rise and fall all together.
    """

    market: float = 0.35
    sector: float = 0.25

    @property
    def own(self) -> float:
        """The share that belongs to a symbol alone."""
        return max(1.0 - self.market - self.sector, 0.0)


USUAL_FACTORS = Factors()


@dataclass(frozen=True)
class Path:
    """Mid prices in cents on a grid of time: `mids[step, symbol]`."""

    mids: Floats
    seconds: float

    def quote(self, at: Floats, symbol: Ints, buy: Bools) -> Ints:
        """Return what a taker pays or gets, in whole cents: a buyer the ask, a seller the bid.

        Args:
            at: seconds from the start of the path.
            symbol: index of each trade's symbol.
            buy: whether the taker buys.
        """
        steps = len(self.mids)
        step = np.minimum((at * (steps / self.seconds)).astype(np.int64), steps - 1)
        mid = self.mids[step, symbol]
        touch = np.where(buy, np.ceil(mid * (1 + HALF_SPREAD)), np.floor(mid * (1 - HALF_SPREAD)))
        return np.clip(touch, 1, HIGHEST).astype(np.int64)


class Walk:
    """The state from which each next path continues."""

    def __init__(self, rng: Generator, listings: Sequence[Listing], of: Factors = USUAL_FACTORS) -> None:
        """Start at the listings' prices, with volatilities drawn from their stationary law."""
        self._rng = rng
        self._shares = of
        self._log_cents = np.log([listing.price * 100 for listing in listings])
        sectors = sorted({listing.sector for listing in listings})
        self._sector = np.array([sectors.index(listing.sector) for listing in listings])
        self._sectors = len(sectors)
        self._scale = np.array([listing.volatility for listing in listings]) / np.sqrt(TRADING_YEAR)
        # The last column is the volatility that all symbols share.
        self._mood = rng.standard_normal(len(listings) + 1)

    def next_path(self, seconds: float, number: int) -> Path:
        """Return the prices of the next `seconds`, on a grid fine enough for `number` trades."""
        steps = max(1, min(number, MOST_STEPS, MOST_CELLS // len(self._scale)))
        step = seconds / steps
        moves = self._volatility(steps, step) * self._factors(steps) * np.sqrt(step)
        log_cents = self._log_cents + np.cumsum(moves, axis=0)
        self._log_cents = log_cents[-1]
        return Path(np.exp(log_cents), seconds)

    def _factors(self, steps: int) -> Floats:
        draw = self._rng.standard_normal
        market = draw((steps, 1))
        sector = draw((steps, self._sectors))[:, self._sector]
        own = draw((steps, len(self._scale)))
        of = self._shares
        factors: Floats = np.sqrt(of.market) * market + np.sqrt(of.sector) * sector + np.sqrt(of.own) * own
        return factors

    def _volatility(self, steps: int, step: float) -> Floats:
        moods = self._moods(steps, step)
        mixed = np.sqrt(SHARED_VOLATILITY) * moods[:, -1:] + np.sqrt(1 - SHARED_VOLATILITY) * moods[:, :-1]
        # The subtraction keeps the mean variance at the listing's own.
        volatility: Floats = self._scale * np.exp(LOG_VOLATILITY * mixed - LOG_VOLATILITY**2)
        return volatility

    def _moods(self, steps: int, step: float) -> Floats:
        """Return unit-variance Ornstein-Uhlenbeck paths, in closed form without a loop over time."""
        age = np.arange(1, steps + 1)[:, None] * (step / MEMORY)
        shock = self._rng.standard_normal((steps, self._mood.size)) * np.sqrt(-np.expm1(-2 * step / MEMORY))
        moods: Floats = np.exp(-age) * (self._mood + np.cumsum(np.exp(age) * shock, axis=0))
        self._mood = moods[-1]
        return moods
