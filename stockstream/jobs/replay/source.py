"""Files of trades as a source of messages: at their original pace, a multiple of it, or at once."""

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from threading import Event

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from stockstream.connectors.kafka.sink import Messages
from stockstream.connectors.postgres.read.replayed import Given
from stockstream.errors import TradeFileError
from stockstream.jobs.produce.pace import Clock, EventTimes, Pace
from stockstream.jobs.replay.ahead import ahead
from stockstream.jobs.replay.file import ReplayedFile
from stockstream.jobs.replay.merge import merged
from stockstream.jobs.replay.options import Manner
from stockstream.jobs.replay.outcome import Outcome
from stockstream.jobs.replay.portion import column, messages_of
from stockstream.jobs.replay.rows import span_of
from stockstream.market.files.times import EPOCH, MICRO
from stockstream.market.simulator.tape import Floats, Ints
from stockstream.market.trade.ids import trade_ids

LONGEST_WAIT = 0.25  # seconds, so that the loop can show its progress
LONG_WAIT = 60.0  # seconds after which a wait is reported
BETWEEN_WRITES = 2.0
SECOND = 1e6  # microseconds
NONE = Messages((), ())

log = logging.getLogger("producer")


class ReplaySource:
    """Returns the trades of files when they are due, merged by time if each file is in order of time.

    Order of effects: rows are read, returned, acknowledged, and then the resume point of each file is stored.
    A kill repeats what came after the resume points, with the ids of the files, so that the tape stores each
    trade once.
    """

    resumes = True

    def __init__(
        self,
        files: Sequence[ReplayedFile],
        manner: Manner,
        *,
        clock: Clock,
        chance: Generator,
        outcome: Outcome | None = None,
    ) -> None:
        self._files, self._manner = files, manner
        self._clock, self._chance, self._outcome = clock, chance, outcome
        self._times = EventTimes(clock)
        self._ahead = pa.RecordBatch.from_pylist([])
        self._given = Given()
        self._written_at = time.monotonic()
        self._ended = False
        self._announced = -1.0
        self._at: Floats = np.zeros(0)
        self._lap: Iterator[pa.RecordBatch] | None = None

    def next_messages(self, most: int, stop: Event) -> Messages | None:
        """Return up to `most` messages, none if none is due soon; None after the last.

        Raises:
            TradeFileError: the rest of a file cannot be read, or there was no trade; all readable trades were
                returned.
            RecoverableError: no broker says where the topic ends.
        """
        if self._lap is None:
            if self._outcome:
                self._outcome.begin()
            self._lap = self._begin_lap()
        if not self._at.size and not self._read_ahead(self._lap, stop):
            return None
        ages = self._ages(stop)
        number = min(most, ages.size)
        if not number:
            return NONE
        due, self._ahead, self._at = (
            self._ahead.slice(0, number),
            self._ahead.slice(number),
            self._at[number:],
        )
        self._take_note(due)
        return self._messages(due, ages[:number])

    def settled(self) -> None:
        """Record that everything returned so far is acknowledged."""
        for file in self._files:
            file.settle()
        if time.monotonic() - self._written_at > BETWEEN_WRITES:
            self._written_at = time.monotonic()
            for file in self._files:
                file.write()

    def close(self) -> None:
        """Store the resume points, or delete them if all is done; then report on the rows."""
        is_done = self._ended and all(file.is_settled for file in self._files)
        for file in self._files:
            file.close(is_done=is_done)
        if is_done and self._outcome and self._given.trades and not self._manner.shift:
            self._outcome.end(self._given)

    @property
    def total(self) -> int | None:
        """How many trades there are in all; None if there is no end, or not all are sent."""
        resumed = any(file.begin for file in self._files)
        is_known = not (self._manner.loop or self._manner.symbols or resumed)
        return sum(file.count for file in self._files) if is_known else None

    def _begin_lap(self) -> Iterator[pa.RecordBatch]:
        self._begin: int | None = None
        self._latest = 0.0
        self._pace: Pace | None = None
        return ahead(merged(self._files))

    def _read_ahead(self, lap: Iterator[pa.RecordBatch], stop: Event) -> bool:
        """Read until there is a trade; return False at the end, or when asked to stop."""
        while not self._at.size:
            if stop.is_set():
                return False
            trades = next(lap, None)
            if trades is None:
                self._end_lap()
                if self._ended:
                    return False
                lap = self._lap = self._begin_lap()
            elif (wanted := self._wanted(trades)).num_rows:
                self._ahead = wanted
                self._schedule(column(wanted, "at"))
        return True

    def _wanted(self, trades: pa.RecordBatch) -> pa.RecordBatch:
        if not self._manner.symbols:
            return trades
        return trades.filter(pc.is_in(trades["symbol"], pa.array(sorted(self._manner.symbols))))

    def _end_lap(self) -> None:
        """Raise the error that stopped reading, if any; else end, or start again if requested."""
        for file in self._files:
            file.end()
        if fault := next((file.fault for file in self._files if file.fault), None):
            raise fault
        if not self._given.trades and not any(file.begin for file in self._files):
            wanted = ", ".join(sorted(self._manner.symbols))
            reason = f"it has no trade of {wanted}" if wanted else "none of its rows is a trade"
            raise TradeFileError(path=", ".join(str(file.path) for file in self._files), reason=reason)
        self._ended = not self._manner.loop or self._begin is None
        if not self._ended:
            for file in self._files:
                file.rewind()

    def _take_note(self, due: pa.RecordBatch) -> None:
        """Advance each file to the last of these trades."""
        lines, at, numbers = (column(due, name) for name in ("line", "at", "file"))
        for number in np.unique(numbers).tolist():
            file, own = self._files[number], numbers == number
            file.go_on(int(lines[own][-1]))
            if not self._manner.shift:
                file.compare(lines[own], at[own])
            self._given.sources |= file.sources
        self._given.add(at)

    def _schedule(self, times: Ints) -> None:
        """Schedule trades in seconds since the first; one older than its predecessors is due with them."""
        if self._begin is None:
            self._begin = int(times[0])
            self._pace = Pace(self._clock) if self._manner.speed else None
        at = (times - self._begin) / SECOND / (self._manner.speed or 1.0)
        self._at = np.maximum.accumulate(np.maximum(at, self._latest))
        self._latest = float(self._at[-1])

    def _ages(self, stop: Event) -> Ints:
        if self._pace is None:
            return np.zeros(len(self._at), np.int64)
        ages = self._pace.due(self._at)
        if not ages.size:
            wait = self._pace.wait(float(self._at[0]))
            self._announce(wait)
            if not stop.wait(min(wait, LONGEST_WAIT)):
                ages = self._pace.due(self._at)
        return ages

    def _announce(self, seconds: float) -> None:
        """Warn once that no trade is due for a long time."""
        if seconds < LONG_WAIT or self._announced == self._at[0]:
            return
        self._announced = float(self._at[0])
        line, at = (self._ahead[name][0].as_py() for name in ("line", "at"))
        log.warning(
            "the next trade, line %s of %s, is due in %s; --speed max does not wait",
            f"{line:,}",
            (EPOCH + MICRO * at).isoformat(),
            span_of(timedelta(seconds=seconds)),
        )

    def _messages(self, trades: pa.RecordBatch, ages: Ints) -> Messages:
        if not self._manner.shift:
            return messages_of(trades)
        times = self._times.of(ages)
        ids = trade_ids(self._chance, times)
        names = pa.array(ids.view(f"S{ids.shape[1]}").ravel().astype(str))
        return messages_of(trades, times, names)
