"""The market: arrivals, prices and sizes make a tape, which the injector disturbs now and then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from stockstream.market.simulator.arrivals import arrive
from stockstream.market.simulator.injector import Injection, Injector
from stockstream.market.simulator.kinds import LABELS
from stockstream.market.simulator.listings import Listing
from stockstream.market.simulator.path import USUAL_FACTORS, Factors, Walk
from stockstream.market.simulator.session import crowded
from stockstream.market.simulator.tape import Floats, Ints, Tape

ROUND_LOT = 100
MEDIAN_LOTS, LOG_LOTS = 2.0, 1.0  # log-normal: median, standard deviation of the logarithm
MOST_LOTS = 10_000
BLOCK_SECONDS, BLOCK_TRADES = 60.0, 10_000


@dataclass(frozen=True)
class Terms:
    """The characteristics of a market.

    Args:
        factors: what makes symbols move together.
        session: seconds from an opening to the closing, which is the next opening: trades crowd at both, at
            the same overall mean rate; None spreads trades evenly.
        run: makes the ids of its episodes differ from those of any other run.
    """

    factors: Factors = USUAL_FACTORS
    session: float | None = None
    run: str = "0"


USUAL_TERMS = Terms()


class Market:
    """An endless tape, which is the same for the same generator and arguments.

    >>> from stockstream.market.simulator import listed
    >>> market = Market(np.random.default_rng(7), listed(10), rate=2.0)
    >>> tape = market.next_block()
    >>> len(tape), round(float(tape.at[0]), 3), tape.symbols[0]
    (120, 0.0, 'AAPL')
    """

    def __init__(
        self,
        rng: Generator,
        listings: Sequence[Listing],
        rate: float,
        injection: Injection | None = None,
        terms: Terms = USUAL_TERMS,
    ) -> None:
        """Open the market.

        Args:
            rng: the source of all randomness.
            listings: the symbols.
            rate: mean number of trades a second, over all symbols. Prices move by time, so the
                rate also determines how far a price moves from one trade to the next.
            injection: how often and how strongly anomalies occur; None gives the default.
            terms: the other characteristics of the market.
        """
        # A random stream for each: requesting more anomalies leaves the market's own path unchanged.
        self._arrivals, walk, self._sizes, anomalies = rng.spawn(4)
        self._listings = tuple(listings)
        self._symbols = tuple(listing.symbol for listing in listings)
        self._weights = np.array([listing.activity for listing in listings])
        self._walk = Walk(walk, listings, terms.factors)
        self._terms = terms
        self._injector = Injector(anomalies, injection or Injection())
        # The schedule is exact once a second; a block is a minute of the market, or 10,000 trades.
        self._anchor = int(np.clip(round(rate), 1, BLOCK_TRADES))
        anchors = max(1, int(min(BLOCK_SECONDS * rate, BLOCK_TRADES) // self._anchor))
        self._number = self._anchor * anchors
        self._seconds = self._number / rate
        self._blocks = 0

    def next_block(self) -> Tape:
        """Return the next trades, in order of time."""
        came = arrive(self._arrivals, self._number, self._seconds, self._weights, self._anchor)
        path = self._walk.next_path(self._seconds, self._number)
        tape = Tape(
            self._symbols,
            LABELS,
            came.at,
            came.symbol,
            path.quote(came.at, came.symbol, came.buy),
            self._volumes(),
            came.buy,
            np.zeros(self._number, np.int64),
            np.zeros(self._number, np.int64),
            self._terms.run,
        )
        self._injector.disturb(tape, path)
        opened = self._blocks * self._seconds
        self._blocks += 1
        tape = replace(tape, at=tape.at + opened)
        session = self._terms.session
        return tape if session is None else replace(tape, at=crowded(tape.at, session))

    def _volumes(self) -> Ints:
        lots: Floats = self._sizes.lognormal(np.log(MEDIAN_LOTS), LOG_LOTS, self._number)
        return ROUND_LOT * np.clip(np.rint(lots), 1, MOST_LOTS).astype(np.int64)
