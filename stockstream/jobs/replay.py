"""A file of trades as a source of messages: at its own pace, so many times faster, or at once."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Event

import numpy as np
from msgspec.structs import replace
from numpy.random import Generator

from stockstream.connectors.kafka_sink import Messages
from stockstream.connectors.replay_files import ReplayPlaces, Row, TradeFile
from stockstream.errors import BadTradeError
from stockstream.jobs.pace import Clock, EventTimes, Pace
from stockstream.market.replay_rows import EPOCH, MICRO, SOURCE, Reader
from stockstream.market.simulator.tape import Floats, Ints
from stockstream.market.trade import Trade, encode
from stockstream.market.trade_ids import trade_ids

LONGEST_WAIT = 0.25  # seconds, so that the loop can tell of its progress
BETWEEN_KEEPS = 2.0
AHEAD = 2_000  # rows that are read at once
SPOKEN = 10  # bad rows that are told one by one; the others are in the report
NONE = Messages((), ())

log = logging.getLogger("producer")


@dataclass(frozen=True)
class Manner:
    """How a file is replayed.

    Args:
        speed: times the original pace; None is as fast as it goes.
        shift: whether trades happen now, under new ids, or when and as the file says.
        loop: whether it begins again at its end.
        symbols: of which symbols; none is of all.
    """

    speed: float | None = 1.0
    shift: bool = False
    loop: bool = False
    symbols: frozenset[str] = frozenset()


class ReplaySource:
    """Gives a file's trades when they are due.

    Order of effects: rows are read, given, acknowledged, and then their place is kept. A kill repeats
    what came after the place: with the ids of the file, so that the tape keeps each trade once.
    """

    resumes = True

    def __init__(  # noqa: PLR0913 - a file, a place, a manner, and what a unit test sets
        self,
        file: TradeFile,
        reader: Reader,
        places: ReplayPlaces,
        manner: Manner,
        *,
        clock: Clock,
        chance: Generator,
    ) -> None:
        """Begin after the kept place."""
        self._file, self._reader, self._places, self._manner = file, reader, places, manner
        self._clock, self._chance = clock, chance
        self._times = EventTimes(clock)
        place = places.read()
        self._bad, self._line = place.bad, place.line
        self._settled = place
        self._bad_ahead: list[tuple[int, str]] = []
        self._ahead: list[tuple[int, Trade]] = []
        self._kept_at = time.monotonic()
        self._ended = False
        self._at: Floats = np.zeros(0)
        self._rows: Iterator[Row] = file.rows(place.line)
        self._begin_lap()

    def next_messages(self, most: int, stop: Event) -> Messages | None:
        """Return up to `most` messages, none if none is due soon; None after the last.

        Raises:
            TradeFileError: the file cannot be read on.
        """
        if not self._ahead and not self._read_ahead():
            return None
        ages = self._ages(stop)
        number = min(most, ages.size)
        due, self._ahead, self._at = self._ahead[:number], self._ahead[number:], self._at[number:]
        if not due:
            return NONE
        self._pass(due[-1][0])
        return self._messages([trade for _, trade in due], ages[:number])

    def settled(self) -> None:
        """Take note that all that was given is acknowledged."""
        self._settled = replace(self._settled, line=self._line, bad=self._bad)
        if time.monotonic() - self._kept_at > BETWEEN_KEEPS:
            self._keep()

    def close(self) -> None:
        """Keep the place, or forget it where the file is done."""
        if self._ended and self._settled.line == self._line:
            self._places.forget()
        else:
            self._keep()
        if self._bad:
            log.warning("%s bad rows were left out; %s lists them", f"{self._bad:,}", self._places.bad_rows)

    def _keep(self) -> None:
        self._places.write(self._settled)
        self._kept_at = time.monotonic()

    def _begin_lap(self) -> None:
        self._first: Trade | None = None
        self._latest = 0.0
        self._pace: Pace | None = None

    def _read_ahead(self) -> bool:
        """Read until there is a trade; False at the end."""
        while not self._ahead:
            rows = list(islice(self._rows, AHEAD))
            if not rows:
                self._pass(self._line, at_end=True)
                if not self._manner.loop or self._first is None:
                    self._ended = True
                    return False
                self._line = 0
                self._begin_lap()
                self._rows = self._file.rows()
                continue
            self._ahead = self._trades(rows)
        self._schedule()
        return True

    def _trades(self, rows: list[Row]) -> list[tuple[int, Trade]]:
        trades = []
        wanted = self._manner.symbols
        for row in rows:
            try:
                trade = self._reader.trade(row.cells, row.line)
            except BadTradeError as exc:
                self._bad_ahead.append((row.line, f"line {row.line:,}: {exc}"))
            else:
                if not wanted or trade.symbol in wanted:
                    trades.append((row.line, trade))
        return trades

    def _pass(self, line: int, *, at_end: bool = False) -> None:
        """Go on to a line, and tell of the bad ones before it."""
        self._line = line
        bad = [told for number, told in self._bad_ahead if at_end or number < line]
        if not bad:
            return
        self._bad_ahead = self._bad_ahead[len(bad) :]
        for line_of_it in bad[: max(SPOKEN - self._bad, 0)]:
            log.warning("%s, %s; left out", self._file.path.name, line_of_it)
        self._places.note(bad, anew=self._bad == 0)
        self._bad += len(bad)

    def _schedule(self) -> None:
        """Say when trades are due, in seconds since the first; one that is behind others comes with them."""
        if self._first is None:
            self._first = self._ahead[0][1]
            self._pace = Pace(self._clock) if self._manner.speed else None
        begin, speed = self._first.timestamp, self._manner.speed or 1.0
        at = np.array([(trade.timestamp - begin).total_seconds() / speed for _, trade in self._ahead])
        self._at = np.maximum.accumulate(np.maximum(at, self._latest))
        self._latest = float(self._at[-1])

    def _ages(self, stop: Event) -> Ints:
        if self._pace is None:
            return np.zeros(len(self._ahead), np.int64)
        ages = self._pace.due(self._at)
        if not ages.size and not stop.wait(min(self._pace.wait(float(self._at[0])), LONGEST_WAIT)):
            ages = self._pace.due(self._at)
        return ages

    def _messages(self, trades: list[Trade], ages: Ints) -> Messages:
        if self._manner.shift:
            times = self._times.of(ages)
            ids = trade_ids(self._chance, times)
            trades = [
                Trade(
                    trade_id=ids[row].tobytes().decode(),
                    timestamp=EPOCH + MICRO * int(times[row]),
                    symbol=trade.symbol,
                    price=trade.price,
                    volume=trade.volume,
                    trade_type=trade.trade_type,
                    source=SOURCE,
                    anomaly=trade.anomaly,
                )
                for row, trade in enumerate(trades)
            ]
        return Messages([trade.symbol.encode() for trade in trades], list(map(encode, trades)))
