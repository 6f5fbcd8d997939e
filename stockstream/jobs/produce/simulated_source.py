"""The simulated market as a source of messages, at a steady rate or as fast as possible."""

from threading import Event

import numpy as np
from numpy.random import Generator

from stockstream.connectors.kafka.sink import Messages
from stockstream.jobs.produce.pace import OLDEST, Clock, EventTimes, Pace
from stockstream.market.simulator import Market, Tape, encode_tape
from stockstream.market.simulator.tape import Ints
from stockstream.market.trade.ids import trade_ids

LONGEST_WAIT = 0.25  # seconds, so that the loop can show its progress
NONE = Messages((), ())


class SyntheticSource:
    """Returns the market's trades when they are due, each with the time at which it happens."""

    resumes = False

    def __init__(self, market: Market, clock: Clock, chance: Generator, *, paced: bool) -> None:
        """Open the market now.

        Args:
            market: the simulated market.
            clock: the source of time.
            chance: makes the ids unique; never the market's own generator, which may be seeded.
            paced: whether trades follow the market's rate or are returned as fast as they are requested.
        """
        self._market = market
        self._clock = clock
        self._chance = chance
        self._times = EventTimes(clock)
        self._pace = Pace(clock) if paced else None
        self._ahead = market.next_block()
        self._asked = clock.monotonic()

    def next_messages(self, most: int, stop: Event) -> Messages:
        """Return up to `most` messages; none if none is due soon or `stop` is set."""
        if not len(self._ahead):
            self._ahead = self._market.next_block()
        ages = self._ages_paced(self._pace, stop) if self._pace else self._ages_at_once()
        number = min(most, ages.size)
        tape, self._ahead = self._ahead[:number], self._ahead[number:]
        return self._messages(tape, ages[:number]) if number else NONE

    def settled(self) -> None:
        """Do nothing: a simulated market does not resume."""

    def close(self) -> None:
        """Do nothing."""

    def _ages_paced(self, pace: Pace, stop: Event) -> Ints:
        ages = pace.due(self._ahead.at)
        if not ages.size and not stop.wait(min(pace.wait(float(self._ahead.at[0])), LONGEST_WAIT)):
            ages = pace.due(self._ahead.at)
        return ages

    def _ages_at_once(self) -> Ints:
        """Spread the block over the time since the last one, as its trades were spaced in the market."""
        asked, self._asked = self._asked, self._clock.monotonic()
        at = self._ahead.at
        # At least a microsecond per trade, or the last would lie in the future.
        span = min(max((self._asked - asked) * 1e6, at.size), OLDEST)
        ages: Ints = np.rint((at[-1] - at) / max(at[-1] - at[0], 1e-9) * span).astype(np.int64)
        return ages

    def _messages(self, tape: Tape, ages: Ints) -> Messages:
        times = self._times.of(ages)
        keys = [symbol.encode() for symbol in tape.symbols]
        return Messages(
            [keys[symbol] for symbol in tape.symbol.tolist()],
            encode_tape(tape, times, trade_ids(self._chance, times)),
        )
