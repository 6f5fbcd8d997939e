"""A file of trades as a source of messages: at its own pace, a number of times faster, or at once."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from threading import Event

import numpy as np
from msgspec.structs import replace
from numpy.random import Generator

from stockstream.connectors.files.resume import ResumePoints
from stockstream.connectors.files.trade_file import portions
from stockstream.connectors.kafka_sink import Messages
from stockstream.errors import TradeFileError
from stockstream.jobs.pace import Clock, EventTimes, Pace
from stockstream.jobs.replay_options import Manner
from stockstream.jobs.replay_outcome import Outcome
from stockstream.jobs.replay_rows import TradeRow, TradeRows, span_of
from stockstream.market.files.times import EPOCH, MICRO
from stockstream.market.simulator.tape import Floats, Ints
from stockstream.market.trade import Trade, encode
from stockstream.market.trade_ids import trade_ids

LONGEST_WAIT = 0.25  # seconds, so that the loop can show its progress
LONG_WAIT = 60.0  # seconds, of which a person should know
BETWEEN_WRITES = 2.0
AHEAD = 2_000  # rows that are read at once
SHOWN = 10  # bad rows that are logged one by one; the others are in the report
NONE = Messages((), ())

log = logging.getLogger("producer")


class ReplaySource:
    """Gives a file's trades when they are due.

    Order of effects: rows are read, given, acknowledged, and then their place is kept. A kill repeats
    what came after the place: with the ids of the file, so that the tape keeps each trade once.
    """

    resumes = True

    def __init__(  # noqa: PLR0913 - rows, a resume point, a manner, and what a unit test sets
        self,
        rows: TradeRows,
        points: ResumePoints,
        manner: Manner,
        *,
        clock: Clock,
        chance: Generator,
        outcome: Outcome | None = None,
    ) -> None:
        """Begin after the kept line."""
        self._rows, self._points, self._manner = rows, points, manner
        self._clock, self._chance, self._outcome = clock, chance, outcome
        self._times = EventTimes(clock)
        point = points.read()
        self._bad, self._line, self._begin = point.bad, point.line, point.line
        self._settled = point
        self._bad_ahead: list[TradeRow] = []
        self._ahead: list[tuple[int, Trade]] = []
        self._given = 0
        self._sources: set[str] = set()
        self._written_at = time.monotonic()
        self._ended = False
        self._announced = 0
        self._at: Floats = np.zeros(0)
        self._lap: Iterator[list[TradeRow]] | None = None
        self._begin_lap()

    def next_messages(self, most: int, stop: Event) -> Messages | None:
        """Return up to `most` messages, none if none is due soon; None after the last.

        Raises:
            TradeFileError: the file cannot be read on, or has had no trade; all before was given.
            RecoverableError: no broker says where the topic ends.
        """
        if self._lap is None:
            if self._outcome:
                self._outcome.begin()
            self._lap = portions(self._rows.after(self._line), AHEAD)
        if not self._ahead and not self._read_ahead(stop):
            return None
        ages = self._ages(stop)
        number = min(most, ages.size)
        due, self._ahead, self._at = self._ahead[:number], self._ahead[number:], self._at[number:]
        if not due:
            return NONE
        self._pass(due[-1][0])
        self._given += len(due)
        self._sources.update(trade.source for _, trade in due)
        return self._messages([trade for _, trade in due], ages[:number])

    def settled(self) -> None:
        """Take note that all that was given is acknowledged."""
        self._settled = replace(self._settled, line=self._line, bad=self._bad)
        if time.monotonic() - self._written_at > BETWEEN_WRITES:
            self._write()

    def close(self) -> None:
        """Keep the resume point, or forget it where the file is done; then say what became of its rows."""
        is_done = self._ended and self._settled.line == self._line
        if is_done:
            self._points.forget()
        else:
            self._write()
        if self._bad:
            log.warning("bad rows left out: %s; %s lists them", f"{self._bad:,}", self._points.bad_rows)
        if is_done and self._outcome and self._given and not self._manner.shift:
            self._outcome.end(self._given, self._sources)

    def _write(self) -> None:
        self._points.write(self._settled)
        self._written_at = time.monotonic()

    def _begin_lap(self) -> None:
        self._first: Trade | None = None
        self._latest = 0.0
        self._pace: Pace | None = None

    def _read_ahead(self, stop: Event) -> bool:
        """Read until there is a trade; False at the end, or when asked to stop."""
        while not self._ahead:
            if stop.is_set():
                return False
            rows = self._next_rows()
            self._bad_ahead += [row for row in rows if row.trade is None]
            self._ahead = [(row.line, row.trade) for row in rows if row.trade and self._is_wanted(row.trade)]
            if not rows and not self._begins_again():
                return False
        self._schedule()
        return True

    def _next_rows(self) -> list[TradeRow]:
        """Return the next rows, none at the end; all before them have been given."""
        try:
            return next(self._lap or iter(()), [])
        except TradeFileError:
            self._pass(self._line, at_end=True)
            raise

    def _is_wanted(self, trade: Trade) -> bool:
        return not self._manner.symbols or trade.symbol in self._manner.symbols

    def _begins_again(self) -> bool:
        """End the lap; tell whether there is another."""
        self._pass(self._line, at_end=True)
        if not self._given and not self._begin:
            wanted = ", ".join(sorted(self._manner.symbols))
            reason = f"it has no trade of {wanted}" if wanted else "none of its rows is a trade"
            raise TradeFileError(path=self._rows.file.path, reason=reason)
        if not self._manner.loop or self._first is None:
            self._ended = True
            return False
        self._line = 0
        self._begin_lap()
        self._lap = portions(self._rows.after(0), AHEAD)
        return True

    def _pass(self, line: int, *, at_end: bool = False) -> None:
        """Go on to a line, and report the bad ones before it."""
        self._line = line
        passed = [row for row in self._bad_ahead if at_end or row.line < line]
        if not passed:
            return
        bad = [f"line {row.line:,}: {row.fault}" for row in passed]
        self._bad_ahead = self._bad_ahead[len(bad) :]
        for text in bad[: max(SHOWN - self._bad, 0)]:
            log.warning("%s, %s; left out", self._rows.file.path.name, text)
        self._points.report(bad, is_first=self._bad == 0)
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
        if not ages.size:
            wait = self._pace.wait(float(self._at[0]))
            self._announce(wait)
            if not stop.wait(min(wait, LONGEST_WAIT)):
                ages = self._pace.due(self._at)
        return ages

    def _announce(self, seconds: float) -> None:
        """Say once that nothing comes for a long time."""
        line, trade = self._ahead[0]
        if seconds < LONG_WAIT or self._announced == line:
            return
        self._announced = line
        log.warning(
            "the next trade, line %s of %s, is due in %s; --speed max does not wait",
            *(f"{line:,}", trade.timestamp.isoformat(), span_of(timedelta(seconds=seconds))),
        )

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
                    source=trade.source,
                    anomaly=trade.anomaly,
                )
                for row, trade in enumerate(trades)
            ]
        return Messages([trade.symbol.encode() for trade in trades], list(map(encode, trades)))
